//! History: every filter and sort of the lists that grow with instances, over a million of them;
//! how soon an incident is seen and what a reader of its own writes waits, at a server. What no
//! index has ([`Field::walked`], texts by their end) is timed by itself, without a budget.
//! `PAGES_INSTANCES` sets another number; `PAGES_FOLDER` keeps the store for the next run.

use std::time::{Duration, Instant};

use grevy_benches::server::{Failed, Server, binary, folder};
use grevy_benches::{past, print};
use history::entity::{
    AUDIT, ELEMENT_INSTANCE, INCIDENT, JOB, MESSAGE_SUBSCRIPTION, PROCESS_INSTANCE, VARIABLE,
    WAIT_STATE,
};
use history::query::{
    Entity, Field, Filter, Kind, Paging, Query, Record, Sort, Test, Value, VariableTest,
};
use history::{History, Reader, Settings};
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

const LISTS: [&Entity; 8] = [
    &PROCESS_INSTANCE,
    &ELEMENT_INSTANCE,
    &JOB,
    &VARIABLE,
    &INCIDENT,
    &AUDIT,
    &MESSAGE_SUBSCRIPTION,
    &WAIT_STATE,
];
const ITEMS: u32 = 50;
const BUDGET: Duration = Duration::from_millis(200);

fn main() -> Result<(), Failed> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let instances = match std::env::var("PAGES_INSTANCES") {
        Ok(given) => given.parse()?,
        Err(_) if quick => 20_000,
        Err(_) => 1_000_000,
    };
    pages(instances)?;
    served(if quick { 20 } else { 300 })
}

fn pages(instances: i64) -> Result<(), Failed> {
    let temporary = folder()?;
    let folder = std::env::var("PAGES_FOLDER").map_or(temporary.path().to_owned(), Into::into);
    let history = History::open(Settings::new(folder.join("history.db")))?;
    let runtime = Runtime::new()?;
    if history.positions().is_empty() {
        print("history_written", past::fill(&history, &runtime, instances)?, "instances/s");
    }
    let mut sweep = Sweep { reader: history.reader(), runtime, instances };
    for (name, slowest) in [
        ("history_page_first", sweep.first()?),
        ("history_page_filtered", sweep.filtered()?),
        ("history_page_deep", sweep.deep()?),
        ("history_page_walked", sweep.walked()?),
    ] {
        print(name, slowest.as_secs_f64() * 1_000.0, "ms");
    }
    Ok(())
}

/// Searches one after the other; the slowest counts.
struct Sweep {
    reader: Reader,
    runtime: Runtime,
    instances: i64,
}

impl Sweep {
    /// What a page takes, the median of three, and where it ends.
    fn time(
        &mut self,
        name: &str,
        entity: &'static Entity,
        query: &Query,
    ) -> Result<(Duration, Option<String>), Failed> {
        let (mut times, mut end) = ([Duration::ZERO; 3], None);
        for time in &mut times {
            let begun = Instant::now();
            let page = self.runtime.block_on(self.reader.search(entity, query))?;
            *time = begun.elapsed();
            end = page.end;
        }
        times.sort_unstable();
        if times[1] > BUDGET || std::env::var_os("PAGES_TOLD").is_some() {
            println!("{:>9.1?} {}: {name}", times[1], entity.name);
        }
        Ok((times[1], end))
    }

    fn sorts(entity: &'static Entity) -> impl Iterator<Item = (String, Vec<Sort>)> {
        let both = [false, true];
        let fields = entity.fields.iter().filter(|field| field.sort && !field.walked);
        fields.flat_map(move |field| {
            both.map(|descending| {
                let way = if descending { "descending" } else { "ascending" };
                (format!("by {}, {way}", field.name), vec![Sort { field, descending }])
            })
        })
    }

    fn first(&mut self) -> Result<Duration, Failed> {
        let mut slowest = Duration::ZERO;
        for entity in LISTS {
            for (name, sort) in Sweep::sorts(entity) {
                let page = Paging::From { from: 0, limit: ITEMS };
                let query = Query { sort, page, ..Query::default() };
                slowest = slowest.max(self.time(&name, entity, &query)?.0);
            }
        }
        Ok(slowest)
    }

    /// Nine tenths down by offset, and from there by cursor in both directions: every list by every
    /// sort, and instances as the console narrows them, oldest and newest first.
    fn deep(&mut self) -> Result<Duration, Failed> {
        let from = u32::try_from(self.instances * 9 / 10)?;
        let mut slowest = Duration::ZERO;
        for entity in LISTS {
            for (name, sort) in Sweep::sorts(entity) {
                let query = Query { sort, ..Query::default() };
                slowest = slowest.max(self.deep_of(&name, entity, query, from)?);
            }
        }
        for (name, filter, from) in self.narrowed()? {
            for descending in [false, true] {
                let name = format!("{name} by startDate, descending: {descending}");
                let sort = vec![Sort::by(&PROCESS_INSTANCE, "startDate", descending)?];
                let query = Query { filter: filter.clone(), sort, ..Query::default() };
                slowest = slowest.max(self.deep_of(&name, &PROCESS_INSTANCE, query, from)?);
            }
        }
        Ok(slowest)
    }

