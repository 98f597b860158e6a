//! Unary tests: what stands in a cell of a decision table, and after `in`.

use super::{Parsed, Parser};
use crate::ast::{Comparison, Kind, NodeId};
use crate::error::SyntaxError;
use crate::lexer::{TokenKind, token_at};
use value::Value;

impl Parser<'_> {
    pub(super) fn unary_tests(&mut self) -> Parsed {
        let start = self.token.start();
        if self.token.is("-") && token_at(self.text, self.token.end()).kind == TokenKind::End {
            self.advance();
            return Ok(self.add(Kind::AnyInput, start));
        }
        if self.at_word("not") {
            let negated = self.attempt(|parser| {
                parser.advance();
                parser.expect("(")?;
                let tests = parser.tests(Parser::test)?;
                parser.expect(")")?;
                match parser.token.kind {
                    TokenKind::End => Ok(tests),
                    _ => Err(parser.unexpected("the end")),
                }
            });
            if let Some(tests) = negated {
                return Ok(self.add(Kind::Tests(true, tests), start));
            }
        }
        let tests = self.tests(Parser::test)?;
        Ok(self.add(Kind::Tests(false, tests), start))
    }

    fn tests(&mut self, test: fn(&mut Self) -> Parsed) -> Result<Vec<NodeId>, Box<SyntaxError>> {
        let mut tests = vec![test(self)?];
        while self.take(",") {
            tests.push(test(self)?);
        }
        Ok(tests)
    }

    /// One test. A lone boolean is compared with the input instead of being taken as the result.
    fn test(&mut self) -> Parsed {
        let start = self.token.start();
        if let Some(operator) = self.comparison_operator() {
            return self.half_range(operator);
        }
        let test = self.expression()?;
        Ok(self.lone_boolean(test, start))
    }

    fn lone_boolean(&mut self, test: NodeId, start: usize) -> NodeId {
        match self.nodes[test as usize].kind {
            Kind::Literal(Value::Bool(_)) => {
                self.add(Kind::HalfRange(Comparison::Equal, test), start)
            }
            _ => test,
        }
    }

    /// The tests after `in`: several in parentheses, or one.
    pub(super) fn tests_after_in(&mut self) -> Result<Vec<NodeId>, Box<SyntaxError>> {
        if self.token.is("(") {
            let tests = self.attempt(|parser| {
                parser.advance();
                let tests = parser.tests(Parser::test)?;
                parser.expect(")")?;
                // `(a) + b` is one operand that starts with a parenthesis.
                let goes_on = ["+", "-", "*", "/", "**", ".", "[", "(", ".."];
                match goes_on.iter().any(|symbol| parser.token.is(symbol)) {
                    true => Err(parser.unexpected("the end of the tests")),
                    false => Ok(tests),
                }
            });
            if let Some(tests) = tests {
                return Ok(tests);
            }
        }
        if let Some(operator) = self.comparison_operator() {
            return Ok(vec![self.half_range(operator)?]);
        }
        let test = self.sum()?;
        // `5 in ? < 10`: a test that names the input is a comparison of its own.
        if let Some(operator) = self.comparison_operator()
            && matches!(self.nodes[test as usize].kind, Kind::Input)
        {
            let start = self.start_of(test);
            self.advance();
            let right = self.sum()?;
            let compared = Kind::Binary(crate::ast::Binary::Compare(operator), test, right);
            return Ok(vec![self.add(compared, start)]);
        }
        let start = self.start_of(test);
        Ok(vec![self.lone_boolean(test, start)])
    }
}
