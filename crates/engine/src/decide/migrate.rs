//! Migrating a running instance to another definition (semantics 4.11): element instances, jobs,
//! variables and incidents keep their keys. Refused with every reason at once, or done whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::command::{MigrateInstance, Reply};
use crate::compile::{Catch, Element, Kind, Process, Trigger};
use crate::decide::{Done, Step, Stop};
use crate::element::Ready;
use crate::event::{
    ElementNo, ElementRef, Event, FlowNo, InstanceEvent, Item, Migrated, Moved, PROCESS, SlotEvent,
    Work, business_owner,
};
use crate::key::Key;
use crate::limits::STEP_EVENTS_MAX;
use crate::rejection::Rejection;
use crate::state::{ElementInstance, Instance, Phase};

/// What a migration does once nothing speaks against it.
struct Plan {
    elements: BTreeMap<ElementNo, ElementNo>,
    flows: BTreeMap<u32, u32>,
    /// What is waited for and is not mapped.
    close: Vec<Key>,
    /// Host and catch of what only the target waits for.
    open: Vec<(Key, Ready)>,
}

/// Two definitions, the mapping between them, and everything that speaks against it.
struct Review<'a> {
    source: &'a Process,
    target: &'a Process,
    elements: BTreeMap<ElementNo, ElementNo>,
    /// Elements with an incident.
    failed: BTreeSet<Key>,
    reasons: Vec<String>,
}

