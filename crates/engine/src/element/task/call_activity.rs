//! Call activity: another process as an instance of its own, at the same partition (semantics
//! 4.6). Variables go down at its beginning and up at its end; terminating goes down.

use std::sync::Arc;

use crate::catalog::Definition;
use crate::compile::{Binding, Call, Element, Kind};
use crate::decide::{Birth, Done, Step};
use crate::event::{InstanceEvent, NamedValue, Work};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::limits::CALL_DEPTH_MAX;
use crate::state::{Lookup, Phase};

impl Step<'_> {
    pub(crate) fn begin_call(&mut self, i: Key, key: Key, call: &Call) -> Done {
        let found = match self.callee(i, key, call) {
            Ok(found) => found,
            Err(failure) => {
                self.raise(i, key, None, failure);
                return Ok(());
            }
        };
        let process = self.compiled(found.key)?;
        let start = process.root.none_start.expect("a callee was chosen for its start event");
        let instance = self.hot(i);
        let variables = match call.propagate_all_parent_variables {
            true => instance.visible(key),
            false => self.locals(i, key),
        };
        let created = &instance.created;
        let parent = Some((i, key, created.root_instance, created.depth + 1));
        let tags = created.tags.to_vec();
        self.tell(i, InstanceEvent::ElementActivated { key });
        let birth = Birth { variables, tags, parent, ..Birth::default() };
        let called = self.new_instance(&found, birth)?;
        self.tell(i, InstanceEvent::InstanceCalled { element: key, called });
        let start = Work::Start { scope: called, element: start };
        self.begin_with(called, &process, vec![start])
    }

    fn callee(&self, i: Key, key: Key, call: &Call) -> Result<Arc<Definition>, Failure> {
        let failed = |message| Failure::new(IncidentKind::CalledElementError, message);
        let id = self.text(i, key, &call.process_id, "process id")?;
        let created = &self.hot(i).created;
        let (catalog, tenant) = (self.turn.catalog, &created.tenant);
        let (found, which) = match &call.binding {
            Binding::Latest => (catalog.latest(tenant, &id), String::new()),
            Binding::Deployment => {
                let found = catalog.deployed_with(created.definition, &id);
                (found, " in the same deployment".to_owned())
            }
            Binding::VersionTag(tag) => {
                (catalog.tagged(tenant, &id, tag), format!(" with version tag '{tag}'"))
            }
        };
        let found = found.ok_or_else(|| {
            failed(format!(
                "expected process with BPMN process id '{id}'{which} to be deployed, but it was \
                 not found"
            ))
        })?;
        match &found.process {
            Ok(process) if process.root.none_start.is_some() => {}
            Ok(_) => {
                return Err(failed(format!(
                    "expected process with BPMN process id '{id}' to have a none start event, but \
                     it has none"
                )));
            }
            Err(why) => {
                return Err(failed(format!(
                    "expected process with BPMN process id '{id}' to compile, but it is parked: \
                     {why}"
                )));
            }
        }
        if created.depth >= CALL_DEPTH_MAX {
            return Err(failed(format!(
                "expected at most {CALL_DEPTH_MAX} instances to call each other, but the call of \
                 process '{id}' would be one more"
            )));
        }
        Ok(found.clone())
    }

    /// The called instance has completed.
    pub(crate) fn called_completed(&mut self, i: Key, key: Key, variables: &[NamedValue]) -> Done {
        match self.phase(i, key) {
            Some(Phase::Activated) => {}
            Some(Phase::Terminating) => return self.terminate(i, key),
            Some(Phase::Activating | Phase::Completing) | None => return Ok(()),
        }
        let process = self.process(i)?;
        let element = process.element(self.hot(i).elements[&key].element.no);
        if let Err(why) = self.fits(i, variables) {
            self.raise(i, key, None, Failure::new(IncidentKind::IoMappingError, why));
            return Ok(());
        }
        self.receive_called(i, key, element, variables);
        self.finish(i, key)
    }

    /// Output mappings win over propagating everything.
    fn receive_called(&mut self, i: Key, key: Key, element: &Element, variables: &[NamedValue]) {
        let Kind::Call(call) = &element.kind else { return };
        if !element.outputs.is_empty() {
            self.set_locals(i, key, variables);
        } else if call.propagate_all_child_variables {
            self.merge(i, key, variables);
        }
    }

    /// Ends the called instance first; `true` while it has not ended.
    pub(crate) fn terminate_called(&mut self, i: Key, key: Key, begins: bool) -> bool {
        let Some(called) = self.hot(i).called(key) else { return false };
        let alive = !matches!(self.state.instance(called), Lookup::Absent);
        if alive && begins {
            self.then(called, Work::Terminate { key: called });
        }
        alive
    }

    /// Tells the instance that called this one that it has ended.
    pub(crate) fn tell_caller(
        &mut self,
        parent: Key,
        element: Key,
        variables: Option<Vec<NamedValue>>,
    ) {
        let work = match variables {
            Some(variables) => Work::CalledCompleted { element, variables: variables.into() },
            None => Work::CalledTerminated { element },
        };
        self.then(parent, work);
    }
}
