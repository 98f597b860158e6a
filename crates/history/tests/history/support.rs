//! The real engine in front of a real history: commands in, rows out.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeSet;
use std::time::Duration;

use engine::command::{
    CreateInstance, DEFAULT_TENANT, DefinitionRef, LeaseJobs, LeasedJob, PublishMessage,
};
use engine::event::Text;
use engine::{Answer, Catalog, Cause, Command, Key, Reply, Routes, State, Turn, meta};
use history::query::{Entity, Filter, Page, Query, Sort, Test, Value, VariableTest};
use history::{Batch, Behind, History, META, MetaStep, Positions, Reader, Settings, Step};

pub struct World {
    pub state: State,
    pub catalog: Catalog,
    meta: meta::State,
    routes: Routes,
    position: u64,
    pub now: i64,
    pub lsn: u64,
    pub cause: Cause,
    pub history: Option<History>,
    pub reader: Reader,
    pub folder: tempfile::TempDir,
    /// Everything that was exported.
    pub steps: Vec<Step>,
    /// Steps are kept back while this is false.
    pub exporting: bool,
    held: Vec<Step>,
}

pub const START: i64 = 1_700_000_000_000;

impl World {
    pub fn new() -> World {
        World::with(|settings| settings)
    }

    pub fn with(change: impl FnOnce(Settings) -> Settings) -> World {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = change(Settings::new(folder.path().join("history.db")));
        let history = History::open(settings).expect("history opens");
        let mut world = World {
            state: State::new(1),
            catalog: Catalog::new(),
            meta: meta::State::new(),
            routes: Routes::new(1),
            position: 0,
            now: START,
            lsn: 0,
            cause: Cause::default(),
            reader: history.reader(),
            history: Some(history),
            folder,
            steps: Vec::new(),
            exporting: true,
            held: Vec::new(),
        };
        world.ask(&Command::StartEpoch { epoch: 1 }).expect("an epoch starts");
        world
    }

    pub fn history(&self) -> &History {
        self.history.as_ref().expect("history is open")
    }

    /// Closes the database and opens it again.
    pub fn reopen(&mut self) {
        self.history.take().expect("history is open").close();
        let settings = Settings::new(self.folder.path().join("history.db"));
        let history = History::open(settings).expect("history opens again");
        self.reader = history.reader();
        self.history = Some(history);
    }

    pub fn deploy(&mut self, body: &str) -> Key {
        let xml = format!(
            "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
             xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\">{body}</definitions>"
        );
        let resource = meta::Resource { name: "p.bpmn".into(), bytes: xml.as_bytes().into() };
        let deploy =
            meta::Command::Deploy { resources: vec![resource], tenant: DEFAULT_TENANT.into() };
        let (answer, events) = self.meta.decide(&deploy);
        let Ok(meta::Reply::Deployed(deployed)) = answer else { panic!("{answer:?}\n{body}") };
        let definition = deployed.processes[0].definition;
        self.meta_step(events);
        definition
    }

    pub fn delete(&mut self, key: Key) {
        let (answer, events) = self.meta.decide(&meta::Command::DeleteResource { key });
        answer.expect("it is deleted");
        self.meta_step(events);
    }

    fn meta_step(&mut self, events: Vec<meta::Event>) {
        for event in &events {
            self.position += 1;
            self.catalog.add(event, self.position);
        }
        let step =
            MetaStep { lsn: self.position, time: self.now, cause: self.cause.clone(), events };
        self.history().export_meta(vec![step]).expect("history takes it");
        self.ask(&Command::ApplyMeta { position: self.position }).expect("meta applies");
    }

    pub fn ask(&mut self, command: &Command) -> Answer {
        let watched = BTreeSet::new();
        let turn =
            Turn { now: self.now, catalog: &self.catalog, routes: &self.routes, watched: &watched };
        let decision = self.state.decide(command, &turn).expect("nothing is cold");
        if !decision.events.is_empty() {
            self.lsn += 1;
            let (time, cause) = (self.now, self.cause.clone());
            self.held.push(Step { lsn: self.lsn, time, cause, events: decision.events });
        }
        if self.exporting {
            self.export();
        }
        decision.answer
    }

