//! Operators, from loose to tight.

use super::{Parsed, Parser};
use crate::ast::{Binary, Comparison, Kind, NodeId};

impl Parser<'_> {
    pub(super) fn disjunction(&mut self) -> Parsed {
        let mut left = self.conjunction()?;
        while self.take_word("or") {
            let right = self.conjunction()?;
            left = self.binary(Binary::Or, left, right);
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed {
        let mut left = self.comparison()?;
        while self.take_word("and") {
            let right = self.comparison()?;
            left = self.binary(Binary::And, left, right);
        }
        Ok(left)
    }

    fn binary(&mut self, operator: Binary, left: NodeId, right: NodeId) -> NodeId {
        let start = self.start_of(left);
        self.add(Kind::Binary(operator, left, right), start)
    }

    fn comparison(&mut self) -> Parsed {
        if let Some(operator) = self.comparison_operator() {
            return self.half_range(operator);
        }
        let mut left = self.sum()?;
        loop {
            let start = self.start_of(left);
            left = if let Some(operator) = self.comparison_operator() {
                self.advance();
                let right = self.sum()?;
                self.binary(Binary::Compare(operator), left, right)
            } else if self.take_word("between") {
                let low = self.sum()?;
                self.expect_word("and")?;
                let high = self.sum()?;
                self.add(Kind::Between(left, low, high), start)
            } else if self.at_word("in") {
                self.advance();
                let tests = self.tests_after_in()?;
                self.add(Kind::In(left, tests), start)
            } else if self.at_word("instance") {
                self.advance();
                self.expect_word("of")?;
                let named = self.type_name()?;
                self.add(Kind::InstanceOf(left, named), start)
            } else {
                return Ok(left);
            };
        }
    }

    pub(super) fn comparison_operator(&self) -> Option<Comparison> {
        Some(match self.token {
            token if token.is("=") => Comparison::Equal,
            token if token.is("!=") => Comparison::NotEqual,
            token if token.is("<") => Comparison::Less,
            token if token.is("<=") => Comparison::LessOrEqual,
            token if token.is(">") => Comparison::Greater,
            token if token.is(">=") => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }

    /// `< 5`; the operator is the current token.
    pub(super) fn half_range(&mut self, operator: Comparison) -> Parsed {
        let start = self.advance().start();
        let end = self.sum()?;
        Ok(self.add(Kind::HalfRange(operator, end), start))
    }

    pub(super) fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        loop {
            let operator = match self.token {
                token if token.is("+") => Binary::Add,
                token if token.is("-") => Binary::Subtract,
                _ => return Ok(left),
            };
            self.advance();
            let right = self.product()?;
            left = self.binary(operator, left, right);
        }
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.power()?;
        loop {
            let operator = match self.token {
                token if token.is("*") => Binary::Multiply,
                token if token.is("/") => Binary::Divide,
                _ => return Ok(left),
            };
            self.advance();
            let right = self.power()?;
            left = self.binary(operator, left, right);
        }
    }

    fn power(&mut self) -> Parsed {
        let mut left = self.negation()?;
        while self.take("**") {
            let right = self.negation()?;
            left = self.binary(Binary::Power, left, right);
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed {
        if !self.token.is("-") {
            return self.operand();
        }
        let in_range_end = self.in_range_end;
        self.nested(|parser| {
            parser.in_range_end = in_range_end;
            let start = parser.advance().start();
            let inner = parser.negation()?;
            Ok(parser.add(Kind::Negate(inner), start))
        })
    }
}
