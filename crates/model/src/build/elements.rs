//! Elements, each connected to the one before.

use crate::definitions::{
    AdHoc, Binding, CallActivity, Event, Job, Kind, TaskKind, Text, UserTask,
};
use crate::parse::USER_TASK_JOB_TYPE;

use super::Builder;
use super::events::{caught, job};

/// Events.
impl Builder {
    /// A plain start event, connected to nothing before it.
    pub fn start(self, id: &str) -> Builder {
        self.start_on(id, Event::None)
    }

    /// A start event that waits for something.
    pub fn start_on(mut self, id: &str, event: Event) -> Builder {
        self.add(id, Kind::Start { event, interrupting: true, form: None });
        self
    }

    /// A plain end event.
    pub fn end(self, id: &str) -> Builder {
        self.end_with(id, Event::None)
    }

    /// An end event that throws something, or [`Event::Terminate`].
    pub fn end_with(self, id: &str, event: Event) -> Builder {
        self.then(id, Kind::End(event))
    }

    /// An intermediate event that waits. The catch of a link is connected to nothing before it.
    pub fn catch(mut self, id: &str, event: Event) -> Builder {
        if matches!(event, Event::Link { .. }) {
            self.cursor = None;
        }
        self.then(id, Kind::IntermediateCatch(event))
    }

    /// An intermediate event that throws; plain with [`Event::None`].
    pub fn throw(self, id: &str, event: Event) -> Builder {
        self.then(id, Kind::IntermediateThrow(event))
    }

    /// A throw event that compensates one activity only.
    pub fn compensate(mut self, id: &str, activity: &str) -> Builder {
        let found = self.find(activity);
        if found.is_none() {
            self.unknown(activity);
        }
        self.throw(id, Event::Compensation { activity: found })
    }

    /// An interrupting event on the edge of the activity at the cursor. The cursor moves to the
    /// event; [`Builder::at`] goes back.
    pub fn boundary(mut self, id: &str, event: Event) -> Builder {
        let Some(attached_to) = self.cursor else {
            self.slip(id, format!("expected an activity to attach {id} to, but there is none yet"));
            return self;
        };
        let interrupting = !matches!(event, Event::Compensation { .. });
        // It stands beside its activity, whatever scope the cursor came from.
        let scope = self.process.elements[attached_to as usize].scope;
        let index = self.add(id, Kind::Boundary { event, interrupting, attached_to });
        self.process.elements[index as usize].scope = scope;
        self
    }

    /// Makes the boundary event, or the start event of an event sub-process, non-interrupting.
    pub fn non_interrupting(mut self) -> Builder {
        let Some(element) = self.here() else { return self };
        match &mut element.kind {
            Kind::Boundary { interrupting, .. } | Kind::Start { interrupting, .. } => {
                *interrupting = false;
            }
            _ => {
                let id = element.id.clone();
                self.slip(&id, format!("expected a boundary or start event, but {id} is none"));
            }
        }
        self
    }

    /// Attaches a compensation event to the activity at the cursor, with the one activity that
    /// `handler` adds. The cursor stays.
    pub fn compensation(mut self, id: &str, handler: impl FnOnce(Builder) -> Builder) -> Builder {
        let before = self.cursor;
        self = self.boundary(id, Event::compensation());
        let Some(boundary) = self.cursor else { return self };
        self.cursor = None;
        let first = self.process.elements.len();
        self = handler(self);
        match self.process.elements.get_mut(first) {
            Some(element) => {
                element.for_compensation = true;
                self.process.elements[boundary as usize].compensation_handler = Some(first as u32);
            }
            None => self.slip(id, "expected an activity as handler, but there is none".into()),
        }
        self.cursor = before;
        self
    }
}

/// Tasks.
impl Builder {
    pub fn service_task(self, id: &str, job_type: &str) -> Builder {
        self.job_task(id, TaskKind::Service, job_type)
    }

    pub fn send_task(self, id: &str, job_type: &str) -> Builder {
        self.job_task(id, TaskKind::Send, job_type)
    }

    /// A service, send, script, business rule or user task that a worker does.
    pub fn job_task(self, id: &str, task: TaskKind, job_type: &str) -> Builder {
        let job_type = if task == TaskKind::User { USER_TASK_JOB_TYPE } else { job_type };
        let mut next = self.then(id, Kind::JobTask { task, job: job(job_type) });
        if let (TaskKind::User, Some(element)) = (task, next.here()) {
            element.user_task = Some(Box::default());
        }
        next
    }

    /// A script task that the engine evaluates; the expression begins with `=`.
    pub fn script_task(self, id: &str, expression: &str, result_variable: &str) -> Builder {
        let (expression, result_variable) = (expression.into(), result_variable.into());
        self.then(id, Kind::ScriptTask { expression, result_variable })
    }

