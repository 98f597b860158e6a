//! Suites of expressions and unary tests, one a row.

use crate::report::Report;
use crate::rows::{field, read, same, with_temporals};
use feel::{Dialect, Env, Evaluation, Scope};
use std::path::Path;
use std::sync::Arc;
use value::{Context, Value};

/// The time of the rows that ask for it; none depends on which it is.
const NOW_MS: i64 = 1_700_000_000_000;

pub(crate) fn run(path: &Path, report: &mut Report) -> Result<(), String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    for row in read(&text)? {
        let id = field(&row, "id");
        let directory = id.split(':').next().unwrap_or(id);
        report.add(directory, id, check(&row));
    }
    Ok(())
}

/// Rows of feelin: without ids, names with spaces found in the variables, the input of unary tests
/// in a context. Its functions are JavaScript and are not run.
pub(crate) fn run_feelin(path: &Path, report: &mut Report) -> Result<(), String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    for (line, row) in read(&text)?.iter().enumerate() {
        let group = field(row, "group");
        let needs_javascript = Value::from(row.clone()).to_string().contains("\"@js\"");
        if row.get("skip").is_some() || needs_javascript {
            report.skip(group);
            continue;
        }
        report.add(group, &format!("{}:{}", field(row, "file"), line + 1), check_feelin(row));
    }
    Ok(())
}

fn check_feelin(row: &Context) -> Result<(), String> {
    let own = row.get("variables").or_else(|| row.get("context")).unwrap_or(&Value::Null);
    let own = with_temporals(own);
    let mut scope = Scope::new(Dialect::Standard);
    let none = Context::new();
    let (variables, input) = match &own {
        Value::Context(context) => (&**context, context.get("?").unwrap_or(&Value::Null)),
        other => (&none, other),
    };
    variables.iter().for_each(|(name, _)| scope.add_variable(name));
    add_members(&mut scope, &own);
    let (scope, env) = (Arc::new(scope), Env::new(NOW_MS, 7));
    let expression = field(row, "expression");
    let found = match field(row, "kind") {
        "unary" => {
            feel::compile_tests(expression, &scope).map_err(|error| error.to_string()).and_then(
                |own| own.evaluate(input, variables, &env).map_err(|error| error.to_string()),
            )
        }
        _ => feel::compile_in(expression, &scope)
            .map_err(|error| error.to_string())
            .and_then(|own| own.evaluate(variables, &env).map_err(|error| error.to_string())),
    };
    verdict(row, expression, found)
}

/// The names of entries may have spaces, too. Bounded by the nesting of JSON.
fn add_members(scope: &mut Scope, value: &Value) {
    match value {
        Value::Context(context) => {
            for (name, inner) in context.iter() {
                scope.add_member(name);
                add_members(scope, inner);
            }
        }
        Value::List(list) => list.iter().for_each(|inner| add_members(scope, inner)),
        _ => {}
    }
}

fn check(row: &Context) -> Result<(), String> {
    let expression = field(row, "expression");
    verdict(row, expression, evaluate(row, expression))
}

fn verdict(
    row: &Context,
    expression: &str,
    found: Result<Evaluation, String>,
) -> Result<(), String> {
    if let Some(part) = row.get("error").and_then(Value::as_str) {
        return match found {
            Err(message) if message.contains(part) => Ok(()),
            Err(message) => Err(format!("{expression}: expected error '{part}', but: {message}")),
            Ok(Evaluation { value, .. }) => {
                Err(format!("{expression}: expected error '{part}', but found {value}"))
            }
        };
    }
    let expected = with_temporals(row.get("expected").unwrap_or(&Value::Null));
    match found {
        Ok(Evaluation { value, .. }) if same(&value, &expected) => Ok(()),
        Ok(Evaluation { value, warnings }) => {
            let first = warnings.first().map_or(String::new(), |warning| format!(" ({warning})"));
            Err(format!("{expression}: expected {expected}, but found {value}{first}"))
        }
        Err(message) => Err(format!("{expression}: expected {expected}, but: {message}")),
    }
}

fn evaluate(row: &Context, expression: &str) -> Result<Evaluation, String> {
    let scope = Arc::new(Scope::new(Dialect::Camunda));
    let variables = with_temporals(row.get("variables").unwrap_or(&Value::Null));
    let none = Context::new();
    let variables = variables.as_context().unwrap_or(&none);
    let env = Env::new(NOW_MS, 7);
    if field(row, "kind") == "unary" {
        let input = with_temporals(row.get("input").unwrap_or(&Value::Null));
        let tests = feel::compile_tests(expression, &scope).map_err(|error| error.to_string())?;
        return tests.evaluate(&input, variables, &env).map_err(|error| error.to_string());
    }
    let compiled = feel::compile_in(expression, &scope).map_err(|error| error.to_string())?;
    compiled.evaluate(variables, &env).map_err(|error| error.to_string())
}
