//! A cursor over the ASCII text of a temporal literal.

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Reader<'a> {
        Reader { text, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over `byte` if it is next. Only ASCII is skipped, so `at` stays on a boundary.
    pub(super) fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn digits(&mut self) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    pub(super) fn two_digits(&mut self) -> Option<u8> {
        let digits = self.text.get(self.at..self.at + 2)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.at += 2;
        digits.parse().ok()
    }

    /// The digits of a fraction of a second as nanoseconds; digits beyond nine are dropped.
    pub(super) fn nanoseconds(&mut self) -> Option<u32> {
        let digits = self.digits();
        if digits.is_empty() {
            return None;
        }
        let kept = &digits[..digits.len().min(9)];
        let number: u32 = kept.parse().ok()?;
        Some(number * 10u32.pow(9 - kept.len() as u32))
    }

    pub(super) fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        self.at = self.text.len();
        rest
    }
}
