//! Bodies of the job operations.

use engine::command::{LeasedJob, LeasedTask};
use engine::event::{JobKind, Text};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::types::{KeyText, object, variables};
use crate::failure::Failure;
use crate::verdict::{AD_HOC, Corrected, Given};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = JobActivationRequest)]
pub struct Activation {
    pub r#type: String,
    pub worker: Option<String>,
    /// Milliseconds until a job that was handed out may be handed out again.
    pub timeout: i64,
    pub max_jobs_to_activate: i32,
    pub fetch_variable: Option<Vec<String>>,
    /// Milliseconds to wait for a job; 0: the server's default, negative: do not wait.
    pub request_timeout: Option<i64>,
    pub tenant_ids: Option<Vec<String>>,
    pub tenant_filter: Option<TenantFilter>,
    /// Hand out the token of the lease, which the worker's answer then must carry.
    pub with_lease: Option<bool>,
}

#[derive(ToSchema)]
#[schema(rename_all = "UPPERCASE", as = TenantFilterEnum)]
pub enum TenantFilter {
    Provided,
    Assigned,
}

impl<'de> Deserialize<'de> for TenantFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TenantFilter, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.to_ascii_uppercase().as_str() {
            "PROVIDED" => Ok(TenantFilter::Provided),
            "ASSIGNED" => Ok(TenantFilter::Assigned),
            _ => Err(serde::de::Error::unknown_variant(&text, &["PROVIDED", "ASSIGNED"])),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = JobActivationResult)]
pub struct Activated {
    pub jobs: Vec<Job>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ActivatedJobResult)]
pub struct Job {
    r#type: String,
    process_definition_id: String,
    process_definition_version: i32,
    element_id: String,
    #[schema(value_type = Object)]
    custom_headers: serde_json::Map<String, serde_json::Value>,
    worker: String,
    retries: i32,
    /// Milliseconds since 1970.
    deadline: i64,
    #[schema(value_type = Object)]
    variables: Box<RawValue>,
    tenant_id: String,
    physical_tenant_id: &'static str,
    job_key: KeyText,
    process_instance_key: KeyText,
    process_definition_key: KeyText,
    element_instance_key: KeyText,
    kind: &'static str,
    listener_event_type: &'static str,
    user_task: Option<TaskProperties>,
    tags: Vec<String>,
    root_process_instance_key: Option<KeyText>,
    business_id: Option<String>,
    priority: i32,
    job_lease_token: Option<String>,
}

impl Job {
    pub fn new(job: LeasedJob, with_lease: bool) -> Job {
        let headers = job.headers.iter();
        Job {
            r#type: job.job_type.to_string(),
            process_definition_id: job.process_id.to_string(),
            process_definition_version: job.version,
            element_id: job.element_id.to_string(),
            custom_headers: headers.map(|(n, v)| (n.to_string(), (&**v).into())).collect(),
            worker: job.worker.to_string(),
            retries: job.retries,
            deadline: job.deadline,
            variables: object(&job.variables),
            tenant_id: job.tenant.to_string(),
            physical_tenant_id: "<default>",
            job_key: KeyText(job.key),
            process_instance_key: KeyText(job.instance),
            process_definition_key: KeyText(job.definition),
            element_instance_key: KeyText(job.element),
            kind: kind(job.kind),
            listener_event_type: job.listener_event.name(),
            user_task: job.task.as_deref().map(TaskProperties::new),
            tags: job.tags.iter().map(ToString::to_string).collect(),
            root_process_instance_key: Some(KeyText(job.root_instance)),
            business_id: job.business_id.map(|id| id.to_string()),
            priority: job.priority,
            job_lease_token: with_lease.then(|| job.token.to_string()),
        }
    }
}

/// The user task that a listener is asked about, as it is to become.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserTaskProperties)]
struct TaskProperties {
    action: String,
    assignee: Option<String>,
    candidate_groups: Vec<String>,
    candidate_users: Vec<String>,
    changed_attributes: Vec<String>,
    due_date: Option<String>,
    follow_up_date: Option<String>,
    form_key: Option<KeyText>,
    priority: Option<i32>,
    user_task_key: Option<KeyText>,
}

