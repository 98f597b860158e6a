//! A syntax tree as text in normal form: reading it back gives the same tree.
//!
//! Every operation stands in parentheses, so the printer needs no precedence. Recursion is bounded
//! by the nesting of the source; chains of operators loop.

use crate::ast::{Arguments, Ast, Binary, Comparison, Domain, Iteration, Kind, NodeId};
use crate::builtins;
use crate::lexer::name_length;
use crate::parser::is_keyword;
use std::fmt::Write;
use value::{Value, quote};

pub(crate) fn print(ast: &Ast) -> String {
    let mut printer = Printer { ast, out: String::new() };
    printer.node(ast.root);
    printer.out
}

struct Printer<'a> {
    ast: &'a Ast,
    out: String,
}

impl Printer<'_> {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn name(&mut self, name: &str) {
        let plain = name_length(name) == name.len()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !is_keyword(name);
        match plain {
            true => self.text(name),
            false => {
                let _ = write!(self.out, "`{name}`");
            }
        }
    }

    fn separated(&mut self, ids: &[NodeId]) {
        for (at, id) in ids.iter().enumerate() {
            self.text(if at > 0 { ", " } else { "" });
            self.node(*id);
        }
    }

    /// Among tests a range with one end stands as it is; elsewhere it is an operand.
    fn tests(&mut self, ids: &[NodeId]) {
        for (at, id) in ids.iter().enumerate() {
            self.text(if at > 0 { ", " } else { "" });
            match self.ast.kind(*id) {
                Kind::HalfRange(operator, end) if *operator != Comparison::Equal => {
                    self.half_range(*operator, *end);
                }
                _ => self.node(*id),
            }
        }
    }

    fn half_range(&mut self, operator: Comparison, end: NodeId) {
        self.text(symbol(Binary::Compare(operator)));
        self.text(" ");
        self.node(end);
    }

    fn node(&mut self, id: NodeId) {
        match self.ast.kind(id) {
            Kind::Literal(Value::String(text)) => self.text(&quote(text)),
            Kind::Literal(value) => {
                let _ = write!(self.out, "{value}");
            }
            Kind::Number(number) => {
                let _ = write!(self.out, "{number}");
            }
            Kind::BadTemporal(text) => {
                let _ = write!(self.out, "@\"{text}\"");
            }
            Kind::Name(name) => self.name(name),
            Kind::Input => self.text("?"),
            Kind::AnyInput => self.text("-"),
            Kind::Path(base, member) => {
                self.node(*base);
                self.text(".");
                self.name(member);
            }
            Kind::Filter(list, filter) => {
                self.node(*list);
                self.text("[");
                self.node(*filter);
                self.text("]");
            }
            Kind::Negate(inner) => {
                self.text("(-");
                self.node(*inner);
                self.text(")");
            }
            Kind::Binary(..) => self.binary(id),
            Kind::Between(..) | Kind::In(..) | Kind::InstanceOf(..) | Kind::If(..) => {
                self.words(id)
            }
            Kind::Iteration(..) => self.iteration(id),
            Kind::List(items) => {
                self.text("[");
                self.separated(items);
                self.text("]");
            }
            Kind::Context(_) => self.context(id),
            Kind::Range(low, high, ends) => {
                self.text(if ends.start_included { "[" } else { "(" });
                self.node(*low);
                self.text("..");
                self.node(*high);
                self.text(if ends.end_included { "]" } else { ")" });
            }
            Kind::HalfRange(Comparison::Equal, end) => self.node(*end),
            Kind::HalfRange(operator, end) => {
                self.text("(");
                self.half_range(*operator, *end);
                self.text(")");
            }
            Kind::Function(..) | Kind::External(_) => self.function(id),
            Kind::Call(callee, arguments) => {
                self.callee(*callee);
                self.arguments(arguments);
            }
            Kind::Tests(negated, tests) => {
                self.text(if *negated { "not(" } else { "" });
                self.tests(tests);
                self.text(if *negated { ")" } else { "" });
            }
        }
    }

    /// Operations that are written in words.
    fn words(&mut self, id: NodeId) {
        match self.ast.kind(id) {
            Kind::Between(value, low, high) => {
                self.text("(");
                self.node(*value);
                self.text(" between ");
                self.node(*low);
                self.text(" and ");
                self.node(*high);
                self.text(")");
            }
            Kind::In(value, tests) => {
                self.text("(");
                self.node(*value);
                self.text(" in (");
                self.tests(tests);
                self.text("))");
            }
            Kind::InstanceOf(value, named) => {
                self.text("(");
                self.node(*value);
                let _ = write!(self.out, " instance of {named})");
            }
            Kind::If(condition, then, otherwise) => {
                self.text("(if ");
                self.node(*condition);
                self.text(" then ");
                self.node(*then);
                self.text(" else ");
                self.node(*otherwise);
                self.text(")");
            }
            _ => {}
        }
    }

    /// The name of a built-in stays bare; only so is it found.
    fn callee(&mut self, id: NodeId) {
        match self.ast.kind(id) {
            Kind::Name(name) if !is_keyword(name) || builtins::find(name).is_some() => {
                self.text(name);
            }
            _ => self.node(id),
        }
    }

    fn binary(&mut self, id: NodeId) {
        let mut spine = Vec::new();
        let mut leftmost = id;
        while let Kind::Binary(operator, left, right) = self.ast.kind(leftmost) {
            spine.push((*operator, *right));
            leftmost = *left;
        }
        // Chains stay flat: as many opening parentheses as operators would count as nesting.
        let flat = spine.iter().all(|(operator, _)| *operator == spine[0].0)
            && !matches!(spine[0].0, Binary::Compare(_));
        self.text(&"(".repeat(if flat { 1 } else { spine.len() }));
        self.node(leftmost);
        for (operator, right) in spine.iter().rev() {
            let _ = write!(self.out, " {} ", symbol(*operator));
            self.node(*right);
            self.text(if flat { "" } else { ")" });
        }
        self.text(if flat { ")" } else { "" });
    }

    fn iteration(&mut self, id: NodeId) {
        let Kind::Iteration(kind, iterators, body) = self.ast.kind(id) else { return };
        let (word, before_body) = match kind {
            Iteration::For => ("for", "return"),
            Iteration::Some => ("some", "satisfies"),
            Iteration::Every => ("every", "satisfies"),
        };
        let _ = write!(self.out, "({word} ");
        for (at, iterator) in iterators.iter().enumerate() {
            self.text(if at > 0 { ", " } else { "" });
            self.name(&iterator.name);
            self.text(" in ");
            match iterator.domain {
                Domain::Values(values) => self.node(values),
                Domain::Steps(start, end) => {
                    self.node(start);
                    self.text("..");
                    self.node(end);
                }
            }
        }
        let _ = write!(self.out, " {before_body} ");
        self.node(*body);
        self.text(")");
    }

    fn context(&mut self, id: NodeId) {
        let Kind::Context(entries) = self.ast.kind(id) else { return };
        self.text("{");
        for (at, (key, value)) in entries.iter().enumerate() {
            self.text(if at > 0 { ", " } else { "" });
            self.text(&quote(key));
            self.text(": ");
            self.node(*value);
        }
        self.text("}");
    }

    fn function(&mut self, id: NodeId) {
        let (parameters, body) = match self.ast.kind(id) {
            Kind::Function(parameters, body) => (parameters, Some(*body)),
            Kind::External(parameters) => (parameters, None),
            _ => return,
        };
        self.text("(function(");
        for (at, (name, named)) in parameters.iter().enumerate() {
            self.text(if at > 0 { ", " } else { "" });
            self.name(name);
            if *named != crate::Type::Any {
                let _ = write!(self.out, ": {named}");
            }
        }
        self.text(") ");
        match body {
            Some(body) => self.node(body),
            None => self.text("external {}"),
        }
        self.text(")");
    }

    fn arguments(&mut self, arguments: &Arguments) {
        self.text("(");
        match arguments {
            Arguments::Positional(all) => self.separated(all),
            Arguments::Named(all) => {
                for (at, (name, id)) in all.iter().enumerate() {
                    self.text(if at > 0 { ", " } else { "" });
                    let _ = write!(self.out, "{name}: ");
                    self.node(*id);
                }
            }
        }
        self.text(")");
    }
}

fn symbol(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Power => "**",
        Binary::And => "and",
        Binary::Or => "or",
        Binary::Compare(Comparison::Equal) => "=",
        Binary::Compare(Comparison::NotEqual) => "!=",
        Binary::Compare(Comparison::Less) => "<",
        Binary::Compare(Comparison::LessOrEqual) => "<=",
        Binary::Compare(Comparison::Greater) => ">",
        Binary::Compare(Comparison::GreaterOrEqual) => ">=",
    }
}
