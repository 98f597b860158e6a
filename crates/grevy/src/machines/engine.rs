//! The engine in the loop: its state, and what it may know beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::event::Text;
use engine::state::Lookup;
use engine::{
    Answer, Catalog, Cause, Command, Effect, Event, Key, PartitionId, Reply, Routes, State, Turn,
};

use super::Known;
use crate::Error;
use crate::machine::{Decision, Machine, Need, Place, Step};

/// A partition of the engine.
pub struct Engine {
    /// The fold of the partition's journal.
    pub state: State,
    known: Arc<Known>,
    catalog: Catalog,
    routes: Arc<Routes>,
    /// Meta position that was offered to the state last.
    offered: u64,
    watched: BTreeSet<Key>,
    build: Text,
}

impl Engine {
    /// An empty partition.
    pub fn new(
        partition: PartitionId,
        known: Arc<Known>,
        routes: Arc<Routes>,
        build: Text,
    ) -> Engine {
        let catalog = known.catalog();
        Engine {
            state: State::new(partition),
            known,
            catalog,
            routes,
            offered: 0,
            watched: BTreeSet::new(),
            build,
        }
    }

    /// The definitions that this partition decides with.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// May listeners be at work for this user task? Those of a cold one still may.
    pub fn listening(&self, task: Key) -> bool {
        let owner = self.state.owner(task);
        match owner.map_or(Lookup::Absent, |owner| self.state.instance(owner)) {
            Lookup::Hot(instance) => instance.wish(task).is_some(),
            Lookup::Cold => true,
            Lookup::Absent => false,
        }
    }

    /// Somebody waits for this instance to end.
    pub fn watch_instance(&mut self, instance: Key) {
        self.watched.insert(instance);
    }
}

impl Machine for Engine {
    type Command = Command;
    type Event = Event;
    type Answer = Answer;
    type Effect = Effect;

    fn decide(
        &mut self,
        command: &Command,
        cause: &Cause,
        now: i64,
    ) -> Result<Decision<Engine>, Need> {
        let turn =
            Turn { now, catalog: &self.catalog, routes: &self.routes, watched: &self.watched };
        let decision = self.state.decide_once(command, &turn, cause.request_id.as_ref());
        let decision = decision.map_err(|need| Need(need.0))?;
        let engine::Decision { answer, events, effects } = decision;
        for effect in &effects {
            if let Effect::Ended { instance, .. } = effect {
                self.watched.remove(instance);
            }
        }
        Ok(Decision { answer, events, effects })
    }

    fn undo(&mut self) -> Option<Key> {
        self.state.abort_panicked()
    }

    fn fold(&mut self, step: &Step<Event>, skip: &[Key]) -> Result<(), Error> {
        for event in &step.events {
            let skipped =
                matches!(event, Event::Instance { instance, .. } if skip.contains(instance));
            if !skipped {
                self.state.apply(event);
            }
        }
        Ok(())
    }

    fn encode(step: &Step<Event>, out: &mut Vec<u8>) {
        record::encode_step(out, step.time, &step.cause, &step.events);
        record::encode_build(out, &step.build);
    }

    fn decode(bytes: &[u8]) -> Result<Step<Event>, String> {
        let step = record::decode_step(bytes).map_err(|error| error.to_string())?;
        Ok(Step {
            time: step.timestamp_ms,
            cause: step.cause,
            build: step.build.unwrap_or_else(|| Arc::from("")),
            events: step.events,
        })
    }

    fn start(&self, epoch: u64) -> Option<Command> {
        Some(Command::StartEpoch { epoch })
    }

    fn subject(&self, command: &Command) -> Option<Key> {
        let key = match command {
            Command::CancelInstance { instance }
            | Command::SuspendInstance { instance }
            | Command::ResumeInstance { instance }
            | Command::Continue { instance }
            | Command::Quarantine { instance, .. }
            | Command::Repair { instance } => return Some(*instance),
            Command::ModifyInstance(modify) => return Some(modify.instance),
            Command::MigrateInstance(migrate) => return Some(migrate.instance),
            Command::CompleteJob { job, .. }
            | Command::CompleteJobWith { job, .. }
            | Command::FailJob { job, .. }
            | Command::ThrowError { job, .. }
            | Command::UpdateJob { job, .. }
            | Command::YieldJob { job, .. } => *job,
            Command::ResolveIncident { incident } => *incident,
            Command::ActivateAdHoc(activate) => activate.ad_hoc,
            Command::CompleteUserTask { task, .. }
            | Command::AssignUserTask { task, .. }
            | Command::UpdateUserTask { task, .. } => *task,
            Command::SetVariables { scope, .. } => *scope,
            Command::CreateInstance(_)
            | Command::EvaluateDecision(_)
            | Command::EvaluateConditionals(_)
            | Command::PublishMessage(_)
            | Command::CorrelateMessage(_)
            | Command::BroadcastSignal { .. }
            | Command::StartEpoch { .. }
            | Command::LeaseJobs(_)
            | Command::Tick
            | Command::ApplyMeta { .. }
            | Command::Inbound { .. }
            | Command::PassOver { .. }
            | Command::OutboxAcknowledged { .. }
            | Command::PinClock { .. } => return None,
        };
        self.state.owner(key)
    }