    /// A business rule task that calls a decision.
    pub fn decision_task(self, id: &str, decision_id: &str, result_variable: &str) -> Builder {
        let (decision_id, result_variable) = (decision_id.into(), result_variable.into());
        let binding = Binding::Latest;
        self.then(id, Kind::DecisionTask { decision_id, result_variable, binding })
    }

    /// A native user task.
    pub fn user_task(self, id: &str) -> Builder {
        self.then(id, Kind::UserTask(UserTask::default()))
    }

    pub fn manual_task(self, id: &str) -> Builder {
        self.then(id, Kind::ManualTask)
    }

    /// `bpmn:task`.
    pub fn task(self, id: &str) -> Builder {
        self.then(id, Kind::UndefinedTask)
    }

    pub fn receive_task(self, id: &str, message: &str, correlation_key: &str) -> Builder {
        self.then(id, Kind::ReceiveTask(caught(message, Some(correlation_key))))
    }

    /// Calls the latest version of a process; all variables go in and come back.
    pub fn call_activity(self, id: &str, process_id: &str) -> Builder {
        self.then(
            id,
            Kind::CallActivity(CallActivity {
                process_id: process_id.into(),
                propagate_all_child_variables: true,
                propagate_all_parent_variables: true,
                binding: Binding::Latest,
                business_id: None,
            }),
        )
    }
}

/// Gateways and scopes.
impl Builder {
    pub fn exclusive(self, id: &str) -> Builder {
        self.then(id, Kind::Exclusive { default: None })
    }

    pub fn inclusive(self, id: &str) -> Builder {
        self.then(id, Kind::Inclusive { default: None })
    }

    pub fn parallel(self, id: &str) -> Builder {
        self.then(id, Kind::Parallel)
    }

    pub fn event_based(self, id: &str) -> Builder {
        self.then(id, Kind::EventBased)
    }

    /// An embedded sub-process with what `inside` adds.
    pub fn sub_process(self, id: &str, inside: impl FnOnce(Builder) -> Builder) -> Builder {
        self.then(id, Kind::SubProcess).filled(inside)
    }

    /// An event sub-process of the current scope. It is connected to nothing and the cursor stays.
    pub fn event_sub_process(
        mut self,
        id: &str,
        inside: impl FnOnce(Builder) -> Builder,
    ) -> Builder {
        let before = self.cursor;
        self.add(id, Kind::EventSubProcess);
        let mut next = self.filled(inside);
        next.cursor = before;
        next
    }

    /// An ad-hoc sub-process; `active_elements`, an expression that begins with `=`, says which of
    /// the elements inside are activated. Inside, [`Builder::apart`] begins an unconnected element.
    pub fn ad_hoc(
        self,
        id: &str,
        active_elements: &str,
        inside: impl FnOnce(Builder) -> Builder,
    ) -> Builder {
        let ad_hoc = AdHoc {
            active_elements: Some(Text::parse(active_elements)),
            output_collection: None,
            output_element: None,
            completion_condition: None,
            cancel_remaining: true,
            job: None,
        };
        self.then(id, Kind::AdHoc(ad_hoc)).filled(inside)
    }

    /// Of an ad-hoc sub-process: a worker says what begins in it, and when it ends.
    pub fn led_by(mut self, job_type: &str) -> Builder {
        match self.here().map(|element| (element.id.clone(), &mut element.kind)) {
            Some((_, Kind::AdHoc(ad_hoc))) => {
                let retries = Text::Static("3".into());
                ad_hoc.job = Some(Job {
                    job_type: Text::parse(job_type),
                    retries,
                    linked_resources: Vec::new(),
                });
                ad_hoc.active_elements = None;
            }
            Some((id, _)) => {
                self.slip(&id, format!("expected an ad-hoc sub-process, but {id} is none"));
            }
            None => {}
        }
        self
    }

    /// Of an ad-hoc sub-process: it ends when the expression, which begins with `=`, is true.
    pub fn complete_when(mut self, condition: &str, cancel_remaining: bool) -> Builder {
        match self.here().map(|element| (element.id.clone(), &mut element.kind)) {
            Some((_, Kind::AdHoc(ad_hoc))) => {
                ad_hoc.completion_condition = Some(Text::parse(condition));
                ad_hoc.cancel_remaining = cancel_remaining;
            }
            Some((id, _)) => {
                self.slip(&id, format!("expected an ad-hoc sub-process, but {id} is none"));
            }
            None => {}
        }
        self
    }

    /// The next element is connected to nothing.
    pub fn apart(mut self) -> Builder {
        self.cursor = None;
        self
    }

    /// Adds elements inside the one at the cursor; the cursor comes back to it.
    fn filled(mut self, inside: impl FnOnce(Builder) -> Builder) -> Builder {
        let (outer, holder) = (self.scope, self.cursor);
        self.scope = holder;
        self.cursor = None;
        let mut next = inside(self);
        next.scope = outer;
        next.cursor = holder;
        next
    }
}
