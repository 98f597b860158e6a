//! User tasks: of the engine's own (`zeebe:userTask`), or a job with reserved headers. Assignment,
//! dates and priority are evaluated when the element is activated.

use std::sync::Arc;

use model::Binding;
use value::Value;

use crate::command::LeasedTask;
use crate::compile::{Expr, Form, People, TaskJob};
use crate::decide::Step;
use crate::event::{InstanceEvent, Text, UserTask};
use crate::incident::Failure;
use crate::key::Key;
use crate::meta::FileKind;

impl Step<'_> {
    pub(crate) fn begin_user_task(
        &mut self,
        i: Key,
        element: Key,
        people: &People,
    ) -> Result<(), Failure> {
        let (linked, external_form) = match &people.form {
            Some(Form::Id(expr, binding)) => (self.linked_form(i, element, expr, binding)?, None),
            Some(Form::External(expr)) => {
                (None, self.optional(i, element, expr, "external form reference")?)
            }
            Some(Form::Key(_)) | None => (None, None),
        };
        let (form_id, form_key) = linked.unzip();
        let task = UserTask {
            element,
            assignee: self.maybe(i, element, people.assignee.as_ref(), "assignee")?,
            candidate_groups: self.names(i, element, people.groups.as_ref(), "candidate groups")?,
            candidate_users: self.names(i, element, people.users.as_ref(), "candidate users")?,
            due_date: self.date(i, element, people.due_date.as_ref(), "due date")?,
            follow_up_date: self.date(
                i,
                element,
                people.follow_up_date.as_ref(),
                "follow-up date",
            )?,
            priority: self.task_priority(i, element, people.priority.as_ref())?,
            form_id,
            form_key,
            external_form,
        };
        self.tell(i, InstanceEvent::ElementActivated { key: element });
        let key = self.new_key(i);
        self.create_task(i, key, task);
        Ok(())
    }

    /// A user task as the jobs of its listeners carry it, beside the headers of its element.
    pub(crate) fn listened_task(&self, i: Key, element: Key) -> Option<LeasedTask> {
        let instance = self.hot(i);
        let key = instance.task_of(element)?;
        let (held, wish) = (instance.task(key)?, instance.wish(key)?);
        let mut changed = wish.task.differs(held);
        if wish.sets {
            changed.push("variables");
        }
        let (task, action) = (wish.task.clone(), wish.action.clone());
        Some(LeasedTask { key, task, action, changed })
    }

    /// The headers in which the job of a user task carries them.
    pub(crate) fn task_headers(
        &self,
        i: Key,
        element: Key,
        job: &TaskJob,
    ) -> Result<Vec<(Text, Text)>, Failure> {
        let people = &job.people;
        let mut headers: Vec<(Text, Text)> = Vec::new();
        let mut add = |name: &str, value: Option<Text>| {
            let name = format!("io.camunda.zeebe:{name}");
            headers.extend(value.map(|value| (name.into(), value)));
        };
        add("assignee", self.maybe(i, element, people.assignee.as_ref(), "assignee")?);
        let groups = self.names(i, element, people.groups.as_ref(), "candidate groups")?;
        add("candidateGroups", json(&groups));
        let users = self.names(i, element, people.users.as_ref(), "candidate users")?;
        add("candidateUsers", json(&users));
        add("dueDate", self.date(i, element, people.due_date.as_ref(), "due date")?);
        let follow_up = people.follow_up_date.as_ref();
        add("followUpDate", self.date(i, element, follow_up, "follow-up date")?);
        let form = match &people.form {
            Some(Form::Id(expr, binding)) => {
                let linked = self.linked_form(i, element, expr, binding)?;
                linked.map(|(_, key)| key.to_string().into())
            }
            Some(Form::Key(expr) | Form::External(expr)) => {
                self.optional(i, element, expr, "form key")?
            }
            None => None,
        };
        add("formKey", form);
        Ok(headers)
    }

    /// Id and key of the form that an id means now.
    fn linked_form(
        &self,
        i: Key,
        element: Key,
        expr: &Expr,
        binding: &Binding,
    ) -> Result<Option<(Text, Key)>, Failure> {
        let Some(id) = self.optional(i, element, expr, "form id")? else { return Ok(None) };
        let file = self.linked_file(i, FileKind::Form, &id, binding)?;
        Ok(Some((id, file)))
    }

    fn maybe(
        &self,
        i: Key,
        scope: Key,
        expr: Option<&Expr>,
        what: &str,
    ) -> Result<Option<Text>, Failure> {
        expr.map_or(Ok(None), |expr| self.optional(i, scope, expr, what))
    }

    /// A text, or nothing when it is null or empty.
    fn optional(
        &self,
        i: Key,
        scope: Key,
        expr: &Expr,
        what: &str,
    ) -> Result<Option<Text>, Failure> {
        let (value, warnings) = self.warned(i, scope, expr).map_err(Failure::extract)?;
        match &value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            other => Err(Failure::extract(format!(
                "expected {what} '{}' to be a string, but it is {}{warnings}",
                expr.source(),
                crate::decide::describe(other)
            ))),
        }
    }

    /// Names as a list of strings, or as one string with commas.
    fn names(
        &self,
        i: Key,
        scope: Key,
        expr: Option<&Expr>,
        what: &str,
    ) -> Result<Arc<[Text]>, Failure> {
        let Some(expr) = expr else { return Ok(Arc::from([])) };
        let (value, warnings) = self.warned(i, scope, expr).map_err(Failure::extract)?;
        let names: Option<Vec<Text>> = match &value {
            Value::Null => Some(Vec::new()),
            Value::String(text) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Some(parts.map(Text::from).collect())
            }
            Value::List(list) => {
                let text = |value: &Value| match value {
                    Value::String(text) => Some(text.clone()),
                    _ => None,
                };
                list.iter().map(text).collect()
            }
            _ => None,
        };
        names.map(Into::into).ok_or_else(|| {
            Failure::extract(format!(
                "expected {what} '{}' to be a list of strings, but it is {}{warnings}",
                expr.source(),
                crate::decide::describe(&value)
            ))
        })
    }

    /// A date with a time zone, as text.
    fn date(
        &self,
        i: Key,
        scope: Key,
        expr: Option<&Expr>,
        what: &str,
    ) -> Result<Option<Text>, Failure> {
        let Some(expr) = expr else { return Ok(None) };
        let (value, warnings) = self.warned(i, scope, expr).map_err(Failure::extract)?;
        let failed = |why: String| {
            let source = expr.source();
            Failure::extract(format!("expected {what} '{source}' to be a date, but {why}"))
        };
        let text = match &value {
            Value::Null => return Ok(None),
            other => crate::decide::text_of(other).ok_or_else(|| {
                failed(format!("it is {}{warnings}", crate::decide::describe(other)))
            })?,
        };
        if text.is_empty() {
            return Ok(None);
        }
        match model::time::parse_date(&text) {
            Ok(_) => Ok(Some(text)),
            Err(error) => Err(failed(format!("it is '{text}': {error}"))),
        }
    }

    fn task_priority(&self, i: Key, scope: Key, expr: Option<&Expr>) -> Result<i32, Failure> {
        let Some(expr) = expr else { return Ok(50) };
        let priority = self.integer(i, scope, expr, "priority")?;
        match priority {
            0..=100 => Ok(priority),
            _ => Err(Failure::extract(format!(
                "expected priority '{}' to be between 0 and 100, but it is {priority}",
                expr.source()
            ))),
        }
    }
}

