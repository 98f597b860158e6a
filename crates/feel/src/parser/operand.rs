//! Operands and what may follow them: paths, filters, calls.

use super::{Parsed, Parser};
use crate::ast::{Ends, Kind, NodeId};
use crate::builtins;
use crate::error::SyntaxError;
use crate::lexer::{TokenKind, name_length, unescape};
use std::sync::Arc;
use value::{Number, Value};

impl Parser<'_> {
    pub(super) fn operand(&mut self) -> Parsed {
        let mut base = self.primary()?;
        loop {
            let start = self.start_of(base);
            if self.token.is(".") {
                self.advance();
                let member = self.member()?;
                base = self.add(Kind::Path(base, member), start);
            } else if self.token.is("(") && self.may_be_called(base) {
                let arguments = self.nested_arguments()?;
                base = self.add(Kind::Call(base, arguments), start);
            } else if self.token.is("[") {
                match self.filter(base, start)? {
                    Some(filtered) => base = filtered,
                    None => return Ok(base),
                }
            } else {
                return Ok(base);
            }
        }
    }

    fn may_be_called(&self, base: NodeId) -> bool {
        matches!(
            self.nodes[base as usize].kind,
            Kind::Name(_) | Kind::Path(..) | Kind::Call(..) | Kind::Function(..) | Kind::Filter(..)
        )
    }

    /// `[…]` after an operand. In the end of a range, `[` may also close the range: then it is a
    /// filter only if reading it as one leaves a closed range.
    fn filter(&mut self, base: NodeId, start: usize) -> Result<Option<NodeId>, Box<SyntaxError>> {
        if !self.in_range_end {
            self.advance();
            let filter = self.expression()?;
            self.expect("]")?;
            return Ok(Some(self.add(Kind::Filter(base, filter), start)));
        }
        Ok(self.attempt(|parser| {
            parser.advance();
            let filter = parser.expression()?;
            parser.expect("]")?;
            let closes = parser.token.is("]") || parser.token.is(")") || parser.token.is("[");
            match closes {
                true => Ok(parser.add(Kind::Filter(base, filter), start)),
                false => Err(parser.unexpected("the end of the range")),
            }
        }))
    }

    fn primary(&mut self) -> Parsed {
        let start = self.token.start();
        match self.token.kind {
            TokenKind::Number => self.number(),
            TokenKind::String => {
                let token = self.advance();
                let inner = &self.text[token.start() + 1..token.end() - 1];
                let text = Value::String(Arc::from(&*unescape(inner)));
                Ok(self.add(Kind::Literal(text), start))
            }
            TokenKind::At => self.temporal(),
            TokenKind::Quoted => self.name(),
            TokenKind::Name => self.word(),
            TokenKind::Symbol("(") => self.nested(Parser::parenthesis),
            TokenKind::Symbol("[") => self.nested(Parser::list_or_range),
            TokenKind::Symbol("]") => self.nested(|parser| {
                parser.advance();
                let low = parser.sum()?;
                parser.range_end(low, false, start)
            }),
            TokenKind::Symbol("{") => self.nested(Parser::context),
            TokenKind::Symbol("?") => {
                self.advance();
                Ok(self.add(Kind::Input, start))
            }
            TokenKind::Symbol(_) | TokenKind::End | TokenKind::Unknown => {
                let mut error = self.unexpected("an operand");
                if self.text[start..].starts_with('\'') {
                    error.message.push_str("; text stands in double quotes");
                }
                Err(error)
            }
        }
    }

    fn number(&mut self) -> Parsed {
        let token = self.advance();
        let text = self.text_of(token);
        match Number::parse(text) {
            Some(number) => Ok(self.add(Kind::Number(number), token.start())),
            None => {
                let shown: String = text.chars().take(40).collect();
                let message =
                    format!("expected a number within the range of decimals, but found '{shown}'");
                Err(self.error(token.span, message))
            }
        }
    }

    fn temporal(&mut self) -> Parsed {
        let token = self.advance();
        let text = self.text_of(token);
        let inner = text[1..].trim_start();
        let inner = &inner[1..inner.len() - 1];
        let kind = match builtins::temporal(inner, self.scope.dialect()) {
            Some(value) => Kind::Literal(value),
            None => Kind::BadTemporal(Arc::from(inner)),
        };
        Ok(self.add(kind, token.start()))
    }

    fn word(&mut self) -> Parsed {
        let start = self.token.start();
        let literal = match self.text_of(self.token) {
            _ if self.is_declared() => None,
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "function" => return self.nested(Parser::function),
            "if" => return self.nested(Parser::conditional),
            "for" | "some" | "every" => return self.nested(Parser::iteration),
            _ => None,
        };
        match literal {
            Some(value) => {
                self.advance();
                Ok(self.add(Kind::Literal(value), start))
            }
            None => self.name(),
        }
    }

    /// `(expression)`, or a range that is open at its start.
    fn parenthesis(&mut self) -> Parsed {
        let start = self.advance().start();
        let inner = self.expression()?;
        if self.token.is("..") {
            return self.range_end(inner, false, start);
        }
        self.expect(")")?;
        // The node spans its parentheses, so that text which follows is not read as its call.
        let node = &mut self.nodes[inner as usize];
        node.span = crate::error::Span::new(start, self.last_end);
        Ok(inner)
    }

    fn list_or_range(&mut self) -> Parsed {
        let start = self.advance().start();
        let mut items = Vec::new();
        while !self.token.is("]") {
            let item = self.expression()?;
            if items.is_empty() && self.token.is("..") {
                return self.range_end(item, true, start);
            }
            items.push(item);
            if !self.take(",") {
                break;
            }
            if self.token.is("]") {
                return Err(self.unexpected("an operand"));
            }
        }
        self.expect("]")?;
        Ok(self.add(Kind::List(items), start))
    }

    /// From `..` on.
    fn range_end(&mut self, low: NodeId, start_included: bool, start: usize) -> Parsed {
        self.expect("..")?;
        let outer = std::mem::replace(&mut self.in_range_end, true);
        let high = self.sum();
        self.in_range_end = outer;
        let high = high?;
        let end_included = self.token.is("]");
        if !end_included && !self.token.is(")") && !self.token.is("[") {
            return Err(self.unexpected("']', ')' or '['"));
        }
        self.advance();
        Ok(self.add(Kind::Range(low, high, Ends { start_included, end_included }), start))
    }

    fn context(&mut self) -> Parsed {
        let start = self.advance().start();
        let bound = self.bound.len();
        let mut entries: Vec<(Arc<str>, NodeId)> = Vec::new();
        while !self.token.is("}") {
            let key = self.key()?;
            self.expect(":")?;
            let value = self.expression()?;
            self.bind(&key);
            if name_length(&key) != key.len() {
                self.keys.add(&key);
            }
            entries.push((key, value));
            if !self.take(",") {
                break;
            }
            if self.token.is("}") {
                return Err(self.unexpected("a key and ':'"));
            }
        }
        self.unbind(bound);
        self.expect("}")?;
        Ok(self.add(Kind::Context(entries), start))
    }
}
