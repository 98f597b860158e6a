//! What the element at the cursor has besides its kind.

use crate::definitions::{
    Binding, CallActivity, Form, Kind, Listener, ListenerEvent, Mapping, MultiInstance, Pair,
    Position, Text, UserTask,
};

use super::Builder;

/// For any element.
impl Builder {
    pub fn name(mut self, name: &str) -> Builder {
        if let Some(element) = self.here() {
            element.name = Some(name.into());
        }
        self
    }

    pub fn documentation(mut self, text: &str) -> Builder {
        if let Some(element) = self.here() {
            element.documentation = Some(text.into());
        }
        self
    }

    /// Name of the process.
    pub fn process_name(mut self, name: &str) -> Builder {
        self.process.name = Some(name.into());
        self
    }

    /// Version tag of the process.
    pub fn version_tag(mut self, tag: &str) -> Builder {
        self.process.version_tag = Some(tag.into());
        self
    }

    /// `source`, an expression that begins with `=`, becomes a local variable of the element.
    pub fn input(mut self, source: &str, target: &str) -> Builder {
        let mapping = mapping(source, target);
        if let Some(element) = self.here() {
            element.inputs.push(mapping);
        }
        self
    }

    /// `source`, an expression that begins with `=`, becomes a variable around the element.
    pub fn output(mut self, source: &str, target: &str) -> Builder {
        let mapping = mapping(source, target);
        if let Some(element) = self.here() {
            element.outputs.push(mapping);
        }
        self
    }

    pub fn header(mut self, key: &str, value: &str) -> Builder {
        if let Some(element) = self.here() {
            element.headers.push(Pair { key: key.into(), value: value.into() });
        }
        self
    }

    pub fn property(mut self, key: &str, value: &str) -> Builder {
        if let Some(element) = self.here() {
            element.properties.push(Pair { key: key.into(), value: value.into() });
        }
        self
    }

    /// A job of this type whenever the element comes to this phase; before the first element, the
    /// process.
    pub fn listener(mut self, event: ListenerEvent, job_type: &str) -> Builder {
        let listener = Listener {
            event,
            job_type: job_type.into(),
            retries: Text::Static("3".into()),
            headers: Vec::new(),
            position: Position::default(),
        };
        match self.here() {
            Some(element) => element.listeners.push(listener),
            None => self.process.listeners.push(listener),
        }
        self
    }

    /// Retries of the element's job: a number, or an expression.
    pub fn retries(mut self, retries: &str) -> Builder {
        let Some(element) = self.here() else { return self };
        match &mut element.kind {
            Kind::JobTask { job, .. } => job.retries = Text::parse(retries),
            _ => {
                let id = element.id.clone();
                self.slip(&id, format!("expected a task with a job, but {id} has none"));
            }
        }
        self
    }

    /// Priority of the element's job: a number, or an expression.
    pub fn job_priority(mut self, priority: &str) -> Builder {
        if let Some(element) = self.here() {
            element.job_priority = Some(Text::parse(priority));
        }
        self
    }
}

/// Call activities.
impl Builder {
    /// Whether all variables of the caller go in, and all of the called process come back.
    pub fn propagate(self, parent: bool, child: bool) -> Builder {
        self.called(|call| {
            call.propagate_all_parent_variables = parent;
            call.propagate_all_child_variables = child;
        })
    }

    /// Which version is called.
    pub fn bind(self, binding: Binding) -> Builder {
        self.called(|call| call.binding = binding)
    }

    fn called(mut self, set: impl FnOnce(&mut CallActivity)) -> Builder {
        let Some(element) = self.here() else { return self };
        match &mut element.kind {
            Kind::CallActivity(call) => set(call),
            _ => {
                let id = element.id.clone();
                self.slip(&id, format!("expected a call activity, but {id} is none"));
            }
        }
        self
    }
}

/// Multi-instance.
impl Builder {
    /// One instance for each item of the collection, an expression that begins with `=`, all at
    /// once.
    pub fn for_each(mut self, collection: &str, item: &str) -> Builder {
        if let Some(element) = self.here() {
            element.multi_instance = Some(MultiInstance {
                sequential: false,
                input_collection: collection.into(),
                input_element: Some(item.into()),
                output_collection: None,
                output_element: None,
                completion_condition: None,
            });
        }
        self
    }

    /// One after the other instead of all at once.
    pub fn sequential(self) -> Builder {
        self.multi(|multi| multi.sequential = true)
    }

    /// Collects `element`, an expression that begins with `=`, of every instance.
    pub fn collect(self, collection: &str, element: &str) -> Builder {
        self.multi(|multi| {
            multi.output_collection = Some(collection.into());
            multi.output_element = Some(element.into());
        })
    }

    /// Ends the rest when the expression, which begins with `=`, is true.
    pub fn until(self, condition: &str) -> Builder {
        self.multi(|multi| multi.completion_condition = Some(condition.into()))
    }

    fn multi(mut self, set: impl FnOnce(&mut MultiInstance)) -> Builder {
        let Some(element) = self.here() else { return self };
        match &mut element.multi_instance {
            Some(multi) => set(multi),
            None => {
                let id = element.id.clone();
                let message = format!("expected for_each on {id} before this, but there is none");
                self.slip(&id, message);
            }
        }
        self
    }
}

/// User tasks.
impl Builder {
    pub fn assignee(self, assignee: &str) -> Builder {
        self.user(|task| task.assignee = Some(assignee.into()))
    }

    pub fn candidate_groups(self, groups: &str) -> Builder {
        self.user(|task| task.candidate_groups = Some(groups.into()))
    }

    pub fn candidate_users(self, users: &str) -> Builder {
        self.user(|task| task.candidate_users = Some(users.into()))
    }

    pub fn due_date(self, date: &str) -> Builder {
        self.user(|task| task.due_date = Some(date.into()))
    }

    pub fn priority(self, priority: &str) -> Builder {
        self.user(|task| task.priority = Some(priority.into()))
    }

    pub fn form(self, form: Form) -> Builder {
        self.user(|task| task.form = Some(form))
    }

    fn user(mut self, set: impl FnOnce(&mut UserTask)) -> Builder {
        let Some(element) = self.here() else { return self };
        match (&mut element.kind, &mut element.user_task) {
            (Kind::UserTask(task), _) => set(task),
            (_, Some(task)) => set(task),
            (_, None) => {
                let id = element.id.clone();
                self.slip(&id, format!("expected a user task, but {id} is none"));
            }
        }
        self
    }
}

fn mapping(source: &str, target: &str) -> Mapping {
    let target = target.split('.').map(Into::into).collect();
    Mapping { source: source.into(), target, position: Position::default() }
}
