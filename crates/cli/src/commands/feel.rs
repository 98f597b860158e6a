//! `grevy feel`.

use std::fmt::Write as _;
use std::process::ExitCode;

use ::feel::{Dialect, Env, Scope, Span, Step};
use clap::Args;
use value::{Packed, Value};

use super::given::{Given, json};
use crate::Failure;

/// Characters of an expression and of a value in a line of a trace.
const TRACE_CHARS_MAX: usize = 60;

/// Evaluates a FEEL expression. The value is printed as JSON (a function as it is written),
/// warnings as lines of their own.
///
/// Ends with 2 when the expression does not parse, at a limit, and when an assertion fails.
#[derive(Args)]
pub struct Feel {
    /// The expression, with or without the `=` that it has in a model.
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    expression: String,
    #[command(flatten)]
    given: Given,
    /// Read it as unary tests, as in a cell of a decision table, of this input as JSON.
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Print each sub-expression with its value, in the order of evaluation.
    #[arg(long)]
    trace: bool,
    /// Read it as DMN 1.5 says, not as Camunda 8 does.
    #[arg(long)]
    standard: bool,
    /// The moment that `now()` gives.
    #[arg(long, value_name = "DATE-TIME")]
    now: Option<jiff::Timestamp>,
    /// The seed of `uuid()` and `random number()`; by default the moment.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

impl Feel {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let text = self.expression.trim_start();
        let text = text.strip_prefix('=').unwrap_or(text);
        let dialect = if self.standard { Dialect::Standard } else { Dialect::Camunda };
        let variables: Vec<(String, Value)> =
            self.given.read()?.into_iter().map(|(name, own)| (name, own.to_value())).collect();
        let mut scope = Scope::new(dialect);
        variables.iter().for_each(|(name, _)| scope.add_variable(name));
        let scope = scope.into();
        let now = self.now.unwrap_or_else(jiff::Timestamp::now).as_millisecond();
        let env = Env::new(now, self.seed.unwrap_or(now as u64));
        let refused = |error: ::feel::SyntaxError| {
            let message = format!(
                "{} (line {}, column {})",
                error.message(),
                error.place().0,
                error.place().1
            );
            Failure(format!("{message}{}", pointer(text, error.span())))
        };
        let (found, steps) = match &self.input {
            Some(input) => {
                let text = if text.is_empty() { "-" } else { text };
                let tests = ::feel::compile_tests(text, &scope).map_err(refused)?;
                let input = json("--input", input)?.to_value();
                match self.trace {
                    true => tests.trace(&input, &variables, &env)?,
                    false => (tests.evaluate(&input, &variables, &env)?, Vec::new()),
                }
            }
            None => {
                let expression = ::feel::compile_in(text, &scope).map_err(refused)?;
                match self.trace {
                    true => expression.trace(&variables, &env)?,
                    false => (expression.evaluate(&variables, &env)?, Vec::new()),
                }
            }
        };
        for step in &steps {
            println!("{}", trace_line(text, step));
        }
        if steps.len() >= ::feel::limits::TRACE_STEPS_MAX {
            eprintln!("the trace ends after {} steps; the value is that of all", steps.len());
        }
        for warning in &found.warnings {
            eprintln!("warning: {warning}");
        }
        match found.value {
            Value::Function(_) => println!("{}", found.value),
            value => println!("{}", Packed::from_value(&value).to_json()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The line of the text with a mark below the place.
fn pointer(text: &str, span: Span) -> String {
    let (line, column) = span.place(text);
    let shown = text.lines().nth(line as usize - 1).unwrap_or_default();
    if shown.chars().count() > 200 {
        return String::new();
    }
    format!("\n  {shown}\n  {:>width$}", '^', width = column as usize)
}

fn trace_line(text: &str, step: &Step) -> String {
    let part = text.get(step.span.start as usize..step.span.end as usize).unwrap_or_default();
    let (line, column) = step.span.place(text);
    let mut shown = String::new();
    let _ = write!(shown, "{line}:{column}  {}", short(part));
    format!("{shown:<40} = {}", short(&step.value.to_string()))
}

/// One line of at most so many characters.
fn short(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TRACE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_points_at_its_place() {
        let text = "1 +\n  * 2";
        let error = ::feel::compile(text).expect_err("no expression");
        assert_eq!(pointer(text, error.span()), "\n    * 2\n    ^");
    }

    #[test]
    fn a_trace_shows_parts_with_their_values() {
        let text = "1 + 2 > 2";
        let expression = ::feel::compile(text).expect("an expression");
        let (_, steps) = expression.trace(&(), &Env::new(0, 0)).expect("a value");
        let lines: Vec<String> = steps.iter().map(|step| trace_line(text, step)).collect();
        assert!(lines[lines.len() - 1].ends_with("= true"), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("1 + 2") && line.ends_with("= 3")));
    }
}