impl Step<'_> {
    pub(super) fn migrate_instance(&mut self, migrate: &MigrateInstance) -> Done<Reply> {
        let i = migrate.instance;
        if self.owner(i)?.filter(|owner| *owner == i).is_none() {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to migrate process instance but no process instance found with key '{i}'"
            ))));
        }
        let tenant = self.hot(i).created.tenant.clone();
        let found = self
            .turn
            .catalog
            .get(migrate.target)
            .filter(|found| found.tenant == tenant && !self.turn.catalog.is_deleted(found.key));
        let Some(found) = found.cloned() else {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to migrate process instance to process definition but no process \
                 definition found with key '{}'",
                migrate.target
            ))));
        };
        let source = self.process(i)?;
        let target = self.compiled(migrate.target)?;
        let elements = mapping(&source, &target, migrate)?;
        let review = Review::new(self.hot(i), &source, &target, elements);
        let plan = self.review(i, review).map_err(|reasons| {
            Stop::Reject(Rejection::state(format!(
                "Expected to migrate process instance '{i}' to '{}' version {}, but {}",
                found.process_id,
                found.version,
                reasons.join("; ")
            )))
        })?;
        match migrate.only_check {
            true => Ok(Reply::Done),
            false => self.carry_out(i, plan, &found),
        }
    }

    fn review(&self, i: Key, mut review: Review<'_>) -> Result<Plan, Vec<String>> {
        let instance = self.hot(i);
        review.rest(instance);
        for (key, row) in instance.elements.iter().filter(|(key, _)| **key != i) {
            review.element(*key, row, instance);
        }
        for (_, row) in instance.compensations() {
            let id = review.source.id_of(row.element);
            if !review.elements.contains_key(&row.element) {
                review.reasons.push(format!("'{id}' can be compensated and is not mapped"));
            }
        }
        let flows = review.flows(instance);
        let Waits { close, again } = review.waits(instance);
        let mut open = Vec::new();
        for (key, row) in &instance.elements {
            // One that failed while activating may have opened its waits already, or will.
            let begun = row.phase == Phase::Activated || row.waits > 0;
            if begun && row.trigger.is_none() {
                open.extend(self.new_waits(i, *key, row, &mut review, &again));
            }
        }
        if open.len() + close.len() > STEP_EVENTS_MAX {
            review.reasons.push(format!(
                "expected at most {STEP_EVENTS_MAX} waits that begin or end with it, but there \
                 are {}",
                open.len() + close.len()
            ));
        }
        let mut said = BTreeSet::new();
        review.reasons.retain(|reason| said.insert(reason.clone()));
        match review.reasons.is_empty() {
            true => Ok(Plan { elements: review.elements, flows, close, open }),
            false => Err(review.reasons),
        }
    }

    /// What the target waits for at `host` and the source does not, evaluated.
    fn new_waits(
        &self,
        i: Key,
        host: Key,
        row: &ElementInstance,
        review: &mut Review<'_>,
        again: &BTreeSet<(Key, ElementNo)>,
    ) -> Vec<(Key, Ready)> {
        let (ElementRef { no: was, role }, target) = (row.element, review.target);
        let Some(no) = review.mapped(was) else { return Vec::new() };
        // What the source has too began with the element, and may have happened since.
        let known = crate::element::catches(review.source, was, role).into_iter();
        let known: BTreeSet<ElementNo> =
            known.filter_map(|(catch, _)| review.mapped(catch.element)).collect();
        let mut open = Vec::new();
        for (catch, boundary) in crate::element::catches(target, no, role) {
            if known.contains(&catch.element) && !again.contains(&(host, catch.element)) {
                continue;
            }
            let outer = if no == PROCESS { host } else { self.scope_of(i, host) };
            match self.ready(i, host, if boundary { outer } else { host }, catch) {
                Ok(ready) => open.extend(ready.map(|ready| (host, ready))),
                Err(failure) => review.reasons.push(format!(
                    "'{}' cannot begin to wait: {}",
                    target.id_of(catch.element),
                    failure.message
                )),
            }
        }
        open
    }

    fn carry_out(&mut self, i: Key, plan: Plan, found: &crate::catalog::Definition) -> Done<Reply> {
        let created = self.hot(i).created.clone();
        let other = created.process_id != found.process_id;
        let lock = created.held_lock().filter(|_| other);
        if let (Some(_), Some(id)) = (&lock, &created.business_id) {
            self.check_business_id(&created.tenant, &found.process_id, id, "migrate")?;
        }
        for key in plan.close {
            self.close_wait(i, key);
        }
        if let Some((slot, process_id, correlation_key)) = lock {
            let tenant = created.tenant;
            if created.business_id.is_some() {
                let taken = SlotEvent::LockTaken {
                    tenant: tenant.clone(),
                    process_id: business_owner(&found.process_id),
                    correlation_key: correlation_key.clone(),
                    holder: i,
                };
                self.emit(Event::Slot { slot, event: taken });
            }
            self.send_slot(slot, Item::ReleaseLock { slot, tenant, process_id, correlation_key });
        }
        let moved = |pairs: BTreeMap<u32, u32>| -> Arc<[Moved]> {
            pairs.into_iter().map(|(from, to)| Moved { from, to }).collect()
        };
        let migrated = Migrated {
            definition: found.key,
            process_id: found.process_id.clone(),
            version: found.version,
            elements: moved(plan.elements),
            flows: moved(plan.flows),
        };
        self.tell(i, InstanceEvent::Migrated(Box::new(migrated)));
        if other {
            // A message is taken once by each process: the slots learn which one this is now.
            self.unsubscribe(i);
            self.subscribe_again(i);
        }
        for (host, ready) in plan.open {
            self.open(i, host, ready);
        }
        // A join may have all that it waits for now.
        let tokens: Vec<(Key, FlowNo)> = self.hot(i).tokens.keys().copied().collect();
        for (scope, flow) in tokens {
            self.then(i, Work::Enter { scope, flow });
        }
        Ok(Reply::Done)
    }

    /// Closes every subscription at its slot; the instance keeps them.
    fn unsubscribe(&mut self, i: Key) {
        for (subscription, row) in self.hot(i).subscriptions.clone() {
            let slot = self.slot(i, &row.correlation_key, &row.name);
            self.send_slot(slot, Item::CloseSubscription { slot, subscription });
        }
    }

    fn close_wait(&mut self, i: Key, key: Key) {
        let instance = self.hot(i);
        if let Some(row) = instance.subscriptions.get(&key).cloned() {
            self.close_subscription(i, key, &row);
        } else if instance.timers.contains_key(&key) {
            self.tell(i, InstanceEvent::TimerCanceled { key });
        } else if instance.signals().any(|(signal, _)| signal == key) {
            self.tell(i, InstanceEvent::SignalUnawaited { key });
        } else {
            self.tell(i, InstanceEvent::ConditionUnawaited { key });
        }
    }
}

/// Everything that an instance waits for: key, host, and the event that it triggers.
fn waits(instance: &Instance) -> impl Iterator<Item = (Key, Key, ElementNo)> {
    let timers = instance.timers.iter().map(|(key, row)| (*key, row.host, row.target));
    let messages = instance.subscriptions.iter().map(|(key, row)| (*key, row.host, row.target));
    let signals = instance.signals().map(|(key, row)| (key, row.host, row.target));
    let rare = instance.rare.as_ref().into_iter();
    let conditions = rare.flat_map(|rare| &rare.conditions);
    let conditions = conditions.map(|(key, row)| (*key, row.host, row.target));
    timers.chain(messages).chain(signals).chain(conditions)
}

