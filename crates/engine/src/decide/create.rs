//! New instances: asked for, started by a message, started by a timer.

use std::sync::Arc;

use crate::catalog::Definition;
use crate::command::{CreateInstance, CreatedInstance, DefinitionRef, Reply};
use crate::compile::{Kind, Process};
use crate::decide::{Done, Step, Stop};
use crate::event::{
    Created, ElementNo, ElementRef, Event, InstanceEvent, NamedValue, SlotEvent, Text, Via, Work,
    business_owner,
};
use crate::key::{BLOCK_LENGTHS, Key, Slot};
use crate::limits::{BUSINESS_ID_CHARS_MAX, TAGS_MAX};
use crate::rejection::Rejection;
use crate::state::Phase;

/// What a new instance brings with it.
#[derive(Default)]
pub(crate) struct Birth {
    pub variables: Vec<NamedValue>,
    pub tags: Vec<Text>,
    pub business_id: Option<Text>,
    pub lock: Option<(Slot, Text)>,
    pub terminate_after: Vec<Text>,
    /// Instance and element that call it, the root of all, and how deep it is below that.
    pub parent: Option<(Key, Key, Key, u32)>,
}

impl Step<'_> {
    pub(super) fn create_instance(&mut self, create: &CreateInstance) -> Done<Reply> {
        check_tags(create)?;
        let definition = self.find(create)?;
        let process = self.compiled(definition.key)?;
        let starts = starts(&process, create)?;
        let unknown = create.terminate_after.iter().find(|id| process.number(id).is_none());
        if let Some(id) = unknown {
            return Err(Stop::Reject(Rejection::invalid(format!(
                "Expected to create instance of process with runtime instructions but no element \
                 found with id '{id}'."
            ))));
        }
        let lock = self.business_lock(&definition, create)?;
        let birth = Birth {
            lock: lock.clone(),
            variables: create.variables.clone(),
            terminate_after: create.terminate_after.clone(),
            tags: create.tags.clone(),
            business_id: create.business_id.clone(),
            ..Birth::default()
        };
        let instance = self.new_instance(&definition, birth)?;
        if let Some((slot, correlation_key)) = lock {
            let process_id = business_owner(&definition.process_id);
            let tenant = definition.tenant.clone();
            let event =
                SlotEvent::LockTaken { tenant, process_id, correlation_key, holder: instance };
            self.emit(Event::Slot { slot, event });
        }
        self.begin_at(instance, &process, &starts, create.start_before.is_empty())?;
        Ok(Reply::Created(CreatedInstance {
            definition: definition.key,
            process_id: definition.process_id.clone(),
            version: definition.version,
            instance,
            tenant: definition.tenant.clone(),
            tags: create.tags.as_slice().into(),
            business_id: create.business_id.clone(),
        }))
    }

    /// The lock of a business id that must be unique: kept beside those of start messages. It is
    /// given back when the instance ends.
    fn business_lock(
        &self,
        definition: &Definition,
        create: &CreateInstance,
    ) -> Done<Option<(Slot, Text)>> {
        let (Some(slot), Some(id)) = (create.business_slot(), &create.business_id) else {
            return Ok(None);
        };
        self.check_business_id(&definition.tenant, &definition.process_id, id, "create")?;
        if !self.owns(slot) {
            return Err(Stop::Reject(Rejection::processing(format!(
                "expected to create an instance with business id '{id}' at the partition of its \
                 slot {slot}"
            ))));
        }
        Ok(Some((slot, id.clone())))
    }

    /// Refuses a business id that another active instance of the process has.
    pub(super) fn check_business_id(
        &self,
        tenant: &Text,
        process_id: &Text,
        id: &Text,
        what: &str,
    ) -> Done {
        let lock = (tenant.clone(), business_owner(process_id), id.clone());
        match self.state.messages.lock(&lock) {
            None => Ok(()),
            Some(holder) => Err(Stop::Reject(Rejection::exists(format!(
                "Expected to {what} instance of process '{process_id}' with business id '{id}', \
                 but its active instance with key '{holder}' has that id"
            )))),
        }
    }

    fn find(&self, create: &CreateInstance) -> Done<Arc<Definition>> {
        let catalog = self.turn.catalog;
        let tenant = &create.tenant;
        let (found, sought) = match &create.definition {
            DefinitionRef::Key(key) => {
                let live = catalog.get(*key).filter(|_| !catalog.is_deleted(*key));
                (live, format!("key '{key}'"))
            }
            DefinitionRef::Id { process_id, version: None } => {
                (catalog.latest(tenant, process_id), format!("process ID '{process_id}'"))
            }
            DefinitionRef::Id { process_id, version: Some(version) } => (
                catalog.version(tenant, process_id, *version),
                format!("process ID '{process_id}' and version '{version}'"),
            ),
            DefinitionRef::Tag { process_id, version_tag } => (
                catalog.tagged(tenant, process_id, version_tag),
                format!("process ID '{process_id}' and version tag '{version_tag}'"),
            ),
        };
        found.cloned().ok_or_else(|| {
            Stop::Reject(Rejection::not_found(format!(
                "Expected to find process definition with {sought}, but none found"
            )))
        })
    }

    /// Creates the instance with its variables; nothing in it begins yet.
    pub(crate) fn new_instance(&mut self, definition: &Definition, birth: Birth) -> Done<Key> {
        let key = self.state.next_key();
        self.state.at = Some(key);
        let created = Created {
            block_length: BLOCK_LENGTHS[0],
            definition: definition.key,
            process_id: definition.process_id.clone(),
            version: definition.version,
            tenant: definition.tenant.clone(),
            tags: birth.tags.into(),
            business_id: birth.business_id,
            parent_instance: birth.parent.map(|(instance, ..)| instance),
            parent_element: birth.parent.map(|(_, element, ..)| element),
            root_instance: birth.parent.map_or(key, |(_, _, root, _)| root),
            depth: birth.parent.map_or(0, |(.., depth)| depth),
            lock: birth.lock,
            trace: None,
            terminate_after: birth.terminate_after.into(),
        };
        self.tell(key, InstanceEvent::Created(Box::new(created)));
        self.born.push(key);
        self.check_fits(key, &birth.variables)?;
        self.set_locals(key, key, &birth.variables);
        Ok(key)
    }

    /// The process begins with `starts`, once its event sub-processes wait.
    pub(crate) fn begin_with(&mut self, i: Key, process: &Process, starts: Vec<Work>) -> Done {
        if !process.start_listeners.is_empty() {
            for work in starts {
                self.defer(i, work)?;
            }
            return self.activate(i, i);
        }
        let place = self.place();
        let failed = self.open_catches(i, i, process, crate::event::PROCESS).err();
        let waits = failed.is_some() || self.opening(i, i);
        if let Some(failure) = failed {
            self.raise(i, i, None, failure);
        }
        if waits {
            for work in starts {
                let number = self.hot(i).next_work;
                self.tell(i, InstanceEvent::WorkDeferred { number, work });
            }
            return Ok(());
        }
        self.begin_process(i)?;
        // Before the first look at conditions, which may end what has begun.
        for (at, work) in (place..).zip(starts) {
            self.then_at(at, i, work);
        }
        Ok(())
    }

    /// The process begins with an event. Its payload is there before the event sub-processes wait,
    /// whose correlation keys may need it, unless output mappings say what of it stays.
    pub(crate) fn begin_on(
        &mut self,
        i: Key,
        process: &Process,
        element: ElementNo,
        variables: Arc<[NamedValue]>,
    ) -> Done {
        if process.element(element).outputs.is_empty() {
            self.set_locals(i, i, &variables);
        }
        self.begin_with(i, process, vec![Work::Occur { scope: i, element, variables }])
    }

    fn begin_at(&mut self, i: Key, process: &Process, starts: &[ElementNo], plain: bool) -> Done {
        let begin = |scope, element| Work::Start { scope, element };
        if plain {
            let works = starts.iter().map(|no| begin(i, *no)).collect();
            return self.begin_with(i, process, works);
        }
        self.begin_with(i, process, Vec::new())?;
        for no in starts {
            let scope = self.ensure_scope(i, process, process.element(*no).scope)?;
            let work = begin(scope, *no);
            match self.phase(i, i) {
                Some(Phase::Activating) => self.defer(i, work)?,
                _ => self.then(i, work),
            }
        }
        Ok(())
    }

    /// The sub-process instance that an element is started in; made when it is not there.
    fn ensure_scope(&mut self, i: Key, process: &Process, scope: Option<ElementNo>) -> Done<Key> {
        let Some(no) = scope else { return Ok(i) };
        let element = ElementRef::new(no);
        let there = self.hot(i).elements.iter().find(|(_, row)| row.element == element);
        if let Some((key, _)) = there {
            return Ok(*key);
        }
        let scope = self.ensure_scope(i, process, process.element(no).scope)?;
        let key = self.new_key(i);
        self.tell(i, InstanceEvent::ElementActivating { key, element, scope, via: Via::None });
        let mapped = self.map_inputs(i, key, process.element(no));
        if let Err(failure) = mapped.and_then(|()| self.open_catches(i, key, process, no)) {
            return Err(Stop::Reject(Rejection::invalid(failure.message)));
        }
        self.tell(i, InstanceEvent::ElementActivated { key });
        Ok(key)
    }
}

