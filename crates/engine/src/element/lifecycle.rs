//! The life of an element instance (semantics 4.1).
//!
//! ```text
//!            ┌────────────► Terminating ──► gone        (terminated)
//!            │                   ▲
//! Activating ──► Activated ──► Completing ──► gone      (completed)
//! ```
//!
//! Activating: input mappings, then the subscriptions of the element, its boundary events and the
//! event sub-processes in it; remote ones must be open before it goes on. Activated: it waits, or
//! works. Completing: output mappings; its subscriptions close; then the tokens leave. Each step
//! that fails leaves an incident and the phase; resolving takes the same step again.
//!
//! An element that neither waits nor maps passes with one event.

use super::way::Way;
use crate::compile::{Kind, Process};
use crate::decide::{Done, Step};
use crate::event::{
    ElementNo, ElementRef, FlowNo, InstanceEvent, ListenerKind, PROCESS, Role, Trigger, Via, Work,
};
use crate::incident::Failure;
use crate::key::Key;
use crate::limits::LOOP_PORTION;
use crate::state::{Lookup, Phase};

impl Step<'_> {
    /// One unit of work; what no longer applies is passed over.
    pub(crate) fn work(&mut self, i: Key, work: &Work) -> Done {
        self.state.at = Some(i);
        let Some(instance) = self.live(i)? else { return Ok(()) };
        if instance.is_held() {
            return self.work_held(i, work);
        }
        let phase = |key: &Key| instance.element(*key).map(|row| row.phase);
        match work {
            Work::Enter { scope, flow } => match phase(scope) {
                Some(Phase::Activated) => self.enter(i, *scope, *flow),
                _ => Ok(()),
            },
            Work::Start { scope, element } => match phase(scope) {
                Some(Phase::Activated)
                    if self.goes_on(i, *scope) && !self.interrupted(i, *scope) =>
                {
                    self.start(i, *scope, *element, Via::None)
                }
                _ => Ok(()),
            },
            Work::Occur { scope, element, variables } => match phase(scope) {
                Some(Phase::Activated) => self.occur(i, *scope, *element, variables, Via::None),
                _ => Ok(()),
            },
            Work::Activate { key } => match phase(key) {
                Some(Phase::Activating) => self.activate(i, *key),
                _ => Ok(()),
            },
            Work::Complete { key } => match phase(key) {
                Some(Phase::Completing) => self.complete(i, *key),
                _ => Ok(()),
            },
            Work::Terminate { key } => match phase(key) {
                Some(_) => self.terminate(i, *key),
                None => Ok(()),
            },
            Work::CheckScope { key } => match phase(key) {
                Some(_) => self.check_scope(i, *key),
                None => Ok(()),
            },
            Work::OpenLoop { body } => self.continue_loop(i, *body),
            Work::TerminateInside { scope, after } => self.terminate_inside(i, *scope, *after),
            Work::CalledCompleted { element, variables } => {
                self.called_completed(i, *element, variables)
            }
            Work::CheckCondition { key } => self.check_condition(i, *key),
            Work::CalledTerminated { element } => match phase(element) {
                Some(_) => self.terminate(i, *element),
                None => Ok(()),
            },
        }
    }

    /// What came from another instance or partition waits until the instance goes on; a called
    /// instance that must end does so without walking through what a bug may have bent.
    fn work_held(&mut self, i: Key, work: &Work) -> Done {
        match work {
            Work::Activate { .. }
            | Work::CalledCompleted { .. }
            | Work::CalledTerminated { .. } => self.defer(i, work.clone()),
            Work::Terminate { key } if *key == i => self.end_instance(i, false),
            _ => Ok(()),
        }
    }

    /// A token arrives at the target of `flow`.
    fn enter(&mut self, i: Key, scope: Key, flow: FlowNo) -> Done {
        if !self.hot(i).tokens.contains_key(&(scope, flow)) {
            return Ok(());
        }
        let process = self.process(i)?;
        let target = process.flow(flow).target;
        match process.element(target).kind {
            Kind::Parallel => self.join(i, scope, target, flow),
            Kind::Inclusive { .. } => self.arrive(i, scope, target, flow),
            _ => self.start(i, scope, target, Via::Flow(flow)),
        }
    }

    /// An element begins.
    pub(crate) fn start(&mut self, i: Key, scope: Key, no: ElementNo, via: Via) -> Done {
        let process = self.process(i)?;
        let element = process.element(no);
        if element.is_plain()
            && let Ok(way) = self.way(i, scope, element)
        {
            return self.pass(i, scope, no, via, way);
        }
        let key = self.new_key(i);
        let role = if element.multi_instance.is_some() { Role::Body } else { Role::Itself };
        let element = ElementRef { no, role };
        self.tell(i, InstanceEvent::ElementActivating { key, element, scope, via });
        self.activate(i, key)
    }

    /// A whole life at once.
    fn pass(&mut self, i: Key, scope: Key, no: ElementNo, via: Via, way: Way) -> Done {
        let key = self.new_key(i);
        let element = ElementRef::new(no);
        self.tell(i, InstanceEvent::ElementPassed { key, element, scope, via });
        self.leave(i, scope, no, way)
    }

    /// Input mappings, subscriptions, and then what the element does.
    pub(crate) fn activate(&mut self, i: Key, key: Key) -> Done {
        let process = self.process(i)?;
        let ElementRef { no, role } = self.hot(i).elements[&key].element;
        if role == Role::Body
            && !self.listened(i, key, ListenerKind::BeforeAll, &process.element(no).before_all)
        {
            return Ok(());
        }
        let resumed = self.hot(i).listened(key, ListenerKind::Start) > 0;
        if no != PROCESS && !resumed {
            let element = process.element(no);
            let ready = match (&element.multi_instance, role) {
                (Some(definition), Role::Body) => self.open_loop(i, key, definition),
                _ => self.map_inputs(i, key, element),
            };
            if let Err(failure) = ready {
                self.raise(i, key, None, failure);
                return Ok(());
            }
        }
        if role != Role::Body
            && !self.listened(i, key, ListenerKind::Start, process.start_listeners(no))
        {
            return Ok(());
        }
        if let Err(failure) = self.open_catches(i, key, &process, no) {
            self.raise(i, key, None, failure);
            return Ok(());
        }
        if self.opening(i, key) {
            // The answers of other partitions bring it on (`Item::SubscriptionOpened`).
            return Ok(());
        }
        self.begin(i, key, &process, no)
    }

    /// Everything that the element waits for is open.
    pub(crate) fn begin(&mut self, i: Key, key: Key, process: &Process, no: ElementNo) -> Done {
        if no == PROCESS {
            return self.begin_process(i);
        }
        let element = process.element(no);
        if element.multi_instance.is_some() && self.hot(i).elements[&key].element.role == Role::Body
        {
            return self.begin_loop(i, key);
        }
        let begun = match &element.kind {
            Kind::Job { job_type, retries } => self.begin_job(i, key, element, job_type, retries),
            Kind::Script { expression, result_variable } => {
                return self.run_script(i, key, expression, result_variable);
            }
            Kind::Decision { decision_id, result_variable, binding } => {
                return self.run_decision(i, key, decision_id, result_variable, binding);
            }
            Kind::ErrorEnd { code } => return self.throw_end(i, key, code.as_ref()),
            Kind::Escalate { code, end: _ } => {
                return self.throw_escalation(i, key, code.as_ref());
            }
            Kind::SignalThrow { name, .. } => return self.throw_signal(i, key, name),
            Kind::Compensate { activity, reverse, .. } => {
                return self.throw_compensation(i, key, *activity, *reverse);
            }
            Kind::Publish(publish) => return self.publish_message(i, key, publish),
            Kind::UserTask(people) => self.begin_user_task(i, key, people),
            Kind::AdHoc(ad_hoc) => self.begin_ad_hoc(i, key, no, ad_hoc, process),
            Kind::Call(call) => return self.begin_call(i, key, call),
            Kind::SubProcess | Kind::EventSubProcess => {
                self.tell(i, InstanceEvent::ElementActivated { key });
                return self.begin_scope(i, key, process, no);
            }
            Kind::Catch(_) | Kind::Receive(_) | Kind::EventBased(_) => {
                self.tell(i, InstanceEvent::ElementActivated { key });
                Ok(())
            }
            Kind::Exclusive { .. } | Kind::Inclusive { .. } => {
                match self.way(i, self.scope_of(i, key), element) {
                    Ok(way) => return self.pass_through(i, key, no, way),
                    Err(failure) => Err(failure),
                }
            }
            Kind::Start(_)
            | Kind::Boundary(_)
            | Kind::Throw
            | Kind::End
            | Kind::TerminateEnd
            | Kind::Pass
            | Kind::LinkThrow(_)
            | Kind::LinkCatch
            | Kind::Parallel => {
                self.tell(i, InstanceEvent::ElementActivated { key });
                return self.finish(i, key);
            }
        };
        if let Err(failure) = begun {
            self.raise(i, key, None, failure);
        }
        Ok(())
    }

    /// What is left of a gateway after an incident.
    fn pass_through(&mut self, i: Key, key: Key, no: ElementNo, way: Way) -> Done {
        let scope = self.scope_of(i, key);
        self.tell(i, InstanceEvent::ElementActivated { key });
        self.tell(i, InstanceEvent::ElementCompleting { key });
        self.tell(i, InstanceEvent::ElementCompleted { key });
        self.leave(i, scope, no, way)
    }

    /// The element has done its work: output mappings and what follows.
    pub(crate) fn finish(&mut self, i: Key, key: Key) -> Done {
        self.tell(i, InstanceEvent::ElementCompleting { key });
        self.complete(i, key)
    }

    fn complete(&mut self, i: Key, key: Key) -> Done {
        let process = self.process(i)?;
        let (ElementRef { no, role }, scope) = {
            let row = &self.hot(i).elements[&key];
            (row.element, row.scope)
        };
        let enough = match self.give(i, key, &process, ElementRef { no, role }, scope) {
            Ok(Some(enough)) => enough,
            Ok(None) => return Ok(()),
            Err(failure) => {
                self.raise(i, key, None, failure);
                return Ok(());
            }
        };
        if no == PROCESS {
            return self.end_instance(i, true);
        }
        if process.compensates {
            self.note_for_compensation(i, key, ElementRef { no, role }, scope, &process);
        }
        self.close_catches(i, key)?;
        self.resolve_all(i, key);
        self.tell(i, InstanceEvent::ElementCompleted { key });
        if process.compensates && self.compensated(i, key)? {
            // The last handler may have been the last of the instance, too.
            return match self.phase(i, scope) {
                Some(_) => self.check_scope(i, scope),
                None => Ok(()),
            };
        }
        match &process.element(no).kind {
            _ if role == Role::Inner => self.inner_completed(i, scope, enough),
            _ if role == Role::AdHocInner => self.ad_hoc_completed(i, scope, enough),
            Kind::EventSubProcess => self.check_scope(i, scope),
            _ => self.leave(i, scope, no, Way::All),
        }
    }

    /// Output mappings, then end listeners, then what a multi-instance collects: `Some(true)` when
    /// that is enough, `None` while a listener is at work.
    fn give(
        &mut self,
        i: Key,
        key: Key,
        process: &Process,
        ElementRef { no, role }: ElementRef,
        scope: Key,
    ) -> Result<Option<bool>, Failure> {
        let resumed = self.hot(i).listened(key, ListenerKind::End) > 0;
        if no != PROCESS && !resumed {
            let element = process.element(no);
            if role.acts() && matches!(element.kind, Kind::AdHoc(_)) {
                let into = if role == Role::Inner { key } else { scope };
                self.give_collection(i, key, into)?;
            }
            match role {
                Role::Itself => self.map_outputs(i, key, scope, element)?,
                Role::Body | Role::AdHocInner => {}
                // What an instance maps stays in it, unless an outer scope has the name.
                Role::Inner => self.map_outputs(i, key, key, element)?,
            }
        }
        if role.acts() && !self.listened(i, key, ListenerKind::End, process.end_listeners(no)) {
            return Ok(None);
        }
        match role {
            Role::AdHocInner => match &process.element(no).kind {
                Kind::AdHoc(ad_hoc) => self.collect_ad_hoc(i, key, scope, ad_hoc).map(Some),
                _ => Ok(Some(false)),
            },
            Role::Itself => Ok(Some(false)),
            Role::Body => self.give_collection(i, key, scope).map(|()| Some(false)),
            Role::Inner => self.collect(i, key, scope, process.element(no)).map(Some),
        }
    }

    /// Tokens go on; a scope that nothing is left in ends.
    pub(crate) fn leave(&mut self, i: Key, scope: Key, no: ElementNo, way: Way) -> Done {
        let process = self.process(i)?;
        let element = process.element(no);
        let last = &self.hot(i).created.terminate_after;
        if !last.is_empty() && last.contains(&element.id) {
            return self.terminate(i, i);
        }
        if process.joins_inclusively {
            self.recheck(i);
        }
        match element.kind {
            Kind::TerminateEnd => return self.terminate_end(i, scope),
            Kind::End
            | Kind::ErrorEnd { .. }
            | Kind::SignalThrow { end: true, .. }
            | Kind::Compensate { end: true, .. }
            | Kind::Escalate { end: true, .. } => {
                return self.check_scope(i, scope);
            }
            Kind::LinkThrow(catch) => return self.follow_link(i, scope, catch),
            _ => {}
        }
        match way {
            Way::Some(flows) => {
                for flow in flows {
                    self.take(i, scope, flow);
                }
            }
            Way::One(flow) => self.take(i, scope, flow),
            Way::All if element.outgoing.is_empty() => return self.check_scope(i, scope),
            Way::All => {
                for flow in &element.outgoing {
                    self.take(i, scope, *flow);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn take(&mut self, i: Key, scope: Key, flow: FlowNo) {
        self.tell(i, InstanceEvent::FlowTaken { scope, flow });
        self.then(i, Work::Enter { scope, flow });
    }

    /// Ends what is inside first; then the element itself, then what waited for that.
    pub(crate) fn terminate(&mut self, i: Key, key: Key) -> Done {
        let begins = self.hot(i).elements[&key].phase != Phase::Terminating;
        if begins {
            self.close_catches(i, key)?;
            self.cancel_job(i, key);
            self.resolve_all(i, key);
            self.tell(i, InstanceEvent::ElementTerminating { key });
            self.terminate_children(i, key);
        }
        if self.hot(i).elements[&key].children > 0 || self.terminate_called(i, key, begins) {
            return Ok(());
        }
        if key == i {
            let process = self.process(i)?;
            if !self.listened(i, i, ListenerKind::Cancel, &process.cancel_listeners) {
                return Ok(());
            }
            return self.end_instance(i, false);
        }
        if !self.task_ended(i, key)? {
            return Ok(());
        }
        let row = self.hot(i).elements[&key].clone();
        self.tell(i, InstanceEvent::ElementTerminated { key });
        if self.process(i)?.compensates {
            self.compensated(i, key)?;
        }
        if let Some(trigger) = row.trigger
            && let Trigger::Boundary { target, variables } = *trigger
            && self.goes_on(i, row.scope)
        {
            self.occur(i, row.scope, target, &variables, Via::None)?;
        }
        self.after_child(i, row.scope)
    }

    /// Is the scope active, with nothing about to end it?
    pub(crate) fn goes_on(&self, i: Key, scope: Key) -> bool {
        let row = self.hot(i).element(scope);
        row.is_some_and(|row| row.phase == Phase::Activated && row.trigger.is_none())
    }

    /// Only its event sub-process may still run.
    fn interrupted(&self, i: Key, scope: Key) -> bool {
        self.hot(i).element(scope).is_some_and(|row| row.interrupted)
    }

    /// A child of `scope` has ended otherwise than by completing.
    fn after_child(&mut self, i: Key, scope: Key) -> Done {
        if self.process(i)?.joins_inclusively {
            self.recheck(i);
        }
        match self.phase(i, scope) {
            Some(Phase::Terminating) => self.then(i, Work::Terminate { key: scope }),
            Some(_) => return self.check_scope(i, scope),
            None => {}
        }
        Ok(())
    }

    pub(crate) fn terminate_children(&mut self, i: Key, scope: Key) {
        if self.hot(i).element(scope).is_some_and(|row| row.children > 0) {
            self.then(i, Work::TerminateInside { scope, after: scope });
        }
    }

    /// A portion of what is inside; children have higher keys than their scope.
    fn terminate_inside(&mut self, i: Key, scope: Key, after: Key) -> Done {
        let inside = self.hot(i).elements.range(after + 1..);
        let inside = inside.filter(|(_, row)| row.scope == scope).map(|(key, _)| *key);
        let portion: Vec<Key> = inside.take(LOOP_PORTION).collect();
        for key in &portion {
            if self.live(i)?.is_some_and(|instance| instance.element(*key).is_some()) {
                self.terminate(i, *key)?;
            }
        }
        if let Some(after) = portion.last().copied().filter(|_| portion.len() == LOOP_PORTION) {
            self.then(i, Work::TerminateInside { scope, after });
        }
        Ok(())
    }

    /// Has the scope come to its end, or to what waits for its end?
    pub(crate) fn check_scope(&mut self, i: Key, scope: Key) -> Done {
        let Some(row) = self.hot(i).element(scope) else { return Ok(()) };
        if row.phase != Phase::Activated || row.children > 0 {
            return Ok(());
        }
        if row.element.role == Role::Body {
            return self.check_loop(i, scope);
        }
        match row.trigger.as_deref() {
            Some(Trigger::EventSubProcess { target, variables }) => {
                let (target, variables) = (*target, variables.clone());
                self.tell(i, InstanceEvent::ScopeInterrupted { scope });
                self.start_event_sub_process(i, scope, target, &variables)
            }
            Some(Trigger::Complete) => self.finish(i, scope),
            Some(Trigger::Boundary { .. }) => Ok(()),
            None if row.tokens > 0 => Ok(()),
            None if row.element.role.acts() && self.hot(i).looped(scope).is_some() => {
                self.check_ad_hoc(i, scope)
            }
            None => self.finish(i, scope),
        }
    }

    /// `None` once the element or its instance has ended.
    pub(crate) fn phase(&self, i: Key, key: Key) -> Option<Phase> {
        match self.state.instance(i) {
            Lookup::Hot(instance) => instance.element(key).map(|row| row.phase),
            Lookup::Cold | Lookup::Absent => None,
        }
    }

    pub(crate) fn scope_of(&self, i: Key, key: Key) -> Key {
        self.hot(i).elements[&key].scope
    }

    /// Incidents of an element instance end with it, or when its step is taken again.
    pub(crate) fn resolve_all(&mut self, i: Key, element: Key) {
        let incidents: Vec<Key> = {
            let all = self.hot(i).incidents.iter();
            all.filter(|(_, row)| row.element == element).map(|(key, _)| *key).collect()
        };
        for key in incidents {
            self.tell(i, InstanceEvent::IncidentResolved { key });
        }
    }
}
