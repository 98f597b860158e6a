//! Types as expressions and models write them, DMN 1.5, 10.3.2.9.

use std::fmt;
use std::sync::Arc;
use value::Value;

/// A FEEL type.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Every value.
    Any,
    /// Only `null`.
    Null,
    /// True and false.
    Boolean,
    /// Numbers.
    Number,
    /// Text.
    String,
    /// Days.
    Date,
    /// Times of day.
    Time,
    /// Days with a time of day.
    DateTime,
    /// Durations of days and less.
    DaysDuration,
    /// Durations of years and months.
    YearsDuration,
    /// Lists of that type.
    List(Box<Type>),
    /// Contexts with at least those entries.
    Context(Vec<(Arc<str>, Type)>),
    /// Functions with those parameters and that result.
    Function(Vec<Type>, Box<Type>),
    /// Ranges over that type.
    Range(Box<Type>),
    /// A name that stands for no type here: nothing is an instance of it.
    Unknown(Arc<str>),
}

impl Type {
    /// The built-in type with that name.
    pub fn named(name: &str) -> Option<Type> {
        let found = match name {
            "Any" | "any" => Type::Any,
            "Null" | "null" => Type::Null,
            "boolean" => Type::Boolean,
            "number" => Type::Number,
            "string" => Type::String,
            "date" => Type::Date,
            "time" => Type::Time,
            "date and time" | "date time" | "dateTime" => Type::DateTime,
            "days and time duration" | "day-time-duration" | "dayTimeDuration" => {
                Type::DaysDuration
            }
            "years and months duration" | "year-month-duration" | "yearMonthDuration" => {
                Type::YearsDuration
            }
            "list" => Type::List(Box::new(Type::Any)),
            "context" => Type::Context(Vec::new()),
            "function" => Type::Function(Vec::new(), Box::new(Type::Any)),
            "range" => Type::Range(Box::new(Type::Any)),
            _ => return None,
        };
        Some(found)
    }

    /// Whether the value is an instance of this type. `null` is only of the types `Any` and
    /// `Null`; callers that accept a missing value say so themselves.
    pub fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Type::Any, _) => true,
            (Type::Null, Value::Null) => true,
            (Type::Boolean, Value::Bool(_)) => true,
            (Type::Number, Value::Number(_)) => true,
            (Type::String, Value::String(_)) => true,
            (Type::Date, Value::Date(_)) => true,
            (Type::Time, Value::Time(_)) => true,
            (Type::DateTime, Value::DateTime(_)) => true,
            (Type::DaysDuration, Value::DaysDuration(_)) => true,
            (Type::YearsDuration, Value::YearsDuration(_)) => true,
            (Type::List(item), Value::List(list)) => {
                **item == Type::Any || list.iter().all(|value| item.allows(value))
            }
            (Type::Context(entries), Value::Context(context)) => entries
                .iter()
                .all(|(name, entry)| context.get(name).is_some_and(|value| entry.allows(value))),
            (Type::Range(item), Value::Range(range)) => {
                [&range.start, &range.end].into_iter().flatten().all(|end| item.contains(end))
            }
            (Type::Function(parameters, _), Value::Function(function)) => {
                parameters.is_empty() || parameters.len() == function.parameters().len()
            }
            _ => false,
        }
    }

    /// The value as this type wants it, by the conversions of DMN 1.5, 10.3.2.9.4: one value for a
    /// list of one, a list of one for its value, midnight UTC for a date. Else the value back.
    pub fn coerce(&self, value: Value) -> Result<Value, Value> {
        if self.allows(&value) {
            return Ok(value);
        }
        match (self, &value) {
            (Type::List(item), other) if item.contains(other) => Ok(Value::list(vec![value])),
            (_, Value::List(list)) if list.len() == 1 && self.contains(&list[0]) => {
                Ok(list[0].clone())
            }
            (Type::DateTime, Value::Date(date)) => {
                let midnight = value::Time::from_nanos_of_day(0, value::Zone::UTC);
                Ok(Value::from(value::DateTime::new(*date, midnight)))
            }
            _ => Err(value),
        }
    }

    /// Whether the value is of this type or missing.
    pub fn allows(&self, value: &Value) -> bool {
        value.is_null() || self.contains(value)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => f.write_str("Any"),
            Type::Null => f.write_str("Null"),
            Type::Boolean => f.write_str("boolean"),
            Type::Number => f.write_str("number"),
            Type::String => f.write_str("string"),
            Type::Date => f.write_str("date"),
            Type::Time => f.write_str("time"),
            Type::DateTime => f.write_str("date and time"),
            Type::DaysDuration => f.write_str("days and time duration"),
            Type::YearsDuration => f.write_str("years and months duration"),
            Type::List(item) => write!(f, "list<{item}>"),
            Type::Range(item) => write!(f, "range<{item}>"),
            Type::Context(entries) => {
                f.write_str("context<")?;
                for (at, (name, entry)) in entries.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}: {entry}")?;
                }
                f.write_str(">")
            }
            Type::Function(parameters, result) => {
                f.write_str("function<")?;
                for (at, parameter) in parameters.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{parameter}")?;
                }
                write!(f, "> -> {result}")
            }
            Type::Unknown(name) => f.write_str(name),
        }
    }
}
