//! Tasks, call activities and the multi-instance marker.

use crate::codes;
use crate::definitions::{
    CallActivity, Job, Kind, Message, MultiInstance, Publish, Symbol, TaskKind, Text, UserTask,
};
use crate::time;

use super::event::caught_message;
use super::extension::{self, binding, linked_resources, retries};
use super::process::Context;
use super::reader::{self, Node, Reader, child, extension as zeebe};

/// Job type of user tasks that a worker does.
pub const USER_TASK_JOB_TYPE: &str = "io.camunda.zeebe:userTask";

/// The job behind `zeebe:taskDefinition`.
pub(super) fn job<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Job {
    let definition = zeebe(node, "taskDefinition");
    let job_type = definition.and_then(|d| reader.attribute_text(d, "type"));
    if job_type.is_none() {
        let message = match definition {
            Some(_) => "expected a job type, but it is empty".to_owned(),
            None => format!(
                "expected the {} to have a job type, but it has none; \
                 add <zeebe:taskDefinition type=\"…\"/>",
                node.tag_name().name()
            ),
        };
        reader.error(codes::JOB_TYPE_MISSING, definition.unwrap_or(node), message);
    }
    Job {
        job_type: job_type.unwrap_or(Text::Static("".into())),
        retries: match definition {
            Some(definition) => retries(reader, definition),
            None => Text::Static("3".into()),
        },
        linked_resources: linked_resources(reader, node),
    }
}

pub(super) fn job_task<'a>(reader: &mut Reader<'a>, node: Node<'a>, task: TaskKind) -> Kind {
    Kind::JobTask { task, job: job(reader, node) }
}

pub(super) fn script<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Kind {
    let script = match (zeebe(node, "script"), zeebe(node, "taskDefinition")) {
        (Some(script), None) => script,
        (Some(script), Some(_)) => {
            let message = "expected zeebe:script or zeebe:taskDefinition, but there are both";
            reader.error(codes::SCRIPT, script, message);
            script
        }
        (None, Some(_)) => return job_task(reader, node, TaskKind::Script),
        (None, None) => {
            let message = "expected zeebe:script or zeebe:taskDefinition, but there is neither";
            reader.error(codes::SCRIPT, node, message);
            let job_type = Text::Static("".into());
            let retries = Text::Static("3".into());
            let job = Job { job_type, retries, linked_resources: Vec::new() };
            return Kind::JobTask { task: TaskKind::Script, job };
        }
    };
    let expression = reader.attribute_feel(script, "expression");
    let result = reader.attribute(script, "resultVariable");
    for (missing, name) in
        [(expression.is_none(), "expression"), (result.is_none(), "resultVariable")]
    {
        if missing {
            let message = format!("expected the script to have a {name}, but it has none");
            reader.error(codes::SCRIPT, script, message);
        }
    }
    Kind::ScriptTask {
        expression: expression.unwrap_or(Text::Expression("null".into())),
        result_variable: result.unwrap_or_else(|| "result".into()),
    }
}

pub(super) fn decision<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Kind {
    let decision = match (zeebe(node, "calledDecision"), zeebe(node, "taskDefinition")) {
        (Some(decision), None) => decision,
        (Some(decision), Some(_)) => {
            let message =
                "expected zeebe:calledDecision or zeebe:taskDefinition, but there are both";
            reader.error(codes::DECISION, decision, message);
            decision
        }
        (None, Some(_)) => return job_task(reader, node, TaskKind::BusinessRule),
        (None, None) => {
            let message =
                "expected zeebe:calledDecision or zeebe:taskDefinition, but there is neither";
            reader.error(codes::DECISION, node, message);
            let job_type = Text::Static("".into());
            let retries = Text::Static("3".into());
            let job = Job { job_type, retries, linked_resources: Vec::new() };
            return Kind::JobTask { task: TaskKind::BusinessRule, job };
        }
    };
    let id = reader.attribute_text(decision, "decisionId");
    let result = reader.attribute(decision, "resultVariable");
    for (missing, name) in [(id.is_none(), "decisionId"), (result.is_none(), "resultVariable")] {
        if missing {
            let message = format!("expected the called decision to have a {name}, but it has none");
            reader.error(codes::DECISION, decision, message);
        }
    }
    Kind::DecisionTask {
        decision_id: id.unwrap_or(Text::Static("".into())),
        result_variable: result.unwrap_or_else(|| "result".into()),
        binding: binding(reader, decision),
    }
}

