//! `grevy decide`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value as Json, json};
use value::{Packed, Value};

use super::given::Given;
use crate::Failure;
use crate::remote::Remote;

/// Evaluates a decision: one that is deployed, or one of a DMN file, without a server.
///
/// Prints its value as JSON. Ends with 1 when the decision fails.
#[derive(Args)]
pub struct Decide {
    /// Id of the decision, or the key of one version; of a file, its name will do, or a decision
    /// service; without it the last decision is taken.
    #[arg(required_unless_present = "files")]
    decision: Option<String>,
    /// A DMN file to evaluate here, with the limits of a server; again for each file that it
    /// imports.
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    given: Given,
    /// Print every decision that was evaluated, with inputs and the rules that matched.
    #[arg(long)]
    trace: bool,
    #[command(flatten)]
    remote: Remote,
}

impl Decide {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let variables = self.given.read()?;
        let answer = match self.files.is_empty() {
            true => self.ask(&variables)?,
            false => self.evaluate(variables)?,
        };
        self.remote.tell(&answer, || {
            if self.trace {
                list(&answer["evaluatedDecisions"])
                    .iter()
                    .for_each(|own| println!("{}", told(own)));
            }
            if answer["failureMessage"].is_null() {
                println!("{}", text(&answer["output"]));
            }
        });
        // Of one that failed the failure says more.
        let failed = &answer["failedDecisionDefinitionId"];
        let missed = |own: &&Json| is_missed(own) && own["decisionDefinitionId"] != *failed;
        for own in list(&answer["evaluatedDecisions"]).iter().filter(missed) {
            eprintln!("note: no rule of '{}' matched", text(&own["decisionDefinitionId"]));
        }
        list(&answer["warnings"]).iter().for_each(|own| eprintln!("warning: {}", text(own)));
        if answer["failureMessage"].is_null() {
            return Ok(ExitCode::SUCCESS);
        }
        let (id, why) = (&answer["failedDecisionDefinitionId"], &answer["failureMessage"]);
        eprintln!("the decision '{}' failed: {}", text(id), text(why));
        Ok(ExitCode::FAILURE)
    }

    fn ask(&self, variables: &[(String, Packed)]) -> Result<Json, Failure> {
        let mut object = serde_json::Map::new();
        for (name, value) in variables {
            object.insert(name.clone(), serde_json::from_str(&value.to_json())?);
        }
        // Ids begin with a letter, as those of XML do.
        let decision = self.decision.as_deref().unwrap_or_default();
        let field = match decision.parse::<i64>() {
            Ok(_) => "decisionDefinitionKey",
            Err(_) => "decisionDefinitionId",
        };
        let body = json!({field: decision, "variables": object});
        self.remote.post("/decision-definitions/evaluation", &body)
    }

    /// Evaluates here; the answer has the form of the server's.
    fn evaluate(&self, variables: Vec<(String, Packed)>) -> Result<Json, Failure> {
        let mut texts = Vec::new();
        for path in &self.files {
            let read = std::fs::read_to_string(path);
            texts.push(read.map_err(|error| Failure(format!("{}: {error}", path.display())))?);
        }
        let file = self.files[0].display();
        let others: Vec<&str> = texts[1..].iter().map(String::as_str).collect();
        for import in dmn::Header::read(&texts[0]).map_or_else(|_| Vec::new(), |own| own.imports) {
            let is_it = |text: &&str| {
                dmn::Header::read(text).is_ok_and(|own| own.namespace == import.namespace)
            };
            if !others.iter().any(is_it) {
                let place = &import.place;
                return Err(Failure(format!("{file}: {place}; name it with another --file")));
            }
        }
        let model = dmn::Model::read_with(&texts[0], &others, dmn::Options::default());
        let model = model.map_err(|error| Failure(format!("{file}: {error}")))?;
        let last = model.decisions().last();
        let wanted = self.decision.as_deref().or(last.map(|own| own.id)).unwrap_or_default();
        let known: Vec<(String, Value)> =
            variables.into_iter().map(|(name, value)| (name, value.to_value())).collect();
        let now = jiff::Timestamp::now().as_millisecond();
        let limit = engine::limits::EXPRESSION_FUEL_MAX;
        let env = ::feel::Env { fuel: limit, ..::feel::Env::new(now, now as u64) };
        let found = model.evaluate(wanted, &known, &env);
        let found = found.or_else(|| model.evaluate_service(wanted, &known, &env));
        let found = found.ok_or_else(|| {
            let ids: Vec<&str> = model.decisions().map(|own| own.id).collect();
            let known = ids.join("', '");
            Failure(format!("expected one of the decisions '{known}' of {file}, not '{wanted}'"))
        })?;
        Ok(answer(wanted, &found))
    }
}

