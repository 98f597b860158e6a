//! The schema as protobuf text, made from the same tables as encoder and decoder.

use std::fmt::Write;

/// One field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldText {
    pub label: &'static str,
    ty: &'static str,
    name: String,
    tag: u32,
    note: &'static str,
}

/// One message.
#[derive(Debug)]
pub(crate) struct MessageText {
    pub name: &'static str,
    pub fields: Vec<FieldText>,
    /// Name of the `oneof` around all fields.
    pub choice: Option<&'static str>,
    pub nested: Vec<MessageText>,
}

/// The messages that have been named so far, in that order.
#[derive(Default)]
pub(crate) struct Schema {
    items: Vec<(&'static str, Option<Item>)>,
}

enum Item {
    Message(MessageText),
    Numbers(&'static str, Vec<(&'static str, u32)>),
}

impl FieldText {
    pub fn new(label: &'static str, ty: &'static str, name: &str, tag: u32) -> FieldText {
        FieldText { label, ty, name: name.to_owned(), tag, note: "" }
    }

    /// A variant whose message has its name.
    pub fn of_variant(variant: &'static str, tag: u32) -> FieldText {
        FieldText::new("", variant, &snake(variant), tag)
    }

    pub fn note(self, note: &'static str) -> FieldText {
        FieldText { note, ..self }
    }

    fn render(&self, out: &mut String, indent: &str) {
        let FieldText { label, ty, name, tag, note } = self;
        let space = if label.is_empty() { "" } else { " " };
        let _ = write!(out, "{indent}{label}{space}{ty} {name} = {tag};");
        if !note.is_empty() {
            let _ = write!(out, " // {note}");
        }
        out.push('\n');
    }
}

impl MessageText {
    fn render(&self, out: &mut String, indent: &str) {
        if self.fields.is_empty() {
            let _ = writeln!(out, "{indent}message {} {{}}", self.name);
            return;
        }
        let _ = writeln!(out, "{indent}message {} {{", self.name);
        let inner = format!("{indent}  ");
        if let Some(choice) = self.choice {
            let _ = writeln!(out, "{inner}oneof {choice} {{");
            self.fields.iter().for_each(|field| field.render(out, &format!("{inner}  ")));
            let _ = writeln!(out, "{inner}}}");
        } else {
            self.fields.iter().for_each(|field| field.render(out, &inner));
        }
        self.nested.iter().for_each(|message| message.render(out, &inner));
        let _ = writeln!(out, "{indent}}}");
    }
}

impl Schema {
    /// Adds a message unless it is there.
    pub fn message(
        &mut self,
        name: &'static str,
        describe: impl FnOnce(&mut Schema) -> MessageText,
    ) {
        if let Some(place) = self.place(name) {
            let text = describe(self);
            self.items[place].1 = Some(Item::Message(text));
        }
    }

    /// Adds an enum unless it is there.
    pub fn numbers(&mut self, name: &'static str, variants: &[(&'static str, u32)]) {
        if let Some(place) = self.place(name) {
            self.items[place].1 = Some(Item::Numbers(name, variants.to_vec()));
        }
    }

    fn place(&mut self, name: &'static str) -> Option<usize> {
        if self.items.iter().any(|(known, _)| *known == name) {
            return None;
        }
        self.items.push((name, None));
        Some(self.items.len() - 1)
    }

    /// All messages and enums.
    pub fn render(&self, out: &mut String) {
        for (_, item) in &self.items {
            out.push('\n');
            match item {
                Some(Item::Message(message)) => message.render(out, ""),
                Some(Item::Numbers(name, variants)) => {
                    let prefix = snake(name).to_uppercase();
                    let _ = writeln!(out, "enum {name} {{");
                    for (variant, number) in variants {
                        let variant = snake(variant).to_uppercase();
                        let _ = writeln!(out, "  {prefix}_{variant} = {number};");
                    }
                    out.push_str("}\n");
                }
                None => {}
            }
        }
    }
}

/// `JobCreated` as `job_created`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (index, c) in name.char_indices() {
        if c.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
