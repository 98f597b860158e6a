//! `zeebe:` extensions.

use crate::check::event_of;
use crate::definitions::{
    AdHoc, Binding, CallActivity, Element, Event, Form, Job, Kind, Listener, Mapping, Message,
    Pair, Process, Text, UserTask,
};
use crate::parse::listener_event;

use super::xml::{Tag, Xml, raw};

pub(super) fn process(xml: &mut Xml, process: &Process) {
    xml.around("bpmn:extensionElements", |xml| {
        for form in &process.forms {
            xml.tag("zeebe:userTaskForm").attr("id", &form.id).body(&form.body);
        }
        if let Some(tag) = &process.version_tag {
            xml.tag("zeebe:versionTag").attr("value", tag).empty();
        }
        priority(xml, process.job_priority.as_ref());
        listeners(xml, &process.listeners);
        properties(xml, &process.properties);
    });
}

pub(super) fn element(xml: &mut Xml, element: &Element) {
    xml.around("bpmn:extensionElements", |xml| {
        kind(xml, element);
        mappings(xml, &element.inputs, &element.outputs);
        xml.around("zeebe:taskHeaders", |xml| headers(xml, &element.headers));
        priority(xml, element.job_priority.as_ref());
        listeners(xml, &element.listeners);
        properties(xml, &element.properties);
    });
}

fn kind(xml: &mut Xml, element: &Element) {
    match &element.kind {
        Kind::JobTask { job: task, .. } => {
            match &element.user_task {
                Some(details) => {
                    if task.retries != Text::Static("3".into()) {
                        xml.tag("zeebe:taskDefinition")
                            .attr("retries", &raw(&task.retries))
                            .empty();
                    }
                    user_task(xml, details);
                }
                None => job(xml, task),
            }
            linked_resources(xml, task);
        }
        Kind::ScriptTask { expression, result_variable } => {
            xml.tag("zeebe:script")
                .attr("expression", &raw(expression))
                .attr("resultVariable", result_variable)
                .empty();
        }
        Kind::DecisionTask { decision_id, result_variable, binding } => {
            let tag = xml
                .tag("zeebe:calledDecision")
                .attr("decisionId", &raw(decision_id))
                .attr("resultVariable", result_variable);
            bound(tag, binding).empty();
        }
        Kind::UserTask(details) => {
            xml.tag("zeebe:userTask").empty();
            user_task(xml, details);
        }
        Kind::CallActivity(call) => self::call(xml, call),
        Kind::AdHoc(ad_hoc) => self::ad_hoc(xml, ad_hoc),
        Kind::Start { form, .. } => self::form(xml, form.as_ref()),
        Kind::IntermediateThrow(_)
        | Kind::End(_)
        | Kind::IntermediateCatch(_)
        | Kind::Boundary { .. }
        | Kind::ManualTask
        | Kind::UndefinedTask
        | Kind::ReceiveTask(_)
        | Kind::Exclusive { .. }
        | Kind::Inclusive { .. }
        | Kind::Parallel
        | Kind::EventBased
        | Kind::SubProcess
        | Kind::EventSubProcess => {}
    }
    if let Some(Event::Message(Message { job: task, publish, .. })) = event_of(element) {
        if let Some(task) = task {
            job(xml, task);
            linked_resources(xml, task);
        }
        if let Some(publish) = publish {
            xml.tag("zeebe:publishMessage")
                .attr("correlationKey", &raw(&publish.correlation_key))
                .text("messageId", publish.message_id.as_ref())
                .text("timeToLive", publish.time_to_live.as_ref())
                .empty();
        }
    }
}

fn job(xml: &mut Xml, job: &Job) {
    if job.job_type == Text::Static("".into()) {
        return;
    }
    let usual = job.retries == Text::Static("3".into());
    xml.tag("zeebe:taskDefinition")
        .attr("type", &raw(&job.job_type))
        .text("retries", (!usual).then_some(&job.retries))
        .empty();
}

fn linked_resources(xml: &mut Xml, job: &Job) {
    xml.around("zeebe:linkedResources", |xml| {
        for resource in &job.linked_resources {
            let tag = xml
                .tag("zeebe:linkedResource")
                .attr("resourceId", &resource.resource_id)
                .attr("resourceType", &resource.resource_type)
                .attr("linkName", &resource.link_name);
            bound(tag, &resource.binding).empty();
        }
    });
}

