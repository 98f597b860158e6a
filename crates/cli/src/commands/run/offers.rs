//! What the options of `grevy run` offer to the process, checked before anything runs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use engine::event::NamedValue;
use model::{Definitions, Element, Event, Kind, Message, Text};

use crate::Failure;

/// Who does which jobs, and which messages there are.
pub struct Offers {
    pub jobs: BTreeMap<String, String>,
    pub results: BTreeMap<String, Vec<NamedValue>>,
    messages: BTreeMap<String, VecDeque<Vec<NamedValue>>>,
}

impl Offers {
    pub fn read(
        jobs: &[String],
        results: &[String],
        messages: &[String],
    ) -> Result<Offers, Failure> {
        let mut offers = Offers {
            jobs: pairs(jobs, "--job TYPE=COMMAND")?,
            results: BTreeMap::new(),
            messages: BTreeMap::new(),
        };
        for (name, json) in pairs(results, "--result TYPE=JSON")? {
            if offers.jobs.contains_key(&name) {
                return Err(Failure(format!(
                    "expected --job or --result for the job type '{name}', but both are given"
                )));
            }
            let variables = object(&json, &format!("--result {name}"))?;
            offers.results.insert(name, variables);
        }
        for text in messages {
            let (name, json) = text.split_once('=').unwrap_or((text, "{}"));
            if name.is_empty() {
                return Err(unnamed("--message NAME[=JSON]", text));
            }
            let variables = object(json, &format!("--message {name}"))?;
            offers.messages.entry(name.to_owned()).or_default().push_back(variables);
        }
        Ok(offers)
    }

    pub fn has_message(&self, name: &str) -> bool {
        self.messages.get(name).is_some_and(|queue| !queue.is_empty())
    }

    pub fn take_message(&mut self, name: &str) -> Option<Vec<NamedValue>> {
        self.messages.get_mut(name)?.pop_front()
    }

    /// Refuses what no deployed model has; where a name is an expression anything may be right,
    /// and there is a warning instead.
    pub fn check<'m>(
        &self,
        models: impl Iterator<Item = &'m Definitions>,
    ) -> Result<Vec<String>, Failure> {
        let (mut types, mut messages) = (Names::default(), Names::default());
        for process in models.flat_map(|model| &model.processes).filter(|it| it.executable) {
            for listener in &process.listeners {
                types.add(&listener.job_type);
            }
            for element in &process.elements {
                collect(element, &mut types, &mut messages);
            }
        }
        let mut warnings = Vec::new();
        for name in self.jobs.keys() {
            warnings.extend(types.check("--job", "job type", name)?);
        }
        for name in self.results.keys() {
            warnings.extend(types.check("--result", "job type", name)?);
        }
        for name in self.messages.keys() {
            warnings.extend(messages.check("--message", "message", name)?);
        }
        Ok(warnings)
    }
}

/// Names that the models have.
#[derive(Default)]
struct Names {
    known: BTreeSet<String>,
    /// Some are known only when they are needed.
    computed: bool,
}

impl Names {
    fn add(&mut self, text: &Text) {
        match text {
            Text::Static(name) => drop(self.known.insert(name.to_string())),
            Text::Expression(_) => self.computed = true,
        }
    }

    fn check(&self, option: &str, what: &str, name: &str) -> Result<Option<String>, Failure> {
        if self.known.contains(name) {
            return Ok(None);
        }
        let known: Vec<String> = self.known.iter().map(|name| format!("'{name}'")).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let told = format!("expected {option} to name a {what} of the models ({known})");
        if self.computed {
            return Ok(Some(format!("{told} or one that an expression gives, but it is '{name}'")));
        }
        Err(Failure(format!("{told}, but it is '{name}'")))
    }
}

/// Job types, and the messages that an instance may wait for.
fn collect(element: &Element, types: &mut Names, messages: &mut Names) {
    for listener in &element.listeners {
        types.add(&listener.job_type);
    }
    let mut thrown = |event: &Event| {
        if let Event::Message(Message { job: Some(job), .. }) = event {
            types.add(&job.job_type);
        }
    };
    match &element.kind {
        Kind::JobTask { job, .. } => types.add(&job.job_type),
        Kind::AdHoc(ad_hoc) => {
            if let Some(job) = &ad_hoc.job {
                types.add(&job.job_type);
            }
        }
        Kind::IntermediateThrow(event) | Kind::End(event) => thrown(event),
        Kind::IntermediateCatch(event) | Kind::Boundary { event, .. } => caught(event, messages),
        // Where the process starts nothing waits: the instance is there already.
        Kind::Start { event, .. } if element.scope.is_some() => caught(event, messages),
        Kind::ReceiveTask(message) => messages.add(&message.name),
        Kind::Start { .. }
        | Kind::ScriptTask { .. }
        | Kind::DecisionTask { .. }
        | Kind::UserTask(_)
        | Kind::ManualTask
        | Kind::UndefinedTask
        | Kind::CallActivity(_)
        | Kind::Exclusive { .. }
        | Kind::Inclusive { .. }
        | Kind::Parallel
        | Kind::EventBased
        | Kind::SubProcess
        | Kind::EventSubProcess => {}
    }
}

fn caught(event: &Event, messages: &mut Names) {
    if let Event::Message(message) = event {
        messages.add(&message.name);
    }
}

fn object(json: &str, option: &str) -> Result<Vec<NamedValue>, Failure> {
    value::object_from_json(json)
        .map_err(|error| Failure(format!("expected a JSON object in {option}={json}: {error}")))
}

fn unnamed(usage: &str, text: &str) -> Failure {
    Failure(format!("expected {usage}, but '{text}' has no name"))
}

fn pairs(texts: &[String], usage: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut pairs = BTreeMap::new();
    for text in texts {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Failure(format!("expected {usage}, but got '{text}' without a '='")))?;
        if name.is_empty() {
            return Err(unnamed(usage, text));
        }
        if pairs.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Failure(format!("expected {usage} once for '{name}', but it is repeated")));
        }
    }
    Ok(pairs)
}

/// The variables of `--var` as a JSON object.
pub fn variables(texts: &[String]) -> Result<String, Failure> {
    let mut object = serde_json::Map::new();
    for (name, text) in pairs(texts, "--var NAME=VALUE")? {
        let value = match serde_json::from_str(&text) {
            Ok(value) => value,
            // Who begins like this means JSON.
            Err(error) if text.starts_with(['{', '[', '"']) => {
                return Err(Failure(format!("expected JSON in --var {name}={text}, but: {error}")));
            }
            Err(_) => serde_json::Value::String(text),
        };
        object.insert(name, value);
    }
    Ok(serde_json::Value::Object(object).to_string())
}