pub(super) fn user<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Kind {
    if zeebe(node, "userTask").is_some() {
        return Kind::UserTask(details(reader, node));
    }
    let job_type = Text::Static(USER_TASK_JOB_TYPE.into());
    let retries = match zeebe(node, "taskDefinition") {
        Some(definition) => retries(reader, definition),
        None => Text::Static("3".into()),
    };
    let linked_resources = linked_resources(reader, node);
    Kind::JobTask { task: TaskKind::User, job: Job { job_type, retries, linked_resources } }
}

pub(super) fn details<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> UserTask {
    let mut text = |tag: &str, name: &str| {
        zeebe(node, tag).and_then(|definition| reader.attribute_text(definition, name))
    };
    let assignee = text("assignmentDefinition", "assignee");
    let candidate_groups = text("assignmentDefinition", "candidateGroups");
    let candidate_users = text("assignmentDefinition", "candidateUsers");
    let due_date = text("taskSchedule", "dueDate");
    let follow_up_date = text("taskSchedule", "followUpDate");
    let priority = text("priorityDefinition", "priority");
    if let Some(Text::Static(raw)) = &priority
        && !raw.trim().parse::<u32>().is_ok_and(|p| p <= 100)
    {
        let message = format!("expected a priority from 0 to 100, but it is {raw:?}");
        reader.error(codes::PRIORITY, zeebe(node, "priorityDefinition").unwrap_or(node), message);
    }
    for (date, name) in [(&due_date, "dueDate"), (&follow_up_date, "followUpDate")] {
        if let Some(Text::Static(raw)) = date
            && let Err(problem) = time::parse_date(raw)
        {
            let schedule = zeebe(node, "taskSchedule").unwrap_or(node);
            reader.error(codes::TIMER_VALUE, schedule, format!("{problem} in {name}"));
        }
    }
    UserTask {
        form: extension::form(reader, node),
        assignee,
        candidate_groups,
        candidate_users,
        due_date,
        follow_up_date,
        priority,
    }
}

pub(super) fn receive<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Kind {
    if reader.boolean(node, "instantiate", false) {
        let message = "expected a receive task inside a running instance, \
                       but this one starts an instance";
        reader.error(codes::INSTANTIATE_UNSUPPORTED, node, message);
    }
    Kind::ReceiveTask(caught_message(reader, node, true))
}

/// A message throw or end event: a job, or published by the engine itself.
pub(super) fn throw_message<'a>(
    reader: &mut Reader<'a>,
    node: Node<'a>,
    definition: Node<'a>,
) -> Message {
    let root = reader.root(definition, "messageRef", "message");
    let name = root.and_then(|r| reader.attribute_text(r, "name"));
    let publish = publish(reader, node, definition, name.is_some());
    let job = match &publish {
        Some(_) if zeebe(node, "taskDefinition").is_none() => None,
        Some(_) => {
            let message = "expected zeebe:publishMessage or zeebe:taskDefinition, \
                           but there are both";
            reader.error(codes::PUBLISH, node, message);
            None
        }
        None => Some(job(reader, node)),
    };
    let name = name.unwrap_or(Text::Static("".into()));
    Message { name, correlation_key: None, job, publish }
}

