//! A process instance: one aggregate, hot in memory or cold as a blob.

use std::collections::BTreeMap;

use value::Packed;

use crate::event::{
    Created, ElementNo, ElementRef, FlowNo, JobKind, ListenerKind, NamedValue, PROCESS, Role, Text,
    Trigger, Work,
};
use crate::incident::IncidentKind;
use crate::key::Key;
use crate::state::Rare;

/// Everything that an instance is; the fold of its own events.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    pub key: Key,
    pub created: Box<Created>,
    /// Element instances that have not ended, the process itself under the instance's own key.
    pub elements: BTreeMap<Key, ElementInstance>,
    /// Taken but not consumed, per scope and flow.
    pub tokens: BTreeMap<(Key, FlowNo), u32>,
    pub variables: BTreeMap<Key, BTreeMap<Text, Variable>>,
    pub jobs: BTreeMap<Key, Job>,
    pub timers: BTreeMap<Key, Timer>,
    pub subscriptions: BTreeMap<Key, Subscription>,
    pub incidents: BTreeMap<Key, Incident>,
    pub deferred: BTreeMap<u32, Work>,
    /// Blocks of keys, the first included.
    pub blocks: Vec<(Key, u32)>,
    /// The next key of the last block.
    pub next_key: Key,
    /// Number of the next deferred work.
    pub next_work: u32,
    /// Reason and build, when a bug of ours struck.
    pub quarantine: Option<(Text, Text)>,
    /// Somebody holds it.
    pub suspended: bool,
    /// Bytes of all variables.
    pub bytes: usize,
    /// What few instances have.
    pub rare: Option<Box<Rare>>,
}

/// Life cycle of an element instance; see `element::lifecycle` for the legal transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    Activating = 0,
    Activated = 1,
    Completing = 2,
    Terminating = 3,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ElementInstance {
    pub element: ElementRef,
    pub scope: Key,
    pub phase: Phase,
    /// Element instances directly inside that have not ended.
    pub children: u32,
    /// Tokens on flows directly inside.
    pub tokens: u32,
    /// An interrupting event sub-process ran or runs here.
    pub interrupted: bool,
    /// The job that it waits for.
    pub job: Option<Key>,
    /// Timers and subscriptions that it owns.
    pub waits: u32,
    pub trigger: Option<Box<Trigger>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Stable from creation on.
    pub key: Key,
    pub value: Packed,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub element: Key,
    pub job_type: Text,
    pub retries: i32,
    pub priority: i32,
    pub kind: JobKind,
    pub listener_event: ListenerKind,
    pub state: JobState,
}

#[derive(Debug, Clone, PartialEq)]
pub enum JobState {
    /// `sequence` orders jobs of equal priority.
    Activatable {
        sequence: u64,
    },
    Activated {
        worker: Text,
        deadline: i64,
        token: u64,
    },
    /// Waits for its back-off, or for its incident when `available_at` is `None`.
    Failed {
        available_at: Option<i64>,
    },
    /// An error was thrown that nothing caught; the incident brings it back.
    ErrorThrown,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    pub host: Key,
    pub target: ElementNo,
    pub due: i64,
    pub left: Option<u32>,
    pub cycle: Option<Text>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    pub host: Key,
    pub target: ElementNo,
    pub name: Text,
    pub correlation_key: Text,
    pub interrupting: bool,
    pub open: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    pub element: Key,
    pub job: Option<Key>,
    pub kind: IncidentKind,
    pub message: Text,
}

impl Instance {
    pub(crate) fn new(key: Key, created: Box<Created>) -> Instance {
        let root = ElementInstance::new(ElementRef::new(PROCESS), 0);
        Instance {
            key,
            elements: BTreeMap::from([(key, root)]),
            blocks: vec![(key, created.block_length)],
            next_key: key + 1,
            created,
            tokens: BTreeMap::new(),
            variables: BTreeMap::new(),
            jobs: BTreeMap::new(),
            timers: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            incidents: BTreeMap::new(),
            deferred: BTreeMap::new(),
            next_work: 0,
            quarantine: None,
            suspended: false,
            bytes: 0,
            rare: None,
        }
    }

