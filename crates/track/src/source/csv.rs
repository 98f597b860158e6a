//! Rows of a CSV file as JSON objects, one member a column.

use std::collections::VecDeque;
use std::io::{BufRead, Result};

use csv_core::ReadRecordResult;
use serde_json::{Map, Number, Value};

use super::lines::{Line, Lines, too_long};
use super::{Item, Position, Progress, Record, Source};
use crate::limits::{RECORD_BYTES_MAX, RECORD_FIELDS_MAX};

/// A file whose first row names the columns.
pub struct Csv<R> {
    name: String,
    lines: Lines<R>,
    /// Lines read ahead while a quote seemed open, that turned out to be rows of their own.
    pending: VecDeque<(u64, Vec<u8>)>,
    delimiter: u8,
    columns: Vec<String>,
    from: u64,
}

/// A row as it stands: where it begins and its cells, or why it is none.
struct Row {
    offset: u64,
    cells: std::result::Result<Vec<String>, String>,
}

impl<R: BufRead> Csv<R> {
    /// Reads the header row. The delimiter is the one of `,`, `;`, tab and `|` that the header has
    /// most often outside quotes.
    ///
    /// # Errors
    /// When the medium fails or there is no header row that can be read.
    pub fn new(name: impl Into<String>, reader: R) -> Result<Csv<R>> {
        let mut csv = Csv {
            name: name.into(),
            lines: Lines::new(reader),
            pending: VecDeque::new(),
            delimiter: b',',
            columns: Vec::new(),
            from: 0,
        };
        let invalid = |text: String| std::io::Error::new(std::io::ErrorKind::InvalidData, text);
        let header = csv.line()?.unwrap_or_default();
        csv.delimiter = delimiter(&header.1);
        csv.pending.push_front(header);
        let Some(row) = csv.row()? else {
            return Err(invalid("expected a row that names the columns, but there is none".into()));
        };
        let named = |reason| invalid(format!("in the row that names the columns: {reason}"));
        csv.columns = row.cells.map_err(named)?;
        Ok(csv)
    }

    /// The next line, also one that ends with the file.
    fn line(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        if let Some(line) = self.pending.pop_front() {
            return Ok(Some(line));
        }
        let line = match self.lines.next()? {
            Line::End { partial: false } => return Ok(None),
            Line::End { partial: true } => self.lines.finish(),
            line => line,
        };
        Ok(match line {
            Line::Text { offset } => Some((offset, self.lines.text.clone())),
            // Kept one byte above the limit: the row says that it is too long.
            Line::TooLong { offset, .. } => Some((offset, vec![b' '; RECORD_BYTES_MAX + 1])),
            Line::End { .. } => None,
        })
    }

    fn row(&mut self) -> Result<Option<Row>> {
        let (offset, first) = loop {
            match self.line()? {
                None => return Ok(None),
                Some((_, text)) if text.is_empty() => {}
                Some(line) => break line,
            }
        };
        let mut text = first;
        let mut followers = VecDeque::new();
        let reason = loop {
            if text.len() > RECORD_BYTES_MAX {
                break match followers.is_empty() {
                    true => too_long(text.len() as u64),
                    false => "expected a closing quote, but the row does not end".to_owned(),
                };
            }
            if let Some(cells) = cells(&text, self.delimiter) {
                return Ok(Some(Row { offset, cells }));
            }
            // A quote is open: the row may go on in the next line.
            let Some((at, line)) = self.line()? else {
                break "expected a closing quote, but the file ends".to_owned();
            };
            text.push(b'\n');
            text.extend_from_slice(&line);
            followers.push_back((at, line));
        };
        // Only the first line is bad; those that followed may be rows of their own.
        followers.append(&mut self.pending);
        self.pending = followers;
        Ok(Some(Row { offset, cells: Err(reason) }))
    }

    fn item(&self, row: Row, arrival_ms: i64) -> Item {
        let position = Position { partition: 0, offset: row.offset };
        let bad = |reason| Item::Bad { position, arrival_ms, reason };
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(reason) => return bad(reason),
        };
        if cells.len() != self.columns.len() {
            let (want, have) = (self.columns.len(), cells.len());
            return bad(format!("expected {want} columns, but the row has {have}"));
        }
        let members = self.columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
        let value: Map<String, Value> =
            members.map(|(column, cell)| (column.clone(), scalar(cell))).collect();
        Item::Record(Record { position, headers: Vec::new(), value: value.into(), arrival_ms })
    }
}

