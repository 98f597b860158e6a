//! Byte offsets as line and column, in constant time even when the file is one long line.

use crate::definitions::Position;

/// Counted characters are kept for every so many bytes.
const BLOCK_BYTES: usize = 256;

pub(crate) struct Places<'a> {
    text: &'a [u8],
    /// Offset of the first byte of each line.
    lines: Vec<usize>,
    /// Characters that begin before byte `i * BLOCK_BYTES`.
    characters: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(text: &'a str) -> Places<'a> {
        let text = text.as_bytes();
        let mut lines = vec![0];
        lines.extend(text.iter().zip(1..).filter(|(b, _)| **b == b'\n').map(|(_, next)| next));
        let mut characters = Vec::with_capacity(text.len() / BLOCK_BYTES + 1);
        let mut sum = 0;
        for block in text.chunks(BLOCK_BYTES) {
            characters.push(sum);
            sum += starts(block);
        }
        characters.push(sum);
        Places { text, lines, characters }
    }

    pub(crate) fn at(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|&start| start <= offset) - 1;
        let column = self.before(offset) - self.before(self.lines[line]) + 1;
        Position { line: line as u32 + 1, column: column as u32 }
    }

    fn before(&self, offset: usize) -> usize {
        let block = offset / BLOCK_BYTES;
        self.characters[block] + starts(&self.text[block * BLOCK_BYTES..offset])
    }
}

/// Bytes that begin a character: all but UTF-8 continuations.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&b| b & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_not_bytes() {
        let text = format!("a\n{}x\n", "é".repeat(300));
        let places = Places::new(&text);
        let x = text.find('x').expect("it is there");
        assert_eq!(places.at(x), Position { line: 2, column: 301 });
        assert_eq!(places.at(0), Position { line: 1, column: 1 });
        assert_eq!(places.at(text.len() + 9), Position { line: 3, column: 1 });
        assert_eq!(Places::new("").at(0), Position { line: 1, column: 1 });
    }

    #[test]
    fn ends_on_a_block() {
        let text = "b".repeat(BLOCK_BYTES * 2);
        assert_eq!(Places::new(&text).at(text.len()).column as usize, BLOCK_BYTES * 2 + 1);
    }
}