    /// Is it held, by somebody or by a bug of ours? Then nothing of it is in the indices.
    pub fn is_held(&self) -> bool {
        self.suspended || self.quarantine.is_some()
    }

    /// `None` once it has ended.
    pub fn element(&self, key: Key) -> Option<&ElementInstance> {
        self.elements.get(&key)
    }

    /// The nearest value of `name`, from `scope` up to the root of the instance.
    pub fn variable(&self, scope: Key, name: &str) -> Option<(Key, &Variable)> {
        self.scopes(scope).find_map(|key| Some((key, self.variables.get(&key)?.get(name)?)))
    }

    /// `scope` and what holds it, inner first, the instance last.
    pub fn scopes(&self, scope: Key) -> impl Iterator<Item = Key> {
        std::iter::successors(Some(scope), |key| {
            (*key != self.key).then(|| self.elements.get(key).map(|e| e.scope)).flatten()
        })
    }

    /// Reads the nearest value of `name`; collections of multi-instances are among them.
    pub fn read<T>(
        &self,
        scope: Key,
        name: &str,
        read: impl FnOnce(&Packed) -> Option<T>,
    ) -> Option<T> {
        if self.rare.as_ref().is_none_or(|rare| rare.loops.is_empty()) {
            return read(&self.variable(scope, name)?.1.value);
        }
        for key in self.scopes(scope) {
            if let Some(own) = self.variables.get(&key).and_then(|own| own.get(name)) {
                return read(&own.value);
            }
            if self.looped(key).is_some_and(|row| row.output.as_deref() == Some(name)) {
                return read(&self.collected(key)?.1);
            }
        }
        None
    }

    /// All variables that `scope` sees, each name once, nearest scope first.
    pub fn visible(&self, scope: Key) -> Vec<NamedValue> {
        let mut seen: Vec<NamedValue> = Vec::new();
        for (depth, key) in self.scopes(scope).enumerate() {
            for (name, variable) in self.variables.get(&key).into_iter().flatten() {
                if depth == 0 || !seen.iter().any(|(n, _)| n == name) {
                    seen.push((name.clone(), variable.value.clone()));
                }
            }
        }
        seen
    }

    /// Incident of an element (`job` is `None`) or of a job.
    pub fn incident_of(&self, element: Key, job: Option<Key>) -> Option<Key> {
        let found = self.incidents.iter().find(|(_, i)| i.element == element && i.job == job);
        found.map(|(key, _)| *key)
    }

    /// Element instances directly inside `scope`, in the order of their keys.
    pub fn children(&self, scope: Key) -> impl Iterator<Item = (Key, &ElementInstance)> {
        let inside = move |(key, e): &(&Key, &ElementInstance)| e.scope == scope && **key != scope;
        self.elements.iter().filter(inside).map(|(key, e)| (*key, e))
    }

    /// Is `key` inside `ancestor` (or it)?
    pub fn inside(&self, key: Key, ancestor: Key) -> bool {
        self.scopes(key).any(|scope| scope == ancestor)
    }

    /// The first number of a given process's open key block that is free, if the block has one.
    pub(crate) fn free_key(&self) -> Option<Key> {
        let (first, length) = *self.blocks.last()?;
        (self.next_key < first + i64::from(length)).then_some(self.next_key)
    }
}

impl ElementInstance {
    pub(crate) fn new(element: ElementRef, scope: Key) -> ElementInstance {
        ElementInstance {
            element,
            scope,
            phase: Phase::Activating,
            children: 0,
            tokens: 0,
            interrupted: false,
            job: None,
            waits: 0,
            trigger: None,
        }
    }

    /// The element itself, neither body nor inner instance of a multi-instance.
    pub fn is_itself(&self) -> bool {
        self.element.role == Role::Itself
    }
}
