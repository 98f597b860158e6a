//! The live stream: what happens, as server-sent events, from any position on.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::PartitionId;
use history::query::Filter;
use history::{Detail, Happening, KINDS, META, Position, Reader, Told, Watched};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;

use super::super::problem::{Detail as ProblemDetail, Problem};
use super::super::search::{self, key_text};
use super::super::types::path_key;
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::limits::LIVE_EVENTS_AHEAD;
use crate::readback::Live;

/// A comment is sent this often, so that both sides see that the connection lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wanted {
    process_instance_key: Option<String>,
    process_definition_id: Option<String>,
    types: Option<String>,
    from: Option<String>,
}

/// What happens, as it happens. `Last-Event-ID`, or `from`, goes on behind a position: the id of
/// an event, `start`, or `now`, which is the default.
#[utoipa::path(get, path = "/stream", operation_id = "stream", tag = "Grevy",
    params(("processInstanceKey" = Option<String>, Query),
        ("processDefinitionId" = Option<String>, Query),
        ("types" = Option<String>, Query, description = "kinds of events, commas between them"),
        ("from" = Option<String>, Query, description = "id of an event, `start` or `now`"),
        ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, body = String, content_type = "text/event-stream"),
        (status = 400, body = ProblemDetail), (status = 503, body = ProblemDetail)))]
pub async fn stream(
    State(gateway): State<Gateway>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reader = gateway.reader()?;
    let place = gateway.live_stream()?;
    let header = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?"));
    let from = header.filter(|text| !text.is_empty()).or(wanted.from.as_deref());
    let marks = match from {
        None | Some("now") => {
            search::caught_up(&gateway, &reader, &Filter::default()).await?;
            Marks::now(&reader).await?
        }
        Some("start" | "0") => Marks::default(),
        Some(text) => {
            let marks = Marks::read(text)?;
            marks.check_reached(&gateway)?;
            marks
        }
    };
    let instance = wanted.process_instance_key.as_deref().map(path_key).transpose()?;
    let kinds = wanted.types.as_deref().map(kinds).transpose()?;
    let (send, receive) = channel(LIVE_EVENTS_AHEAD);
    let live = gateway.readback()?.live().clone();
    let live =
        Stream { live, marks, instance, process_id: wanted.process_definition_id, kinds, send };
    tokio::spawn(async move {
        tokio::select! {
            ended = live.run() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a live stream ended");
                }
            }
            () = gateway.stopped() => {}
        }
        drop(place);
    });
    let keep = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
    Ok(Sse::new(ReceiverStream::new(receive)).keep_alive(keep).into_response())
}

fn kinds(text: &str) -> Result<Vec<&'static str>, Failure> {
    let known = |name: &str| {
        KINDS.iter().find(|kind| **kind == name).copied().ok_or_else(|| {
            let known = KINDS.join(", ");
            Failure::invalid(format!("Expected types of [{known}], but got '{name}'"))
        })
    };
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(known).collect()
}

/// How far a client is: in each partition a position, and a place in the step behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Marks(BTreeMap<PartitionId, (u64, Place)>);

/// The last event of a step that was told: its instance, 0 if it has none, and its number among
/// the step's events of that instance, from 1 on. A filter changes neither: it passes all of an
/// instance or nothing, and within a step instances stand in the order of their keys.
type Place = (i64, usize);

/// Before the first event of a step.
const BEGINNING: Place = (0, 0);

impl Marks {
    async fn now(reader: &Reader) -> Result<Marks, Failure> {
        let mut marks = Marks::default();
        for (partition, lsn) in reader.positions() {
            marks.0.insert(partition, (lsn, BEGINNING));
        }
        let deployed = reader.last_deployed().await.map_err(search::failed)?;
        marks.0.insert(META, (deployed, BEGINNING));
        Ok(marks)
    }

    fn read(text: &str) -> Result<Marks, Failure> {
        let part = |part: &str| {
            let (partition, rest) = part.split_once(':')?;
            let (lsn, place) = match rest.split_once('.') {
                None => (rest, BEGINNING),
                Some((lsn, place)) => {
                    let (instance, number) = place.split_once('.')?;
                    (lsn, (instance.parse().ok()?, number.parse().ok()?))
                }
            };
            Some((partition.parse().ok()?, (lsn.parse().ok()?, place)))
        };
        let marks: Option<BTreeMap<_, _>> = text.split('-').map(part).collect();
        marks.map(Marks).ok_or_else(|| {
            Failure::invalid(format!(
                "Expected a position as an earlier event gave it, 'start' or 'now', but got \
                 '{text}'"
            ))
        })
    }

    /// A position ahead of the journal is of another folder, or of this one before it was put back:
    /// a client behind it would wait for ever and take that for silence.
    fn check_reached(&self, gateway: &Gateway) -> Result<(), Failure> {
        let engine = gateway.engine()?;
        for (partition, (lsn, _)) in &self.0 {
            let reached = match *partition {
                META => Some(engine.catalog().position()),
                known if known <= engine.partition_count() => engine.durable(known).ok(),
                _ => Some(0),
            };
            if let Some(reached) = reached.filter(|reached| lsn > reached) {
                return Err(Failure::invalid(format!(
                    "Expected a position that was reached, but partition {partition} is at \
                     {reached} and the position says {lsn}; begin from 'start' or 'now'"
                )));
            }
        }
        Ok(())
    }

    fn of(&self, partition: PartitionId) -> (u64, Place) {
        self.0.get(&partition).copied().unwrap_or_default()
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (partition, (lsn, place))) in self.0.iter().enumerate() {
            let dash = if at > 0 { "-" } else { "" };
            write!(f, "{dash}{partition}:{lsn}")?;
            if *place != BEGINNING {
                write!(f, ".{}.{}", place.0, place.1)?;
            }
        }
        Ok(())
    }
}

