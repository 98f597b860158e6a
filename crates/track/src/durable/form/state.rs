//! The state in a checkpoint: a version, then one row after another, each with its length. Rows are
//! written and read one at a time, so that a million cases need no second copy of themselves.

use std::sync::Arc;

use prost::{Message, Oneof};

use super::event::{
    AlertForm, Due, FindingForm, Place, PublishForm, QuietForm, alert, alert_form, finding,
    finding_form, place, place_form, proof, publish, publish_form, quiet, quiet_form, reached_form,
    status, status_number,
};
use super::fold::{FoldForm, fold, fold_form};
use crate::machine::{self, Case, CaseKey, Fold, Raised, Said, Seen, State, Variables, Version};
use crate::source::Position;

/// Version of the form; raised when an old reader would misread it.
const VERSION: u8 = 1;

#[derive(Clone, PartialEq, Message)]
struct RowForm {
    #[prost(oneof = "Row", tags = "1, 2, 3, 4, 5, 6, 7")]
    row: Option<Row>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Row {
    #[prost(message, tag = "1")]
    Counters(Counters),
    #[prost(message, tag = "2")]
    Version(VersionRow),
    #[prost(message, tag = "3")]
    Model(ModelRow),
    /// `offset` is the next position.
    #[prost(message, tag = "4")]
    Source(Place),
    #[prost(message, tag = "5")]
    Case(CaseRow),
    #[prost(message, tag = "6")]
    Alert(AlertRow),
    #[prost(message, tag = "7")]
    Rejected(Place),
}

#[derive(Clone, PartialEq, Message)]
struct Counters {
    #[prost(uint64, tag = "1")]
    next_case: u64,
    #[prost(uint64, tag = "2")]
    next_alert: u64,
    #[prost(bool, tag = "3")]
    rejected_forgotten: bool,
}

#[derive(Clone, PartialEq, Message)]
struct VersionRow {
    #[prost(message, required, tag = "1")]
    publish: PublishForm,
    #[prost(string, repeated, tag = "2")]
    kinds: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct ModelRow {
    #[prost(string, tag = "1")]
    process: String,
    #[prost(message, optional, tag = "2")]
    draft: Option<PublishForm>,
    #[prost(uint32, optional, tag = "3")]
    published: Option<u32>,
    #[prost(message, optional, tag = "4")]
    quiet: Option<QuietForm>,
}

#[derive(Clone, PartialEq, Message)]
struct CaseRow {
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(string, tag = "2")]
    id: String,
    #[prost(uint32, tag = "3")]
    version: u32,
    #[prost(uint32, tag = "4")]
    status: u32,
    #[prost(sint64, tag = "5")]
    status_since_ms: i64,
    #[prost(message, repeated, tag = "6")]
    events: Vec<SeenForm>,
    #[prost(uint32, tag = "7")]
    folded: u32,
    /// Where its tokens are behind the folded steps, as older checkpoints have it.
    #[prost(uint32, repeated, tag = "8")]
    base: Vec<u32>,
    #[prost(message, repeated, tag = "9")]
    findings: Vec<FindingForm>,
    #[prost(message, repeated, tag = "10")]
    deadlines: Vec<Due>,
    #[prost(message, repeated, tag = "11")]
    fired: Vec<Due>,
    #[prost(sint64, tag = "12")]
    until_ms: i64,
    #[prost(sint64, tag = "13")]
    last_arrival_ms: i64,
    /// As older checkpoints have them.
    #[prost(string, optional, tag = "14")]
    variables: Option<String>,
    #[prost(message, repeated, tag = "15")]
    past: Vec<SeenForm>,
    #[prost(message, repeated, tag = "16")]
    folds: Vec<FoldForm>,
    #[prost(message, repeated, tag = "17")]
    said: Vec<SaidForm>,
}

#[derive(Clone, PartialEq, Message)]
struct SaidForm {
    #[prost(sint64, tag = "1")]
    time_ms: i64,
    #[prost(fixed64, tag = "2")]
    identity: u64,
    #[prost(string, tag = "3")]
    text: String,
}

#[derive(Clone, PartialEq, Message)]
struct SeenForm {
    #[prost(sint64, tag = "1")]
    time_ms: i64,
    #[prost(fixed64, tag = "2")]
    identity: u64,
    #[prost(uint32, tag = "3")]
    kind: u32,
    #[prost(uint32, tag = "4")]
    order: u32,
}

#[derive(Clone, PartialEq, Message)]
struct AlertRow {
    #[prost(message, required, tag = "1")]
    alert: AlertForm,
    #[prost(bool, tag = "2")]
    delivered: bool,
}

pub(in crate::durable) fn save(state: &State) -> Vec<u8> {
    let mut out = vec![VERSION];
    let mut write = |row: Row| {
        // Writing to a vector fails for want of room only, and it makes itself room.
        let written = RowForm { row: Some(row) }.encode_length_delimited(&mut out);
        debug_assert!(written.is_ok());
    };
    let State { next_case, next_alert, rejected_forgotten, .. } = *state;
    write(Row::Counters(Counters { next_case, next_alert, rejected_forgotten }));
    for (number, version) in (0..).zip(&state.versions) {
        let kinds = version.kinds.iter().map(|kind| kind.to_string()).collect();
        let publish = publish_form(number, &version.publish);
        write(Row::Version(VersionRow { publish, kinds }));
    }
    for model in state.models.values() {
        write(Row::Model(ModelRow {
            process: model.process.to_string(),
            draft: model.draft.as_ref().map(|draft| publish_form(0, draft)),
            published: model.published,
            quiet: model.quiet.as_ref().map(|rule| quiet_form(&model.process, rule)),
        }));
    }
    for ((source, partition), (offset, proof)) in &state.sources {
        let next = Position { partition: *partition, offset: *offset };
        write(Row::Source(reached_form(source, next, *proof)));
    }
    for (key, case) in &state.cases {
        write(Row::Case(case_row(*key, case)));
    }
    for (number, Raised { alert, delivered }) in &state.alerts {
        let alert = alert_form(*number, alert);
        write(Row::Alert(AlertRow { alert, delivered: *delivered }));
    }
    for ((source, partition, offset), attempt) in &state.rejected {
        let at = Position { partition: *partition, offset: *offset };
        write(Row::Rejected(Place { attempt: *attempt, ..place_form(source, at) }));
    }
    out
}

pub(in crate::durable) fn load(saved: &[u8]) -> Result<State, String> {
    let Some((&version, mut rows)) = saved.split_first() else {
        return Err("expected the state of tracking, but there is nothing".to_owned());
    };
    if version != VERSION {
        return Err(format!("expected a state of version {VERSION}, but it is {version}"));
    }
    let mut state = State::default();
    while !rows.is_empty() {
        let form = RowForm::decode_length_delimited(&mut rows);
        let form = form.map_err(|e| format!("expected a row of tracking, but {e}"))?;
        row(&mut state, form.row.ok_or("expected a row of tracking, but it is of no known kind")?)?;
    }
    Ok(state)
}

fn row(state: &mut State, row: Row) -> Result<(), String> {
    match row {
        Row::Counters(Counters { next_case, next_alert, rejected_forgotten }) => {
            (state.next_case, state.next_alert) = (next_case, next_alert);
            state.rejected_forgotten = rejected_forgotten;
        }
        Row::Version(row) => {
            let mut version = Version::new(publish(row.publish).1);
            version.kinds = row.kinds.into_iter().map(Arc::from).collect();
            state.versions.push(version);
        }
        Row::Model(row) => {
            let process: Arc<str> = Arc::from(row.process);
            let model = state.models.entry(process.clone()).or_default();
            model.process = process;
            model.draft = row.draft.map(|draft| publish(draft).1);
            model.published = row.published;
            model.quiet = row.quiet.as_ref().map(quiet);
            // What is published is the version that cases begin with.
            let of = |number: u32| state.versions.get(number as usize);
            model.published_as = row.published.and_then(of).map(|of| of.publish.clone());
        }
        Row::Source(form) => {
            let proof = proof(&form);
            let (source, next) = place(form);
            state.sources.insert((source, next.partition), (next.offset, proof));
        }
        Row::Case(row) => {
            let key = row.number;
            let case = case(row)?;
            if case.version as usize >= state.versions.len() {
                return Err(format!("expected the version of case {key}, but it is missing"));
            }
            state.put_case(key, Some(case));
            state.own_all(key);
        }
        Row::Alert(AlertRow { alert: form, delivered }) => {
            let number = form.number;
            state.put_alert(number, Some(Raised { alert: alert(form), delivered }));
        }
        Row::Rejected(form) => {
            let attempt = form.attempt;
            let (source, at) = place(form);
            state.rejected.insert((source, at.partition, at.offset), attempt);
        }
    }
    Ok(())
}

fn case_row(key: CaseKey, case: &Case) -> CaseRow {
    let due = |due: &machine::Due| {
        let machine::Due { number, due_ms, history } = *due;
        Due { case: 0, what: number, at_ms: due_ms, history }
    };
    let seen = |seen: &Seen| {
        let Seen { time_ms, identity, kind, order } = *seen;
        SeenForm { time_ms, identity, kind, order }
    };
    let said = |said: &Said| {
        let Said { time_ms, identity, text } = said;
        SaidForm { time_ms: *time_ms, identity: *identity, text: text.to_string() }
    };
    CaseRow {
        number: key,
        id: case.id.to_string(),
        version: case.version,
        status: status_number(case.status),
        status_since_ms: case.status_since_ms,
        events: case.events.iter().map(seen).collect(),
        folded: case.folded,
        past: case.past.iter().map(seen).collect(),
        base: Vec::new(),
        folds: case.folds.iter().map(fold_form).collect(),
        said: case.variables.said().iter().map(said).collect(),
        findings: case.findings.iter().map(|found| finding_form(0, found)).collect(),
        deadlines: case.deadlines.iter().map(due).collect(),
        fired: case.fired.iter().map(due).collect(),
        until_ms: case.until_ms,
        last_arrival_ms: case.last_arrival_ms,
        variables: None,
    }
}

fn case(row: CaseRow) -> Result<Case, String> {
    let due = |due: Due| {
        let Due { what, at_ms, history, .. } = due;
        machine::Due { number: what, due_ms: at_ms, history }
    };
    let seen = |form: SeenForm| {
        let SeenForm { time_ms, identity, kind, order } = form;
        Seen { time_ms, identity, kind, order }
    };
    let mut folds: Vec<Fold> = row.folds.into_iter().map(fold).collect();
    if !row.base.is_empty() {
        let marking = row.base.into_iter().map(|place| (place, i64::MIN)).collect();
        folds.push(Fold { steps: row.folded, upto: row.folded, marking });
    }
    let mut variables = Variables::default();
    // Older checkpoints do not say who said it.
    let before = row.variables.map(|text| (i64::MIN, 0, text));
    let said = row.said.into_iter().map(|said| (said.time_ms, said.identity, said.text));
    for (time_ms, identity, text) in before.into_iter().chain(said) {
        variables.say(Said { time_ms, identity, text: Arc::from(text) });
    }
    Ok(Case {
        id: Arc::from(row.id),
        version: row.version,
        status: status(row.status)?,
        status_since_ms: row.status_since_ms,
        events: row.events.into_iter().map(seen).collect(),
        folded: row.folded,
        past: row.past.into_iter().map(seen).collect(),
        folds,
        findings: row.findings.into_iter().map(finding).collect::<Result<_, _>>()?,
        deadlines: row.deadlines.into_iter().map(due).collect(),
        fired: row.fired.into_iter().map(due).collect(),
        until_ms: row.until_ms,
        last_arrival_ms: row.last_arrival_ms,
        variables,
    })
}
