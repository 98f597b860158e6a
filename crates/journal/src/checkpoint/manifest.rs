//! The text that makes a checkpoint exist.

use crate::Fold;
use std::fmt::Write as _;

/// The format that is written, and the newest that is read.
pub(crate) const FORMAT: u64 = 1;

const TITLE: &str = "grevy checkpoint, format ";

/// What a checkpoint stands for and of what it consists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The number of the checkpoint; later ones have higher numbers.
    pub number: u64,
    /// The fold of the log up to which the state goes: read on from `at.lsn + 1`.
    pub at: Fold,
    /// The schema of the payloads, as its owner counts them.
    pub schema: u16,
    /// Its own files.
    pub parts: Vec<Part>,
    /// The files of the index of blobs, oldest first; some may belong to older checkpoints.
    pub index: Vec<Part>,
    /// The files of blobs that the index refers to.
    pub blobs: Vec<Part>,
}

/// A file of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name in the folder of checkpoints.
    pub name: String,
    /// Its size in bytes; a file of blobs may have grown since.
    pub bytes: u64,
}

impl Manifest {
    /// The name of the file of one of its parts.
    pub(crate) fn part_file(number: u64, name: &str) -> String {
        format!("{number:010}-{name}.part")
    }

    pub(crate) fn file(number: u64) -> String {
        format!("{number:010}.manifest")
    }

    /// The number of a manifest, if that is what the name belongs to.
    pub(crate) fn number_of(name: &str) -> Option<u64> {
        let number = name.strip_suffix(".manifest")?.parse().ok()?;
        (Manifest::file(number) == name).then_some(number)
    }

    pub(crate) fn to_text(&self) -> String {
        let Fold { epoch, writer, seq, lsn, hash, ended } = self.at;
        let mut text = format!("{TITLE}{FORMAT}\nnumber {}\n", self.number);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "lsn {lsn}\nepoch {epoch}\nseq {seq}\nwriter {writer:032x}");
        let _ = writeln!(text, "hash {hash:016x}\nended {ended}\nschema {}", self.schema);
        for (word, parts) in [("part", &self.parts), ("index", &self.index), ("blobs", &self.blobs)]
        {
            for part in parts {
                let _ = writeln!(text, "{word} {} {}", part.bytes, part.name);
            }
        }
        let crc = crc32c::crc32c(text.as_bytes());
        let _ = writeln!(text, "crc {crc:08x}");
        text
    }

    /// Reads a manifest; the error is the newer format it has, or 0 if it is none.
    pub(crate) fn from_text(text: &str) -> Result<Manifest, u64> {
        let at = text.rfind("crc ").ok_or(0u64)?;
        let (body, end) = text.split_at(at);
        let crc = end.strip_prefix("crc ").and_then(|c| c.strip_suffix('\n')).unwrap_or_default();
        if crc.len() != 8 || u32::from_str_radix(crc, 16) != Ok(crc32c::crc32c(body.as_bytes())) {
            return Err(0);
        }
        let format = body.lines().next().and_then(|l| l.strip_prefix(TITLE)?.parse().ok());
        match format {
            Some(FORMAT) => parse(body).ok_or(0),
            Some(newer) if newer > FORMAT => Err(newer),
            Some(_) | None => Err(0),
        }
    }
}

fn parse(body: &str) -> Option<Manifest> {
    let mut found = Manifest {
        number: 0,
        at: Fold::default(),
        schema: 0,
        parts: Vec::new(),
        index: Vec::new(),
        blobs: Vec::new(),
    };
    for line in body.lines().skip(1) {
        let (word, value) = line.split_once(' ')?;
        match word {
            "number" => found.number = value.parse().ok()?,
            "lsn" => found.at.lsn = value.parse().ok()?,
            "epoch" => found.at.epoch = value.parse().ok()?,
            "seq" => found.at.seq = value.parse().ok()?,
            "writer" => found.at.writer = u128::from_str_radix(value, 16).ok()?,
            "hash" => found.at.hash = u64::from_str_radix(value, 16).ok()?,
            "ended" => found.at.ended = value.parse().ok()?,
            "schema" => found.schema = value.parse().ok()?,
            "part" => found.parts.push(part(value)?),
            "index" => found.index.push(part(value)?),
            "blobs" => found.blobs.push(part(value)?),
            _ => return None,
        }
    }
    Some(found)
}

fn part(value: &str) -> Option<Part> {
    let (bytes, name) = value.split_once(' ')?;
    // A manifest names files beside itself and nothing else.
    let beside = !name.is_empty() && !name.contains(['/', '\\']);
    beside.then_some(Part { name: name.to_owned(), bytes: bytes.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Manifest {
        Manifest {
            number: 7,
            at: Fold { epoch: 3, writer: 1 << 100, seq: 5, lsn: 99, hash: 0xabc, ended: true },
            schema: 2,
            parts: vec![Part { name: "0000000007-state.part".to_owned(), bytes: 12 }],
            index: vec![Part { name: "0000000005-index.part".to_owned(), bytes: 0 }],
            blobs: vec![Part { name: "blobs-0000000001.dat".to_owned(), bytes: 1 << 40 }],
        }
    }

    #[test]
    fn a_manifest_reads_back() {
        assert_eq!(Manifest::from_text(&example().to_text()), Ok(example()));
    }

    #[test]
    fn every_flipped_bit_and_every_missing_end_is_seen() {
        let text = example().to_text();
        for bit in 0..text.len() * 8 {
            let mut bytes = text.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(bad) = String::from_utf8(bytes) else { continue };
            // Upper case in the checksum says the same.
            let same = Manifest::from_text(&bad).is_ok_and(|m| m == example());
            assert!(Manifest::from_text(&bad).is_err() || same, "bit {bit}");
        }
        for end in 0..text.len() {
            assert!(Manifest::from_text(&text[..end]).is_err(), "length {end}");
        }
    }

    #[test]
    fn a_newer_format_is_told_apart_from_damage() {
        let text = example().to_text().replace("format 1", "format 9");
        let body = &text[..text.rfind("crc ").expect("it was written above")];
        let sealed = format!("{body}crc {:08x}\n", crc32c::crc32c(body.as_bytes()));
        assert_eq!(Manifest::from_text(&sealed), Err(9));
    }
}
