//! Blanks strings and comments, so that the rules look at code alone.
//!
//! The text keeps its length and its line breaks: every offset in the masked text is the same
//! place in the original. This is a scanner and no parser: it must never be wrong about where a
//! string ends in the code we write, and may be naive about code we do not.

/// The languages whose strings and comments are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Rust,
    /// TypeScript and JavaScript, with or without JSX.
    Script,
}

impl Language {
    pub fn of(path: &str) -> Option<Language> {
        match path.rsplit_once('.')?.1 {
            "rs" => Some(Language::Rust),
            "ts" | "tsx" | "js" | "jsx" | "mjs" => Some(Language::Script),
            _ => None,
        }
    }
}

/// The text with every byte of a string, a character or a comment replaced by a space.
pub fn mask(text: &str, language: Language) -> Vec<u8> {
    let mut scan = Scan { text: text.as_bytes(), out: text.as_bytes().to_vec(), at: 0 };
    while scan.at < scan.text.len() {
        match language {
            Language::Rust => scan.rust(),
            Language::Script => scan.script(),
        }
    }
    scan.out
}

struct Scan<'a> {
    text: &'a [u8],
    out: Vec<u8>,
    at: usize,
}

impl Scan<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Blanks up to `end` and goes on there.
    fn blank_to(&mut self, end: usize) {
        let end = end.min(self.text.len());
        for byte in &mut self.out[self.at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        self.at = end;
    }

    fn rust(&mut self) {
        match self.peek(0) {
            b'/' if self.peek(1) == b'/' => self.blank_to(self.line_end()),
            b'/' if self.peek(1) == b'*' => self.blank_to(self.comment_end(true)),
            b'"' => self.blank_to(self.string_end(b'"', true)),
            b'r' | b'b' | b'c' if !self.after_word() => match self.raw_string_end() {
                Some(end) => self.blank_to(end),
                None => self.at += 1,
            },
            b'\'' => match self.char_end() {
                Some(end) => self.blank_to(end),
                None => self.at += 1, // a lifetime or a label
            },
            _ => self.at += 1,
        }
    }

    fn script(&mut self) {
        match self.peek(0) {
            b'/' if self.peek(1) == b'/' => self.blank_to(self.line_end()),
            b'/' if self.peek(1) == b'*' => self.blank_to(self.comment_end(false)),
            b'/' if self.regex_may_start() => self.blank_to(self.regex_end()),
            // A quote in JSX text opens no string that spans lines, so the damage ends there.
            quote @ (b'"' | b'\'') => self.blank_to(self.string_end(quote, false)),
            b'`' => self.blank_to(self.template_end()),
            _ => self.at += 1,
        }
    }

    /// Whether the byte before belongs to a word, so that `r` here is only its next letter.
    fn after_word(&self) -> bool {
        self.at > 0 && is_word(self.text[self.at - 1])
    }

    fn line_end(&self) -> usize {
        let rest = &self.text[self.at..];
        self.at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
    }

    fn comment_end(&self, nested: bool) -> usize {
        let (mut at, mut depth) = (self.at + 2, 1);
        while at < self.text.len() && depth > 0 {
            if self.text[at..].starts_with(b"*/") {
                (at, depth) = (at + 2, depth - 1);
            } else if nested && self.text[at..].starts_with(b"/*") {
                (at, depth) = (at + 2, depth + 1);
            } else {
                at += 1;
            }
        }
        at
    }

    fn string_end(&self, quote: u8, lines: bool) -> usize {
        let mut at = self.at + 1;
        while at < self.text.len() {
            match self.text[at] {
                b'\\' => at += 2,
                b'\n' if !lines => return at,
                byte if byte == quote => return at + 1,
                _ => at += 1,
            }
        }
        at
    }

    /// `r"…"`, `r#"…"#`, `b"…"`, `br#"…"#`, `c"…"`; `None` for a plain word and for `r#name`.
    fn raw_string_end(&self) -> Option<usize> {
        let mut at = self.at + 1;
        let mut raw = self.text[self.at] == b'r';
        if !raw && self.text.get(at) == Some(&b'r') {
            (at, raw) = (at + 1, true);
        }
        let hashes = self.text[at..].iter().take_while(|byte| **byte == b'#').count();
        at += hashes;
        if self.text.get(at) != Some(&b'"') {
            return None;
        }
        if !raw {
            let inner = Scan { text: self.text, out: Vec::new(), at };
            return Some(inner.string_end(b'"', true));
        }
        let mut close = vec![b'"'];
        close.resize(hashes + 1, b'#');
        let body = &self.text[at + 1..];
        let end = body.windows(close.len()).position(|window| window == close);
        Some(end.map_or(self.text.len(), |found| at + 1 + found + close.len()))
    }

    /// The end of a character literal at a quote; `None` for a lifetime.
    fn char_end(&self) -> Option<usize> {
        if self.peek(1) == b'\\' {
            return Some(self.string_end(b'\'', false));
        }
        // One character of up to four bytes, then the closing quote.
        let width = match self.peek(1) {
            0..=0x7f => 1,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        (self.peek(1 + width) == b'\'').then_some(self.at + width + 2)
    }

    /// A slash opens a regular expression where a value may start, and divides elsewhere.
    fn regex_may_start(&self) -> bool {
        let before = self.out[..self.at].trim_ascii_end();
        let Some(last) = before.last() else { return true };
        if b"(,=:[!&|?{};+-*%~^".contains(last) {
            return true;
        }
        ["return", "typeof", "case"].iter().any(|word| before.ends_with(word.as_bytes()))
    }

    fn regex_end(&self) -> usize {
        let (mut at, mut class) = (self.at + 1, false);
        while at < self.text.len() {
            match self.text[at] {
                b'\\' => at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return at + 1,
                b'\n' => return self.at + 1, // it was a division after all
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// A template string with the code in its holes: blanked as a whole.
    fn template_end(&self) -> usize {
        let (mut at, mut depth) = (self.at + 1, 0usize);
        while at < self.text.len() {
            match self.text[at] {
                b'\\' => at += 1,
                b'$' if self.text.get(at + 1) == Some(&b'{') => (at, depth) = (at + 1, depth + 1),
                b'{' if depth > 0 => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                b'`' if depth == 0 => return at + 1,
                b'`' => {
                    let inner = Scan { text: self.text, out: Vec::new(), at };
                    at = inner.template_end() - 1;
                }
                _ => {}
            }
            at += 1;
        }
        at
    }
}

/// Whether the byte can stand inside an identifier.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str, language: Language) -> String {
        let out = mask(text, language);
        assert_eq!(out.len(), text.len(), "a mask keeps every offset");
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rust_strings_comments_and_characters_go_and_lifetimes_stay() {
        let text = "a(\"}\\\"{\"); // {\nb('{', '\\'', 'x'); /* { /* } */ { */ c::<'a>(r#\"{\"#)";
        let out = masked(text, Language::Rust);
        assert!(!out.contains('{') && !out.contains('}'), "{out}");
        assert!(out.contains("a(") && out.contains("c::<'a>("), "{out}");
        assert_eq!(masked("r#type + bar", Language::Rust), "r#type + bar");
        assert_eq!(masked("f(b\"{\", br\"{\", c\"}\")", Language::Rust), "f(    ,      ,     )");
    }

    #[test]
    fn script_templates_and_regular_expressions_go_and_divisions_stay() {
        let out = masked("x = `a${`{`}}` + /[/}]{2}/.test(y) + a / b / c;", Language::Script);
        assert!(!out.contains('{') && !out.contains('}'), "{out}");
        assert!(out.contains("a / b / c"), "{out}");
    }

    #[test]
    fn an_apostrophe_in_jsx_text_does_no_damage_beyond_its_line() {
        let out = masked("<p>don't {</p>\n}", Language::Script);
        assert!(out.ends_with('}'), "{out}");
    }
}
