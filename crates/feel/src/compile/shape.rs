//! What unary tests accept, read off their tree.

use crate::ast::{Ast, Comparison, Kind, NodeId};
use crate::expression::Shape;
use value::{Range, Value};

/// The shape of unary tests.
pub(crate) fn shape(ast: &Ast) -> Shape {
    let tests = match ast.kind(ast.root) {
        Kind::AnyInput => return Shape::Any,
        Kind::Tests(false, tests) => tests,
        _ => return Shape::Open,
    };
    let values: Option<Vec<Value>> = tests.iter().map(|id| single(ast, *id)).collect();
    if let Some(values) = values {
        return Shape::Values(values);
    }
    let ranges: Option<Vec<Range>> = tests.iter().map(|id| range(ast, *id)).collect();
    ranges.map_or(Shape::Open, Shape::Ranges)
}

/// A test that accepts exactly one value. `null` is left to the evaluator, and so are lists and
/// contexts, which accept more than themselves.
fn single(ast: &Ast, id: NodeId) -> Option<Value> {
    match ast.kind(id) {
        Kind::HalfRange(Comparison::Equal, end) => constant(ast, *end),
        Kind::Literal(Value::Bool(_)) => None,
        _ => constant(ast, id),
    }
}

fn constant(ast: &Ast, id: NodeId) -> Option<Value> {
    match ast.kind(id) {
        // How moments compare depends on the dialect.
        Kind::Literal(Value::Null | Value::DateTime(_) | Value::Time(_)) => None,
        Kind::Literal(value) => Some(value.clone()),
        Kind::Number(number) => Some(Value::Number(number.clone())),
        Kind::Negate(inner) => match ast.kind(*inner) {
            Kind::Number(number) => Some(Value::Number(number.neg())),
            _ => None,
        },
        _ => None,
    }
}

fn range(ast: &Ast, id: NodeId) -> Option<Range> {
    match ast.kind(id) {
        Kind::Range(low, high, ends) => Some(Range {
            start: Some(constant(ast, *low)?),
            start_included: ends.start_included,
            end: Some(constant(ast, *high)?),
            end_included: ends.end_included,
        }),
        Kind::HalfRange(operator, end) => {
            let end = constant(ast, *end)?;
            let (start, end, included) = match operator {
                Comparison::Less => (None, Some(end), false),
                Comparison::LessOrEqual => (None, Some(end), true),
                Comparison::Greater => (Some(end), None, false),
                Comparison::GreaterOrEqual => (Some(end), None, true),
                Comparison::Equal => (Some(end.clone()), Some(end), true),
                Comparison::NotEqual => return None,
            };
            Some(Range { start, start_included: included, end, end_included: included })
        }
        // Only a value that has an order is a range of itself.
        _ => match constant(ast, id)? {
            value @ (Value::Number(_) | Value::Date(_)) => Some(Range {
                start: Some(value.clone()),
                start_included: true,
                end: Some(value),
                end_included: true,
            }),
            _ => None,
        },
    }
}
