//! What can go wrong, with its place in the text.

use std::fmt;
use std::sync::Arc;

/// A part of an expression's text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Where it starts.
    pub start: u32,
    /// Where it ends, exclusive.
    pub end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// Line and column in characters, both from 1.
    pub fn place(self, source: &str) -> (u32, u32) {
        let at = (self.start as usize).min(source.len());
        let before = source.get(..at).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() as u32 + 1;
        (line, before[line_start..].chars().count() as u32 + 1)
    }
}

/// Text that is not an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub(crate) source: Arc<str>,
    pub(crate) span: Span,
    pub(crate) message: String,
}

impl SyntaxError {
    /// "expected …, but …", without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it is.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Line and column in characters, both from 1.
    pub fn place(&self) -> (u32, u32) {
        self.span.place(&self.source)
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.place();
        let shown: String = self.source.chars().take(200).collect();
        write!(
            f,
            "failed to parse expression '{shown}': {} (line {line}, column {column})",
            self.message
        )
    }
}

impl std::error::Error for SyntaxError {}

/// Why an evaluation has no result. What FEEL answers with `null` is a [`Warning`] instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    pub(crate) source: Arc<str>,
    pub(crate) span: Span,
    pub(crate) kind: EvalErrorKind,
    pub(crate) message: String,
}

/// The kinds of [`EvalError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalErrorKind {
    /// A condition given to `assert` does not hold.
    Assertion,
    /// A limit of [`crate::limits`] was reached.
    Limit,
    /// `?` was used outside a unary test.
    NoInput,
    /// A function that is not written in FEEL failed.
    Function,
}

impl EvalError {
    /// The failure of a function that is not written in FEEL.
    pub fn function(message: String) -> EvalError {
        EvalError {
            source: Arc::from(""),
            span: Span::default(),
            kind: EvalErrorKind::Function,
            message,
        }
    }

    /// Which kind it is.
    pub fn kind(&self) -> EvalErrorKind {
        self.kind
    }

    /// The reason, without the expression and the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Line and column in characters, both from 1.
    pub fn place(&self) -> (u32, u32) {
        self.span.place(&self.source)
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.source.chars().take(500).collect();
        let (line, column) = self.place();
        match self.kind {
            // The wording of this one is what users of Camunda search for.
            EvalErrorKind::Assertion => write!(
                f,
                "Assertion failure on evaluate the expression '{shown}': {}",
                self.message
            ),
            EvalErrorKind::Limit | EvalErrorKind::NoInput | EvalErrorKind::Function => write!(
                f,
                "failed to evaluate expression '{shown}': {} (line {line}, column {column})",
                self.message
            ),
        }
    }
}

impl std::error::Error for EvalError {}

/// Something that made a part of an expression `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub(crate) kind: WarningKind,
    pub(crate) message: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// The kinds of [`Warning`]; their names are those that Camunda's API shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// A variable does not exist.
    NoVariableFound,
    /// A context has no such entry.
    NoContextEntryFound,
    /// A value has no such property.
    NoPropertyFound,
    /// Values of these types cannot be compared.
    NotComparable,
    /// A value has another type than is needed.
    InvalidType,
    /// A function does not exist.
    NoFunctionFound,
    /// A function could not work with its arguments.
    FunctionInvocationFailure,
}

impl WarningKind {
    /// The name on the wire, such as `NO_VARIABLE_FOUND`.
    pub fn code(self) -> &'static str {
        match self {
            WarningKind::NoVariableFound => "NO_VARIABLE_FOUND",
            WarningKind::NoContextEntryFound => "NO_CONTEXT_ENTRY_FOUND",
            WarningKind::NoPropertyFound => "NO_PROPERTY_FOUND",
            WarningKind::NotComparable => "NOT_COMPARABLE",
            WarningKind::InvalidType => "INVALID_TYPE",
            WarningKind::NoFunctionFound => "NO_FUNCTION_FOUND",
            WarningKind::FunctionInvocationFailure => "FUNCTION_INVOCATION_FAILURE",
        }
    }
}

const NO_VARIABLE: &str = "No variable found with name '";
const NO_FUNCTION: &str = "No function found with name '";

impl Warning {
    pub(crate) fn no_variable(name: &str) -> (WarningKind, String) {
        (WarningKind::NoVariableFound, format!("{NO_VARIABLE}{name}'"))
    }

    pub(crate) fn no_function(name: &str) -> (WarningKind, String) {
        (WarningKind::NoFunctionFound, format!("{NO_FUNCTION}{name}'"))
    }

    /// The variable or function that was not found, if that is what this warning tells.
    pub(crate) fn missing_name(&self) -> Option<&str> {
        let name = match self.kind {
            WarningKind::NoVariableFound => self.message.strip_prefix(NO_VARIABLE),
            WarningKind::NoFunctionFound => self.message.strip_prefix(NO_FUNCTION),
            WarningKind::NoContextEntryFound
            | WarningKind::NoPropertyFound
            | WarningKind::NotComparable
            | WarningKind::InvalidType
            | WarningKind::FunctionInvocationFailure => None,
        };
        name?.strip_suffix('\'')
    }

    /// Adds the name that may be meant, if one is near.
    pub(crate) fn suggest(&mut self, variables: &[String]) {
        let Some(name) = self.missing_name() else { return };
        let variables = variables.iter().map(String::as_str);
        let near = match self.kind {
            WarningKind::NoFunctionFound => {
                let functions = crate::builtins::names().map(|name: &str| name);
                closest(name, functions.chain(variables))
            }
            _ => closest(name, variables),
        };
        if let Some(near) = near {
            let hint = format!("; did you mean '{near}'?");
            self.message.push_str(&hint);
        }
    }

    /// A warning of a function that is not written in FEEL; it has the place of its call.
    pub fn function(message: String) -> Warning {
        Warning { kind: WarningKind::FunctionInvocationFailure, message, line: 1, column: 1 }
    }

    /// Which kind it is.
    pub fn kind(&self) -> WarningKind {
        self.kind
    }

    /// The message, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Line and column in characters, both from 1.
    pub fn place(&self) -> (u32, u32) {
        (self.line, self.column)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of a function that is called, and is told with its place in that.
        if self.message.ends_with(')') && self.message.contains(" (line ") {
            return f.write_str(&self.message);
        }
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

/// The candidate that is written most like `wanted`, if any is close enough to be meant.
pub fn closest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = wanted.chars().count();
    let allowed = (letters / 3).max(1);
    // Of one letter any other is the same distance away.
    let scored = candidates.filter(|own| own.len() <= 60 && *own != wanted && !own.is_empty());
    let scored = scored.map(|candidate| (distance(wanted, candidate), candidate));
    let near = scored.filter(|(distance, _)| *distance <= allowed && letters > *distance);
    near.min().map(|(_, candidate)| candidate)
}

/// Levenshtein distance without regard to case.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().take(60).collect();
    let right: Vec<char> = right.to_lowercase().chars().take(60).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}
