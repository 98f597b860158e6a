//! Looks at the live state: instances, incidents, health. Rows are bounded; more are asked for
//! by the key of the last one. History answers richer questions.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::event::Text;
use engine::state::{JobState, Lookup, Phase, WakeKind};
use engine::{IncidentKind, Key, PartitionId};

use crate::handle::look;
use crate::limits::QUERY_ROWS_MAX;
use crate::machine::Need;
use crate::machines::Engine;
use crate::ops::no_instance;
use crate::partition::Health;
use crate::pending::promise;
use crate::shared::Shared;
use crate::{Grevy, Pending, Variables};

/// A lease token is epoch and counter; the counter has so many bits (`engine-rules.md` 7).
const TOKEN_COUNTER_BITS: u32 = 40;

/// A running instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Its key.
    pub key: Key,
    /// Of the definition.
    pub definition: Key,
    /// Id of the process.
    pub process_id: Text,
    /// Version of the process.
    pub version: i32,
    /// Whose it is.
    pub tenant: Text,
    /// Tags it was created with.
    pub tags: Arc<[Text]>,
    /// Reason, when a bug of ours set it aside.
    pub quarantined: Option<Text>,
    /// Where it stands.
    pub places: Vec<Place>,
    /// Of its root scope.
    pub variables: Variables,
    /// What it waits to be repaired.
    pub incidents: Vec<Incident>,
    /// Leased, waiting and failed jobs: key, type, retries.
    pub jobs: Vec<(Key, Text, i32)>,
    /// Timers: key and due date in ms.
    pub timers: Vec<(Key, i64)>,
    /// Message subscriptions: name and correlation key.
    pub subscriptions: Vec<(Text, Text)>,
}

/// An element instance that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its key.
    pub key: Key,
    /// What holds it.
    pub scope: Key,
    /// Id in the model.
    pub element_id: Text,
    /// Its phase.
    pub phase: Phase,
}

/// An open incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its key.
    pub key: Key,
    /// Where.
    pub instance: Key,
    /// Element instance.
    pub element: Key,
    /// The job, if one failed.
    pub job: Option<Key>,
    /// What kind.
    pub kind: IncidentKind,
    /// What happened.
    pub message: Text,
}

/// How a partition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionHealth {
    /// Its number.
    pub partition: PartitionId,
    /// Its health.
    pub health: Health,
    /// Its epoch.
    pub epoch: u64,
    /// Last position decided.
    pub accepted: u64,
    /// Last position on disk.
    pub durable: u64,
    /// Commands that wait.
    pub waiting: usize,
    /// Instances in memory that may leave it; 0 where all stay.
    pub hot: u64,
}

impl Grevy {
    /// A running instance, `None` when it has ended or never was.
    pub fn instance(&self, key: Key) -> Pending<Option<Instance>> {
        let partition = engine::key::partition_of(key);
        match self.shared().remote(partition) {
            Some(remote) => {
                look(remote, &self.shared().activity, move |engine| snapshot(engine, key))
            }
            None => Pending::ready(Err(no_instance(key))),
        }
    }

    /// The instance that owns a key: of an element instance, a job, an incident.
    pub fn instance_of(&self, key: Key) -> Pending<Option<Key>> {
        let partition = engine::key::partition_of(key);
        match self.shared().remote(partition) {
            Some(remote) => {
                look(remote, &self.shared().activity, move |engine| Ok(engine.state.owner(key)))
            }
            None => Pending::ready(Ok(None)),
        }
    }

    /// Keys of running instances behind `after`, at most 1,000, in the order of their keys.
    pub fn instances(&self, after: Key) -> Pending<Vec<Key>> {
        self.gather(after, |engine, after| {
            let rows = engine.state.instances().map(|(key, _)| key);
            Ok(rows.filter(|key| *key > after).take(QUERY_ROWS_MAX).collect())
        })
    }

    /// Open incidents behind the incident `after`, at most 1,000, in the order of their keys.
    pub fn incidents(&self, after: Key) -> Pending<Vec<Incident>> {
        self.gather(after, |engine, after| {
            let keys: Vec<Key> = engine.state.incidents(after).take(QUERY_ROWS_MAX).collect();
            let mut found = Vec::new();
            let mut cold = BTreeSet::new();
            for key in keys {
                let Some(instance) = engine.state.owner(key) else { continue };
                match engine.state.instance(instance) {
                    Lookup::Hot(hot) => {
                        found.extend(
                            hot.incidents.get(&key).map(|row| incident(instance, key, row)),
                        );
                    }
                    Lookup::Cold => drop(cold.insert(instance)),
                    Lookup::Absent => {}
                }
            }
            if cold.is_empty() { Ok(found) } else { Err(Need(cold.into_iter().collect())) }
        })
    }

    /// How each partition does.
    pub fn health(&self) -> Vec<PartitionHealth> {
        let partitions = self.shared().partitions().iter().zip(1..);
        let rows = partitions.map(|(remote, partition)| PartitionHealth {
            partition,
            health: remote.status.health(),
            epoch: remote.status.epoch.load(std::sync::atomic::Ordering::Acquire),
            accepted: remote.status.accepted.load(std::sync::atomic::Ordering::Acquire),
            durable: remote.journal.durable_lsn(),
            waiting: remote.mailbox.len(),
            hot: remote.status.hot.load(std::sync::atomic::Ordering::Acquire),
        });
        rows.collect()
    }

