//! Opens a file or standard input as the source that its first bytes ask for.

use std::fs::File;
use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
use std::io::{BufRead, BufReader, Read, Result, Seek};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use flate2::bufread::MultiGzDecoder;

use super::at_path::AtPath;
use super::digest::{Digest, Digested};
use super::generation::Generation;
use super::{Csv, Item, JsonArray, JsonLines, Position, Progress, Source, Xes};

/// How the events of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    JsonLines,
    JsonArray,
    Csv,
    Xes,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Format::JsonLines => "json-lines",
            Format::JsonArray => "json-array",
            Format::Csv => "csv",
            Format::Xes => "xes",
        }
    }
}

/// The first bytes of what is gzipped.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BUFFER_BYTES: usize = 1 << 16;

type Input = Box<dyn BufRead + Send>;

/// Opens `path`, gzipped or not; `-` is standard input. Followed files are read on as they grow,
/// which only JSON lines can be.
///
/// # Errors
/// When the file cannot be read, or is followed and not JSON lines.
pub fn open(path: &Path, follow: bool) -> Result<(Format, Box<dyn Source>)> {
    let name = path.display().to_string();
    if name == "-" {
        return reader("stdin", BufReader::with_capacity(BUFFER_BYTES, std::io::stdin()), false);
    }
    let named = |e: std::io::Error| std::io::Error::new(e.kind(), format!("{name}: {e}"));
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let of = absolute.display().to_string();
    let opened = move |path: &Path| {
        let mut file = File::open(path)?;
        let mut magic = Vec::new();
        (&mut file).take(2).read_to_end(&mut magic)?;
        file.rewind()?;
        let input = BufReader::with_capacity(BUFFER_BYTES, file);
        let digest = Digest::default();
        let (format, source) = digested(of.clone(), Box::new(input), follow, digest.clone())?;
        let (zipped, bytes) = (magic == GZIP, format != Format::Xes);
        Ok((format, Generation::open(path, zipped, bytes, digest)?, source))
    };
    let (format, _, _) = opened(path).map_err(named)?;
    let again = move |path: &Path| opened(path).map(|(_, generation, source)| (generation, source));
    let source = AtPath::new(path.to_owned(), follow, Box::new(again)).map_err(named)?;
    Ok((format, Box::new(source)))
}

/// The bytes of a file from its beginning, unzipped.
pub(super) fn unzipped(file: File, zipped: bool) -> Box<dyn BufRead + Send> {
    let input = BufReader::with_capacity(BUFFER_BYTES, file);
    if !zipped {
        return Box::new(input);
    }
    let plain = Unzipped { input: MultiGzDecoder::new(input), broken: Broken::default() };
    Box::new(BufReader::with_capacity(BUFFER_BYTES, plain))
}

/// A source over any bytes; `name` is what its positions are journaled under.
///
/// # Errors
/// When the first bytes cannot be read, or `follow` is asked of a format that cannot be followed.
pub fn reader(
    name: impl Into<String>,
    input: impl BufRead + Send + 'static,
    follow: bool,
) -> Result<(Format, Box<dyn Source>)> {
    digested(name.into(), Box::new(input), follow, Digest::default())
}

/// The same; what it takes of its bytes is told.
fn digested(
    name: String,
    input: Input,
    follow: bool,
    digest: Digest,
) -> Result<(Format, Box<dyn Source>)> {
    let (head, input) = peeked(input)?;
    let broken = Broken::default();
    let (head, input): (Vec<u8>, Input) = if head.starts_with(&GZIP) {
        let plain = Unzipped { input: MultiGzDecoder::new(input), broken: Arc::clone(&broken) };
        peeked(Box::new(BufReader::with_capacity(BUFFER_BYTES, plain)))?
    } else {
        (head, input)
    };
    let format = detect(&head);
    if follow && format != Format::JsonLines {
        let text = format!("expected JSON lines to follow, but the file is {}", format.name());
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text));
    }
    let input = Digested::new(input, digest);
    let source: Box<dyn Source> = match format {
        Format::JsonLines => Box::new(JsonLines::new(name, input, follow)),
        Format::JsonArray => Box::new(JsonArray::new(name, input)),
        Format::Csv => Box::new(Csv::new(name, input)?),
        Format::Xes => Box::new(Xes::new(name, input)),
    };
    Ok((format, Box::new(Cut { source, broken, next: 0 })))
}

/// Why compressed bytes give no more.
type Broken = Arc<OnceLock<String>>;

/// Bytes as far as they can be unzipped: what comes before a break is as good as ever.
struct Unzipped<R> {
    input: MultiGzDecoder<R>,
    broken: Broken,
}

