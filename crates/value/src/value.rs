//! The decoded value.

use crate::{
    Callable, Context, Date, DateTime, DaysDuration, List, Number, Range, Time, YearsDuration,
};
use std::fmt;
use std::sync::Arc;

/// A value of the FEEL type system, DMN 1.5, 10.3.2. Cloning is cheap.
#[derive(Clone, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A decimal number.
    Number(Number),
    /// Text.
    String(Arc<str>),
    /// A list.
    List(Arc<List>),
    /// Named entries.
    Context(Arc<Context>),
    /// A day.
    Date(Date),
    /// A time of day.
    Time(Arc<Time>),
    /// A day with a time of day.
    DateTime(Arc<DateTime>),
    /// A duration of days, hours, minutes, seconds.
    DaysDuration(DaysDuration),
    /// A duration of years and months.
    YearsDuration(YearsDuration),
    /// An interval.
    Range(Arc<Range>),
    /// A function.
    Function(Arc<dyn Callable>),
}

impl Value {
    /// The list of those values.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::new(List::new(items)))
    }

    /// The name of its type as FEEL writes it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::List(_) => "list",
            Value::Context(_) => "context",
            Value::Date(_) => "date",
            Value::Time(_) => "time",
            Value::DateTime(_) => "date and time",
            Value::DaysDuration(_) => "days and time duration",
            Value::YearsDuration(_) => "years and months duration",
            Value::Range(_) => "range",
            Value::Function(_) => "function",
        }
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if this is a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The whole number, if this is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::to_i64)
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The context, if this is one.
    pub fn as_context(&self) -> Option<&Context> {
        match self {
            Value::Context(context) => Some(context),
            _ => None,
        }
    }

    /// Levels of nesting; 0 for a plain value.
    pub fn depth(&self) -> u32 {
        match self {
            Value::List(list) => list.depth(),
            Value::Context(context) => context.depth(),
            Value::Function(function) => function.depth().saturating_add(1),
            Value::Range(_) => 1,
            _ => 0,
        }
    }

    /// Values inside, itself included; long text counts by its bytes.
    pub fn weight(&self) -> u32 {
        match self {
            Value::List(list) => list.weight(),
            Value::Context(context) => context.weight(),
            Value::String(text) => 1 + u32::try_from(text.len() / 64).unwrap_or(u32::MAX - 1),
            _ => 1,
        }
    }
}

impl PartialEq for Value {
    /// The same value. Unlike FEEL's `=` this is never undefined: values of different types
    /// differ, and `null` is itself. Functions are equal if they are the same function.
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::Number(left), Value::Number(right)) => left == right,
            (Value::String(left), Value::String(right)) => left == right,
            (Value::List(left), Value::List(right)) => Arc::ptr_eq(left, right) || left == right,
            (Value::Context(left), Value::Context(right)) => {
                Arc::ptr_eq(left, right) || left == right
            }
            (Value::Date(left), Value::Date(right)) => left == right,
            (Value::Time(left), Value::Time(right)) => left == right,
            (Value::DateTime(left), Value::DateTime(right)) => left == right,
            (Value::DaysDuration(left), Value::DaysDuration(right)) => left == right,
            (Value::YearsDuration(left), Value::YearsDuration(right)) => left == right,
            (Value::Range(left), Value::Range(right)) => left == right,
            (Value::Function(left), Value::Function(right)) => Arc::ptr_eq(left, right),
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! value_from {
    ($($source:ty => $variant:ident ($convert:expr);)*) => {
        $(impl From<$source> for Value {
            fn from(source: $source) -> Value {
                Value::$variant($convert(source))
            }
        })*
    };
}

value_from! {
    bool => Bool(|truth| truth);
    Number => Number(|number| number);
    i64 => Number(Number::from);
    i32 => Number(Number::from);
    usize => Number(Number::from);
    &str => String(Arc::from);
    String => String(Arc::from);
    Arc<str> => String(|text| text);
    Vec<Value> => List(|items| Arc::new(List::new(items)));
    Context => Context(Arc::new);
    Date => Date(|date| date);
    Time => Time(Arc::new);
    DateTime => DateTime(Arc::new);
    DaysDuration => DaysDuration(|duration| duration);
    YearsDuration => YearsDuration(|duration| duration);
    Range => Range(Arc::new);
}