    /// The items of a partition come in their order or not at all.
    fn stream(&self, command: &Command) -> Option<u64> {
        if let Command::Inbound { from, .. } = command { Some(u64::from(*from)) } else { None }
    }

    fn prelude(&mut self) -> Option<Command> {
        let position = self.known.position();
        if position <= self.state.meta_position() || position <= self.offered {
            return None;
        }
        self.catalog = self.known.catalog();
        self.offered = self.catalog.position();
        Some(Command::ApplyMeta { position: self.offered })
    }

    fn next_due(&self) -> Option<i64> {
        self.state.next_due()
    }

    fn tick(&self) -> Option<Command> {
        Some(Command::Tick)
    }

    fn work(&self, after: Option<Key>) -> Option<(Key, Command)> {
        let next = self.state.pending().find(|key| after.is_none_or(|after| *key > after));
        let key = next.or_else(|| self.state.pending().next())?;
        Some((key, Command::Continue { instance: key }))
    }

    fn quarantine(&self, instance: Key, reason: &str) -> Option<Command> {
        let reason: String = reason.chars().take(crate::limits::REASON_CHARS_MAX).collect();
        let known = !matches!(self.state.instance(instance), Lookup::Absent);
        known.then(|| Command::Quarantine {
            instance,
            reason: reason.into(),
            build: self.build.clone(),
        })
    }

    fn pass_over(&self, command: &Command) -> Option<Command> {
        let Command::Inbound { from, sequence, item } = command else { return None };
        Some(Command::PassOver { from: *from, sequence: *sequence, item: item.clone() })
    }

    fn pinned(&self) -> Option<i64> {
        self.state.clock()
    }

    fn watch(&mut self, answer: &Answer) {
        if let Ok(Reply::Created(created)) = answer
            && !matches!(self.state.instance(created.instance), Lookup::Absent)
        {
            self.watched.insert(created.instance);
        }
    }

    /// A job that was completed or canceled since it was leased is not handed out.
    fn last_look(&self, answer: &mut Answer) -> Vec<Effect> {
        if let Ok(Reply::Jobs(leased)) = answer {
            leased.jobs.retain(|job| match self.state.instance(job.instance) {
                Lookup::Hot(instance) => instance.jobs.contains_key(&job.key),
                Lookup::Cold => true,
                Lookup::Absent => false,
            });
        }
        Vec::new()
    }

    fn standing(&self) -> Vec<Effect> {
        let queues = self.state.queues().map(|(queue, _)| Effect::JobAvailable {
            tenant: queue.tenant.clone(),
            job_type: queue.job_type.clone(),
        });
        let sends = self.state.outbox().iter().flat_map(|(to, outbox)| {
            outbox.items.iter().map(|(sequence, item)| Effect::Send {
                to: *to,
                sequence: *sequence,
                item: item.clone(),
            })
        });
        queues.chain(sends).collect()
    }

    fn aggregates(events: &[Event]) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for event in events {
            if let Event::Instance { instance, .. } = event
                && !keys.contains(instance)
            {
                keys.push(*instance);
            }
        }
        keys
    }

    fn place(&self, instance: Key) -> Place {
        match self.state.instance(instance) {
            Lookup::Hot(_) => Place::Hot,
            Lookup::Cold => Place::Cold,
            Lookup::Absent => Place::Absent,
        }
    }

    fn blob(&self, instance: Key) -> Option<Vec<u8>> {
        match self.state.instance(instance) {
            Lookup::Hot(hot) => Some(record::checkpoint::encode_instance(hot)),
            Lookup::Cold | Lookup::Absent => None,
        }
    }

    fn passivate(&mut self, instance: Key) -> bool {
        self.state.passivate(instance).is_some()
    }

    fn lose(&mut self, instance: Key) {
        self.state.lose(instance);
    }

    fn restore(&mut self, instance: Key, blob: &[u8]) -> Result<(), Error> {
        let restored = record::checkpoint::decode_instance(blob).map_err(|error| {
            Error::Internal { reason: format!("the blob of instance {instance}: {error}") }
        })?;
        self.state.restore(Box::new(restored));
        Ok(())
    }

    fn save(&self) -> Option<Vec<u8>> {
        Some(record::checkpoint::encode_tables(&self.state.image()))
    }

    fn load(&mut self, saved: &[u8]) -> Result<(), String> {
        let image = record::checkpoint::decode_tables(saved).map_err(|error| error.to_string())?;
        let (ours, found) = (self.state.partition(), image.partition);
        if ours != found {
            return Err(format!("expected the tables of partition {ours}, but got {found}"));
        }
        self.state = State::from_image(image);
        Ok(())
    }
}