impl<R: BufRead> Read for Unzipped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.broken.get().is_some() {
            return Ok(0);
        }
        match self.input.read(buffer) {
            Err(error) if matches!(error.kind(), UnexpectedEof | InvalidData | InvalidInput) => {
                // It was empty: it is set once, here.
                let _ = self.broken.set(error.to_string());
                Ok(0)
            }
            other => other,
        }
    }
}

/// A source that tells at its end, as a bad record, that its bytes broke off.
struct Cut {
    source: Box<dyn Source>,
    broken: Broken,
    /// Behind the last item.
    next: u64,
}

impl Source for Cut {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn poll(&mut self, now_ms: i64, max: usize, out: &mut Vec<Item>) -> Result<Progress> {
        let progress = self.source.poll(now_ms, max, out)?;
        if let Some(last) = out.last() {
            self.next = last.position().offset + 1;
        }
        if progress == Progress::End
            && let Some(why) = self.broken.get()
            && self.next < u64::MAX
        {
            let position = Position { partition: 0, offset: self.next };
            let name = self.source.name();
            let reason = format!("expected more of {name}, but its compressed bytes end: {why}");
            out.push(Item::Bad { position, arrival_ms: now_ms, reason });
            self.next = u64::MAX;
        }
        Ok(progress)
    }

    fn seek(&mut self, position: Position) -> Result<()> {
        self.source.seek(position)
    }

    fn finish(&mut self, arrival_ms: i64, out: &mut Vec<Item>) {
        self.source.finish(arrival_ms, out);
    }
}

/// The first bytes, and an input that gives them again.
fn peeked(mut input: Input) -> Result<(Vec<u8>, Input)> {
    let mut head = Vec::new();
    // One buffer is enough to tell; a pipe may give less at first.
    while head.len() < 64 {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let count = buffer.len();
        head.extend_from_slice(buffer);
        input.consume(count);
    }
    let again = std::io::Cursor::new(head.clone()).chain(input);
    Ok((head, Box::new(again)))
}

/// By the first byte that is no white space: `{` is JSON lines, `[` a JSON array, `<` XES; an
/// empty input is JSON lines, anything else CSV.
pub fn detect(head: &[u8]) -> Format {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    match head.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{') | None => Format::JsonLines,
        Some(b'[') => Format::JsonArray,
        Some(b'<') => Format::Xes,
        Some(_) => Format::Csv,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::source::Progress;

    fn count(bytes: Vec<u8>) -> (Format, usize) {
        let (format, mut source) = reader("t", std::io::Cursor::new(bytes), false).unwrap();
        let mut out = Vec::new();
        while source.poll(0, 7, &mut out).unwrap() == Progress::More {}
        (format, out.len())
    }

    #[test]
    fn the_first_bytes_say_what_a_file_is_also_gzipped() {
        let texts: [(&str, Format); 4] = [
            ("\u{feff}{\"a\":1}\n{\"a\":2}\n", Format::JsonLines),
            (" [{\"a\":1},\n{\"a\":2}]", Format::JsonArray),
            ("case,type\n1,a\n1,b\n", Format::Csv),
            ("<?xml version='1.0'?><log><trace><event/><event/></trace></log>", Format::Xes),
        ];
        for (text, format) in texts {
            assert_eq!(count(text.as_bytes().to_vec()), (format, 2), "{text}");
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gz.write_all(text.as_bytes()).unwrap();
            assert_eq!(count(gz.finish().unwrap()), (format, 2), "gzipped {text}");
        }
        assert_eq!(count(Vec::new()), (Format::JsonLines, 0));
    }

    #[test]
    fn what_can_be_read_of_a_cut_gzip_is_read_and_the_cut_is_told() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        for n in 0..1_000 {
            gz.write_all(format!("{{\"a\":{n}}}\n").as_bytes()).unwrap();
        }
        let mut bytes = gz.finish().unwrap();
        bytes.truncate(bytes.len() / 2);
        let (_, mut source) = reader("cut.gz", std::io::Cursor::new(bytes), false).unwrap();
        let mut out = Vec::new();
        while source.poll(0, 100, &mut out).unwrap() == Progress::More {}
        let last = out.pop();
        assert!(matches!(last, Some(Item::Bad { reason, .. }) if reason.contains("cut.gz")));
        assert!(out.len() > 300, "{} records", out.len());
        assert_eq!(source.poll(0, 100, &mut out).unwrap(), Progress::End);
    }

    #[test]
    fn only_json_lines_can_be_followed() {
        let csv = std::io::Cursor::new(b"a,b\n1,2\n".to_vec());
        let error = reader("t", csv, true).err().expect("a CSV file is not followed");
        assert_eq!(error.to_string(), "expected JSON lines to follow, but the file is csv");
    }
}
