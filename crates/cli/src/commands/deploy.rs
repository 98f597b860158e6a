//! `grevy deploy`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::lint;
use crate::Failure;
use crate::remote::Remote;

/// Deploys files together: all or none. What is doubtful in them is told, as by `grevy lint`.
#[derive(Args)]
pub struct Deploy {
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

impl Deploy {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let mut files = Vec::new();
        for path in &self.files {
            let bytes = std::fs::read(path).map_err(|error| {
                Failure(format!("expected a file at {}, but: {error}", path.display()))
            })?;
            let name = path.file_name().unwrap_or(path.as_os_str());
            files.push((name.to_string_lossy().into_owned(), bytes));
        }
        let answer = self.remote.upload("/deployments", &files)?;
        for found in lint::findings(&self.files)?.iter().filter(|found| found.is_warning()) {
            eprintln!("{found}");
        }
        self.remote.tell(&answer, || {
            let entries = answer["deployments"].as_array().into_iter().flatten();
            entries.filter_map(line).for_each(|line| println!("{line}"));
        });
        Ok(ExitCode::SUCCESS)
    }
}

/// What one entry brought.
fn line(entry: &Value) -> Option<String> {
    let kinds = [
        ("processDefinition", "", "processDefinition", "processDefinitionVersion"),
        ("decisionDefinition", "decision ", "decisionDefinition", "version"),
        ("decisionRequirements", "decisions of ", "decisionRequirements", "version"),
        ("form", "form ", "form", "version"),
        ("resource", "resource ", "resource", "version"),
    ];
    let (kind, word, name, version) = kinds.into_iter().find(|kind| entry[kind.0].is_object())?;
    let own = &entry[kind];
    let text = |field: &str| own[field].as_str().unwrap_or_default().to_owned();
    let (id, key) = (text(&format!("{name}Id")), text(&format!("{name}Key")));
    let from = match own["resourceName"].as_str() {
        Some(file) => format!(" from {file}"),
        None => String::new(),
    };
    Some(format!("{word}{id} version {} (key {key}){from}", own[version]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_kind_of_entry_has_its_line() {
        let none = Value::Null;
        let process = json!({"processDefinitionId": "order", "processDefinitionVersion": 2,
            "processDefinitionKey": "7", "resourceName": "order.bpmn"});
        let process = json!({"processDefinition": process, "decisionDefinition": none});
        assert_eq!(line(&process).unwrap(), "order version 2 (key 7) from order.bpmn");
        let decision =
            json!({"decisionDefinitionId": "fee", "version": 1, "decisionDefinitionKey": "8"});
        let decision = json!({"processDefinition": none, "decisionDefinition": decision});
        assert_eq!(line(&decision).unwrap(), "decision fee version 1 (key 8)");
        let file = json!({"decisionRequirementsId": "fees", "version": 1,
            "decisionRequirementsKey": "9", "resourceName": "fee.dmn"});
        let file = json!({"decisionRequirements": file});
        assert_eq!(line(&file).unwrap(), "decisions of fees version 1 (key 9) from fee.dmn");
        let form = json!({"form": {"formId": "pick", "version": 2, "formKey": "7",
            "resourceName": "pick.form"}});
        assert_eq!(line(&form).unwrap(), "form pick version 2 (key 7) from pick.form");
        assert_eq!(line(&json!({"other": {}})), None);
    }
}
