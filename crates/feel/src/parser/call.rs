//! Arguments and function definitions.

use super::{Parsed, Parser};
use crate::ast::{Arguments, Kind};
use crate::error::SyntaxError;
use crate::lexer::{TokenKind, token_at};
use crate::scope::normalised;
use crate::types::Type;
use std::sync::Arc;

impl Parser<'_> {
    pub(super) fn nested_arguments(&mut self) -> Result<Arguments, Box<SyntaxError>> {
        let in_range_end = std::mem::take(&mut self.in_range_end);
        let arguments = self.arguments();
        self.in_range_end = in_range_end;
        arguments
    }

    fn arguments(&mut self) -> Result<Arguments, Box<SyntaxError>> {
        self.expect("(")?;
        if self.take(")") {
            return Ok(Arguments::Positional(Vec::new()));
        }
        if self.argument_name().is_some() {
            let mut named = Vec::new();
            loop {
                let Some((name, end)) = self.argument_name() else {
                    return Err(self.unexpected("the name of an argument and ':'"));
                };
                self.jump(end);
                self.expect(":")?;
                named.push((name, self.expression()?));
                if !self.take(",") {
                    break;
                }
            }
            self.expect(")")?;
            return Ok(Arguments::Named(named));
        }
        let mut positional = Vec::new();
        loop {
            positional.push(self.expression()?);
            if !self.take(",") {
                break;
            }
        }
        match self.take(")") {
            true => Ok(Arguments::Positional(positional)),
            false => Err(self.unexpected("',' or ')'")),
        }
    }

    /// The words before a colon, if that is what stands here.
    fn argument_name(&self) -> Option<(Arc<str>, usize)> {
        let start = self.token.start();
        if self.token.kind == TokenKind::Quoted && token_at(self.text, self.token.end()).is(":") {
            let name = &self.text[start + 1..self.token.end() - 1];
            return Some((Arc::from(name), self.token.end()));
        }
        let mut end = start;
        loop {
            let token = token_at(self.text, end);
            match token.kind {
                TokenKind::Name | TokenKind::Number
                    if end > start || token.kind == TokenKind::Name =>
                {
                    end = token.end();
                }
                TokenKind::Symbol("-" | "'" | "/" | "+") if end > start => end = token.end(),
                TokenKind::Symbol(":") if end > start => {
                    return Some((Arc::from(normalised(&self.text[start..end])), end));
                }
                _ => return None,
            }
        }
    }

    /// `function(a, b: number) body`
    pub(super) fn function(&mut self) -> Parsed {
        let start = self.advance().start();
        self.expect("(")?;
        let mut parameters: Vec<(Arc<str>, Type)> = Vec::new();
        while !self.token.is(")") {
            let name = self.new_name()?;
            let named = if self.take(":") { self.type_name()? } else { Type::Any };
            parameters.push((name, named));
            if !self.take(",") {
                break;
            }
        }
        self.expect(")")?;
        if self.at_word("external") {
            self.advance();
            self.expression()?;
            return Ok(self.add(Kind::External(parameters), start));
        }
        let bound = self.bound.len();
        parameters.iter().for_each(|(name, _)| self.bind(name));
        let body = self.expression();
        self.unbind(bound);
        Ok(self.add(Kind::Function(parameters, body?), start))
    }
}