    /// What was held back.
    pub fn take_held(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.held)
    }

    /// Hands over what was held back.
    pub fn export(&mut self) {
        let steps = std::mem::take(&mut self.held);
        self.steps.extend(steps.iter().cloned());
        self.history().export(Batch { partition: 1, steps }).expect("history takes it");
    }

    pub fn create(&mut self, process: &str, variables: &str) -> Key {
        self.create_with(process, variables, None, &[])
    }

    pub fn create_with(
        &mut self,
        process: &str,
        variables: &str,
        business_id: Option<&str>,
        tags: &[&str],
    ) -> Key {
        let create = CreateInstance {
            definition: DefinitionRef::Id { process_id: process.into(), version: None },
            tenant: DEFAULT_TENANT.into(),
            variables: value::object_from_json(variables).expect("JSON"),
            terminate_after: Vec::new(),
            start_before: Vec::new(),
            tags: tags.iter().map(|tag| Text::from(*tag)).collect(),
            business_id: business_id.map(Text::from),
            unique: false,
        };
        match self.ask(&Command::CreateInstance(create)) {
            Ok(Reply::Created(created)) => created.instance,
            other => panic!("{other:?}"),
        }
    }

    pub fn lease(&mut self, job_type: &str) -> Vec<LeasedJob> {
        let lease = LeaseJobs {
            job_type: job_type.into(),
            worker: "worker-1".into(),
            timeout: 60_000,
            max_jobs: 10,
            fetch_variables: Vec::new(),
            tenants: vec![DEFAULT_TENANT.into()],
        };
        match self.ask(&Command::LeaseJobs(lease)) {
            Ok(Reply::Jobs(leased)) => leased.jobs,
            other => panic!("{other:?}"),
        }
    }

    pub fn complete(&mut self, job: Key, variables: &str) {
        let variables = value::object_from_json(variables).expect("JSON");
        self.ask(&Command::CompleteJob { job, variables, token: None }).expect("it completes");
    }

    pub fn fail(&mut self, job: Key, retries: i32, message: &str) {
        self.fail_for(job, retries, message, 0);
    }

    /// It is held back for some milliseconds.
    pub fn fail_for(&mut self, job: Key, retries: i32, message: &str, back_off: i64) {
        let fail = Command::FailJob {
            job,
            retries,
            message: message.into(),
            back_off,
            variables: Vec::new(),
            token: None,
        };
        self.ask(&fail).expect("it fails");
    }

    pub fn publish(&mut self, name: &str, correlation_key: &str, time_to_live: i64) -> Key {
        let publish = PublishMessage {
            name: name.into(),
            correlation_key: correlation_key.into(),
            id: "".into(),
            time_to_live,
            tenant: DEFAULT_TENANT.into(),
            variables: Vec::new(),
        };
        match self.ask(&Command::PublishMessage(publish)) {
            Ok(Reply::Published { message, .. }) => message,
            other => panic!("{other:?}"),
        }
    }

    pub fn advance(&mut self, milliseconds: i64) {
        self.now += milliseconds;
        self.ask(&Command::Tick).expect("it ticks");
    }

    pub fn wanted(&self) -> Positions {
        Positions::from([(1, self.steps.last().map_or(0, |s| s.lsn)), (META, self.position)])
    }

    /// Waits until everything that was exported can be read.
    pub async fn settle(&self) {
        let behind = self.reader.wait_for(&self.wanted(), Duration::from_secs(30)).await;
        assert_eq!(behind, Behind::No, "{:?}", self.history().failure());
    }

    pub async fn search(&self, entity: &Entity, query: &Query) -> Page {
        self.settle().await;
        self.reader.search(entity, query).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The keys that a filter finds, in the order of their keys.
    pub async fn keys(&self, entity: &Entity, key: &str, filter: Filter) -> Vec<Key> {
        let query = Query { filter, ..Query::default() };
        let page = self.search(entity, &query).await;
        assert_eq!(page.total, page.items.len() as i64, "the total is the number of items");
        page.items.iter().map(|item| item.int(key).expect("a key")).collect()
    }
}

pub fn is(entity: &Entity, field: &str, test: Test) -> Filter {
    Filter::field(entity, field, test).unwrap_or_else(|error| panic!("{error}"))
}

pub fn eq(entity: &Entity, field: &str, value: impl Into<Argument>) -> Filter {
    is(entity, field, Test::Eq(value.into().0))
}

pub fn all(filters: impl IntoIterator<Item = Filter>) -> Filter {
    Filter::All(filters.into_iter().collect())
}

pub fn variable(name: &str, tests: impl IntoIterator<Item = Test>) -> Filter {
    Filter::Variable(VariableTest {
        name: name.to_owned(),
        path: None,
        local: false,
        tests: tests.into_iter().collect(),
    })
}

pub fn nested(name: &str, path: &str, test: Test) -> Filter {
    let (name, path) = (name.to_owned(), Some(path.to_owned()));
    Filter::Variable(VariableTest { name, path, local: false, tests: vec![test] })
}