fn publish<'a>(
    reader: &mut Reader<'a>,
    node: Node<'a>,
    definition: Node<'a>,
    named: bool,
) -> Option<Publish> {
    let settings = zeebe(definition, "publishMessage").or_else(|| zeebe(node, "publishMessage"))?;
    if !named {
        let message = "expected a message to publish, but none with a name is referred to";
        reader.error(codes::MESSAGE_NAME_MISSING, definition, message);
    }
    let key = reader.attribute_feel(settings, "correlationKey");
    if key.is_none() {
        let message = "expected zeebe:publishMessage to have a correlationKey, but it has none";
        reader.error(codes::CORRELATION_KEY_MISSING, settings, message);
    }
    let time_to_live = reader.attribute_text(settings, "timeToLive");
    if let Some(Text::Static(raw)) = &time_to_live
        && let Err(problem) = time::parse_duration(raw)
    {
        reader.error(codes::TIMER_VALUE, settings, format!("{problem} in timeToLive"));
    }
    Some(Publish {
        correlation_key: key.unwrap_or(Text::Expression("null".into())),
        message_id: reader.attribute_text(settings, "messageId"),
        time_to_live,
    })
}

pub(super) fn call<'a>(reader: &mut Reader<'a>, node: Node<'a>) -> Kind {
    let called = zeebe(node, "calledElement");
    let process_id = called.and_then(|c| {
        reader.attribute_text(c, "processId").or_else(|| {
            // The legacy attribute holds an expression without `=`.
            let raw = c.attribute("processIdExpression").filter(|v| !v.trim().is_empty())?;
            Some(Text::Expression(raw.trim().trim_start_matches('=').trim().into()))
        })
    });
    if process_id.is_none() {
        let message = "expected a process to call, but there is none; \
                       add <zeebe:calledElement processId=\"…\"/>";
        reader.error(codes::CALLED_ELEMENT, called.unwrap_or(node), message);
    }
    let mut flag = |name| called.is_none_or(|c| reader.boolean(c, name, true));
    let propagate_all_child_variables = flag("propagateAllChildVariables");
    let propagate_all_parent_variables = flag("propagateAllParentVariables");
    Kind::CallActivity(CallActivity {
        process_id: process_id.unwrap_or(Text::Static("".into())),
        propagate_all_child_variables,
        propagate_all_parent_variables,
        binding: called.map_or(crate::Binding::Latest, |c| binding(reader, c)),
        business_id: called.and_then(|c| reader.attribute_text(c, "businessId")),
    })
}

pub(super) fn multi_instance<'a>(
    reader: &mut Reader<'a>,
    context: &mut Context<'a>,
    node: Node<'a>,
    id: &str,
) -> Option<MultiInstance> {
    if let Some(marker) = child(node, "standardLoopCharacteristics") {
        let message = "expected a multi-instance or a loop drawn with a gateway, \
                       but the loop marker is not supported";
        reader.error(codes::LOOP_UNSUPPORTED, marker, message);
        if let Some(index) = context.element(id) {
            super::node::instead_of(context, index, Symbol::StandardLoop);
        }
    }
    let marker = child(node, "multiInstanceLoopCharacteristics")?;
    let settings = zeebe(marker, "loopCharacteristics");
    let collection = settings.and_then(|s| reader.attribute_feel(s, "inputCollection"));
    if collection.is_none() {
        let message = "expected an inputCollection to loop over, but there is none";
        reader.error(codes::MULTI_INSTANCE, settings.unwrap_or(marker), message);
    }
    let output_collection = settings.and_then(|s| reader.attribute(s, "outputCollection"));
    let output_element = settings.and_then(|s| reader.attribute_feel(s, "outputElement"));
    if output_collection.is_some() != output_element.is_some() {
        let message = "expected outputCollection and outputElement together, \
                       but one of them is missing";
        reader.error(codes::MULTI_INSTANCE, settings.unwrap_or(marker), message);
    }
    extension::warn_unknown(reader, marker);
    Some(MultiInstance {
        sequential: reader.boolean(marker, "isSequential", false),
        input_collection: collection.unwrap_or(Text::Expression("[]".into())),
        input_element: settings.and_then(|s| reader.attribute(s, "inputElement")),
        output_collection,
        output_element,
        completion_condition: reader::child(marker, "completionCondition")
            .and_then(|c| reader.body_feel(c)),
    })
}