impl LeasedTask {
    /// The headers that are reserved for it.
    pub(crate) fn headers(&self) -> Vec<(Text, Text)> {
        let changed: Vec<Text> = self.changed.iter().map(|name| Text::from(*name)).collect();
        let all = [
            ("action", Some(self.action.clone()).filter(|action| !action.is_empty())),
            ("assignee", self.task.assignee.clone()),
            ("candidateGroups", json(&self.task.candidate_groups)),
            ("candidateUsers", json(&self.task.candidate_users)),
            ("changedAttributes", json(&changed)),
            ("dueDate", self.task.due_date.clone()),
            ("followUpDate", self.task.follow_up_date.clone()),
            ("priority", Some(self.task.priority.to_string().into())),
            ("userTaskKey", Some(self.key.to_string().into())),
        ];
        let named = |(name, value): (&str, Option<Text>)| {
            Some((format!("io.camunda.zeebe:{name}").into(), value?))
        };
        all.into_iter().filter_map(named).collect()
    }
}

/// A list of texts as JSON; `None` when it is empty.
fn json(names: &[Text]) -> Option<Text> {
    let quoted: Vec<String> = names.iter().map(|name| value::quote(name)).collect();
    (!names.is_empty()).then(|| format!("[{}]", quoted.join(",")).into())
}
