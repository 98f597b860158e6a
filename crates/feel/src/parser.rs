//! Tokens to a syntax tree.
//!
//! Operator precedence from loose to tight: `or`, `and`, comparisons with `between`, `in` and
//! `instance of`, `+ -`, `* /`, `**`, negation, then paths, filters and calls. Recursion is
//! bounded by [`NESTING_MAX`]; chains of operators loop.

mod call;
mod control;
mod names;
mod operand;
mod operator;
mod tests;
mod types;

use crate::ast::{Ast, Kind, Node, NodeId};
use crate::error::{Span, SyntaxError, closest};
use crate::lexer::{Token, TokenKind, name_length, token_at};
use crate::limits::{NESTING_MAX, SOURCE_BYTES_MAX, TREE_HEIGHT_MAX};
use crate::scope::{Names, Scope};
use std::sync::Arc;

/// Words that cannot be names of variables.
const RESERVED: [&str; 10] =
    ["null", "true", "false", "function", "in", "return", "then", "else", "satisfies", "and"];

/// Words that open a construct and therefore need something after them.
const OPENING: [&str; 8] = ["or", "if", "for", "some", "every", "instance", "of", "not"];

/// Whether a word stands for something else than the name that it is, where an operand may stand.
pub(crate) fn is_keyword(word: &str) -> bool {
    RESERVED.contains(&word) || OPENING.contains(&word)
}

pub(crate) struct Parser<'a> {
    text: &'a str,
    scope: &'a Scope,
    token: Token,
    /// Where the last taken token ended.
    last_end: usize,
    nodes: Vec<Node>,
    depth: usize,
    /// Names bound inside the expression, innermost last.
    bound: Vec<Arc<str>>,
    bound_names: Names,
    /// Keys of contexts seen so far, which may follow a point.
    keys: Names,
    /// Whether `[` after an operand ends a range instead of opening a filter.
    in_range_end: bool,
    /// Tokens that may still be taken. Reading something as one thing and then as another makes
    /// the parser take a token more than once; this keeps hostile text from making it do so for
    /// ever.
    steps_left: usize,
}

type Parsed = Result<NodeId, Box<SyntaxError>>;

pub(crate) fn parse_expression(text: &str, scope: &Scope) -> Result<Ast, SyntaxError> {
    Parser::parse(text, scope, Parser::expression)
}

pub(crate) fn parse_unary_tests(text: &str, scope: &Scope) -> Result<Ast, SyntaxError> {
    Parser::parse(text, scope, Parser::unary_tests)
}

impl<'a> Parser<'a> {
    fn parse(
        text: &'a str,
        scope: &'a Scope,
        rule: impl FnOnce(&mut Parser<'a>) -> Parsed,
    ) -> Result<Ast, SyntaxError> {
        if text.len() > SOURCE_BYTES_MAX {
            let message = format!(
                "expected at most {SOURCE_BYTES_MAX} bytes of text, but there are {}",
                text.len()
            );
            let source = text.chars().take(100).collect::<String>().into();
            return Err(SyntaxError { source, span: Span::default(), message });
        }
        let mut parser = Parser {
            text,
            scope,
            token: token_at(text, 0),
            last_end: 0,
            nodes: Vec::new(),
            depth: 0,
            bound: Vec::new(),
            bound_names: Names::default(),
            keys: Names::default(),
            in_range_end: false,
            steps_left: 1_000 + 16 * text.len(),
        };
        let result = rule(&mut parser).and_then(|root| match parser.token.kind {
            TokenKind::End => Ok(root),
            _ => Err(parser.unexpected_rest()),
        });
        let ast = match result {
            Ok(root) => Ast { nodes: std::mem::take(&mut parser.nodes), root },
            Err(error) => return Err(*error),
        };
        if ast.height() > TREE_HEIGHT_MAX {
            let message = format!(
                "expected at most {TREE_HEIGHT_MAX} filters, calls and other operations upon one \
                 another, but there are more"
            );
            return Err(*parser.error(ast.node(ast.root).span, message));
        }
        Ok(ast)
    }

    fn advance(&mut self) -> Token {
        let taken = self.token;
        self.steps_left = self.steps_left.saturating_sub(1);
        self.last_end = taken.end();
        self.token = token_at(self.text, taken.end());
        taken
    }

    /// Continues behind text that was matched as a name.
    fn jump(&mut self, at: usize) {
        self.last_end = at;
        self.token = token_at(self.text, at);
    }

    fn text_of(&self, token: Token) -> &'a str {
        &self.text[token.start()..token.end()]
    }