    fn deep_of(
        &mut self,
        name: &str,
        entity: &'static Entity,
        mut query: Query,
        from: u32,
    ) -> Result<Duration, Failed> {
        query.page = Paging::From { from, limit: ITEMS };
        let (mut slowest, end) = self.time(&format!("{name}, from {from}"), entity, &query)?;
        let Some(cursor) = end else { return Ok(slowest) };
        let after = Paging::After { cursor: cursor.clone(), limit: ITEMS };
        for page in [after, Paging::Before { cursor, limit: ITEMS }] {
            query.page = page;
            slowest = slowest.max(self.time(&format!("{name}, by cursor"), entity, &query)?.0);
        }
        Ok(slowest)
    }

    /// Instances of a state, of a process, of both, with incidents; and how deep nine tenths are.
    fn narrowed(&mut self) -> Result<Vec<(&'static str, Filter, u32)>, Failed> {
        let rows = self.samples(&PROCESS_INSTANCE)?;
        let definition = rows.first().and_then(|row| row.get("processDefinitionKey"));
        let definition = definition.cloned().ok_or("expected instances")?;
        let one = |name: &str, value: Value| {
            Filter::field(&PROCESS_INSTANCE, name, Test::Eq(value)).map_err(Failed::from)
        };
        let completed = one("state", Value::Int(1))?;
        let of_process = one("processDefinitionKey", definition)?;
        let both = Filter::All(vec![completed.clone(), of_process.clone()]);
        let deep = u32::try_from(self.instances * 9 / 10)?;
        Ok(vec![
            ("completed ones", completed, deep),
            ("of a process", of_process, deep / 4),
            ("completed ones of a process", both, deep / 4),
            ("with incidents", one("hasIncident", Value::Int(1))?, deep / 1_000),
        ])
    }

    /// What no index has, once each.
    fn walked(&mut self) -> Result<Duration, Failed> {
        let mut slowest = Duration::ZERO;
        for entity in LISTS {
            for field in entity.fields.iter().filter(|field| field.walked && field.sort) {
                let sort = vec![Sort { field, descending: true }];
                let page = Paging::From { from: 0, limit: ITEMS };
                let query = Query { sort, page, ..Query::default() };
                slowest = slowest.max(self.once(&format!("by {}", field.name), entity, &query)?);
            }
            let rows = self.samples(entity)?;
            for field in entity.filters() {
                for (name, filter) in conditions(field, &rows) {
                    if field.walked || name.contains("Like(\"*") {
                        let page = Paging::From { from: 0, limit: ITEMS };
                        let query = Query { filter, page, ..Query::default() };
                        slowest = slowest.max(self.once(&name, entity, &query)?);
                    }
                }
            }
        }
        Ok(slowest)
    }

    fn once(&self, name: &str, entity: &Entity, query: &Query) -> Result<Duration, Failed> {
        let begun = Instant::now();
        self.runtime.block_on(self.reader.search(entity, query))?;
        if std::env::var_os("PAGES_TOLD").is_some() {
            println!("{:>9.1?} {}, walked: {name}", begun.elapsed(), entity.name);
        }
        Ok(begun.elapsed())
    }

    /// Every field by every operator; instances also with the newest first.
    fn filtered(&mut self) -> Result<Duration, Failed> {
        let mut slowest = Duration::ZERO;
        for entity in LISTS {
            let rows = self.samples(entity)?;
            let newest = Sort::by(entity, "startDate", true).ok();
            for field in entity.filters() {
                for (name, filter) in conditions(field, &rows) {
                    if field.walked || name.contains("Like(\"*") {
                        continue;
                    }
                    let page = Paging::From { from: 0, limit: ITEMS };
                    let mut query = Query { filter, page, ..Query::default() };
                    slowest = slowest.max(self.time(&name, entity, &query)?.0);
                    if let Some(newest) = newest {
                        query.sort = vec![newest];
                        let name = format!("{name}, newest first");
                        slowest = slowest.max(self.time(&name, entity, &query)?.0);
                    }
                }
            }
        }
        Ok(slowest)
    }

    /// Rows from the middle, for values that are there.
    fn samples(&mut self, entity: &'static Entity) -> Result<Vec<Record>, Failed> {
        let page = Paging::From { from: u32::try_from(self.instances / 2)?, limit: 1_000 };
        let query = Query { page, ..Query::default() };
        let mut found = self.runtime.block_on(self.reader.search(entity, &query))?.items;
        if found.is_empty() {
            found = self.runtime.block_on(self.reader.search(entity, &Query::default()))?.items;
        }
        Ok(found)
    }
}