impl<R: BufRead + Send> Source for Csv<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn poll(&mut self, arrival_ms: i64, max: usize, out: &mut Vec<Item>) -> Result<Progress> {
        let limit = out.len() + max;
        while out.len() < limit {
            let Some(row) = self.row()? else { return Ok(Progress::End) };
            if row.offset >= self.from {
                out.push(self.item(row, arrival_ms));
            }
        }
        Ok(Progress::More)
    }

    fn seek(&mut self, position: Position) -> Result<()> {
        // Rows are read from the front: a line in the middle of a quoted row looks like a row.
        self.from = position.offset;
        Ok(())
    }
}

/// The cells of one row; `None` while a quote is open at its end.
fn cells(text: &[u8], delimiter: u8) -> Option<std::result::Result<Vec<String>, String>> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let mut output = vec![0; text.len() + 1];
    let mut ends = vec![0; text.iter().filter(|b| **b == delimiter).count() + 2];
    if ends.len() > RECORD_FIELDS_MAX + 2 {
        let most = RECORD_FIELDS_MAX;
        return Some(Err(format!("expected at most {most} columns, but the row has more")));
    }
    let (result, read, written, count) = reader.read_record(text, &mut output, &mut ends);
    let (mut written, mut count) = (written, count);
    if result == ReadRecordResult::InputEmpty && read == text.len() {
        // The line end was cut off; with it the row ends, unless a quote is open.
        let (rest, used) = (&mut output[written..], &mut ends[count..]);
        let (result, _, more, cells) = reader.read_record(b"\n", rest, used);
        if result != ReadRecordResult::Record {
            return None;
        }
        written += more;
        count += cells;
    }
    let mut start = 0;
    let mut cells = Vec::with_capacity(count);
    for end in &ends[..count] {
        let Some(bytes) = output[..written].get(start..*end) else { break };
        match std::str::from_utf8(bytes) {
            Ok(cell) => cells.push(cell.to_owned()),
            Err(_) => {
                let wrong = "expected UTF-8, but a cell has other bytes: convert the file, e.g. \
                             with iconv -f WINDOWS-1252 -t UTF-8";
                return Some(Err(wrong.to_owned()));
            }
        }
        start = *end;
    }
    Some(Ok(cells))
}

/// A cell that reads as a plain decimal number is one, with its digits kept; anything that a
/// number would change (leading zeros, a plus, an exponent) stays text.
fn scalar(cell: String) -> Value {
    let digits = cell.strip_prefix('-').unwrap_or(&cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = !whole.is_empty()
        && !fraction.is_empty()
        && (whole.len() == 1 || !whole.starts_with('0'))
        && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    match plain.then(|| serde_json::from_str::<Number>(&cell)) {
        Some(Ok(number)) => Value::Number(number),
        Some(Err(_)) | None => Value::String(cell),
    }
}

fn delimiter(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in header {
        quoted ^= *byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += usize::from(!quoted && delimiter == byte);
        }
    }
    // The first of equals: a comma unless something else is there.
    let mut best = counts[0];
    for candidate in counts {
        if candidate.1 > best.1 {
            best = candidate;
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let mut source = Csv::new("t", text.as_bytes()).unwrap();
        let mut out = Vec::new();
        assert_eq!(source.poll(0, 1_000, &mut out).unwrap(), Progress::End);
        out.iter()
            .map(|item| match item {
                Item::Record(r) => format!("{} {}", r.position.offset, r.value),
                Item::Bad { position, reason, .. } => format!("{} {reason}", position.offset),
            })
            .collect()
    }

    #[test]
    fn cells_become_members_and_numbers_keep_their_digits() {
        let text = "\u{feff}a;b;c\r\n1;\"x;\"\"y\"\"\nz\";0.50\r\n\r\n007;;-3\n";
        let rows = read(text);
        assert_eq!(rows[0], "10 {\"a\":1,\"b\":\"x;\\\"y\\\"\\nz\",\"c\":0.50}");
        assert!(rows[1].ends_with("{\"a\":\"007\",\"c\":-3}"), "{}", rows[1]);
    }

    #[test]
    fn a_short_row_and_an_open_quote_cost_one_row_each() {
        let rows = read("a,b\n1\n2,\"open\n3,4\n");
        assert_eq!(rows[0], "4 expected 2 columns, but the row has 1");
        assert_eq!(rows[1], "6 expected a closing quote, but the file ends");
        assert_eq!(rows[2], "14 {\"a\":3,\"b\":4}");
    }

    #[test]
    fn seek_goes_on_at_a_row() {
        let mut source = Csv::new("t", &b"a,b\n1,2\n3,4\n"[..]).unwrap();
        source.seek(Position { partition: 0, offset: 8 }).unwrap();
        let mut out = Vec::new();
        source.poll(0, 10, &mut out).unwrap();
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].position().offset, 8);
    }

    #[test]
    fn a_file_without_columns_is_an_error() {
        assert!(Csv::new("t", &b""[..]).is_err());
    }
}