fn check_tags(create: &CreateInstance) -> Done {
    if create.tags.len() > TAGS_MAX {
        let count = create.tags.len();
        return Err(Stop::Reject(Rejection::invalid(format!(
            "expected at most {TAGS_MAX} tags, but {count} were given"
        ))));
    }
    for tag in &create.tags {
        let first = tag.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
        let rest = tag.chars().all(|c| c.is_ascii_alphanumeric() || "_-:.".contains(c));
        if !first || !rest || tag.chars().count() > 100 {
            return Err(Stop::Reject(Rejection::invalid(format!(
                "expected a tag to begin with a letter, followed by at most 99 letters, digits, \
                 '_', '-', ':' or '.', but got '{tag}'"
            ))));
        }
    }
    let long = |id: &Text| id.chars().count() > BUSINESS_ID_CHARS_MAX;
    if create.business_id.as_ref().is_some_and(long) {
        return Err(Stop::Reject(Rejection::invalid(format!(
            "expected a business id of at most {BUSINESS_ID_CHARS_MAX} characters, but it is \
             longer"
        ))));
    }
    Ok(())
}

/// Elements to begin with: the none start event, or those that the caller names.
fn starts(process: &Process, create: &CreateInstance) -> Done<Vec<ElementNo>> {
    if create.start_before.is_empty() {
        return match process.root.none_start {
            Some(no) => Ok(vec![no]),
            None => Err(Stop::Reject(Rejection::state(
                "Expected to create instance of process with none start event, but there is no \
                 such event",
            ))),
        };
    }
    let one = |id: &Text| {
        let no = process.number(id).ok_or_else(|| {
            Rejection::invalid(format!(
                "Expected to create instance of process with start instructions but no element \
                 found with id '{id}'."
            ))
        })?;
        match startable(process, no) {
            Ok(()) => Ok(no),
            Err(why) => Err(Rejection::invalid(format!(
                "Expected to create instance of process with start instructions, but the element \
                 with id '{id}' {why}"
            ))),
        }
    };
    create.start_before.iter().map(|id| one(id).map_err(Stop::Reject)).collect()
}

pub(super) fn startable(process: &Process, no: ElementNo) -> Result<(), &'static str> {
    let behind_gateway = |element: &crate::compile::Element| {
        let sources = element.incoming.iter().map(|flow| process.flow(*flow).source);
        sources.into_iter().any(|at| matches!(process.element(at).kind, Kind::EventBased(_)))
    };
    let element = process.element(no);
    match &element.kind {
        Kind::Start(_) => Err("targets an unsupported element type 'START_EVENT'"),
        Kind::Boundary(_) => Err("targets an unsupported element type 'BOUNDARY_EVENT'"),
        Kind::Catch(_) if behind_gateway(element) => Err("belongs to an event-based gateway"),
        _ => Ok(()),
    }
}
