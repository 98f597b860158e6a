//! Decisions with their variables and results, in one file of JSON beside the models.

use crate::report::Report;
use crate::rows::{field, same, with_temporals};
use dmn::Model;
use feel::Env;
use std::path::Path;
use value::{Context, Packed, Value};

pub(crate) fn run(path: &Path, report: &mut Report) -> Result<(), String> {
    let unreadable = |path: &Path, error: String| format!("{}: {error}", path.display());
    let text =
        std::fs::read_to_string(path).map_err(|error| unreadable(path, error.to_string()))?;
    let cases = Packed::from_json(&text).map_err(|error| unreadable(path, error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    for case in cases.to_value().as_list().unwrap_or(&[]) {
        let Value::Context(case) = case else { continue };
        let id = format!("{} {}", field(case, "id"), field(case, "path"));
        let directory = field(case, "id").split(':').next().unwrap_or("");
        // Several models have the same file name; where the folders are kept, the path tells.
        let nested = folder.join(field(case, "path").trim_start_matches('/'));
        let flat = folder.join(field(case, "dmn"));
        let xml = std::fs::read_to_string(if nested.exists() { nested } else { flat });
        let verdict = match xml {
            Ok(xml) => check(case, &xml),
            Err(error) => Err(error.to_string()),
        };
        report.add(directory, &id, verdict);
    }
    Ok(())
}

fn check(case: &Context, xml: &str) -> Result<(), String> {
    let options = dmn::Options { dialect: Some(feel::Dialect::Camunda), is_lenient: false };
    let model = Model::read_with(xml, &[], options).map_err(|error| error.to_string())?;
    let variables = with_temporals(case.get("variables").unwrap_or(&Value::Null));
    let none = Context::new();
    let variables = variables.as_context().unwrap_or(&none);
    let decision = field(case, "decision");
    let outcome = model.evaluate(decision, variables, &Env::new(0, 0));
    let outcome = outcome.ok_or_else(|| format!("the model has no decision '{decision}'"))?;
    let expected = with_temporals(case.get("expected").unwrap_or(&Value::Null));
    match outcome.output {
        Ok(value) if same(&value, &expected) => Ok(()),
        Ok(value) => {
            let first = outcome.warnings.first().map_or("", String::as_str);
            Err(format!("expected {expected}, but found {value} ({first})"))
        }
        Err(failure) => Err(format!("expected {expected}, but: {}", failure.message)),
    }
}
