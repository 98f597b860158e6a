//! XML text with indentation. Escapes what would not survive reading.

use crate::definitions::Text;

pub(super) struct Xml {
    out: String,
    depth: usize,
}

impl Xml {
    pub(super) fn new() -> Xml {
        Xml { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".into(), depth: 0 }
    }

    /// Something that goes into a file which is there already.
    pub(super) fn part() -> Xml {
        Xml { out: String::new(), depth: 1 }
    }

    pub(super) fn tag<'x>(&'x mut self, name: &'static str) -> Tag<'x> {
        let indent = "  ".repeat(self.depth);
        self.out.push_str(&format!("{indent}<{name}"));
        Tag { xml: self, name }
    }

    pub(super) fn close(&mut self, name: &str) {
        self.depth -= 1;
        let indent = "  ".repeat(self.depth);
        self.out.push_str(&format!("{indent}</{name}>\n"));
    }

    /// An element around what `inside` writes; nothing when that is nothing.
    pub(super) fn around(&mut self, name: &'static str, inside: impl FnOnce(&mut Xml)) {
        let start = self.out.len();
        self.tag(name).open();
        let before = self.out.len();
        inside(self);
        if self.out.len() == before {
            self.out.truncate(start);
            self.depth -= 1;
        } else {
            self.close(name);
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// An opening tag while its attributes are written.
pub(super) struct Tag<'x> {
    xml: &'x mut Xml,
    name: &'static str,
}

impl Tag<'_> {
    pub(super) fn attr(self, name: &str, value: &str) -> Self {
        self.xml.out.push_str(&format!(" {name}=\""));
        escape(&mut self.xml.out, value, true);
        self.xml.out.push('"');
        self
    }

    pub(super) fn opt(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    pub(super) fn text(self, name: &str, value: Option<&Text>) -> Self {
        match value {
            Some(text) => self.attr(name, &raw(text)),
            None => self,
        }
    }

    /// Left out when it is the default.
    pub(super) fn flag(self, name: &str, value: bool, default: bool) -> Self {
        match value == default {
            true => self,
            false => self.attr(name, if value { "true" } else { "false" }),
        }
    }

    pub(super) fn empty(self) {
        self.xml.out.push_str("/>\n");
    }

    pub(super) fn open(self) {
        self.xml.out.push_str(">\n");
        self.xml.depth += 1;
    }

    pub(super) fn body(self, body: &str) {
        self.xml.out.push('>');
        escape(&mut self.xml.out, body, false);
        self.xml.out.push_str(&format!("</{}>\n", self.name));
    }
}

/// Attribute text as it stands in a file.
pub(super) fn raw(text: &Text) -> String {
    match text {
        Text::Static(text) => text.to_string(),
        Text::Expression(expression) => format!("={expression}"),
    }
}

/// Characters that XML 1.0 does not have become the replacement character.
fn escape(out: &mut String, text: &str, attribute: bool) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' if attribute => out.push_str(&format!("&#{};", c as u32)),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
}
