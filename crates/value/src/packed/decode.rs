//! MessagePack to values. Recursion is bounded by the nesting that a packed value may have.

use super::token::{Cursor, Token};
use crate::{Context, Number, Value};
use std::sync::Arc;

pub(super) fn value(cursor: &mut Cursor<'_>) -> Value {
    match cursor.next() {
        Token::Nil => Value::Null,
        Token::Bool(truth) => Value::Bool(truth),
        Token::Signed(number) => Value::Number(Number::from(number)),
        Token::Unsigned(number) => parsed(&number.to_string()),
        Token::Digits(digits) => parsed(digits),
        Token::Str(text) => Value::String(Arc::from(text)),
        Token::Array(count) => Value::list((0..count).map(|_| value(cursor)).collect()),
        Token::Map(count) => {
            let mut context = Context::with_capacity(count);
            for _ in 0..count {
                let key = key(cursor);
                let entry = value(cursor);
                context.insert(key, entry);
            }
            Value::from(context)
        }
    }
}

fn parsed(digits: &str) -> Value {
    Number::parse(digits).map_or(Value::Null, Value::Number)
}

fn key<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    match cursor.next() {
        Token::Str(key) => key,
        _ => "",
    }
}

pub(super) fn at_path(cursor: &mut Cursor<'_>, path: &[&str]) -> Option<Value> {
    let Some((step, rest)) = path.split_first() else {
        return Some(value(cursor));
    };
    match cursor.next() {
        Token::Map(count) => {
            for _ in 0..count {
                if key(cursor) == *step {
                    return at_path(cursor, rest);
                }
                cursor.skip();
            }
            None
        }
        Token::Array(count) => {
            let mut items = Vec::with_capacity(count);
            for _ in 0..count {
                let bytes = cursor.skip();
                let item = at_path(&mut Cursor::new(bytes), &path[..1]).unwrap_or_default();
                items.push(item);
            }
            let list = Value::list(items);
            // The rest of the path is read from the projected list, which is decoded by now.
            rest.iter().try_fold(list, |list, step| property(&list, step))
        }
        Token::Nil
        | Token::Bool(_)
        | Token::Signed(_)
        | Token::Unsigned(_)
        | Token::Digits(_)
        | Token::Str(_) => None,
    }
}

fn property(value: &Value, step: &str) -> Option<Value> {
    match value {
        Value::Context(context) => context.get(step).cloned(),
        Value::List(list) => {
            let items = list.iter().map(|item| property(item, step).unwrap_or_default());
            Some(Value::list(items.collect()))
        }
        _ => None,
    }
}
