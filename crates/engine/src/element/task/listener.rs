//! Task listeners: jobs before an operation on a user task is done, one after the other (semantics
//! 4.8). What the operation wants is an event; listeners correct it, or deny it, and then the task
//! stays what it was. Nothing of it is done before the last of them has answered.

use std::sync::Arc;

use crate::command::{Corrections, TaskVerdict};
use crate::decide::{Done, Step, Stop, correct};
use crate::effect::Effect;
use crate::event::{
    Answered, Event, InstanceEvent, ListenerKind, NamedValue, PROCESS, PartitionEvent, TaskChange,
    TaskWish, Text, UserTask, Work,
};
use crate::key::Key;
use crate::rejection::Rejection;
use crate::state::{Job, Phase};

impl TaskWish {
    /// Without variables, and with nobody who waits for it.
    pub(crate) fn new(phase: ListenerKind, task: UserTask, action: Text) -> TaskWish {
        TaskWish {
            phase,
            task,
            action,
            variables: Arc::from([]),
            sets: false,
            local: false,
            request: None,
        }
    }
}

impl Step<'_> {
    /// Begins an operation that somebody waits for; `false` while its listeners are at work.
    pub(crate) fn ask_task(&mut self, i: Key, key: Key, wish: TaskWish) -> Done<bool> {
        if !self.hears(i, wish.task.element, wish.phase) {
            self.do_task(i, key, wish)?;
            return Ok(true);
        }
        let wish = Box::new(TaskWish { request: self.request.clone(), ..wish });
        self.tell(i, InstanceEvent::UserTaskAsked { key, wish });
        self.heard(i, key)?;
        Ok(false)
    }

    /// Has the user task of `element` listeners of this phase?
    pub(crate) fn hears(&mut self, i: Key, element: Key, phase: ListenerKind) -> bool {
        let no = self.hot(i).element(element).map_or(PROCESS, |row| row.element.no);
        let process = self.process(i);
        no != PROCESS
            && process.is_ok_and(|process| !process.element(no).task_listeners(phase).is_empty())
    }

    /// The next listener, or, behind the last, what was wanted.
    fn heard(&mut self, i: Key, key: Key) -> Done {
        let Some(wish) = self.hot(i).wish(key).cloned() else { return Ok(()) };
        let (element, phase) = (wish.task.element, wish.phase);
        let process = self.process(i)?;
        let no = self.hot(i).elements[&element].element.no;
        if self.listened(i, element, phase, process.element(no).task_listeners(phase)) {
            self.settle_task(i, key, wish)?;
        }
        Ok(())
    }

    /// The operation goes through as its listeners left it.
    fn settle_task(&mut self, i: Key, key: Key, wish: TaskWish) -> Done {
        if let Err(reason) = self.fits(i, &wish.variables) {
            self.deny_task(i, key, &wish, reason.into());
            return Ok(());
        }
        self.answer_request(&wish);
        self.answer_caller(key, &wish, Ok(()));
        self.do_task(i, key, wish)
    }

    fn do_task(&mut self, i: Key, key: Key, wish: TaskWish) -> Done {
        let TaskWish { phase, task, action, variables, sets, local, .. } = wish;
        let element = task.element;
        match phase {
            ListenerKind::Creating => self.created(i, key, task),
            ListenerKind::Assigning => self.change(i, key, task, TaskChange::Assigned, action),
            ListenerKind::Updating => {
                match (sets, local) {
                    (false, _) => {}
                    (true, true) => self.set_locals(i, element, &variables),
                    (true, false) => self.merge(i, element, &variables),
                }
                self.change(i, key, task, TaskChange::Updated, action);
            }
            ListenerKind::Completing => {
                self.correct_last(i, key, task, &action);
                return self.complete_task(i, key, element, &variables, action);
            }
            ListenerKind::Canceling => {
                self.correct_last(i, key, task, &action);
                self.tell(i, InstanceEvent::UserTaskCanceled { key });
            }
            ListenerKind::Unspecified
            | ListenerKind::Start
            | ListenerKind::End
            | ListenerKind::Cancel
            | ListenerKind::BeforeAll => unreachable!("not a phase of a user task: {phase:?}"),
        }
        Ok(())
    }

    fn complete_task(
        &mut self,
        i: Key,
        key: Key,
        element: Key,
        variables: &[NamedValue],
        action: Text,
    ) -> Done {
        let process = self.process(i)?;
        self.tell(i, InstanceEvent::UserTaskCompleted { key, action });
        let no = self.hot(i).elements[&element].element.no;
        self.receive(i, element, process.element(no), variables);
        self.finish(i, element)
    }

    fn change(&mut self, i: Key, key: Key, task: UserTask, change: TaskChange, action: Text) {
        let task = Box::new(task);
        self.tell(i, InstanceEvent::UserTaskChanged { key, task, change, action });
    }

    /// What listeners corrected in a task that now ends.
    fn correct_last(&mut self, i: Key, key: Key, task: UserTask, action: &Text) {
        if self.hot(i).task(key).is_some_and(|held| *held != task) {
            self.change(i, key, task, TaskChange::Corrected, action.clone());
        }
    }

    /// A new task: its creating listeners, and then, if it is somebody's, the assigning ones.
    pub(crate) fn create_task(&mut self, i: Key, key: Key, task: UserTask) {
        let element = task.element;
        let creating = self.hears(i, element, ListenerKind::Creating);
        let assigning = task.assignee.is_some() && self.hears(i, element, ListenerKind::Assigning);
        let bare = match assigning && !creating {
            true => UserTask { assignee: None, ..task.clone() },
            false => task.clone(),
        };
        self.tell(i, InstanceEvent::UserTaskCreated { key, element, task: Box::new(bare) });
        if creating {
            self.begin_phase(i, key, TaskWish::new(ListenerKind::Creating, task, "".into()));
        } else if assigning {
            self.begin_phase(i, key, TaskWish::new(ListenerKind::Assigning, task, "".into()));
        }
    }

    /// Creating listeners are done. Who it is for comes with the assigning ones.
    fn created(&mut self, i: Key, key: Key, task: UserTask) {
        let assigning =
            task.assignee.is_some() && self.hears(i, task.element, ListenerKind::Assigning);
        if !assigning {
            return self.change(i, key, task, TaskChange::Created, "".into());
        }
        let bare = UserTask { assignee: None, ..task.clone() };
        self.change(i, key, bare, TaskChange::Created, "".into());
        self.begin_phase(i, key, TaskWish::new(ListenerKind::Assigning, task, "".into()));
    }

    /// An operation that follows from another; it has listeners.
    fn begin_phase(&mut self, i: Key, key: Key, wish: TaskWish) {
        let (element, phase) = (wish.task.element, wish.phase);
        self.tell(i, InstanceEvent::UserTaskAsked { key, wish: Box::new(wish) });
        let no = self.hot(i).elements[&element].element.no;
        if let Ok(process) = self.process(i) {
            self.listened(i, element, phase, process.element(no).task_listeners(phase));
        }
    }

    /// The user task of an element that ends; `false` while its canceling listeners are at work.
    pub(crate) fn task_ended(&mut self, i: Key, element: Key) -> Done<bool> {
        let Some(key) = self.hot(i).task_of(element) else { return Ok(true) };
        if self.hot(i).wish(key).is_none_or(|wish| wish.phase != ListenerKind::Canceling) {
            self.give_up(i, key);
            let Some(task) = self.hot(i).task(key).cloned() else { return Ok(true) };
            let wish = TaskWish::new(ListenerKind::Canceling, task, "".into());
            self.tell(i, InstanceEvent::UserTaskAsked { key, wish: Box::new(wish) });
        }
        self.heard(i, key)?;
        Ok(self.hot(i).task(key).is_none())
    }

    /// Whoever waits for an operation on a task that ends learns so.
    pub(crate) fn give_up(&mut self, i: Key, key: Key) {
        if let Some(wish) = self.hot(i).wish(key).cloned() {
            let why = format!(
                "Expected user task with key '{key}' to go on while its listeners are at work, \
                 but it was canceled"
            );
            self.answer_caller(key, &wish, Err(Rejection::state(why)));
        }
    }

    /// A listener has answered.
    pub(crate) fn complete_task_listener(
        &mut self,
        i: Key,
        job_key: Key,
        job: &Job,
        verdict: Option<&TaskVerdict>,
    ) -> Done {
        let key = self.hot(i).task_of(job.element);
        let wish = key.and_then(|key| Some((key, self.hot(i).wish(key)?.clone())));
        let Some((key, wish)) = wish else {
            return Err(Stop::Reject(Rejection::state(format!(
                "Expected to complete job with key '{job_key}', but its user task is gone"
            ))));
        };
        let corrected = match verdict {
            Some(TaskVerdict::Corrected(by)) => Some(corrected(job_key, &wish, by)?),
            Some(TaskVerdict::Denied(_)) => {
                check_deniable(job_key, wish.phase)?;
                None
            }
            None => None,
        };
        self.tell(i, InstanceEvent::JobCompleted { key: job_key });
        if let Some(TaskVerdict::Denied(reason)) = verdict {
            let reason = crate::decide::cut(reason);
            self.deny_task(i, key, &wish, reason);
            return Ok(());
        }
        if let Some(task) = corrected.filter(|task| *task != wish.task) {
            self.tell(i, InstanceEvent::UserTaskCorrected { key, task: Box::new(task) });
        }
        if wish.phase == ListenerKind::Canceling {
            self.then(i, Work::Terminate { key: job.element });
            return Ok(());
        }
        self.heard(i, key)
    }

    fn deny_task(&mut self, i: Key, key: Key, wish: &TaskWish, reason: Text) {
        let what = match wish.phase {
            ListenerKind::Assigning => "Assignment",
            ListenerKind::Completing => "Completion",
            _ => "Update",
        };
        let why = format!(
            "{what} of the User Task with key '{key}' was denied by Task Listener. Reason to \
             deny: '{reason}'"
        );
        self.tell(i, InstanceEvent::UserTaskDenied { key, reason });
        self.answer_caller(key, wish, Err(Rejection::state(why)));
    }

    /// Operations that nobody called have no name.
    fn answer_caller(&mut self, task: Key, wish: &TaskWish, outcome: Result<(), Rejection>) {
        if !wish.action.is_empty() {
            self.effects.push(Effect::TaskSettled { task, outcome });
        }
    }

    /// An incident of an element without a job is resolved: if it stands in the listeners of its
    /// user task, all of the phase are asked again.
    pub(crate) fn hear_again(&mut self, i: Key, element: Key) -> Done {
        let task = self.hot(i).task_of(element);
        let wish = task.and_then(|key| Some((key, self.hot(i).wish(key)?.clone())));
        if let Some((key, wish)) = wish.filter(|_| self.hot(i).elements[&element].job.is_none()) {
            self.tell(i, InstanceEvent::UserTaskAsked { key, wish: Box::new(wish) });
        }
        match (self.phase(i, element), task) {
            (Some(Phase::Terminating), _) => self.then(i, Work::Terminate { key: element }),
            (Some(_), Some(key)) => return self.heard(i, key),
            (Some(_), None) | (None, _) => {}
        }
        Ok(())
    }

    fn answer_request(&mut self, wish: &TaskWish) {
        if let Some(id) = wish.request.clone() {
            let answered = match wish.sets {
                true => Answered::VariablesSet { key: wish.task.element },
                false => Answered::Done,
            };
            let at = self.turn.now;
            self.emit(Event::Partition(PartitionEvent::RequestAnswered { id, at, answered }));
        }
    }
}

fn corrected(job: Key, wish: &TaskWish, by: &Corrections) -> Done<UserTask> {
    let refused = |why: &str| {
        Stop::Reject(Rejection::invalid(format!(
            "Expected to complete task listener job with key '{job}' with corrections, but {why}"
        )))
    };
    let mut task = wish.task.clone();
    if let Some(assignee) = &by.assignee {
        if wish.phase == ListenerKind::Creating && task.assignee.is_some() {
            return Err(refused(
                "the process says who the task is for; correct the assignee when it is assigning",
            ));
        }
        task.assignee = Some(assignee.clone()).filter(|name| !name.is_empty());
    }
    correct(&mut task, &by.changes).map_err(|why| refused(&why))?;
    Ok(task)
}

fn check_deniable(job: Key, phase: ListenerKind) -> Done {
    match phase {
        ListenerKind::Assigning | ListenerKind::Updating | ListenerKind::Completing => Ok(()),
        _ => Err(Stop::Reject(Rejection::invalid(format!(
            "Expected to deny with task listener job with key '{job}' an assignment, update or \
             completion, but its event type '{}' cannot be denied",
            phase.name()
        )))),
    }
}
