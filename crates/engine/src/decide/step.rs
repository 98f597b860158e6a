//! One command under way: its events, its effects and the work that follows from them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::compile::Process;
use crate::decide::Turn;
use crate::effect::Effect;
use crate::event::{Event, InstanceEvent, Item, PartitionEvent, Text, Work};
use crate::incident::Failure;
use crate::key::{BLOCK_LENGTHS, Key, PartitionId, Slot};
use crate::limits::{ERROR_MESSAGE_CHARS_MAX, STEP_BYTES_MAX};
use crate::rejection::Rejection;
use crate::state::{Instance, Lookup, State};

/// Why a command ends early. The state is put back either way.
#[derive(Debug)]
pub(crate) enum Stop {
    Reject(Rejection),
    /// Cold instances are needed.
    Need(Vec<Key>),
}

pub(crate) type Done<T = ()> = Result<T, Stop>;

pub(crate) struct Step<'a> {
    pub state: &'a mut State,
    pub turn: &'a Turn<'a>,
    pub events: Vec<Event>,
    /// About what the large parts of `events` weigh.
    bytes: usize,
    pub effects: Vec<Effect>,
    queue: VecDeque<(Key, Work)>,
    /// Items for this very partition; handled in the same step.
    local: VecDeque<Item>,
    process: Option<(Key, Arc<Process>)>,
    /// Variables that changed in instances with conditional events.
    changes: Vec<(Key, Change)>,
    /// Broadcasts whose next portion follows.
    reaching: VecDeque<Key>,
    /// Instances whose inclusive joins are looked at when everything else has come to rest.
    rechecks: Vec<Key>,
    /// The request that it carries out, as it is remembered.
    pub request: Option<Text>,
    /// Instances that this step created.
    pub born: Vec<Key>,
}

/// A variable of a scope was created or updated.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub scope: Key,
    pub name: Text,
    pub created: bool,
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Stop {
        Stop::Reject(rejection)
    }
}

