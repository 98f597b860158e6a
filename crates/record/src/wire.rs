//! The protobuf wire format: varints, tags, lengths. Written in place, without a second pass and
//! without an allocation per message; read without copying.

use engine::Key;

use crate::error::DecodeError;

/// Appends fields to a buffer.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Keys inside an aggregate are written as offsets from this.
    pub base: Key,
}

/// A length that is not known yet.
#[must_use]
pub(crate) struct Open(usize);

/// The value of a field, as far as the wire tells.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Raw<'a> {
    Varint(u64),
    Fixed,
    Bytes { bytes: &'a [u8], at: usize },
}

/// Reads the fields of one message.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Place of `rest` in the frame.
    at: usize,
    /// See [`Writer::base`]. `None`: no key has been read yet.
    pub base: Option<Key>,
}

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED32: u64 = 5;

/// Maps signed to unsigned so that small magnitudes stay short.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Undoes [`zigzag`].
pub(crate) fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

impl<'a> Writer<'a> {
    pub fn new(out: &'a mut Vec<u8>, base: Key) -> Writer<'a> {
        Writer { out, base }
    }

    #[inline]
    fn raw_varint(&mut self, value: u64) {
        if value < 0x80 {
            self.out.push(value as u8);
        } else {
            self.long_varint(value);
        }
    }

    /// Collected first, so that the buffer is asked once for room.
    fn long_varint(&mut self, mut value: u64) {
        let mut bytes = [0; 10];
        let mut length = 0;
        while value >= 0x80 {
            bytes[length] = value as u8 | 0x80;
            value >>= 7;
            length += 1;
        }
        bytes[length] = value as u8;
        self.out.extend_from_slice(&bytes[..=length]);
    }

    /// A tag and one byte behind it, which is nearly every field that we write.
    #[inline]
    fn tag_and_byte(&mut self, number: u32, wire: u64, byte: u8) {
        let tag = u64::from(number) << 3 | wire;
        if tag < 0x80 {
            self.out.extend_from_slice(&[tag as u8, byte]);
        } else if tag < 0x4000 {
            self.out.extend_from_slice(&[tag as u8 | 0x80, (tag >> 7) as u8, byte]);
        } else {
            self.raw_varint(tag);
            self.out.push(byte);
        }
    }

    #[inline]
    pub fn varint(&mut self, number: u32, value: u64) {
        self.tag_and_byte(number, VARINT, value as u8 & 0x7f | (u8::from(value >= 0x80) << 7));
        if value >= 0x80 {
            self.raw_varint(value >> 7);
        }
    }

    #[inline]
    pub fn bytes(&mut self, number: u32, bytes: &[u8]) {
        let length = bytes.len() as u64;
        self.tag_and_byte(number, LENGTH, length as u8 & 0x7f | (u8::from(length >= 0x80) << 7));
        if length >= 0x80 {
            self.raw_varint(length >> 7);
        }
        self.out.extend_from_slice(bytes);
    }

    /// A list of numbers as one field.
    pub fn packed(&mut self, number: u32, values: impl Iterator<Item = u64>) {
        let open = self.open(number);
        values.for_each(|value| self.raw_varint(value));
        self.close(open);
    }

    /// Starts a message. Most are shorter than 128 bytes, so one byte is kept for the length; a
    /// longer one is moved by a byte or two when it is closed, which is cheaper than measuring
    /// every message before writing it.
    #[inline]
    pub fn open(&mut self, number: u32) -> Open {
        self.tag_and_byte(number, LENGTH, 0);
        Open(self.out.len())
    }

    #[inline]
    pub fn close(&mut self, Open(start): Open) {
        let length = self.out.len() - start;
        if length < 0x80 {
            self.out[start - 1] = length as u8;
        } else {
            self.close_long(start, length);
        }
    }

    fn close_long(&mut self, start: usize, length: usize) {
        let extra = (63 - (length as u64).leading_zeros() as usize) / 7;
        self.out.resize(start + length + extra, 0);
        self.out.copy_within(start..start + length, start + extra);
        let mut rest = length;
        for byte in &mut self.out[start - 1..start + extra - 1] {
            *byte = rest as u8 | 0x80;
            rest >>= 7;
        }
        self.out[start + extra - 1] = rest as u8;
    }
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8], base: Option<Key>) -> Reader<'a> {
        Reader { rest: bytes, at: 0, base }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    /// Number and value of the next field; `None` at the end.
    pub fn next(&mut self) -> Result<Option<(u32, Raw<'a>)>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let start = self.at;
        let tag = self.raw_varint()?;
        let number = match u32::try_from(tag >> 3) {
            Ok(number) if (1..1 << 29).contains(&number) => number,
            _ => {
                let found = format!("found field number {}", tag >> 3);
                return Err(DecodeError::malformed(start, "a field number below 2^29", found));
            }
        };
        let raw = match tag & 7 {
            VARINT => Raw::Varint(self.raw_varint()?),
            FIXED64 => self.take(8).map(|_| Raw::Fixed)?,
            FIXED32 => self.take(4).map(|_| Raw::Fixed)?,
            LENGTH => {
                let length = self.raw_varint()?;
                let at = self.at;
                Raw::Bytes { bytes: self.take(length)?, at }
            }
            wire => {
                let found = format!("found wire type {wire}");
                return Err(DecodeError::malformed(start, "a wire type of proto3", found));
            }
        };
        Ok(Some((number, raw)))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], DecodeError> {
        let split =
            usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let Some((taken, rest)) = split else {
            let found = format!("{length} bytes were announced and {} are left", self.rest.len());
            return Err(DecodeError::malformed(self.at, "a whole field", found));
        };
        self.rest = rest;
        self.at += taken.len();
        Ok(taken)
    }

    /// One number of a packed list or a tag.
    pub fn raw_varint(&mut self) -> Result<u64, DecodeError> {
        if let [first, rest @ ..] = self.rest
            && *first < 0x80
        {
            self.rest = rest;
            self.at += 1;
            return Ok(u64::from(*first));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0;
        for (index, byte) in self.rest.iter().take(10).enumerate() {
            if index == 9 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if *byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                self.at += index + 1;
                return Ok(value);
            }
        }
        let found = if self.rest.len() < 10 { "the record ends in it" } else { "it goes on" };
        Err(DecodeError::malformed(self.at, "a number of at most 64 bits", found))
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reader of a field that must be a message or a packed list.
    pub fn nested(&self, raw: Raw<'a>) -> Result<Reader<'a>, DecodeError> {
        let (rest, at) = self.length_delimited(raw)?;
        Ok(Reader { rest, at, base: self.base })
    }

    pub fn length_delimited(&self, raw: Raw<'a>) -> Result<(&'a [u8], usize), DecodeError> {
        match raw {
            Raw::Bytes { bytes, at } => Ok((bytes, at)),
            Raw::Varint(_) | Raw::Fixed => {
                Err(DecodeError::malformed(self.at, "bytes", "found a number"))
            }
        }
    }

    pub fn number(&self, raw: Raw<'a>) -> Result<u64, DecodeError> {
        match raw {
            Raw::Varint(value) => Ok(value),
            Raw::Fixed => Err(DecodeError::malformed(self.at, "a varint", "found a fixed number")),
            Raw::Bytes { at, .. } => Err(DecodeError::malformed(at, "a number", "found bytes")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_any_size_are_closed_in_the_shortest_form() {
        for length in [0usize, 1, 127, 128, 129, 16_383, 16_384, 2_097_151, 2_097_152] {
            let mut out = Vec::new();
            let mut writer = Writer::new(&mut out, 0);
            let open = writer.open(1);
            writer.out.extend((0..length).map(|i| i as u8));
            writer.close(open);
            writer.varint(2, 7);

            let mut expected = Vec::new();
            let body: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let mut writer = Writer::new(&mut expected, 0);
            writer.bytes(1, &body);
            writer.varint(2, 7);
            assert!(out == expected, "length {length}");
        }
    }

    #[test]
    fn tags_and_numbers_of_any_size_come_back() {
        for number in [1, 15, 16, 2047, 2048, (1 << 29) - 1] {
            for value in [0, 1, 127, 128, 16_384, u64::MAX >> 1, u64::MAX] {
                let mut out = Vec::new();
                Writer::new(&mut out, 0).varint(number, value);
                let mut reader = Reader::new(&out, None);
                let Ok(Some((read, Raw::Varint(back)))) = reader.next() else {
                    panic!("{number} {value}: {out:?}");
                };
                assert_eq!((read, back), (number, value));
                assert!(reader.is_empty());
            }
        }
    }

    #[test]
    fn zigzag_keeps_every_number() {
        for value in [0, 1, -1, 63, -64, i64::MAX, i64::MIN] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
        assert_eq!(zigzag(-1), 1);
    }

    #[test]
    fn malformed_fields_are_errors_with_their_place() {
        let check = |bytes: &[u8], expected: &str| {
            let mut reader = Reader::new(bytes, None);
            let error = loop {
                match reader.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("{bytes:?} was read"),
                    Err(error) => break error.to_string(),
                }
            };
            assert_eq!(error, format!("{expected} of the record)"));
        };
        let whole = "expected a whole field, but";
        let number = "expected a number of at most 64 bits, but";
        check(&[0x0a, 5, 1], &format!("{whole} 5 bytes were announced and 1 are left (byte 2"));
        check(
            &[0x08, 1, 0x09, 1],
            &format!("{whole} 8 bytes were announced and 1 are left (byte 3"),
        );
        check(&[0x08, 0x80], &format!("{number} the record ends in it (byte 1"));
        let long = [[0x08].as_slice(), &[255; 9], &[2]].concat();
        check(&long, &format!("{number} it goes on (byte 1"));
        check(&[0x0b], "expected a wire type of proto3, but found wire type 3 (byte 0");
        check(&[0x00, 0], "expected a field number below 2^29, but found field number 0 (byte 0");
    }
}
