//! The first page at one look. It is read by one at a time, and those who came before a read began
//! share it: however many look, each sees what was there when they asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use engine::event::Text;
use history::query::Filter;
use history::{Overview, Spot, Standing, Stands};
use serde_json::{Value as Json, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::super::problem::Problem;
use super::super::search::behind::{self, Missing};
use super::super::search::{self, key_text};
use crate::failure::Failure;
use crate::gateway::Gateway;

/// Between the beginnings of two reads.
const PAUSE: Duration = Duration::from_millis(200);

/// A message that somebody has waited for this long stands still.
const UNHEARD_MS: i64 = 3_600_000;

/// Latency is that of steps that completed within this time.
const LATELY_MS: i64 = 600_000;

/// The last overview, shared by all who look.
#[derive(Debug, Default)]
pub struct Overviews(Mutex<Option<Read>>);

/// Since when it was read, and what it may lack.
#[derive(Debug)]
struct Read {
    begun: Instant,
    overview: Arc<Json>,
    missing: Option<Missing>,
}

/// What goes through, what stands still and why.
#[utoipa::path(get, path = "/overview", operation_id = "getOverview", tag = "Grevy",
    responses((status = 200, body = Object)))]
pub async fn overview(State(gateway): State<Gateway>) -> Result<Response, Problem> {
    let came = Instant::now();
    let mut last = gateway.overviews().0.lock().await;
    if let Some(Read { begun, overview, missing }) = &*last {
        if *begun >= came {
            behind::shared(*missing);
            return Ok(Answer(&**overview).into_response());
        }
        tokio::time::sleep_until(*begun + PAUSE).await;
    }
    let begun = Instant::now();
    let overview = Arc::new(read(&gateway).await?);
    let missing = behind::missing();
    *last = Some(Read { begun, overview: overview.clone(), missing });
    Ok(Answer(&*overview).into_response())
}

async fn read(gateway: &Gateway) -> Result<Json, Failure> {
    let reader = gateway.reader()?;
    search::caught_up(gateway, &reader, &Filter::default()).await?;
    let workers: BTreeMap<Text, usize> = gateway.attention().attended().into_iter().collect();
    let attended = |name: &str| workers.contains_key(name);
    let now = gateway.now();
    let found = reader.overview(now, now - UNHEARD_MS, &attended).await.map_err(search::failed)?;
    let steps = reader.slowest(now - LATELY_MS).await.map_err(search::failed)?;
    let mut shown = shown(&found, &workers, now);
    shown["steps"] = steps.iter().map(step).collect();
    Ok(shown)
}

fn shown(found: &Overview, workers: &BTreeMap<Text, usize>, now: i64) -> Json {
    let pulse = |one: &history::Pulse| {
        json!({
            "time": history::date(one.time),
            "created": one.started,
            "completed": one.completed,
            "canceled": one.canceled,
        })
    };
    let group = |one: &history::ErrorGroup| {
        let own = json!({
            "fingerprint": one.fingerprint,
            "errorType": one.kind,
            "message": one.message,
            "count": one.count,
            "exampleInstanceKey": key_text(one.example),
            "lastTime": history::date(one.last),
        });
        placed(&one.at, own)
    };
    let job_type = |one: &history::Type| {
        json!({
            "type": one.name,
            "waiting": one.waiting,
            "leased": one.leased,
            "workers": workers.get(one.name.as_str()).copied().unwrap_or(0),
            "oldestTime": history::date(one.oldest),
        })
    };
    json!({
        "throughput": found.pulses.iter().map(pulse).collect::<Vec<_>>(),
        "active": found.active,
        "incidents": found.incidents,
        "completedTotal": found.completed,
        "canceledTotal": found.canceled,
        "incidentGroups": found.groups.iter().map(group).collect::<Vec<_>>(),
        "jobTypes": found.job_types.iter().map(job_type).collect::<Vec<_>>(),
        "stuck": found.standing.iter().map(|one| stuck(one, now)).collect::<Vec<_>>(),
    })
}

/// With where it is.
fn placed(at: &Spot, mut own: Json) -> Json {
    own["processDefinitionId"] = json!(at.process_id);
    own["processDefinitionKey"] = json!(key_text(at.definition));
    own["processDefinitionName"] = json!(at.process_name);
    own["processDefinitionVersion"] = json!(at.version);
    own["elementId"] = json!(at.element_id);
    own["elementName"] = json!(at.element_name);
    own
}

fn step(one: &history::SlowStep) -> Json {
    let own = json!({"count": one.count, "p50Ms": one.p50_ms, "p95Ms": one.p95_ms});
    placed(&one.at, own)
}

fn stuck(one: &Standing, now: i64) -> Json {
    let (kind, reason) = match &one.what {
        Stands::Job { job_type } => {
            ("job", format!("no worker asks for jobs of type '{job_type}'"))
        }
        Stands::Message { name, correlation_key } => {
            let span = history::span(now - one.since);
            let key = format!("with the key '{correlation_key}'");
            ("message", format!("has waited {span} for the message '{name}' {key}"))
        }
        Stands::Timer { due } => {
            let span = history::span(now - due);
            ("timer", format!("its timer has been due for {span}; timers are paused or behind"))
        }
        Stands::Quarantine { reason } => {
            ("quarantine", format!("set aside after a bug of ours: {reason}"))
        }
    };
    let own = json!({
        "processInstanceKey": key_text(one.instance),
        "since": history::date(one.since),
        "kind": kind,
        "reason": reason,
    });
    placed(&one.at, own)
}