fn answer(id: &str, found: &dmn::Outcome) -> Json {
    let shown = |value: &Value| match value {
        Value::Function(_) => value.to_string(),
        value => Packed::from_value(value).to_json(),
    };
    let output = |own: &dmn::EvaluatedOutput| {
        let value = shown(&own.value);
        json!({"outputId": &*own.id, "outputName": &*own.name, "outputValue": value})
    };
    let rule = |own: &dmn::MatchedRule| {
        let outputs: Vec<Json> = own.outputs.iter().map(output).collect();
        json!({"ruleId": &*own.id, "ruleIndex": own.index, "evaluatedOutputs": outputs})
    };
    let input = |own: &dmn::EvaluatedInput| {
        let value = shown(&own.value);
        json!({"inputId": &*own.id, "inputName": &*own.name, "inputValue": value})
    };
    let evaluated = |own: &dmn::EvaluatedDecision| {
        json!({
            "decisionDefinitionId": &*own.id,
            "decisionDefinitionName": &*own.name,
            "decisionDefinitionType": own.kind.code(),
            "output": shown(&own.output),
            "evaluatedInputs": own.inputs.iter().map(input).collect::<Vec<_>>(),
            "matchedRules": own.rules.iter().map(rule).collect::<Vec<_>>(),
        })
    };
    let failure = found.output.as_ref().err();
    json!({
        "decisionDefinitionId": id,
        "output": found.output.as_ref().map_or("null".to_owned(), shown),
        "failedDecisionDefinitionId": failure.map(|own| &*own.decision_id),
        "failureMessage": failure.map(|own| &own.message),
        "evaluatedDecisions": found.evaluated.iter().map(evaluated).collect::<Vec<_>>(),
        "warnings": found.warnings,
    })
}

/// Whether it is a table without a match, which is no mistake: nothing else remarks it.
fn is_missed(own: &Json) -> bool {
    own["decisionDefinitionType"] == "DECISION_TABLE" && list(&own["matchedRules"]).is_empty()
}

/// A line for a decision, and one for each input and each rule that matched.
fn told(own: &Json) -> String {
    let of = |name: &str| text(&own[name]);
    let mut lines = vec![format!(
        "{} {} {}",
        of("decisionDefinitionId"),
        of("decisionDefinitionType"),
        of("output")
    )];
    let pair = |name: &Json, value: &Json| format!("{} = {}", text(name), text(value));
    for input in list(&own["evaluatedInputs"]) {
        lines.push(format!("  {}", pair(&input["inputName"], &input["inputValue"])));
    }
    for rule in list(&own["matchedRules"]) {
        let outputs = list(&rule["evaluatedOutputs"]).iter();
        let outputs: Vec<String> =
            outputs.map(|own| pair(&own["outputName"], &own["outputValue"])).collect();
        let outputs = outputs.join(", ");
        lines.push(format!("  rule {} {}: {outputs}", rule["ruleIndex"], text(&rule["ruleId"])));
    }
    lines.join("\n")
}

fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}