/// Conditions on one field by each of its operators.
fn conditions(field: &'static Field, rows: &[Record]) -> Vec<(String, Filter)> {
    let there = rows.iter().filter_map(|row| row.get(field.name));
    let there = there.into_iter().find(|value| **value != Value::Null).cloned();
    let value = there.unwrap_or_else(|| match field.kind {
        Kind::Text | Kind::Tags | Kind::Member | Kind::Json | Kind::Variables => {
            Value::Text("4711".to_owned())
        }
        Kind::Key | Kind::Int | Kind::Flag | Kind::Date | Kind::Name(_) => Value::Int(1),
    });
    let text = match &value {
        Value::Text(text) => text.clone(),
        Value::Null | Value::Int(_) | Value::Real(_) => "A".to_owned(),
    };
    let mut tests = Vec::new();
    for operator in field.kind.operators() {
        tests.extend(match *operator {
            "$eq" => vec![Test::Eq(value.clone())],
            "$neq" => vec![Test::Neq(value.clone())],
            "$gt" => vec![Test::Gt(value.clone())],
            "$gte" => vec![Test::Gte(value.clone())],
            "$lt" => vec![Test::Lt(value.clone())],
            "$lte" => vec![Test::Lte(value.clone())],
            "$exists" => vec![Test::Exists(true), Test::Exists(false)],
            "$in" => vec![Test::In(vec![value.clone()])],
            "$notIn" => vec![Test::NotIn(vec![value.clone()])],
            _ => [format!("{}*", text.trim_end_matches('7')), format!("*{text}")]
                .map(Test::Like)
                .into(),
        });
    }
    if field.kind == Kind::Flag {
        tests = vec![Test::Eq(Value::Int(0)), Test::Eq(Value::Int(1))];
    }
    if field.kind == Kind::Tags {
        tests = vec![Test::In(vec![Value::Text("fast".to_owned())])];
    }
    let one = |test: Test| {
        let name = format!("{} {test:?}", field.name);
        let filter = match field.kind {
            Kind::Variables => Filter::Variable(VariableTest {
                name: "n".to_owned(),
                path: None,
                local: false,
                tests: vec![test],
            }),
            _ => Filter::Is(history::query::Condition { field, test }),
        };
        (name, filter)
    };
    tests.into_iter().map(one).collect()
}

/// From the answer to a failed job until a search shows its incident, and from the answer to a
/// created instance until a search that was sent at once shows it: ms, at p99.
fn served(calls: usize) -> Result<(), Failed> {
    let (binary, folder) = (binary()?, folder()?);
    let server = Server::start(&binary, &folder.path().join("data"), &[])?;
    Runtime::new()?.block_on(async { server.deploy().await.map(drop) })?;
    let agent = ureq::Agent::new_with_defaults();
    let post = |path: &str, body: Json| -> Result<Json, Failed> {
        let call = agent.post(format!("{}/v2{path}", server.rest));
        let call = call.header("content-type", "application/json");
        let mut answer = call.send(body.to_string())?;
        let text = answer.body_mut().read_to_string()?;
        Ok(if text.is_empty() { Json::Null } else { serde_json::from_str(&text)? })
    };
    let found = |path: &str, filter: Json| -> Result<bool, Failed> {
        let found = post(path, json!({"filter": filter}))?;
        Ok(found["page"]["totalItems"] == 1)
    };
    let (mut seen, mut read) = (Vec::new(), Vec::new());
    for _ in 0..calls {
        let created = post("/process-instances", json!({"processDefinitionId": "one-task"}))?;
        let begun = Instant::now();
        let own = json!({"processInstanceKey": created["processInstanceKey"]});
        if !found("/process-instances/search", own)? {
            return Err("expected a search to show what its client has created".into());
        }
        read.push(begun.elapsed().as_secs_f64() * 1_000.0);
        let want = json!({"type": "job", "worker": "bench", "timeout": 600_000,
            "maxJobsToActivate": 1, "requestTimeout": 10_000});
        let jobs = post("/jobs/activation", want)?;
        let job = jobs["jobs"][0]["jobKey"].as_str().ok_or("expected a job")?.to_owned();
        let body = json!({"retries": 0, "errorMessage": "no"});
        post(&format!("/jobs/{job}/failure"), body)?;
        let begun = Instant::now();
        while !found("/incidents/search", json!({"jobKey": job}))? {}
        seen.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    for (name, mut times) in [("incident_visible", seen), ("read_own_write_p99", read)] {
        times.sort_by(f64::total_cmp);
        let at = (times.len().saturating_sub(1) as f64 * 0.99).round() as usize;
        print(name, times[at], "ms");
    }
    Ok(())
}