/// One open stream.
struct Stream {
    live: Arc<Live>,
    marks: Marks,
    instance: Option<i64>,
    process_id: Option<String>,
    kinds: Option<Vec<&'static str>>,
    send: Sender<Result<Event, Infallible>>,
}

/// The client has gone.
struct Gone;

impl Stream {
    async fn run(mut self) -> history::Result<()> {
        loop {
            let there = self.live.reader().positions();
            let mut caught_up = true;
            for partition in there.keys().copied().filter(|partition| *partition != META) {
                let (lsn, _) = self.marks.of(partition);
                let after = Position { partition, lsn };
                let upto = match self.live.newest(after).await? {
                    Some((told, upto)) => {
                        let news = told.iter().filter(|told| told.position.lsn > lsn);
                        for told in news {
                            if self.tell(told).await.is_err() {
                                return Ok(());
                            }
                        }
                        upto
                    }
                    None => {
                        let watched = self.watched().await?;
                        let (told, upto) = self.live.reader().happenings(after, &watched).await?;
                        for told in &told {
                            if self.tell(told).await.is_err() {
                                return Ok(());
                            }
                        }
                        upto
                    }
                };
                let done = there.get(&partition).copied().unwrap_or_default();
                caught_up &= upto.lsn >= done;
                self.marks.0.insert(partition, (upto.lsn, BEGINNING));
            }
            if self.instance.is_none() {
                let (place, _) = self.marks.of(META);
                let deployed = self.live.reader().deployed(place, self.process_id.as_deref());
                for told in &deployed.await? {
                    if self.tell(told).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if caught_up {
                tokio::select! {
                    () = self.live.reader().changed(&there) => {}
                    () = self.send.closed() => return Ok(()),
                }
            }
        }
    }

    /// What is read for all is picked from here.
    fn wants(&self, happening: &Happening) -> bool {
        let instance = self.instance.is_none() || happening.instance == self.instance;
        let process = self.process_id.is_none() || happening.process_id == self.process_id;
        instance && process
    }

    async fn watched(&self) -> history::Result<Watched> {
        let mut definitions = Vec::new();
        if let Some(id) = &self.process_id {
            definitions = self.live.reader().versions(id).await?;
            // None is deployed yet: nothing passes.
            definitions.extend(definitions.is_empty().then_some(-1));
        }
        Ok(Watched { instance: self.instance, definitions })
    }

    /// Sends one step. An event's id is the position behind it.
    async fn tell(&mut self, told: &Told) -> Result<(), Gone> {
        let Position { partition, lsn } = told.position;
        let (before, done) = self.marks.of(partition);
        let done = if before + 1 == lsn { done } else { BEGINNING };
        let mut place = BEGINNING;
        for happening in &told.happenings {
            let instance = happening.instance.unwrap_or_default();
            place = (instance, if place.0 == instance { place.1 + 1 } else { 1 });
            if place <= done {
                continue;
            }
            self.marks.0.insert(partition, (lsn.saturating_sub(1), place));
            if !self.wants(happening) {
                continue;
            }
            if self.kinds.as_ref().is_some_and(|kinds| !kinds.contains(&happening.kind)) {
                continue;
            }
            let id = self.marks.to_string();
            let data = shown(&id, told.position, happening).to_string();
            let event = Event::default().id(id).event(happening.kind).data(data);
            self.send.send(Ok(event)).await.map_err(|_| Gone)?;
        }
        self.marks.0.insert(partition, (lsn, BEGINNING));
        Ok(())
    }
}

fn shown(id: &str, position: Position, happening: &Happening) -> Json {
    let mut whole = Map::new();
    let mut put = |name: &str, value: Json| {
        if !value.is_null() {
            whole.insert(name.to_owned(), value);
        }
    };
    put("position", id.into());
    put("partition", position.partition.into());
    put("time", history::date(happening.time).into());
    put("type", happening.kind.into());
    put("processInstanceKey", happening.instance.map(key_text).into());
    put("processDefinitionKey", happening.definition.map(key_text).into());
    put("processDefinitionId", happening.process_id.clone().into());
    put("elementId", happening.element_id.clone().into());
    put("elementInstanceKey", happening.element.map(key_text).into());
    let detail = happening.detail.iter().map(|(name, value)| {
        let value = match value {
            Detail::Key(key) => key_text(*key),
            Detail::Int(number) => (*number).into(),
            Detail::Flag(flag) => (*flag).into(),
            Detail::Text(text) => text.clone().into(),
            Detail::Date(time) => history::date(*time).into(),
            Detail::Null => Json::Null,
        };
        ((*name).to_owned(), value)
    });
    put("detail", Json::Object(detail.collect()));
    Json::Object(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_and_other_text_is_refused() {
        let places = [(0, (3, BEGINNING)), (1, (17, (4_503, 2))), (2, (9, BEGINNING))];
        let marks = Marks(places.into_iter().collect());
        assert_eq!(marks.to_string(), "0:3-1:17.4503.2-2:9");
        assert_eq!(Marks::read("0:3-1:17.4503.2-2:9"), Ok(marks));
        for wrong in ["", "1", "1:", "a:1", "1:2.x", "1:2.3", "1:2,3:4", "-", "1:-2"] {
            let failure = Marks::read(wrong).expect_err(wrong);
            assert!(failure.text.contains("'start' or 'now'"), "{failure}");
        }
    }

    #[test]
    fn unknown_types_are_refused_with_the_known_ones() {
        assert_eq!(kinds("job.created, job.failed,"), Ok(vec!["job.created", "job.failed"]));
        assert!(kinds("job").is_err_and(|failure| failure.text.contains("variable.set")));
    }
}