    /// Asks every partition, one after another, until enough rows are there.
    fn gather<T: Send + 'static>(
        &self,
        after: Key,
        read: impl Fn(&Engine, Key) -> Result<Vec<T>, Need> + Send + Copy + 'static,
    ) -> Pending<Vec<T>> {
        let (given, pending) = promise();
        let shared = self.shared();
        let gathered = Gathered {
            rows: std::sync::Mutex::default(),
            given: std::sync::Mutex::new(Some(given)),
            asked: Arc::clone(shared),
        };
        let gathered = Arc::new(gathered);
        for (remote, index) in shared.partitions().iter().zip(0usize..) {
            let gathered = Arc::clone(&gathered);
            let look = move |engine: &mut Engine| {
                let rows = read(engine, after)?;
                let gathered = Arc::clone(&gathered);
                let deliver: crate::mailbox::Deliver = Box::new(move || gathered.add(index, rows));
                Ok(deliver)
            };
            let class = crate::mailbox::Class::Progress;
            remote.mailbox.look(class, Box::new(look), shared.activity.begin());
        }
        pending
    }
}

/// Rows of each partition; given when the last partition has answered or dropped its look. An
/// answer in part would pass for the whole.
struct Gathered<T> {
    asked: Arc<Shared>,
    rows: std::sync::Mutex<std::collections::BTreeMap<usize, Vec<T>>>,
    given: std::sync::Mutex<Option<crate::pending::Promise<Vec<T>>>>,
}

impl<T> Gathered<T> {
    fn add(&self, index: usize, rows: Vec<T>) {
        let mut all = self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.insert(index, rows);
    }
}

impl<T> Drop for Gathered<T> {
    fn drop(&mut self) {
        let rows = self.rows.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        let rows = std::mem::take(rows);
        let mut asked = self.asked.partitions().iter().zip(0usize..);
        let answer = match asked.find(|(_, index)| !rows.contains_key(index)) {
            Some((silent, _)) => Err(silent.mailbox.why()),
            None => Ok(rows.into_values().flatten().take(QUERY_ROWS_MAX).collect()),
        };
        let given = self.given.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(given) = given.take() {
            given.resolve(answer);
        }
    }
}

fn snapshot(engine: &mut Engine, key: Key) -> Result<Option<Instance>, Need> {
    let instance = match engine.state.instance(key) {
        Lookup::Hot(instance) => instance,
        Lookup::Cold => return Err(Need(vec![key])),
        Lookup::Absent => return Ok(None),
    };
    let definition = engine.catalog().get(instance.created.definition);
    let process = definition.and_then(|d| d.process.as_ref().ok());
    let places = instance.elements.iter().filter(|(at, _)| **at != key);
    let places = places.map(|(at, element)| Place {
        key: *at,
        scope: element.scope,
        element_id: process.map_or_else(
            || element.element.no.to_string().into(),
            |process| process.element(element.element.no).id.clone(),
        ),
        phase: element.phase,
    });
    let variables = instance.variables.get(&key).into_iter().flatten();
    let variables: Vec<_> = variables.map(|(n, v)| (n.clone(), v.value.clone())).collect();
    let jobs = instance.jobs.iter().map(|(at, job)| (*at, job.job_type.clone(), job.retries));
    let subscriptions = instance.subscriptions.values();
    Ok(Some(Instance {
        key,
        definition: instance.created.definition,
        process_id: instance.created.process_id.clone(),
        version: instance.created.version,
        tenant: instance.created.tenant.clone(),
        tags: instance.created.tags.clone(),
        quarantined: instance.quarantine.as_ref().map(|(reason, _)| reason.clone()),
        places: places.collect(),
        variables: Variables::from(variables),
        incidents: instance.incidents.iter().map(|(at, row)| incident(key, *at, row)).collect(),
        jobs: jobs.collect(),
        timers: instance.timers.iter().map(|(at, timer)| (*at, timer.due)).collect(),
        subscriptions: subscriptions.map(|s| (s.name.clone(), s.correlation_key.clone())).collect(),
    }))
}

fn incident(instance: Key, key: Key, row: &engine::state::Incident) -> Incident {
    Incident {
        key,
        instance,
        element: row.element,
        job: row.job,
        kind: row.kind,
        message: row.message.clone(),
    }
}

/// Jobs that this worker leased before the present epoch: its process is gone.
pub(crate) fn orphans(engine: &Engine, worker: &str) -> Result<Vec<(Key, u64)>, Need> {
    let mut found = Vec::new();
    let mut cold = BTreeSet::new();
    for wake in engine.state.wakes().filter(|wake| wake.kind == WakeKind::JobDeadline) {
        let instance = match engine.state.instance(wake.owner) {
            Lookup::Hot(instance) => instance,
            Lookup::Cold => {
                cold.insert(wake.owner);
                continue;
            }
            Lookup::Absent => continue,
        };
        if let Some(job) = instance.jobs.get(&wake.key)
            && let JobState::Activated { worker: own, token, .. } = &job.state
            && &**own == worker
            && token >> TOKEN_COUNTER_BITS < engine.state.epoch()
        {
            found.push((wake.key, *token));
        }
    }
    if cold.is_empty() { Ok(found) } else { Err(Need(cold.into_iter().collect())) }
}
