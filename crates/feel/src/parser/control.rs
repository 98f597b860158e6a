//! `if`, `for`, `some` and `every`.

use super::{Parsed, Parser};
use crate::ast::{Domain, Iteration, Iterator, Kind};
use crate::error::SyntaxError;

impl Parser<'_> {
    pub(super) fn conditional(&mut self) -> Parsed {
        let start = self.advance().start();
        let condition = self.expression()?;
        self.expect_word("then")?;
        let then = self.expression()?;
        self.expect_word("else")?;
        let otherwise = self.expression()?;
        Ok(self.add(Kind::If(condition, then, otherwise), start))
    }

    pub(super) fn iteration(&mut self) -> Parsed {
        let token = self.advance();
        let kind = match self.text_of(token) {
            "for" => Iteration::For,
            "some" => Iteration::Some,
            _ => Iteration::Every,
        };
        let bound = self.bound.len();
        let mut iterators = Vec::new();
        loop {
            let name = self.new_name()?;
            self.expect_word("in")?;
            let domain = self.domain()?;
            self.bind(&name);
            iterators.push(Iterator { name, domain });
            if !self.take(",") {
                break;
            }
        }
        self.expect_word(if kind == Iteration::For { "return" } else { "satisfies" })?;
        let body = self.expression();
        self.unbind(bound);
        Ok(self.add(Kind::Iteration(kind, iterators, body?), token.start()))
    }

    fn domain(&mut self) -> Result<Domain, Box<SyntaxError>> {
        let start = self.nested(|parser| match parser.at_word("for") || parser.at_word("if") {
            true => parser.expression(),
            false => parser.sum(),
        })?;
        if !self.take("..") {
            return Ok(Domain::Values(start));
        }
        let end = self.nested(Parser::sum)?;
        Ok(Domain::Steps(start, end))
    }
}