fn user_task(xml: &mut Xml, details: &UserTask) {
    form(xml, details.form.as_ref());
    let UserTask { assignee, candidate_groups, candidate_users, .. } = details;
    if assignee.is_some() || candidate_groups.is_some() || candidate_users.is_some() {
        xml.tag("zeebe:assignmentDefinition")
            .text("assignee", assignee.as_ref())
            .text("candidateGroups", candidate_groups.as_ref())
            .text("candidateUsers", candidate_users.as_ref())
            .empty();
    }
    let UserTask { due_date, follow_up_date, .. } = details;
    if due_date.is_some() || follow_up_date.is_some() {
        xml.tag("zeebe:taskSchedule")
            .text("dueDate", due_date.as_ref())
            .text("followUpDate", follow_up_date.as_ref())
            .empty();
    }
    if let Some(priority) = &details.priority {
        xml.tag("zeebe:priorityDefinition").attr("priority", &raw(priority)).empty();
    }
}

fn form(xml: &mut Xml, form: Option<&Form>) {
    let Some(form) = form else { return };
    let tag = xml.tag("zeebe:formDefinition");
    match form {
        Form::Key(key) => tag.attr("formKey", &raw(key)),
        Form::Id { id, binding } => bound(tag.attr("formId", &raw(id)), binding),
        Form::External(reference) => tag.attr("externalReference", &raw(reference)),
    }
    .empty();
}

fn call(xml: &mut Xml, call: &CallActivity) {
    // Modelers take an absent attribute for false, engines for true; so it is always written.
    let flag = |value| if value { "true" } else { "false" };
    let tag = xml
        .tag("zeebe:calledElement")
        .attr("processId", &raw(&call.process_id))
        .attr("propagateAllChildVariables", flag(call.propagate_all_child_variables))
        .attr("propagateAllParentVariables", flag(call.propagate_all_parent_variables))
        .text("businessId", call.business_id.as_ref());
    bound(tag, &call.binding).empty();
}

fn ad_hoc(xml: &mut Xml, ad_hoc: &AdHoc) {
    if let Some(task) = &ad_hoc.job {
        job(xml, task);
        linked_resources(xml, task);
    }
    let AdHoc { active_elements, output_collection, output_element, .. } = ad_hoc;
    if active_elements.is_some() || output_collection.is_some() || output_element.is_some() {
        xml.tag("zeebe:adHoc")
            .text("activeElementsCollection", active_elements.as_ref())
            .opt("outputCollection", output_collection.as_deref())
            .text("outputElement", output_element.as_ref())
            .empty();
    }
}

fn bound<'x>(tag: Tag<'x>, binding: &Binding) -> Tag<'x> {
    match binding {
        Binding::Latest => tag,
        Binding::Deployment => tag.attr("bindingType", "deployment"),
        Binding::VersionTag(version) => {
            tag.attr("bindingType", "versionTag").attr("versionTag", version)
        }
    }
}

fn mappings(xml: &mut Xml, inputs: &[Mapping], outputs: &[Mapping]) {
    xml.around("zeebe:ioMapping", |xml| {
        for (tag, list) in [("zeebe:input", inputs), ("zeebe:output", outputs)] {
            for mapping in list {
                xml.tag(tag)
                    .attr("source", &raw(&mapping.source))
                    .attr("target", &mapping.target.join("."))
                    .empty();
            }
        }
    });
}

fn headers(xml: &mut Xml, headers: &[Pair]) {
    for header in headers {
        xml.tag("zeebe:header").attr("key", &header.key).attr("value", &header.value).empty();
    }
}

fn priority(xml: &mut Xml, priority: Option<&Text>) {
    if let Some(priority) = priority {
        xml.tag("zeebe:jobPriorityDefinition").attr("priority", &raw(priority)).empty();
    }
}

fn properties(xml: &mut Xml, properties: &[Pair]) {
    xml.around("zeebe:properties", |xml| {
        for property in properties {
            xml.tag("zeebe:property")
                .attr("name", &property.key)
                .attr("value", &property.value)
                .empty();
        }
    });
}

fn listeners(xml: &mut Xml, listeners: &[Listener]) {
    let (tasks, executions): (Vec<_>, Vec<_>) =
        listeners.iter().partition(|l| l.event.is_task_listener());
    for (list, tag, listeners) in [
        ("zeebe:executionListeners", "zeebe:executionListener", executions),
        ("zeebe:taskListeners", "zeebe:taskListener", tasks),
    ] {
        xml.around(list, |xml| {
            for listener in listeners {
                self::listener(xml, tag, listener);
            }
        });
    }
}

fn listener(xml: &mut Xml, name: &'static str, listener: &Listener) {
    let usual = listener.retries == Text::Static("3".into());
    let tag = xml
        .tag(name)
        .attr("eventType", listener_event(listener.event))
        .attr("type", &raw(&listener.job_type))
        .text("retries", (!usual).then_some(&listener.retries));
    if listener.headers.is_empty() {
        tag.empty();
        return;
    }
    tag.open();
    headers(xml, &listener.headers);
    xml.close(name);
}