/// Element numbers by the ids that were given.
fn mapping(
    source: &Process,
    target: &Process,
    migrate: &MigrateInstance,
) -> Done<BTreeMap<ElementNo, ElementNo>> {
    let refuse = |why: String| {
        Stop::Reject(Rejection::invalid(format!(
            "Expected to migrate process instance '{}', but {why}",
            migrate.instance
        )))
    };
    let mut elements = BTreeMap::new();
    for (from, to) in &migrate.mapping {
        let no = source.number(from).ok_or_else(|| {
            refuse(format!("its process has no element with id '{from}' to map from"))
        })?;
        let other = target.number(to).ok_or_else(|| {
            refuse(format!("the target process has no element with id '{to}' to map to"))
        })?;
        if elements.insert(no, other).is_some() {
            return Err(refuse(format!("the element with id '{from}' is mapped twice")));
        }
    }
    Ok(elements)
}

/// What a migration ends, and what it begins anew although it is mapped.
struct Waits {
    close: Vec<Key>,
    again: BTreeSet<(Key, ElementNo)>,
}

impl<'a> Review<'a> {
    fn new(
        instance: &Instance,
        source: &'a Process,
        target: &'a Process,
        elements: BTreeMap<ElementNo, ElementNo>,
    ) -> Review<'a> {
        let failed = instance.incidents.values().map(|incident| incident.element).collect();
        Review { source, target, elements, failed, reasons: Vec::new() }
    }

    fn mapped(&self, no: ElementNo) -> Option<ElementNo> {
        if no == PROCESS { Some(PROCESS) } else { self.elements.get(&no).copied() }
    }

    /// Only an instance that waits can be migrated.
    fn rest(&mut self, instance: &Instance) {
        if !instance.deferred.is_empty() {
            self.reasons.push("it is still at work".to_owned());
        }
        if instance.subscriptions.values().any(|row| !row.open) {
            self.reasons.push("a message subscription of it is being opened".to_owned());
        }
    }

    fn element(&mut self, key: Key, row: &ElementInstance, instance: &Instance) {
        let source = self.source.element(row.element.no);
        let id = &source.id;
        let Some(no) = self.mapped(row.element.no) else {
            self.reasons.push(format!("no mapping is given for its active element '{id}'"));
            return;
        };
        let target = self.target.element(no);
        let mut say = |why: String| self.reasons.push(why);
        let job = row.job.and_then(|job| instance.jobs.get(&job));
        let listens = job.is_some_and(|job| job.kind.is_listener());
        let failed = self.failed.contains(&key);
        if row.phase != Phase::Activated && !failed || row.trigger.is_some() {
            say(format!("'{id}' ({key}) is about to change"));
        } else if listens {
            say(format!("'{id}' ({key}) waits for a listener"));
        }
        let (was, is) = (what(source), what(target));
        if was != is {
            say(format!("'{id}' is {was}, and '{}' is {is}", target.id));
        }
        let (was, is) = (many(source), many(target));
        if was != is {
            say(format!("'{id}' {was}, and '{}' {is}", target.id));
        }
        let scope = source.scope.map_or(Some(PROCESS), |scope| {
            if self.elements.contains_key(&scope) {
                self.elements.get(&scope).copied()
            } else {
                None
            }
        });
        if scope.is_some_and(|scope| target.scope.unwrap_or(PROCESS) != scope) {
            self.reasons.push(format!("'{}' lies in another scope than '{id}'", target.id));
        }
    }

    /// Tokens that wait at a join: their flows, by id.
    fn flows(&mut self, instance: &Instance) -> BTreeMap<u32, u32> {
        let mut flows = BTreeMap::new();
        for (scope, flow) in instance.tokens.keys() {
            let source = self.source.flow(*flow);
            let held = instance.element(*scope).and_then(|row| self.mapped(row.element.no));
            let lies = self.mapped(source.target).map(|no| self.target.element(no).scope);
            if let (Some(held), Some(lies)) = (held, lies)
                && held != lies.unwrap_or(PROCESS)
            {
                let id = self.source.id_of(source.target);
                self.reasons.push(format!("the join '{id}' lies in another scope in the target"));
            }
            let join = &self.source.element(source.target).id;
            let Some(no) = self.mapped(source.target) else {
                self.reasons.push(format!("no mapping is given for '{join}', where tokens wait"));
                continue;
            };
            let incoming = &self.target.element(no).incoming;
            let same = incoming.iter().find(|other| self.target.flow(**other).id == source.id);
            let (was, is) =
                (what(self.source.element(source.target)), what(self.target.element(no)));
            match same {
                Some(other) if was == is => drop(flows.insert(*flow, *other)),
                Some(_) => self
                    .reasons
                    .push(format!("'{join}' is {was}, and '{}' is {is}", self.target.id_of(no))),
                None => self.reasons.push(format!(
                    "a token waits on flow '{}', which does not lead to '{}'",
                    source.id,
                    self.target.id_of(no)
                )),
            }
        }
        flows
    }

    /// What is waited for and is not mapped; it is closed.
    fn waits(&mut self, instance: &Instance) -> Waits {
        let mut close = Vec::new();
        let mut again = BTreeSet::new();
        let mut taken: BTreeSet<(Key, ElementNo)> = BTreeSet::new();
        for (key, host, event) in waits(instance) {
            let Some(row) = instance.element(host) else { continue };
            let (Some(no), Some(to)) = (self.mapped(row.element.no), self.mapped(event)) else {
                close.push(key);
                continue;
            };
            let id = self.source.id_of(event);
            let waiting = crate::element::catches(self.target, no, row.element.role);
            let Some((catch, _)) = waiting.into_iter().find(|(catch, _)| catch.element == to)
            else {
                self.reasons.push(format!(
                    "'{id}' is mapped to '{}', which does not wait at '{}'",
                    self.target.id_of(to),
                    self.target.id_of(no)
                ));
                continue;
            };
            match self.caught(row, event) {
                Some(old) if trigger(old) != trigger(catch) => self.reasons.push(format!(
                    "'{id}' waits for {}, and '{}' for {}",
                    trigger(old),
                    self.target.id_of(to),
                    trigger(catch)
                )),
                // A message subscription says at its slot whether it closes: it is opened anew.
                Some(old)
                    if old.interrupting != catch.interrupting
                        && matches!(catch.trigger, Trigger::Message { .. }) =>
                {
                    close.push(key);
                    again.insert((host, to));
                }
                _ if !taken.insert((host, to)) => {
                    self.reasons
                        .push(format!("two events are mapped to '{}'", self.target.id_of(to)));
                }
                _ => {}
            }
        }
        Waits { close, again }
    }

    fn caught(&self, row: &ElementInstance, event: ElementNo) -> Option<&Catch> {
        let waiting = crate::element::catches(self.source, row.element.no, row.element.role);
        waiting.into_iter().map(|(catch, _)| catch).find(|catch| catch.element == event)
    }
}

