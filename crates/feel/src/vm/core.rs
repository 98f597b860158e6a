//! What operations and built-ins share: warnings, limits, injected sources.

use super::pattern::Pattern;
use crate::Dialect;
use crate::env::{Env, next_random};
use crate::error::{EvalErrorKind, Warning, WarningKind};
use crate::expression::Step;
use crate::limits::{
    SHOWN_VALUE_CHARS_MAX, STRING_BYTES_MAX, VALUE_DEPTH_MAX, VALUE_WEIGHT_MAX, WARNING_CHARS_MAX,
    WARNINGS_MAX,
};
use std::fmt::{self, Write};
use value::{Value, Zone};

/// Why an operation has no value.
pub(crate) enum Trouble {
    /// The value is `null`, with a warning.
    Warn(WarningKind, String),
    /// The argument at that place has a type that the built-in cannot use.
    Argument { at: usize, message: String },
    /// The evaluation ends.
    Raise(EvalErrorKind, String),
}

pub(crate) type Outcome = Result<Value, Trouble>;

impl Trouble {
    pub(crate) fn limit(message: String) -> Trouble {
        Trouble::Raise(EvalErrorKind::Limit, message)
    }

    /// As a warning, where nobody looks for another way to call.
    pub(crate) fn settled(self) -> Trouble {
        match self {
            Trouble::Argument { message, .. } => Trouble::argument(message),
            other => other,
        }
    }

    pub(crate) fn argument(message: String) -> Trouble {
        Trouble::Warn(WarningKind::FunctionInvocationFailure, message)
    }
}

/// What a warning costs: its text is written, whether it is kept or not.
const WARNING_FUEL: u64 = 20;

pub(crate) struct Core {
    pub(crate) dialect: Dialect,
    pub(crate) now_ms: i64,
    pub(crate) zone: Zone,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) trace: Option<Vec<Step>>,
    /// Warnings of the current operation beside its own, whose place is not filled in yet.
    pub(super) unplaced: Vec<(WarningKind, String)>,
    pub(super) muted: u32,
    pub(crate) fuel: u64,
    random: u64,
    /// The patterns of this evaluation; the last was used last.
    pub(super) patterns: Vec<Pattern>,
}

impl Core {
    #[inline(always)]
    pub(super) fn new(env: &Env) -> Core {
        Core {
            dialect: Dialect::Camunda,
            now_ms: env.now_ms,
            zone: env.zone.clone(),
            warnings: Vec::new(),
            trace: None,
            unplaced: Vec::new(),
            muted: 0,
            fuel: env.fuel.min(crate::limits::FUEL_MAX),
            random: env.seed,
            patterns: Vec::new(),
        }
    }

    pub(crate) fn is_standard(&self) -> bool {
        self.dialect == Dialect::Standard
    }

    pub(crate) fn random(&mut self) -> u64 {
        next_random(&mut self.random)
    }

    /// Takes fuel for work that one operation does on many values.
    pub(crate) fn spend(&mut self, amount: usize) -> Result<(), Trouble> {
        match self.fuel.checked_sub(amount as u64) {
            Some(left) => {
                self.fuel = left;
                Ok(())
            }
            None => Err(out_of_fuel()),
        }
    }

    /// The place is looked for only if the warning is kept: that takes as long as the text is.
    pub(super) fn warn(
        &mut self,
        kind: WarningKind,
        message: String,
        place: impl FnOnce() -> (u32, u32),
    ) {
        self.fuel = self.fuel.saturating_sub(WARNING_FUEL + message.len() as u64 / 64);
        let message = cut(message);
        let known = self.warnings.iter().any(|own| own.kind == kind && own.message == message);
        if self.muted == 0 && self.warnings.len() < WARNINGS_MAX && !known {
            let (line, column) = place();
            self.warnings.push(Warning { kind, message, line, column });
        }
    }

    /// A warning of the current operation that does not make its whole result `null`.
    pub(crate) fn warn_here(&mut self, kind: WarningKind, message: String) {
        if self.unplaced.len() < WARNINGS_MAX {
            self.unplaced.push((kind, cut(message)));
        }
    }
}

/// A message may quote what was found, which may be as long as any text.
fn cut(mut message: String) -> String {
    if let Some((at, _)) = message.char_indices().nth(WARNING_CHARS_MAX) {
        message.truncate(at);
        message.push('…');
    }
    message
}

pub(super) fn out_of_fuel() -> Trouble {
    Trouble::limit("expected an evaluation that ends soon, but it took too many steps".to_owned())
}

/// Checks a value that an operation has made against the limits on values.
#[inline]
pub(crate) fn bounded(value: Value) -> Outcome {
    check_limits(&value)?;
    Ok(value)
}

#[inline]
pub(crate) fn check_limits(value: &Value) -> Result<(), Trouble> {
    let (depth, weight) = match value {
        Value::List(list) => (list.depth(), list.weight()),
        Value::Context(context) => (context.depth(), context.weight()),
        Value::Function(function) => (function.depth(), 1),
        Value::String(text) if text.len() > STRING_BYTES_MAX => {
            let message = format!("expected a string of at most {STRING_BYTES_MAX} bytes");
            return Err(Trouble::limit(message));
        }
        _ => return Ok(()),
    };
    if depth > VALUE_DEPTH_MAX {
        let message = format!("expected a value nested at most {VALUE_DEPTH_MAX} levels deep");
        return Err(Trouble::limit(message));
    }
    if weight > VALUE_WEIGHT_MAX {
        let message = format!("expected a value of at most {VALUE_WEIGHT_MAX} parts");
        return Err(Trouble::limit(message));
    }
    Ok(())
}

/// A value as a warning shows it: at most so many characters, without printing the rest.
pub(crate) fn shown(value: &Value) -> String {
    struct Short(String, usize);
    impl Write for Short {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for letter in text.chars() {
                if self.1 == 0 {
                    self.0.push('…');
                    return Err(fmt::Error);
                }
                self.1 -= 1;
                self.0.push(letter);
            }
            Ok(())
        }
    }
    let mut short = Short(String::new(), SHOWN_VALUE_CHARS_MAX);
    let _ = write!(short, "{value}");
    short.0
}
