//! Type names after `instance of` and in parameters.

use super::Parser;
use crate::error::SyntaxError;
use crate::lexer::TokenKind;
use crate::limits::NESTING_MAX;
use crate::scope::name_end;
use crate::types::Type;
use std::sync::Arc;

/// The built-in names that are more than one word.
const LONG_NAMES: [&str; 3] =
    ["years and months duration", "days and time duration", "date and time"];

impl Parser<'_> {
    pub(super) fn type_name(&mut self) -> Result<Type, Box<SyntaxError>> {
        if self.depth >= NESTING_MAX {
            return Err(self.unexpected("a type that is nested less"));
        }
        self.depth += 1;
        let found = self.type_here();
        self.depth -= 1;
        found
    }

    fn type_here(&mut self) -> Result<Type, Box<SyntaxError>> {
        let start = self.token.start();
        let names = self.scope.types().map(|name| &**name).chain(LONG_NAMES);
        let known = names.filter_map(|name| Some((name, name_end(name, self.text, start)?)));
        if let Some((name, end)) = known.max_by_key(|(_, end)| *end) {
            let found = self.scope.find_type(name).cloned().or_else(|| Type::named(name));
            self.jump(end);
            return Ok(found.unwrap_or_else(|| Type::Unknown(Arc::from(name))));
        }
        if self.token.kind != TokenKind::Name {
            return Err(self.unexpected("the name of a type"));
        }
        let mut name = {
            let token = self.advance();
            self.text_of(token).to_owned()
        };
        if self.token.is("<") {
            return self.type_with_arguments(&name);
        }
        while self.token.is(".") {
            self.advance();
            if self.token.kind != TokenKind::Name {
                return Err(self.unexpected("a name behind the '.' of a type"));
            }
            let part = self.advance();
            name = format!("{name}.{}", self.text_of(part));
        }
        Ok(Type::named(&name).unwrap_or_else(|| Type::Unknown(Arc::from(name))))
    }

    fn type_with_arguments(&mut self, name: &str) -> Result<Type, Box<SyntaxError>> {
        self.expect("<")?;
        match name {
            "list" | "range" => {
                let item = Box::new(self.type_name()?);
                self.expect(">")?;
                Ok(if name == "list" { Type::List(item) } else { Type::Range(item) })
            }
            "context" => {
                let mut entries = Vec::new();
                while !self.token.is(">") {
                    let key = self.new_name()?;
                    self.expect(":")?;
                    entries.push((key, self.type_name()?));
                    if !self.take(",") {
                        break;
                    }
                }
                self.expect(">")?;
                Ok(Type::Context(entries))
            }
            "function" => {
                let mut parameters = Vec::new();
                while !self.token.is(">") {
                    parameters.push(self.type_name()?);
                    if !self.take(",") {
                        break;
                    }
                }
                self.expect(">")?;
                self.expect("->")?;
                Ok(Type::Function(parameters, Box::new(self.type_name()?)))
            }
            _ => Err(self.unexpected("'list', 'range', 'context' or 'function' before '<'")),
        }
    }
}