pub fn sort(entity: &Entity, field: &str, descending: bool) -> Sort {
    Sort::by(entity, field, descending).unwrap_or_else(|error| panic!("{error}"))
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub struct Argument(Value);

impl From<i64> for Argument {
    fn from(number: i64) -> Argument {
        Argument(Value::Int(number))
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Argument {
        Argument(Value::Text(text.to_owned()))
    }
}

/// One service task between two events.
pub const ORDER: &str = r#"
<process id="order" name="Order" isExecutable="true">
  <startEvent id="placed"><outgoing>f1</outgoing></startEvent>
  <sequenceFlow id="f1" sourceRef="placed" targetRef="pay"/>
  <serviceTask id="pay" name="Take payment">
    <extensionElements>
      <zeebe:taskDefinition type="payment"/>
      <zeebe:taskHeaders><zeebe:header key="bank" value="a &quot;b&quot;"/></zeebe:taskHeaders>
    </extensionElements>
    <incoming>f1</incoming><outgoing>f2</outgoing>
  </serviceTask>
  <sequenceFlow id="f2" sourceRef="pay" targetRef="done"/>
  <endEvent id="done"><incoming>f2</incoming></endEvent>
</process>"#;

/// Waits for a message, or for a day.
pub const WAITING: &str = r#"
<message id="m" name="paid">
  <extensionElements><zeebe:subscription correlationKey="=orderId"/></extensionElements>
</message>
<process id="waiting" isExecutable="true">
  <startEvent id="begin"><outgoing>a</outgoing></startEvent>
  <sequenceFlow id="a" sourceRef="begin" targetRef="await"/>
  <receiveTask id="await" messageRef="m"><incoming>a</incoming><outgoing>b</outgoing></receiveTask>
  <boundaryEvent id="late" attachedToRef="await">
    <outgoing>c</outgoing>
    <timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>
  </boundaryEvent>
  <sequenceFlow id="b" sourceRef="await" targetRef="done"/>
  <sequenceFlow id="c" sourceRef="late" targetRef="gone"/>
  <endEvent id="done"><incoming>b</incoming></endEvent>
  <endEvent id="gone"><incoming>c</incoming></endEvent>
</process>"#;

/// A decision by an amount.
pub const CHOICE: &str = r#"
<process id="choice" isExecutable="true">
  <startEvent id="begin"><outgoing>a</outgoing></startEvent>
  <sequenceFlow id="a" sourceRef="begin" targetRef="which"/>
  <exclusiveGateway id="which" default="small"><incoming>a</incoming>
    <outgoing>large</outgoing><outgoing>small</outgoing></exclusiveGateway>
  <sequenceFlow id="large" sourceRef="which" targetRef="manual">
    <conditionExpression>=amount &gt; 100</conditionExpression></sequenceFlow>
  <sequenceFlow id="small" sourceRef="which" targetRef="done"/>
  <serviceTask id="manual"><extensionElements><zeebe:taskDefinition type="check"/>
    </extensionElements><incoming>large</incoming><outgoing>b</outgoing></serviceTask>
  <sequenceFlow id="b" sourceRef="manual" targetRef="done"/>
  <endEvent id="done"><incoming>small</incoming><incoming>b</incoming></endEvent>
</process>"#;

/// Two jobs at once, and a join.
pub const JOIN: &str = r#"
<process id="join" isExecutable="true">
  <startEvent id="begin"><outgoing>s</outgoing></startEvent>
  <sequenceFlow id="s" sourceRef="begin" targetRef="fork"/>
  <parallelGateway id="fork"><incoming>s</incoming><outgoing>c</outgoing><outgoing>d</outgoing>
  </parallelGateway>
  <sequenceFlow id="c" sourceRef="fork" targetRef="one"/>
  <sequenceFlow id="d" sourceRef="fork" targetRef="two"/>
  <serviceTask id="one"><extensionElements><zeebe:taskDefinition type="a"/></extensionElements>
    <incoming>c</incoming><outgoing>f</outgoing></serviceTask>
  <serviceTask id="two" name="Two"><extensionElements><zeebe:taskDefinition type="b"/>
    </extensionElements><incoming>d</incoming><outgoing>g</outgoing></serviceTask>
  <sequenceFlow id="f" sourceRef="one" targetRef="both"/>
  <sequenceFlow id="g" sourceRef="two" targetRef="both"/>
  <parallelGateway id="both"><incoming>f</incoming><incoming>g</incoming><outgoing>e</outgoing>
  </parallelGateway>
  <sequenceFlow id="e" sourceRef="both" targetRef="done"/>
  <endEvent id="done"><incoming>e</incoming></endEvent>
</process>"#;
