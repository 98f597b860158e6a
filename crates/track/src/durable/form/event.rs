//! Events to protobuf and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost::{Message, Oneof};

use super::fold::{Settled, fold, fold_form};
use super::step::{Observed, observed, observed_form};
use crate::machine::{Alert, CaseStatus, Event, Finding, FindingKind, Publish, Quiet, Verdict};
use crate::source::{Position, Proof};

#[derive(Clone, PartialEq, Message)]
pub(super) struct EventForm {
    #[prost(
        oneof = "Kind",
        tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22"
    )]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Kind {
    #[prost(message, tag = "1")]
    DraftSaved(PublishForm),
    #[prost(message, tag = "2")]
    Published(PublishForm),
    #[prost(message, tag = "3")]
    TypeNamed(Named),
    #[prost(message, tag = "4")]
    SourceAdvanced(Place),
    #[prost(message, tag = "5")]
    Judged(Judged),
    #[prost(message, tag = "6")]
    CaseMet(Named),
    #[prost(uint64, tag = "7")]
    CaseOpened(u64),
    #[prost(message, boxed, tag = "8")]
    StepObserved(Box<Observed>),
    #[prost(message, tag = "9")]
    Deviated(FindingForm),
    #[prost(message, tag = "10")]
    Withdrawn(FindingForm),
    #[prost(message, tag = "11")]
    DeadlineArmed(Due),
    #[prost(message, tag = "12")]
    DeadlineDisarmed(Due),
    #[prost(message, tag = "13")]
    DeadlineFired(Due),
    #[prost(message, tag = "14")]
    StatusChanged(Due),
    #[prost(message, tag = "15")]
    Folded(Folded),
    #[prost(uint64, tag = "16")]
    CaseForgotten(u64),
    #[prost(message, tag = "17")]
    AlertRaised(AlertForm),
    #[prost(uint64, tag = "18")]
    AlertDelivered(u64),
    /// `what` is the version.
    #[prost(message, tag = "19")]
    CaseMigrated(Due),
    #[prost(message, tag = "20")]
    QuietRuled(QuietForm),
    #[prost(message, tag = "21")]
    StepTaken(Taken),
    #[prost(message, tag = "22")]
    Settled(Settled),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct QuietForm {
    #[prost(string, tag = "1")]
    process: String,
    #[prost(sint64, optional, tag = "2")]
    after_ms: Option<i64>,
    #[prost(sint64, tag = "3")]
    since_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PublishForm {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(string, tag = "2")]
    process: String,
    #[prost(bytes = "vec", tag = "3")]
    bpmn: Vec<u8>,
    #[prost(btree_map = "string, string", tag = "4")]
    types: BTreeMap<String, String>,
    #[prost(string, repeated, tag = "5")]
    known: Vec<String>,
    #[prost(sint64, optional, tag = "6")]
    stuck_after_ms: Option<i64>,
    #[prost(bool, tag = "7")]
    alert_on_backfill: bool,
    #[prost(string, tag = "8")]
    mapping: String,
}

#[derive(Clone, PartialEq, Message)]
struct Taken {
    #[prost(uint64, tag = "1")]
    case: u64,
    #[prost(fixed64, tag = "2")]
    identity: u64,
}

/// A case with its id and version, or an event type with its number and version.
#[derive(Clone, PartialEq, Message)]
struct Named {
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(uint32, tag = "3")]
    version: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Place {
    #[prost(string, tag = "1")]
    pub(super) source: String,
    #[prost(uint32, tag = "2")]
    pub(super) partition: u32,
    #[prost(uint64, tag = "3")]
    pub(super) offset: u64,
    /// Of a source: so many bytes before it have this digest.
    #[prost(uint64, optional, tag = "4")]
    pub(super) bytes: Option<u64>,
    #[prost(fixed64, optional, tag = "5")]
    pub(super) digest: Option<u64>,
    /// Of a rejected record: how often it had come before the last time.
    #[prost(uint32, tag = "6")]
    pub(super) attempt: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Judged {
    #[prost(message, required, tag = "1")]
    place: Place,
    #[prost(uint32, tag = "2")]
    verdict: u32,
    #[prost(string, tag = "3")]
    reason: String,
    #[prost(sint64, tag = "4")]
    until_ms: i64,
    #[prost(uint32, tag = "5")]
    attempt: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FindingForm {
    #[prost(uint64, tag = "1")]
    pub(super) case: u64,
    #[prost(uint32, tag = "2")]
    pub(super) kind: u32,
    #[prost(uint32, tag = "3")]
    pub(super) step: u32,
    #[prost(uint32, tag = "4")]
    pub(super) occurrence: u32,
    #[prost(uint32, repeated, tag = "5")]
    pub(super) expected: Vec<u32>,
    #[prost(sint64, tag = "6")]
    pub(super) at_ms: i64,
}

/// A deadline or a status of a case, and a time.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Due {
    #[prost(uint64, tag = "1")]
    pub(super) case: u64,
    #[prost(uint32, tag = "2")]
    pub(super) what: u32,
    #[prost(sint64, tag = "3")]
    pub(super) at_ms: i64,
    /// Of a deadline.
    #[prost(bool, tag = "4")]
    pub(super) history: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Folded {
    #[prost(uint64, tag = "1")]
    case: u64,
    #[prost(uint32, tag = "2")]
    steps: u32,
    #[prost(uint32, repeated, tag = "3")]
    marking: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AlertForm {
    #[prost(uint64, tag = "1")]
    pub(super) number: u64,
    #[prost(string, tag = "2")]
    pub(super) process: String,
    #[prost(string, tag = "3")]
    pub(super) case: String,
    #[prost(string, tag = "4")]
    pub(super) name: String,
    #[prost(string, tag = "5")]
    pub(super) element: String,
    #[prost(sint64, tag = "6")]
    pub(super) due_ms: i64,
    #[prost(bool, tag = "7")]
    pub(super) send: bool,
    #[prost(sint64, tag = "8")]
    pub(super) raised_ms: i64,
    #[prost(string, optional, tag = "9")]
    pub(super) payload: Option<String>,
}

const STATUSES: [CaseStatus; 6] = [
    CaseStatus::Early,
    CaseStatus::Open,
    CaseStatus::Stuck,
    CaseStatus::Resting,
    CaseStatus::Completed,
    CaseStatus::Expired,
];

pub(super) fn status_number(status: CaseStatus) -> u32 {
    STATUSES.iter().position(|known| *known == status).unwrap_or(0) as u32
}

pub(super) fn status(number: u32) -> Result<CaseStatus, String> {
    let known = STATUSES.get(number as usize).copied();
    known.ok_or_else(|| format!("expected a case status, but it is {number}"))
}

pub(super) fn form(event: &Event) -> EventForm {
    let due = |case: &u64, what: u32, at_ms: i64| Due { case: *case, what, at_ms, history: false };
    let kind = match event {
        Event::DraftSaved(publish) => Kind::DraftSaved(publish_form(0, publish)),
        Event::Published { version, publish } => Kind::Published(publish_form(*version, publish)),
        Event::KindNamed { version, kind, name } => Kind::TypeNamed(Named {
            number: u64::from(*kind),
            name: name.to_string(),
            version: *version,
        }),
        Event::SourceAdvanced { source, partition, next, proof } => {
            let position = Position { partition: *partition, offset: *next };
            Kind::SourceAdvanced(reached_form(source, position, *proof))
        }
        Event::Judged { source, position, verdict, attempt } => {
            let (verdict, reason, until_ms) = verdict_form(verdict);
            let (place, attempt) = (place_form(source, *position), *attempt);
            Kind::Judged(Judged { place, verdict, reason, until_ms, attempt })
        }
        Event::CaseMet { case, id, version } => {
            Kind::CaseMet(Named { number: *case, name: id.to_string(), version: *version })
        }
        Event::CaseMigrated { case, version } => Kind::CaseMigrated(due(case, *version, 0)),
        Event::CaseOpened { case } => Kind::CaseOpened(*case),
        Event::StepObserved(step) => Kind::StepObserved(Box::new(observed_form(step))),
        Event::StepTaken { case, identity } => {
            Kind::StepTaken(Taken { case: *case, identity: *identity })
        }
        Event::Deviated { case, finding } => Kind::Deviated(finding_form(*case, finding)),
        Event::Withdrawn { case, finding } => Kind::Withdrawn(finding_form(*case, finding)),
        Event::DeadlineArmed { case, deadline, due_ms, history } => {
            let history = *history;
            Kind::DeadlineArmed(Due { history, ..due(case, *deadline, *due_ms) })
        }
        Event::DeadlineDisarmed { case, deadline } => {
            Kind::DeadlineDisarmed(due(case, *deadline, 0))
        }
        Event::DeadlineFired { case, deadline, due_ms } => {
            Kind::DeadlineFired(due(case, *deadline, *due_ms))
        }
        Event::StatusChanged { case, status, at_ms } => {
            Kind::StatusChanged(due(case, status_number(*status), *at_ms))
        }
        Event::Folded { case, steps, marking } => {
            Kind::Folded(Folded { case: *case, steps: *steps, marking: marking.to_vec() })
        }
        Event::Settled { case, from, folds } => {
            let folds = folds.iter().map(fold_form).collect();
            Kind::Settled(Settled { case: *case, from: *from, folds })
        }
        Event::CaseForgotten { case } => Kind::CaseForgotten(*case),
        Event::QuietRuled { process, rule } => Kind::QuietRuled(quiet_form(process, rule)),
        Event::AlertRaised { number, alert } => Kind::AlertRaised(alert_form(*number, alert)),
        Event::AlertDelivered { number } => Kind::AlertDelivered(*number),
    };
    EventForm { kind: Some(kind) }
}

pub(super) fn event(form: EventForm) -> Result<Event, String> {
    let kind = form.kind.ok_or("expected a tracking event, but it is of no known kind")?;
    Ok(match kind {
        Kind::DraftSaved(form) => Event::DraftSaved(publish(form).1),
        Kind::Published(form) => {
            let (version, publish) = publish(form);
            Event::Published { version, publish }
        }
        Kind::TypeNamed(Named { number, name, version }) => {
            Event::KindNamed { version, kind: number as u32, name: Arc::from(name) }
        }
        Kind::SourceAdvanced(form) => {
            let proof = proof(&form);
            let (source, at) = place(form);
            Event::SourceAdvanced { source, partition: at.partition, next: at.offset, proof }
        }
        Kind::Judged(form) => {
            let verdict = verdict(form.verdict, form.reason, form.until_ms)?;
            let (source, position) = place(form.place);
            Event::Judged { source, position, verdict, attempt: form.attempt }
        }
        Kind::CaseMet(Named { number, name, version }) => {
            Event::CaseMet { case: number, id: Arc::from(name), version }
        }
        Kind::CaseMigrated(Due { case, what, .. }) => Event::CaseMigrated { case, version: what },
        Kind::CaseOpened(case) => Event::CaseOpened { case },
        Kind::StepObserved(form) => Event::StepObserved(observed(*form)),
        Kind::StepTaken(Taken { case, identity }) => Event::StepTaken { case, identity },
        Kind::Deviated(form) => Event::Deviated { case: form.case, finding: finding(form)? },
        Kind::Withdrawn(form) => Event::Withdrawn { case: form.case, finding: finding(form)? },
        Kind::DeadlineArmed(Due { case, what, at_ms, history }) => {
            Event::DeadlineArmed { case, deadline: what, due_ms: at_ms, history }
        }
        Kind::DeadlineDisarmed(Due { case, what, .. }) => {
            Event::DeadlineDisarmed { case, deadline: what }
        }
        Kind::DeadlineFired(Due { case, what, at_ms, .. }) => {
            Event::DeadlineFired { case, deadline: what, due_ms: at_ms }
        }
        Kind::StatusChanged(Due { case, what, at_ms, .. }) => {
            Event::StatusChanged { case, status: status(what)?, at_ms }
        }
        Kind::Folded(Folded { case, steps, marking }) => {
            Event::Folded { case, steps, marking: marking.into_boxed_slice() }
        }
        Kind::Settled(Settled { case, from, folds }) => {
            Event::Settled { case, from, folds: folds.into_iter().map(fold).collect() }
        }
        Kind::CaseForgotten(case) => Event::CaseForgotten { case },
        Kind::QuietRuled(form) => {
            Event::QuietRuled { process: Arc::from(&*form.process), rule: quiet(&form) }
        }
        Kind::AlertRaised(form) => Event::AlertRaised { number: form.number, alert: alert(form) },
        Kind::AlertDelivered(number) => Event::AlertDelivered { number },
    })
}

pub(super) fn alert_form(number: u64, alert: &Alert) -> AlertForm {
    AlertForm {
        number,
        process: alert.process.to_string(),
        case: alert.case.to_string(),
        name: alert.name.to_string(),
        element: alert.element.to_string(),
        due_ms: alert.due_ms,
        send: alert.send,
        raised_ms: alert.raised_ms,
        payload: alert.payload.as_ref().map(|text| text.to_string()),
    }
}

pub(super) fn alert(form: AlertForm) -> Alert {
    Alert {
        process: Arc::from(form.process),
        case: Arc::from(form.case),
        name: Arc::from(form.name),
        element: Arc::from(form.element),
        due_ms: form.due_ms,
        send: form.send,
        raised_ms: form.raised_ms,
        payload: form.payload.map(Arc::from),
    }
}

pub(super) fn quiet_form(process: &str, rule: &Quiet) -> QuietForm {
    let Quiet { after_ms, since_ms } = *rule;
    QuietForm { process: process.to_owned(), after_ms, since_ms }
}

pub(super) fn quiet(form: &QuietForm) -> Quiet {
    Quiet { after_ms: form.after_ms, since_ms: form.since_ms }
}

pub(super) fn publish_form(version: u32, publish: &Publish) -> PublishForm {
    PublishForm {
        version,
        process: publish.process.to_string(),
        bpmn: publish.bpmn.to_vec(),
        types: publish.types.clone(),
        known: publish.known.clone(),
        stuck_after_ms: publish.stuck_after_ms,
        alert_on_backfill: publish.alert_on_backfill,
        mapping: publish.mapping.to_string(),
    }
}

pub(super) fn publish(form: PublishForm) -> (u32, Publish) {
    let publish = Publish {
        process: Arc::from(form.process),
        bpmn: Arc::from(form.bpmn),
        types: form.types,
        known: form.known,
        stuck_after_ms: form.stuck_after_ms,
        alert_on_backfill: form.alert_on_backfill,
        mapping: Arc::from(form.mapping),
    };
    (form.version, publish)
}

pub(super) fn place_form(source: &Arc<str>, position: Position) -> Place {
    let Position { partition, offset } = position;
    Place { source: source.to_string(), partition, offset, ..Place::default() }
}

pub(super) fn reached_form(source: &Arc<str>, next: Position, proof: Option<Proof>) -> Place {
    let (bytes, digest) = proof.map(|proof| (proof.bytes, proof.digest)).unzip();
    Place { bytes, digest, ..place_form(source, next) }
}

pub(super) fn proof(form: &Place) -> Option<Proof> {
    Some(Proof { bytes: form.bytes?, digest: form.digest? })
}

pub(super) fn place(form: Place) -> (Arc<str>, Position) {
    let Place { source, partition, offset, .. } = form;
    (Arc::from(source), Position { partition, offset })
}

fn verdict_form(verdict: &Verdict) -> (u32, String, i64) {
    match verdict {
        Verdict::Started => (1, String::new(), 0),
        Verdict::Moved => (2, String::new(), 0),
        Verdict::Buffered { until_ms } => (3, String::new(), *until_ms),
        Verdict::Expired => (4, String::new(), 0),
        Verdict::Replaced => (5, String::new(), 0),
        Verdict::Ignored => (6, String::new(), 0),
        Verdict::Rejected { reason } => (7, reason.clone(), 0),
        Verdict::SeenBefore => (8, String::new(), 0),
    }
}

fn verdict(number: u32, reason: String, until_ms: i64) -> Result<Verdict, String> {
    Ok(match number {
        1 => Verdict::Started,
        2 => Verdict::Moved,
        3 => Verdict::Buffered { until_ms },
        4 => Verdict::Expired,
        5 => Verdict::Replaced,
        6 => Verdict::Ignored,
        7 => Verdict::Rejected { reason },
        8 => Verdict::SeenBefore,
        other => return Err(format!("expected a verdict, but it is {other}")),
    })
}

pub(super) fn finding_form(case: u64, finding: &Finding) -> FindingForm {
    let kind = FindingKind::ALL.iter().position(|known| *known == finding.kind).unwrap_or(0);
    FindingForm {
        case,
        kind: kind as u32,
        step: finding.step,
        occurrence: finding.occurrence,
        expected: finding.expected.to_vec(),
        at_ms: finding.at_ms,
    }
}

pub(super) fn finding(form: FindingForm) -> Result<Finding, String> {
    let kind = FindingKind::ALL.get(form.kind as usize).copied();
    Ok(Finding {
        kind: kind.ok_or_else(|| format!("expected a finding, but it is {}", form.kind))?,
        step: form.step,
        occurrence: form.occurrence,
        expected: form.expected.into_boxed_slice(),
        at_ms: form.at_ms,
    })
}