fn trigger(catch: &Catch) -> &'static str {
    match catch.trigger {
        Trigger::Message { .. } => "a message",
        Trigger::Timer(_) => "a timer",
        Trigger::Error { .. } => "an error",
        Trigger::Signal { .. } => "a signal",
        Trigger::Condition { .. } => "a condition",
        Trigger::Compensation => "a compensation",
        Trigger::Escalation { .. } => "an escalation",
    }
}

fn many(element: &Element) -> &'static str {
    match &element.multi_instance {
        None => "is no multi-instance",
        Some(multi) if multi.sequential => "is a sequential multi-instance",
        Some(_) => "is a parallel multi-instance",
    }
}

/// Type and implementation, which a migration does not change.
fn what(element: &Element) -> &'static str {
    match &element.kind {
        Kind::Start(_) => "a start event",
        Kind::Catch(catch) => match trigger(catch) {
            "a message" => "a message catch event",
            "a timer" => "a timer catch event",
            "a signal" => "a signal catch event",
            _ => "a conditional catch event",
        },
        Kind::Boundary(_) => "a boundary event",
        Kind::Throw => "a throw event",
        Kind::End => "an end event",
        Kind::TerminateEnd => "a terminate end event",
        Kind::ErrorEnd { .. } => "an error end event",
        Kind::Escalate { .. } => "an escalation event",
        Kind::LinkThrow(_) | Kind::LinkCatch => "a link event",
        Kind::SignalThrow { .. } => "a signal throw event",
        Kind::Compensate { .. } => "a compensation throw event",
        Kind::Publish(_) => "a message throw event",
        Kind::UserTask(_) => "a user task",
        Kind::Call(_) => "a call activity",
        Kind::Job { .. } if element.task_job.is_some() => "a user task done by a job",
        Kind::Job { .. } => "a task done by a job",
        Kind::Script { .. } => "a script task",
        Kind::Decision { .. } => "a business rule task with a decision",
        Kind::Pass => "a manual or undefined task",
        Kind::Receive(_) => "a receive task",
        Kind::Exclusive { .. } => "an exclusive gateway",
        Kind::Inclusive { .. } => "an inclusive gateway",
        Kind::Parallel => "a parallel gateway",
        Kind::EventBased(_) => "an event-based gateway",
        Kind::SubProcess => "a sub-process",
        Kind::EventSubProcess => "an event sub-process",
        Kind::AdHoc(_) => "an ad-hoc sub-process",
    }
}
