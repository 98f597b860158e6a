//! Which name stands here.

use super::{OPENING, Parser, RESERVED};
use crate::ast::{Kind, NodeId};
use crate::error::SyntaxError;
use crate::lexer::{TokenKind, is_name_part, is_space, name_length, token_at};
use crate::scope::{name_end, normalised};
use crate::{Dialect, builtins};
use std::sync::Arc;

impl Parser<'_> {
    /// The longest declared name at `at` and where it ends; `members` also looks at the names of
    /// entries.
    pub(super) fn longest_known(&self, at: usize, members: bool) -> Option<(Arc<str>, usize)> {
        let (known, own) = match members {
            true => (self.scope.members(), &self.keys),
            false => (self.scope.variables(), &self.bound_names),
        };
        let found = [known.longest(self.text, at), own.longest(self.text, at)];
        found.into_iter().flatten().max_by_key(|(_, end)| *end)
    }

    /// A variable, or a name before `(`.
    pub(super) fn name(&mut self) -> Result<NodeId, Box<SyntaxError>> {
        let start = self.token.start();
        if self.token.kind == TokenKind::Quoted {
            let token = self.advance();
            let name = &self.text[token.start() + 1..token.end() - 1];
            return Ok(self.add(Kind::Name(Arc::from(name)), start));
        }
        let known = self.longest_known(start, false);
        let function = self.function_name(start);
        if let Some((name, end)) = known
            && function.as_ref().is_none_or(|(_, function_end)| end >= *function_end)
        {
            self.jump(end);
            return Ok(self.add(Kind::Name(name), start));
        }
        if let Some((name, end)) = function {
            self.jump(end);
            return Ok(self.add(Kind::Name(name), start));
        }
        let word = self.text_of(self.token);
        if RESERVED.contains(&word) || OPENING.contains(&word) {
            return Err(self.unexpected("an operand"));
        }
        self.advance();
        Ok(self.add(Kind::Name(Arc::from(word)), start))
    }

    /// A name of one or more words that `(` follows: a built-in, else words between which there
    /// is only space and of which none is a keyword.
    fn function_name(&self, start: usize) -> Option<(Arc<str>, usize)> {
        let open_follows = |end: usize| token_at(self.text, end).is("(");
        let built_in = builtins::names()
            .filter_map(|name| Some((name, name_end(name, self.text, start)?)))
            .filter(|(_, end)| open_follows(*end))
            .max_by_key(|(_, end)| *end);
        if let Some((name, end)) = built_in {
            return Some((Arc::from(name), end));
        }
        let mut end = start;
        let mut words = 0;
        loop {
            let token = token_at(self.text, end);
            let word = &self.text[token.start()..token.end()];
            // A comment between them ends a name.
            let is_word = token.kind == TokenKind::Name
                && self.text[end..token.start()].chars().all(is_space)
                && !RESERVED.contains(&word)
                && !OPENING.contains(&word)
                && !matches!(word, "between" | "external");
            if !is_word {
                break;
            }
            words += 1;
            end = token.end();
        }
        let name = &self.text[start..end];
        (words > 1 && open_follows(end)).then(|| (Arc::from(normalised(name)), end))
    }

    /// The name after a point.
    pub(super) fn member(&mut self) -> Result<Arc<str>, Box<SyntaxError>> {
        let start = self.token.start();
        if self.token.kind == TokenKind::Quoted {
            let token = self.advance();
            return Ok(Arc::from(&self.text[token.start() + 1..token.end() - 1]));
        }
        let long = ["time offset", "start included", "end included"].into_iter();
        let long = long.filter_map(|name| Some((name.into(), name_end(name, self.text, start)?)));
        let known = self.longest_known(start, true).into_iter().chain(long);
        let word_end = match self.token.kind {
            TokenKind::Name => self.token.end(),
            _ => start,
        };
        if let Some((name, end)) = known.max_by_key(|(_, end)| *end)
            && end >= word_end
        {
            self.jump(end);
            return Ok(name);
        }
        if self.token.kind != TokenKind::Name || is_literal(self.text_of(self.token)) {
            return Err(self.unexpected("a name"));
        }
        let token = self.advance();
        Ok(Arc::from(self.text_of(token)))
    }

    /// The name that an iterator or a parameter gets: everything up to a token that must follow.
    pub(super) fn new_name(&mut self) -> Result<Arc<str>, Box<SyntaxError>> {
        if self.token.kind == TokenKind::Quoted {
            let token = self.advance();
            return Ok(Arc::from(&self.text[token.start() + 1..token.end() - 1]));
        }
        if self.token.kind != TokenKind::Name || is_literal(self.text_of(self.token)) {
            return Err(self.unexpected("a name"));
        }
        let mut name = self.text_of(self.token).to_owned();
        self.advance();
        while self.token.kind == TokenKind::Name && !self.at_word("in") {
            name.push(' ');
            name.push_str(self.text_of(self.token));
            self.advance();
        }
        Ok(Arc::from(name))
    }

    /// The key of a context entry: text in quotes, or all up to the colon. Camunda allows any
    /// character in it that cannot be mistaken for the structure around it.
    pub(super) fn key(&mut self) -> Result<Arc<str>, Box<SyntaxError>> {
        let start = self.token.start();
        match self.token.kind {
            TokenKind::String => {
                let token = self.advance();
                let inner = &self.text[token.start() + 1..token.end() - 1];
                return Ok(Arc::from(&*crate::lexer::unescape(inner)));
            }
            TokenKind::Quoted => {
                let token = self.advance();
                return Ok(Arc::from(&self.text[token.start() + 1..token.end() - 1]));
            }
            _ => {}
        }
        let rest = &self.text[start..];
        let end = rest.find(['"', '{', '}', ':', ',', '[', ']', '`']).unwrap_or(rest.len());
        let key = rest[..end].trim_end();
        if key.is_empty() || !rest[end..].starts_with(':') {
            return Err(self.unexpected("a key and ':'"));
        }
        self.jump(start + end);
        Ok(match self.scope.dialect() {
            Dialect::Camunda => Arc::from(key),
            Dialect::Standard => {
                let one_word = name_length(key) == key.len();
                let starts = key.starts_with(is_name_part) || key.starts_with('?');
                if !starts && !one_word {
                    self.jump(start);
                    return Err(self.unexpected("a key and ':'"));
                }
                Arc::from(normalised(key))
            }
        })
    }
}

fn is_literal(word: &str) -> bool {
    matches!(word, "null" | "true" | "false")
}
