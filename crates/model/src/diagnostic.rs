//! What is wrong with a model: one value per problem, all problems of a file at once.

use std::fmt;
use std::sync::Arc;

use crate::definitions::Position;

/// Whether a model with this problem can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
}

/// One problem. The code is stable and has a page in `docs/errors/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable, for example `BPMN-012`; the constants are in [`crate::codes`].
    pub code: &'static str,
    pub severity: Severity,
    /// Id of the element it is about.
    pub element: Option<Arc<str>>,
    /// Both 0 when the model was built in code.
    pub position: Position,
    /// "expected …, but …".
    pub message: String,
}

impl Diagnostic {
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        write!(f, "{line}:{column} {} {}", self.severity, self.code)?;
        if let Some(element) = &self.element {
            write!(f, " {element}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// The problems of one file as a deployment answers them: the resource, then two lines for each
/// element with all that is wrong with it.
///
/// ```text
/// order.bpmn: 2 errors
/// - Element: ship
/// - ERROR: expected a job type, but it is empty (BPMN-060, line 12, column 9)
/// ```
pub fn report(resource_name: &str, diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let mut out = format!("{resource_name}: {}", count(errors, "error"));
    if warnings > 0 {
        out.push_str(&format!(", {}", count(warnings, "warning")));
    }
    let mut last: Option<&Option<Arc<str>>> = None;
    for d in diagnostics {
        if last != Some(&d.element) {
            match &d.element {
                Some(id) => out.push_str(&format!("\n- Element: {id}")),
                None => out.push_str(&format!("\n- File: {resource_name}")),
            }
            last = Some(&d.element);
        }
        let kind = match d.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        };
        out.push_str(&format!("\n- {kind}: {} ({}", d.message, d.code));
        if d.position != Position::default() {
            let Position { line, column } = d.position;
            out.push_str(&format!(", line {line}, column {column}"));
        }
        out.push(')');
    }
    out.push('\n');
    out
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_groups_by_element() {
        let one = |severity, element: Option<&str>, line, message: &str| Diagnostic {
            code: "BPMN-060",
            severity,
            element: element.map(Arc::from),
            position: Position { line, column: line },
            message: message.into(),
        };
        let list = [
            one(Severity::Error, None, 0, "expected a process, but there is none"),
            one(Severity::Error, Some("a"), 3, "expected b, but c"),
            one(Severity::Warning, Some("a"), 4, "expected d, but e"),
        ];
        let expected = "\
order.bpmn: 2 errors, 1 warning
- File: order.bpmn
- ERROR: expected a process, but there is none (BPMN-060)
- Element: a
- ERROR: expected b, but c (BPMN-060, line 3, column 3)
- WARNING: expected d, but e (BPMN-060, line 4, column 4)
";
        assert_eq!(report("order.bpmn", &list), expected);
        assert_eq!(list[1].to_string(), "3:3 error BPMN-060 a: expected b, but c");
    }
}
