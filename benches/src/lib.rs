//! What the benchmarks share: the models they run, a server process, and how they print.

pub mod load;
pub mod past;
pub mod server;

/// Messages and the client of `gateway.proto`.
pub mod proto {
    #![allow(missing_docs, clippy::all)]
    tonic::include_proto!("gateway_protocol");
}

use std::collections::BTreeSet;

use engine::command::{CreateInstance, DEFAULT_TENANT, DefinitionRef};
use engine::event::NamedValue;
use engine::{Catalog, Command, Decision, Routes, State, Turn, meta};

/// start → task → end.
pub const ONE_TASK: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><process id="one-task" isExecutable="true">
<startEvent id="start"><outgoing>f</outgoing></startEvent>
<sequenceFlow id="f" sourceRef="start" targetRef="task"/>
<serviceTask id="task"><extensionElements><zeebe:taskDefinition type="job"/></extensionElements>
<incoming>f</incoming><outgoing>g</outgoing></serviceTask>
<sequenceFlow id="g" sourceRef="task" targetRef="end"/>
<endEvent id="end"><incoming>g</incoming></endEvent></process></definitions>"#;

/// One figure as `cargo xtask bench` reads it.
pub fn print(name: &str, figure: f64, unit: &str) {
    println!("{{\"name\":\"{name}\",\"figure\":{figure},\"unit\":\"{unit}\"}}");
}

/// Variables of about `bytes` bytes as JSON.
pub fn variables(bytes: usize) -> Vec<NamedValue> {
    let text = "x".repeat(bytes.saturating_sub(60));
    let json =
        format!("{{\"orderId\":\"o-1\",\"amount\":12.50,\"order\":{{\"text\":\"{text}\"}}}}");
    value::object_from_json(&json).expect("a constant object is valid")
}

/// A partition without a runtime.
pub struct Bare {
    pub state: State,
    catalog: Catalog,
    routes: Routes,
    watched: BTreeSet<i64>,
}

impl Bare {
    /// With one model deployed.
    pub fn new(model: &str) -> Bare {
        let mut meta = meta::State::new();
        let resource = meta::Resource { name: "m.bpmn".into(), bytes: model.as_bytes().into() };
        let deploy =
            meta::Command::Deploy { resources: vec![resource], tenant: DEFAULT_TENANT.into() };
        let (answer, events) = meta.decide(&deploy);
        answer.expect("the model of a benchmark deploys");
        let mut catalog = Catalog::new();
        let mut position = 0;
        for event in &events {
            position += 1;
            catalog.add(event, position);
        }
        let (routes, watched) = (Routes::new(1), BTreeSet::new());
        let mut bare = Bare { state: State::new(1), catalog, routes, watched };
        bare.ask(&Command::ApplyMeta { position });
        bare
    }

    pub fn ask(&mut self, command: &Command) -> Decision {
        let turn = Turn {
            now: 1_700_000_000_000,
            catalog: &self.catalog,
            routes: &self.routes,
            watched: &self.watched,
        };
        self.state.decide(command, &turn).expect("nothing is cold here")
    }
}

/// An instance of the latest version.
pub fn create(process: &str, variables: &[NamedValue]) -> CreateInstance {
    CreateInstance {
        definition: DefinitionRef::Id { process_id: process.into(), version: None },
        tenant: DEFAULT_TENANT.into(),
        variables: variables.to_vec(),
        terminate_after: Vec::new(),
        start_before: Vec::new(),
        tags: Vec::new(),
        business_id: None,
        unique: false,
    }
}
