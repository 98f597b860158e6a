//! Attribute texts as compiled expressions.

use std::fmt;

use crate::event::Text;

/// A static text or a compiled FEEL expression.
#[derive(Debug, Clone)]
pub enum Expr {
    Static(Text),
    Feel(feel::Expression),
}

/// A timer before its text is known.
#[derive(Debug, Clone)]
pub enum TimerExpr {
    Date(Expr),
    Duration(Expr),
    Cycle(Expr),
}

/// Why a process does not compile.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Id of the element or flow.
    pub element: Text,
    /// "expected …, but …".
    pub message: String,
}

impl Expr {
    /// # Errors
    /// The syntax error of the expression, with its place.
    pub fn compile(text: &model::Text) -> Result<Expr, String> {
        match text {
            model::Text::Static(text) => Ok(Expr::Static(text.clone())),
            model::Text::Expression(text) => match feel::compile(text) {
                Ok(expression) => Ok(Expr::Feel(expression)),
                Err(error) => {
                    Err(format!("expected a FEEL expression, but '{text}' is none: {error}"))
                }
            },
        }
    }

    /// The text as the model has it.
    pub fn source(&self) -> String {
        match self {
            Expr::Static(text) => text.to_string(),
            Expr::Feel(expression) => format!("={}", expression.source()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "element '{}': {}", self.element, self.message)
    }
}