impl<'a> Step<'a> {
    pub fn new(state: &'a mut State, turn: &'a Turn<'a>) -> Step<'a> {
        Step {
            state,
            turn,
            events: Vec::new(),
            bytes: 0,
            effects: Vec::new(),
            queue: VecDeque::new(),
            local: VecDeque::new(),
            process: None,
            changes: Vec::new(),
            reaching: VecDeque::new(),
            rechecks: Vec::new(),
            request: None,
            born: Vec::new(),
        }
    }

    /// The one door: folds an event and keeps it for the journal.
    pub fn emit(&mut self, event: Event) {
        if self.state.fault == Some(self.events.len()) {
            panic!("an injected fault");
        }
        self.state.fold(&event);
        self.bytes += weight(&event);
        self.events.push(event);
    }

    /// Emits an event of an instance.
    pub fn tell(&mut self, instance: Key, event: InstanceEvent) {
        self.emit(Event::Instance { instance, event });
    }

    /// Work of an instance that follows in this step, or later when the step grows too large.
    pub fn then(&mut self, instance: Key, work: Work) {
        self.queue.push_back((instance, work));
    }

    /// Where work that is added now will stand.
    pub fn place(&self) -> usize {
        self.queue.len()
    }

    /// As [`Step::then`], ahead of what was added behind that place.
    pub fn then_at(&mut self, place: usize, instance: Key, work: Work) {
        self.queue.insert(place.min(self.queue.len()), (instance, work));
    }

    /// Carries out everything that follows.
    pub fn run(&mut self) -> Done {
        loop {
            if let Some((instance, _)) = self.changes.first() {
                let (instance, all) = (*instance, std::mem::take(&mut self.changes));
                let (own, rest) = all.into_iter().partition(|(i, _)| *i == instance);
                self.changes = rest;
                let own: Vec<(Key, Change)> = own;
                let own: Vec<Change> = own.into_iter().map(|(_, change)| change).collect();
                self.check_conditions(instance, &own)?;
            } else if let Some((instance, work)) = self.queue.pop_front() {
                if self.events.len() >= self.state.step_events || self.bytes >= STEP_BYTES_MAX {
                    self.defer(instance, work)?;
                } else {
                    self.work(instance, &work)?;
                }
            } else if let Some(item) = self.local.pop_front() {
                self.handle(&item)?;
            } else if let Some(signal) = self.reaching.pop_front() {
                self.continue_broadcast(signal)?;
            } else if let Some(instance) = self.rechecks.last().copied() {
                if !self.fire_join(instance)? {
                    self.rechecks.retain(|i| *i != instance);
                }
            } else {
                return Ok(());
            }
        }
    }

    /// A variable has changed in an instance that waits for conditions.
    pub fn changed(&mut self, instance: Key, change: Change) {
        self.changes.push((instance, change));
    }

    /// The next portion of a broadcast follows when what is under way has come to rest.
    pub fn reach(&mut self, signal: Key) {
        self.reaching.push_back(signal);
    }

    /// Looks at the inclusive joins of an instance when everything else has come to rest.
    pub fn recheck(&mut self, instance: Key) {
        if !self.rechecks.contains(&instance) {
            self.rechecks.push(instance);
        }
    }

    /// Work that a later step takes up.
    pub fn defer(&mut self, i: Key, work: Work) -> Done {
        if let Some(instance) = self.live(i)? {
            let number = instance.next_work;
            self.tell(i, InstanceEvent::WorkDeferred { number, work });
            let pending = Effect::WorkPending { instance: i };
            if !self.effects.contains(&pending) {
                self.effects.push(pending);
            }
        }
        Ok(())
    }

    /// Sends to the partition that owns `slot`.
    pub fn send_slot(&mut self, slot: Slot, item: Item) {
        self.send(self.turn.routes.owner(slot), item);
    }

    /// Sends to a partition: in the same step when it is this one, through the outbox otherwise.
    pub fn send(&mut self, to: PartitionId, item: Item) {
        if to == self.state.partition {
            self.local.push_back(item);
            return;
        }
        let sequence = self.state.outbox.get(&to).map_or(0, |outbox| outbox.last) + 1;
        let queued = PartitionEvent::OutboxQueued { to, sequence, item: item.clone() };
        self.emit(Event::Partition(queued));
        self.effects.push(Effect::Send { to, sequence, item });
    }

    /// Is the owner of `slot` this partition?
    pub fn owns(&self, slot: Slot) -> bool {
        self.turn.routes.owner(slot) == self.state.partition
    }

    /// The instance, if it has not ended.
    pub fn live(&self, key: Key) -> Done<Option<&Instance>> {
        match self.state.instance(key) {
            Lookup::Hot(instance) => Ok(Some(instance)),
            Lookup::Cold => Err(Stop::Need(vec![key])),
            Lookup::Absent => Ok(None),
        }
    }

    /// An instance that is known to be hot: the step has met it before.
    pub fn hot(&self, key: Key) -> &Instance {
        match self.state.instance(key) {
            Lookup::Hot(instance) => instance,
            other => panic!("expected instance {key} in memory, but it is {other:?}"),
        }
    }

    /// The live instance that owns `key`, refused while it is held.
    pub fn owner(&mut self, key: Key) -> Done<Option<Key>> {
        let Some(owner) = self.state.owner(key) else { return Ok(None) };
        self.state.at = Some(owner);
        let Some(instance) = self.live(owner)? else { return Ok(None) };
        if instance.suspended {
            return Err(Stop::Reject(Rejection::state(format!(
                "Expected process instance '{owner}' to be active, but it is suspended; resume it \
                 first, or cancel it"
            ))));
        }
        match &instance.quarantine {
            None => Ok(Some(owner)),
            Some((reason, build)) => Err(Stop::Reject(Rejection::state(format!(
                "expected process instance '{owner}' to be sound, but build {build} quarantined \
                 it ({reason}); 'grevy repair {owner}' lifts that, or cancel it"
            )))),
        }
    }

    /// The compiled process of an instance.
    pub fn process(&mut self, instance: Key) -> Done<Arc<Process>> {
        let definition = self.hot(instance).created.definition;
        if let Some((key, process)) = &self.process
            && *key == definition
        {
            return Ok(process.clone());
        }
        let process = self.compiled(definition)?;
        self.process = Some((definition, process.clone()));
        Ok(process)
    }

    /// The compiled process of a definition.
    pub fn compiled(&self, definition: Key) -> Done<Arc<Process>> {
        match self.turn.catalog.get(definition).map(|d| &d.process) {
            Some(Ok(process)) => Ok(process.clone()),
            Some(Err(why)) => Err(Stop::Reject(Rejection::processing(format!(
                "expected process definition '{definition}' to compile, but it is parked: {why}"
            )))),
            None => Err(Stop::Reject(Rejection::not_found(format!(
                "expected a process definition with key '{definition}', but none was found"
            )))),
        }
    }

    /// The next key of an instance; it counts as used once an event carries it.
    pub fn new_key(&mut self, i: Key) -> Key {
        if let Some(key) = self.hot(i).free_key() {
            return key;
        }
        let taken = self.hot(i).blocks.len();
        let length = BLOCK_LENGTHS[taken.min(BLOCK_LENGTHS.len() - 1)];
        let first = self.state.next_key();
        self.tell(i, InstanceEvent::KeysGranted { first, length });
        first
    }

    /// Raises an incident at an element, or at its job.
    pub fn raise(&mut self, i: Key, element: Key, job: Option<Key>, failure: Failure) {
        let key = self.new_key(i);
        let message: Text = cut(&failure.message);
        let kind = failure.kind;
        self.tell(i, InstanceEvent::IncidentCreated { key, element, job, kind, message });
        self.effects.push(Effect::IncidentRaised { instance: i, incident: key });
    }
}

/// Texts of errors are kept up to a limit.
pub(crate) fn cut(text: &str) -> Text {
    match text.char_indices().nth(ERROR_MESSAGE_CHARS_MAX) {
        Some((at, _)) => text[..at].into(),
        None => text.into(),
    }
}

/// Bytes of the values that an event carries; everything else in it is small.
fn weight(event: &Event) -> usize {
    if let Event::Instance { event: InstanceEvent::VariableSet { value, .. }, .. } = event {
        return value.len();
    }
    if let Event::Instance { event: InstanceEvent::UserTaskAsked { wish, .. }, .. } = event {
        return wish.variables.iter().map(|(_, value)| value.len()).sum();
    }
    if let Event::Partition(PartitionEvent::OutboxQueued { item, .. }) = event
        && let Item::Correlate { variables, .. }
        | Item::Signal { variables, .. }
        | Item::Publish { variables, .. } = item
    {
        return variables.iter().map(|(_, value)| value.len()).sum();
    }
    0
}
