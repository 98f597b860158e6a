//! The DMN Technology Compatibility Kit: flattened cases, one a line, beside the models.

use crate::report::Report;
use crate::rows::{field, read, same};
use dmn::{Model, Options, Outcome};
use feel::{Dialect, Env, Scope};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use value::{Context, Number, Value};

/// The time of the cases that ask for it; none depends on which it is.
const NOW_MS: i64 = 1_700_000_000_000;

type Models = BTreeMap<PathBuf, Result<Model, String>>;

pub(crate) fn run(path: &Path, report: &mut Report) -> Result<(), String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(".")).join("TestCases");
    let mut models = Models::new();
    for case in read(&text)? {
        let (level, dir) = (field(&case, "level"), field(&case, "dir"));
        let directory = format!("{level}/{dir}");
        if level == "non-compliant" {
            report.skip(&directory);
            continue;
        }
        let id = format!("{dir}/{}#{}", field(&case, "file"), field(&case, "id"));
        let file = folder.join(level).join(dir).join(field(&case, "model"));
        let model = models.entry(file.clone()).or_insert_with(|| load(&file));
        let verdict = match model {
            Ok(model) => check(&case, model),
            Err(message) => Err(message.clone()),
        };
        report.add(&directory, &id, verdict);
    }
    Ok(())
}

/// The model with the other models of its folder, which it may import.
fn load(file: &Path) -> Result<Model, String> {
    let xml = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut others = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path != file && path.extension().is_some_and(|own| own == "dmn") {
            others.push(std::fs::read_to_string(path).map_err(|error| error.to_string())?);
        }
    }
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let options = Options { dialect: Some(Dialect::Standard), is_lenient: true };
    Model::read_with(&xml, &others, options).map_err(|error| error.to_string())
}

fn check(case: &Context, model: &Model) -> Result<(), String> {
    let mut variables = Context::new();
    if let Some(inputs) = case.get("inputs").and_then(Value::as_context) {
        for (name, input) in inputs.iter() {
            variables.insert(feel::normalised(name), typed(input));
        }
    }
    let env = Env::new(NOW_MS, 7);
    let results = case.get("results").and_then(Value::as_list).unwrap_or(&[]);
    let service = case.get("invocable").and_then(Value::as_str);
    for result in results {
        let Value::Context(result) = result else { continue };
        let node = field(result, "node");
        let outcome = match service {
            Some(service) => model.evaluate_service(service, &variables, &env),
            None => model.evaluate(node, &variables, &env),
        };
        let outcome = outcome.ok_or_else(|| format!("the model has no '{node}'"))?;
        let expected = result.get("expected").map_or(Value::Null, typed);
        compare(node, &outcome, &expected)?;
    }
    Ok(())
}

fn compare(node: &str, outcome: &Outcome, expected: &Value) -> Result<(), String> {
    let warnings = || outcome.warnings.join("; ");
    let failed = outcome.output.as_ref().err();
    let value = outcome.output.as_ref().cloned().unwrap_or_default();
    if same(&value, expected) {
        return Ok(());
    }
    // A service with several outputs gives a context of them; the case names one.
    if value.as_context().and_then(|all| all.get(node)).is_some_and(|own| same(own, expected)) {
        return Ok(());
    }
    let reason = failed.map_or_else(warnings, |failure| failure.message.clone());
    Err(format!("{node}: expected {expected}, but found {value} ({reason})"))
}

/// A value as the kit writes it: a type and, for plain values, text.
fn typed(value: &Value) -> Value {
    let Value::Context(context) = value else { return Value::Null };
    let text = field(context, "v");
    match field(context, "t") {
        "string" => Value::from(text),
        "boolean" => Value::Bool(text.trim() == "true"),
        "decimal" | "double" => {
            let number = text.trim();
            Number::parse(number.strip_prefix('+').unwrap_or(number))
                .map_or(Value::Null, Value::Number)
        }
        "date" => temporal("date", text),
        "time" => temporal("time", text),
        "dateTime" => temporal("date and time", text),
        "duration" => temporal("duration", text),
        "list" => {
            let items = context.get("v").and_then(Value::as_list).unwrap_or(&[]);
            Value::list(items.iter().map(typed).collect())
        }
        "context" => {
            let none = Context::new();
            let entries = context.get("v").and_then(Value::as_context).unwrap_or(&none);
            let entries = entries.iter();
            Value::from(
                entries
                    .map(|(key, value)| (feel::normalised(key), typed(value)))
                    .collect::<Context>(),
            )
        }
        _ => Value::Null,
    }
}

fn temporal(function: &str, text: &str) -> Value {
    let scope = Arc::new(Scope::new(Dialect::Standard));
    let call = format!("{function}({})", value::quote(text));
    let made = feel::compile_in(&call, &scope).map(|call| call.evaluate(&(), &Env::new(0, 0)));
    match made {
        Ok(Ok(evaluation)) => evaluation.value,
        Ok(Err(_)) | Err(_) => Value::Null,
    }
}
