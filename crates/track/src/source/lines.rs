//! Reads lines of bounded length and knows where each began.

use std::io::{BufRead, Result};

use crate::limits::RECORD_BYTES_MAX;

/// One line without its end.
pub(super) enum Line {
    Text {
        offset: u64,
    },
    /// Longer than a record may be; its bytes were passed over.
    TooLong {
        offset: u64,
        bytes: u64,
    },
    /// The input ends here, perhaps for now. `partial` says that bytes without a line end wait.
    End {
        partial: bool,
    },
}

pub(super) struct Lines<R> {
    reader: R,
    /// Of the next byte that the reader gives.
    offset: u64,
    start: u64,
    pub(super) text: Vec<u8>,
    /// Bytes of the line so far, those passed over included.
    length: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Lines<R> {
        Lines { reader, offset: 0, start: 0, text: Vec::new(), length: 0 }
    }

    /// The next line, its text in `self.text`. After `End` a later call goes on with the same
    /// line, so that a followed file may be read while it is being written.
    pub(super) fn next(&mut self) -> Result<Line> {
        if self.length == 0 {
            self.text.clear();
            self.start = self.offset;
        }
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e),
            };
            if buffer.is_empty() {
                return Ok(Line::End { partial: self.length > 0 });
            }
            let (part, used, done) = match memchr::memchr(b'\n', buffer) {
                Some(at) => (&buffer[..at], at + 1, true),
                None => (buffer, buffer.len(), false),
            };
            self.length += part.len() as u64;
            if self.length <= RECORD_BYTES_MAX as u64 {
                self.text.extend_from_slice(part);
            }
            self.reader.consume(used);
            self.offset += used as u64;
            if done {
                return Ok(self.finish());
            }
        }
    }

    /// Whether there is a line without an end.
    pub(super) fn waits(&self) -> bool {
        self.length > 0
    }

    /// Takes what waits as a whole line: the last line of a file needs no end.
    pub(super) fn finish(&mut self) -> Line {
        let (offset, bytes) = (self.start, self.length);
        self.length = 0;
        if bytes > RECORD_BYTES_MAX as u64 {
            return Line::TooLong { offset, bytes };
        }
        if self.text.last() == Some(&b'\r') {
            self.text.pop();
        }
        Line::Text { offset }
    }

    /// Goes to the first line that begins at `offset` or behind it; false when the input ends
    /// before. What follows the last line that was read is such an offset, although no line may
    /// begin just there.
    pub(super) fn skip_to(&mut self, offset: u64) -> Result<bool> {
        let Some(before) = offset.checked_sub(1).filter(|_| self.offset < offset) else {
            return Ok(true);
        };
        while self.offset < before {
            let available = self.reader.fill_buf()?.len() as u64;
            if available == 0 {
                return Ok(false);
            }
            let used = available.min(before - self.offset);
            self.reader.consume(usize::try_from(used).expect("not above a buffer's length"));
            self.offset += used;
        }
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(self.offset > before);
            }
            let end = memchr::memchr(b'\n', buffer);
            let used = end.map_or(buffer.len(), |at| at + 1);
            self.reader.consume(used);
            self.offset += used as u64;
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

pub(super) fn too_long(bytes: u64) -> String {
    format!("expected at most {RECORD_BYTES_MAX} bytes a record, but there are {bytes}")
}

/// The error of a seek behind the end.
pub(super) fn ends_before(offset: u64) -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::UnexpectedEof,
        format!("expected to go on at position {offset}, but the source ends before it"),
    )
}
