//! Why is it not moving? Why this path? What failed?

use axum::Json as Answer;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use engine::decision::{Evaluated, EvaluatedClause, MatchedRule};
use history::query::Filter;
use history::{Choice, Decided, Explanation, NearMiss, Refused, Surroundings, Wait, What};
use serde_json::{Map, Value as Json, json};

use super::super::problem::{Detail, Problem};
use super::super::search::{self, key_text};
use super::super::types::path_key;
use crate::failure::{Failure, Kind};
use crate::gateway::Gateway;
use crate::limits::{EXPLAINED_CHARS_MAX, EXPLAINED_FUEL_MAX, EXPLAINED_PARTS_MAX};

/// Explains the instance that a key belongs to: its own, or that of anything in it.
#[utoipa::path(get, path = "/explain/{key}", operation_id = "explain", tag = "Grevy",
    params(("key" = String, Path, description = "of an instance, or of anything in it")),
    responses((status = 200, body = Object), (status = 404, body = Detail)))]
pub async fn explain(
    State(gateway): State<Gateway>,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let (reader, key) = (gateway.reader()?, path_key(&key)?);
    // Messages that nearly fit are at any partition.
    search::caught_up(&gateway, &reader, &Filter::default()).await?;
    let attended = gateway.attention().attended();
    let workers = |wanted: &str| {
        let known = attended.iter().find(|(job_type, _)| &**job_type == wanted);
        Some(known.map_or(0, |(_, workers)| *workers))
    };
    let now = gateway.now();
    let found = reader.explain(key, &Surroundings { now, workers: &workers }).await;
    let found = found.map_err(search::failed)?.ok_or_else(|| {
        let text = format!("Expected something with the key '{key}', but there is nothing");
        Failure::new(Kind::NotFound, text)
    })?;
    Ok(Answer(explanation(&found, now)).into_response())
}

fn explanation(found: &Explanation, now: i64) -> Json {
    let failure = |failure: &history::Failure| {
        json!({
            "elementId": failure.element_id,
            "time": history::date(failure.time),
            "errorType": failure.kind,
            "message": failure.message,
            "tried": failure.tries,
            "resolvedTime": failure.resolved.map(history::date),
            "incidentKey": key_text(failure.incident),
            "text": failure.text(now),
        })
    };
    let mut waits: Vec<Json> = found
        .failures
        .iter()
        .filter(|one| one.resolved.is_none())
        .map(|one| held(one, now))
        .collect();
    waits.extend(found.waits.iter().map(|wait| waited(wait, now)));
    json!({
        "processInstanceKey": key_text(found.instance),
        "processDefinitionId": found.process_id,
        "state": found.state,
        "quarantine": found.quarantine,
        "waitsFor": waits,
        "path": found.path.iter().map(choice).collect::<Vec<_>>(),
        "decisions": found.decisions.iter().map(decided).collect::<Vec<_>>(),
        "failures": found.failures.iter().map(failure).collect::<Vec<_>>(),
        "text": found.text(now),
    })
}

/// An open incident is what is waited for first.
fn held(failure: &history::Failure, now: i64) -> Json {
    json!({
        "elementId": failure.element_id,
        "kind": "incident",
        "text": failure.text(now),
        "since": history::date(failure.time),
        "incidentKey": key_text(failure.incident),
    })
}

fn waited(wait: &Wait, now: i64) -> Json {
    let mut whole = Map::new();
    let mut put = |name: &str, value: Json| whole.insert(name.to_owned(), value);
    put("elementId", wait.element_id.clone().into());
    put("text", wait.text(now).into());
    put("since", wait.since.map(history::date).into());
    let kind = match &wait.what {
        What::Message { name, correlation_key, near } => {
            let misses: Vec<Json> = near.iter().map(miss).collect();
            let key = correlation_key;
            put("message", json!({"name": name, "correlationKey": key, "nearMisses": misses}));
            "message"
        }
        What::Timer { due } => {
            put("dueDate", history::date(*due).into());
            "timer"
        }
        What::Job { key, job_type, retries, tries, error, again, worker, deadline, workers } => {
            let job = json!({
                "jobKey": key_text(*key),
                "type": job_type,
                "retries": retries,
                "tried": tries,
                "errorMessage": error,
                "retryTime": again.map(history::date),
                "worker": worker,
                "deadline": deadline.map(history::date),
                "workers": workers,
            });
            put("job", job);
            "job"
        }
        What::Task { key, assignee } => {
            put("userTask", json!({"userTaskKey": key_text(*key), "assignee": assignee}));
            "user-task"
        }
        What::Signal { name } => {
            put("signal", json!({"name": name}));
            "signal"
        }
        What::Condition { expression } => {
            put("condition", json!({"expression": expression}));
            "condition"
        }
        What::Called { instance, process_id } => {
            let called = json!({
                "processInstanceKey": key_text(*instance),
                "processDefinitionId": process_id,
            });
            put("called", called);
            "called"
        }
        What::Join { missing } => {
            let flow =
                |(flow, source): &(String, String)| json!({"sequenceFlowId": flow, "from": source});
            let missing: Vec<Json> = missing.iter().map(flow).collect();
            put("join", json!({"missing": missing}));
            "join"
        }
    };
    put("kind", if wait.at_gateway { "event-gateway" } else { kind }.into());
    Json::Object(whole)
}