impl TaskProperties {
    fn new(leased: &LeasedTask) -> TaskProperties {
        let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
        let texts = |all: &[Text]| all.iter().map(ToString::to_string).collect();
        let LeasedTask { key, task, action, changed } = leased;
        TaskProperties {
            action: action.to_string(),
            assignee: text(&task.assignee),
            candidate_groups: texts(&task.candidate_groups),
            candidate_users: texts(&task.candidate_users),
            changed_attributes: changed.iter().map(ToString::to_string).collect(),
            due_date: text(&task.due_date),
            follow_up_date: text(&task.follow_up_date),
            form_key: task.form_key.map(KeyText),
            priority: Some(task.priority),
            user_task_key: Some(KeyText(*key)),
        }
    }
}

fn kind(kind: JobKind) -> &'static str {
    match kind {
        JobKind::BpmnElement => "BPMN_ELEMENT",
        JobKind::ExecutionListener => "EXECUTION_LISTENER",
        JobKind::TaskListener => "TASK_LISTENER",
        JobKind::AdHocSubProcess => "AD_HOC_SUB_PROCESS",
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = JobCompletionRequest)]
pub struct Completion {
    #[schema(value_type = Option<Object>)]
    pub variables: Option<Box<RawValue>>,
    /// Of a listener's job.
    pub result: Option<JobResult>,
    #[serde(alias = "leaseToken")]
    pub job_lease_token: Option<String>,
    pub business_id: Option<String>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobResult {
    pub r#type: Option<String>,
    pub denied: Option<bool>,
    pub denied_reason: Option<String>,
    pub corrections: Option<JobCorrections>,
    pub activate_elements: Option<Vec<ActivateElement>>,
    pub is_completion_condition_fulfilled: Option<bool>,
    pub is_cancel_remaining_instances: Option<bool>,
}

/// What is absent or null stays as it is; what is empty is taken away.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = JobResultCorrections)]
pub struct JobCorrections {
    assignee: Option<String>,
    due_date: Option<String>,
    follow_up_date: Option<String>,
    candidate_users: Option<Vec<String>>,
    candidate_groups: Option<Vec<String>>,
    priority: Option<i32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = JobResultActivateElement)]
pub struct ActivateElement {
    element_id: String,
    #[schema(value_type = Option<Object>)]
    variables: Option<Box<RawValue>>,
}

impl JobResult {
    pub fn given(self) -> Result<Given, Failure> {
        let leads = self.activate_elements.as_ref().is_some_and(|all| !all.is_empty())
            || self.is_completion_condition_fulfilled == Some(true)
            || self.is_cancel_remaining_instances == Some(true);
        let elements = self
            .activate_elements
            .into_iter()
            .flatten()
            .map(|one| Ok((one.element_id, variables(one.variables.as_deref())?)));
        Ok(Given {
            kind: if leads { Some(AD_HOC.to_owned()) } else { self.r#type },
            denied: self.denied == Some(true),
            reason: self.denied_reason,
            corrections: self.corrections.map(|all| Corrected {
                assignee: all.assignee,
                due_date: all.due_date,
                follow_up_date: all.follow_up_date,
                candidate_users: all.candidate_users,
                candidate_groups: all.candidate_groups,
                priority: all.priority,
            }),
            elements: elements.collect::<Result<_, Failure>>()?,
            fulfilled: self.is_completion_condition_fulfilled == Some(true),
            cancel_remaining: self.is_cancel_remaining_instances == Some(true),
        })
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = JobFailRequest)]
pub struct Fail {
    /// What is left; 0, also when absent, raises an incident.
    pub retries: Option<i32>,
    pub error_message: Option<String>,
    /// Milliseconds until it is tried again.
    pub retry_back_off: Option<i64>,
    #[schema(value_type = Option<Object>)]
    pub variables: Option<Box<RawValue>>,
    #[serde(alias = "leaseToken")]
    pub job_lease_token: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = JobErrorRequest)]
pub struct Throw {
    pub error_code: String,
    pub error_message: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub variables: Option<Box<RawValue>>,
    #[serde(alias = "leaseToken")]
    pub job_lease_token: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = JobUpdateRequest)]
pub struct Update {
    pub changeset: Option<Changeset>,
    pub operation_reference: Option<i64>,
    #[serde(alias = "leaseToken")]
    pub job_lease_token: Option<String>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = JobChangeset)]
pub struct Changeset {
    pub retries: Option<i32>,
    /// Milliseconds from now.
    pub timeout: Option<i64>,
    pub priority: Option<i32>,
}