    fn at_word(&self, word: &str) -> bool {
        self.token.kind == TokenKind::Name && self.text_of(self.token) == word
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        if found {
            self.advance();
        }
        found
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.token.is(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Box<SyntaxError>> {
        match self.take(symbol) {
            true => Ok(()),
            false => Err(self.unexpected(&format!("'{symbol}'"))),
        }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), Box<SyntaxError>> {
        match self.take_word(word) {
            true => Ok(()),
            false => Err(self.unexpected_word(word)),
        }
    }

    fn add(&mut self, kind: Kind, start: usize) -> NodeId {
        let span = Span::new(start, self.last_end.max(start));
        self.nodes.push(Node { kind, span });
        (self.nodes.len() - 1) as NodeId
    }

    /// Remembers a name that only its own text can tell from several tokens.
    fn bind(&mut self, name: &Arc<str>) {
        if name_length(name) != name.len() {
            self.bound.push(name.clone());
            self.bound_names.add(name);
        }
    }

    /// Forgets the names that were bound since there were so many.
    fn unbind(&mut self, count: usize) {
        for name in self.bound.drain(count.min(self.bound.len())..) {
            self.bound_names.remove(&name);
        }
    }

    fn start_of(&self, id: NodeId) -> usize {
        self.nodes[id as usize].span.start as usize
    }

    /// Runs a rule one level deeper.
    fn nested(&mut self, rule: impl FnOnce(&mut Parser<'a>) -> Parsed) -> Parsed {
        if self.depth >= NESTING_MAX {
            let message =
                format!("expected at most {NESTING_MAX} levels of nesting, but there are more");
            return Err(self.error(self.token.span, message));
        }
        if self.steps_left == 0 {
            let message = "expected an expression with one reading, but there are too many".into();
            return Err(self.error(self.token.span, message));
        }
        self.depth += 1;
        let in_range_end = std::mem::take(&mut self.in_range_end);
        let result = rule(self);
        self.in_range_end = in_range_end;
        self.depth -= 1;
        result
    }

    /// Tries a rule; on failure continues as if it had not been tried.
    fn attempt<T>(
        &mut self,
        rule: impl FnOnce(&mut Parser<'a>) -> Result<T, Box<SyntaxError>>,
    ) -> Option<T> {
        let (token, last_end, depth) = (self.token, self.last_end, self.depth);
        let (nodes, bound) = (self.nodes.len(), self.bound.len());
        let result = rule(self).ok();
        if result.is_none() {
            self.token = token;
            self.last_end = last_end;
            self.depth = depth;
            self.nodes.truncate(nodes);
            self.unbind(bound);
        }
        result
    }

    fn error(&self, span: Span, message: String) -> Box<SyntaxError> {
        Box::new(SyntaxError { source: Arc::from(self.text), span, message })
    }

    fn unexpected(&self, expected: &str) -> Box<SyntaxError> {
        let message = format!("expected {expected}, but {}", self.found());
        self.error(self.token.span, message)
    }

    fn found(&self) -> String {
        match self.token.kind {
            TokenKind::End => "the expression ends".to_owned(),
            TokenKind::Unknown if self.text[self.token.start()..].starts_with('"') => {
                "the text in double quotes does not end".to_owned()
            }
            _ => {
                let shown: String = self.text_of(self.token).chars().take(40).collect();
                format!("found '{shown}'")
            }
        }
    }

    fn unexpected_word(&self, word: &str) -> Box<SyntaxError> {
        let near = self.token.kind == TokenKind::Name
            && closest(self.text_of(self.token), [word].into_iter()).is_some();
        let hint = if near { format!("; did you mean '{word}'?") } else { String::new() };
        let message = format!("expected '{word}', but {}{hint}", self.found());
        self.error(self.token.span, message)
    }

    /// Text after a complete expression. Names the mistakes that users of other languages make.
    fn unexpected_rest(&self) -> Box<SyntaxError> {
        let text = &self.text[self.token.start()..];
        let hint = match text {
            _ if text.starts_with("==") => "; did you mean '='?",
            _ if text.starts_with("&&") => "; did you mean 'and'?",
            _ if text.starts_with("||") => "; did you mean 'or'?",
            _ if text.starts_with("!==") => "; did you mean '!='?",
            _ if text.starts_with('\'') => "; text stands in double quotes",
            _ => "",
        };
        let mut error = self.unexpected("an operator or the end");
        if self.token.kind == TokenKind::Name && hint.is_empty() {
            let words = ["and", "or", "in", "between", "instance", "then", "else", "return"];
            if let Some(word) = closest(self.text_of(self.token), words.into_iter()) {
                error.message.push_str(&format!("; did you mean '{word}'?"));
            }
        }
        error.message.push_str(hint);
        error
    }

    pub(crate) fn expression(&mut self) -> Parsed {
        self.nested(Parser::disjunction)
    }

    /// Whether the word here is the start of a name that the model declares.
    fn is_declared(&self) -> bool {
        self.longest_known(self.token.start(), false).is_some()
    }
}