fn miss(miss: &NearMiss) -> Json {
    json!({
        "messageKey": key_text(miss.message),
        "name": miss.name,
        "correlationKey": miss.correlation_key,
        "publishTime": history::date(miss.published),
        "expired": miss.expired,
    })
}

fn choice(choice: &Choice) -> Json {
    json!({
        "elementId": choice.element_id,
        "sequenceFlowId": choice.flow_id,
        "text": choice.reason(),
        "expression": choice.condition,
        "value": named(&choice.values),
        "variables": variables(&choice.values),
        "parts": choice.condition.as_deref().map_or_else(Vec::new, |condition| {
            parts(condition, &choice.values, choice.time)
        }),
        "refused": choice.refused.iter().map(|own| refused(own, choice.time)).collect::<Vec<_>>(),
        "time": history::date(choice.time),
    })
}

fn refused(own: &Refused, time: i64) -> Json {
    json!({
        "sequenceFlowId": own.flow_id,
        "text": own.text(),
        "expression": own.condition,
        "variables": variables(&own.values),
        "parts": parts(&own.condition, &own.values, time),
    })
}

fn named(values: &[(String, String)]) -> String {
    let named = values.iter().map(|(name, value)| format!("{name} = {value}"));
    named.collect::<Vec<_>>().join(", ")
}

fn variables(values: &[(String, String)]) -> Json {
    let values = values.iter().map(|(name, value)| (name.clone(), value.clone().into()));
    Json::Object(values.collect())
}

/// A decision that the instance asked for, with all that were evaluated for it.
fn decided(own: &Decided) -> Json {
    let evaluation = &own.evaluation;
    let failure = evaluation.failure.as_ref();
    json!({
        "elementId": own.element_id,
        "time": history::date(own.time),
        "decisionDefinitionId": &*evaluation.decision_id,
        "decisionDefinitionKey": key_text(evaluation.decision),
        "decisionDefinitionVersion": evaluation.version,
        "decisionEvaluationKey": key_text(evaluation.key),
        "output": shown(&evaluation.output.to_json()),
        "failureMessage": failure.map(|own| &*own.message),
        "failedDecisionDefinitionId": failure.map(|own| &*own.decision_id),
        "warnings": evaluation.warnings.iter().map(|own| &**own).collect::<Vec<_>>(),
        "evaluatedDecisions": evaluation.evaluated.iter().map(evaluated).collect::<Vec<_>>(),
        "text": own.text(),
    })
}

fn evaluated(own: &Evaluated) -> Json {
    let clause =
        |own: &EvaluatedClause| json!({"name": &*own.name, "value": shown(&own.value.to_json())});
    let clauses = |all: &[EvaluatedClause]| all.iter().map(clause).collect::<Vec<_>>();
    let rule = |own: &MatchedRule| {
        let outputs = clauses(&own.outputs);
        json!({"ruleId": &*own.id, "ruleIndex": own.index, "outputs": outputs})
    };
    json!({
        "decisionDefinitionId": &*own.decision_id,
        "decisionDefinitionName": &*own.decision_name,
        "decisionDefinitionType": &*own.kind,
        "output": shown(&own.output.to_json()),
        "inputs": clauses(&own.inputs),
        "matchedRules": own.rules.iter().take(EXPLAINED_PARTS_MAX).map(rule).collect::<Vec<_>>(),
    })
}

fn shown(text: &str) -> String {
    text.chars().take(EXPLAINED_CHARS_MAX).collect()
}

/// Each part of the condition with its value, in the order of evaluation: which of them decided.
/// The condition is evaluated again with the values of that moment, which are all that it names;
/// what cannot be (a value that was too long to be kept, say) has no parts.
fn parts(condition: &str, values: &[(String, String)], time: i64) -> Vec<Json> {
    let text = condition.trim_start();
    let Ok(expression) = feel::compile(text.strip_prefix('=').unwrap_or(text)) else {
        return Vec::new();
    };
    let value = |json: &str| value::Packed::from_json(json).ok().map(|packed| packed.to_value());
    let known = values.iter().map(|(name, json)| Some((name.as_str(), value(json)?)));
    let Some(known) = known.collect::<Option<Vec<_>>>() else { return Vec::new() };
    let env = feel::Env { fuel: EXPLAINED_FUEL_MAX, ..feel::Env::new(time, 0) };
    let Ok((_, steps)) = expression.trace(&known, &env) else { return Vec::new() };
    let source = expression.source();
    let part = |step: &feel::Step| {
        let text = source.get(step.span.start as usize..step.span.end as usize).unwrap_or_default();
        json!({"expression": shown(text), "value": shown(&step.value.to_string())})
    };
    steps.iter().take(EXPLAINED_PARTS_MAX).map(part).collect()
}
