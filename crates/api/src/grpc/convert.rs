//! Engine values as messages.

use engine::command::{LeasedJob, LeasedTask};
use engine::event::{JobKind, ListenerKind, NamedValue, Text};
use engine::meta::{
    DecisionDeployed, DeployedProcess, FileDeployed, FileKind, RequirementsDeployed,
};

use crate::proto::activated_job::{JobKind as Kind, ListenerEventType};
use crate::proto::{
    ActivatedJob, DecisionMetadata, DecisionRequirementsMetadata, FormMetadata, ProcessMetadata,
    UserTaskProperties,
};

/// JSON of variables; `{}` when there are none, never empty text.
pub fn variables(variables: &[NamedValue]) -> String {
    value::object_to_json(variables.iter().map(|(name, value)| (&**name, value)))
}

pub fn job(job: LeasedJob) -> ActivatedJob {
    ActivatedJob {
        key: job.key,
        r#type: job.job_type.to_string(),
        process_instance_key: job.instance,
        bpmn_process_id: job.process_id.to_string(),
        process_definition_version: job.version,
        process_definition_key: job.definition,
        element_id: job.element_id.to_string(),
        element_instance_key: job.element,
        custom_headers: headers(&job.headers),
        worker: job.worker.to_string(),
        retries: job.retries,
        deadline: job.deadline,
        variables: variables(&job.variables),
        tenant_id: job.tenant.to_string(),
        user_task: job.task.as_deref().map(user_task),
        kind: kind(job.kind).into(),
        listener_event_type: listener(job.listener_event).into(),
        tags: texts(&job.tags),
    }
}

fn user_task(leased: &LeasedTask) -> UserTaskProperties {
    let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
    let LeasedTask { key, task, action, changed } = leased;
    UserTaskProperties {
        action: Some(action.to_string()),
        assignee: text(&task.assignee),
        candidate_groups: texts(&task.candidate_groups),
        candidate_users: texts(&task.candidate_users),
        changed_attributes: changed.iter().map(ToString::to_string).collect(),
        due_date: text(&task.due_date),
        follow_up_date: text(&task.follow_up_date),
        form_key: task.form_key,
        priority: Some(task.priority),
        user_task_key: Some(*key),
    }
}

pub fn texts(texts: &[Text]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

pub fn decisions(file: &RequirementsDeployed) -> Vec<DecisionMetadata> {
    let one = |decision: &DecisionDeployed| DecisionMetadata {
        dmn_decision_id: decision.id.to_string(),
        dmn_decision_name: decision.name.to_string(),
        version: decision.version,
        decision_key: decision.key,
        dmn_decision_requirements_id: file.id.to_string(),
        decision_requirements_key: file.key,
        tenant_id: file.tenant.to_string(),
    };
    file.decisions.iter().map(one).collect()
}

pub fn requirements(file: &RequirementsDeployed) -> DecisionRequirementsMetadata {
    DecisionRequirementsMetadata {
        dmn_decision_requirements_id: file.id.to_string(),
        dmn_decision_requirements_name: file.name.to_string(),
        version: file.version,
        decision_requirements_key: file.key,
        resource_name: file.resource.to_string(),
        tenant_id: file.tenant.to_string(),
    }
}

/// The protocol has no word for a file of another kind.
pub fn form(file: &FileDeployed) -> Option<FormMetadata> {
    (file.kind == FileKind::Form).then(|| FormMetadata {
        form_id: file.id.to_string(),
        version: file.version,
        form_key: file.key,
        resource_name: file.resource.to_string(),
        tenant_id: file.tenant.to_string(),
    })
}

pub fn process(process: &DeployedProcess) -> ProcessMetadata {
    ProcessMetadata {
        bpmn_process_id: process.process_id.to_string(),
        version: process.version,
        process_definition_key: process.definition,
        resource_name: process.resource.to_string(),
        tenant_id: process.tenant.to_string(),
    }
}

fn headers(headers: &[(Text, Text)]) -> String {
    let object: serde_json::Map<String, serde_json::Value> =
        headers.iter().map(|(name, value)| (name.to_string(), (&**value).into())).collect();
    serde_json::Value::Object(object).to_string()
}

fn kind(kind: JobKind) -> Kind {
    match kind {
        JobKind::BpmnElement => Kind::BpmnElement,
        JobKind::ExecutionListener => Kind::ExecutionListener,
        JobKind::TaskListener => Kind::TaskListener,
        JobKind::AdHocSubProcess => Kind::AdHocSubProcess,
    }
}

fn listener(kind: ListenerKind) -> ListenerEventType {
    match kind {
        ListenerKind::Start => ListenerEventType::Start,
        ListenerKind::End => ListenerEventType::End,
        ListenerKind::Creating => ListenerEventType::Creating,
        ListenerKind::Assigning => ListenerEventType::Assigning,
        ListenerKind::Updating => ListenerEventType::Updating,
        ListenerKind::Completing => ListenerEventType::Completing,
        ListenerKind::Canceling => ListenerEventType::Canceling,
        // The last two have names in REST only; no number is published for them.
        ListenerKind::Unspecified | ListenerKind::Cancel | ListenerKind::BeforeAll => {
            ListenerEventType::Unspecified
        }
    }
}
