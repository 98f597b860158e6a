//! The small numbers in the tables and the names that clients know them by. A number is never
//! given a second meaning: databases outlive builds.

use engine::IncidentKind;
use engine::event::{JobKind, ListenerKind, Role};

/// Names by number.
pub type Names = &'static [&'static str];

pub const INSTANCE_STATES: Names = &["ACTIVE", "COMPLETED", "TERMINATED", "SUSPENDED"];

pub const ELEMENT_STATES: Names = &["ACTIVE", "COMPLETED", "TERMINATED"];
/// Not shown yet: an element is listed from its activation on, or from its incident.
pub(crate) const ELEMENT_ACTIVATING: i64 = 9;

pub(crate) const ACTIVE: i64 = 0;
pub(crate) const SUSPENDED: i64 = 3;
pub(crate) const COMPLETED: i64 = 1;
pub(crate) const TERMINATED: i64 = 2;

pub const JOB_STATES: Names = &[
    "CREATED",
    "COMPLETED",
    "FAILED",
    "TIMED_OUT",
    "CANCELED",
    "ERROR_THROWN",
    "RETRIES_UPDATED",
    "TIMEOUT_UPDATED",
    "PRIORITY_UPDATED",
    "MIGRATED",
];

pub(crate) mod job {
    pub const CREATED: i64 = 0;
    pub const COMPLETED: i64 = 1;
    pub const FAILED: i64 = 2;
    pub const TIMED_OUT: i64 = 3;
    pub const CANCELED: i64 = 4;
    pub const ERROR_THROWN: i64 = 5;
    pub const RETRIES_UPDATED: i64 = 6;
    pub const TIMEOUT_UPDATED: i64 = 7;
    pub const PRIORITY_UPDATED: i64 = 8;
}

pub const JOB_KINDS: Names =
    &["BPMN_ELEMENT", "EXECUTION_LISTENER", "TASK_LISTENER", "AD_HOC_SUB_PROCESS"];

pub const LISTENER_EVENTS: Names = &[
    "UNSPECIFIED",
    "START",
    "END",
    "CANCEL",
    "BEFORE_ALL",
    "CREATING",
    "ASSIGNING",
    "UPDATING",
    "COMPLETING",
    "CANCELING",
];

pub const INCIDENT_KINDS: Names = &[
    "UNKNOWN",
    "UNSPECIFIED",
    "IO_MAPPING_ERROR",
    "JOB_NO_RETRIES",
    "EXECUTION_LISTENER_NO_RETRIES",
    "TASK_LISTENER_NO_RETRIES",
    "AD_HOC_SUB_PROCESS_NO_RETRIES",
    "CONDITION_ERROR",
    "EXTRACT_VALUE_ERROR",
    "CALLED_ELEMENT_ERROR",
    "UNHANDLED_ERROR_EVENT",
    "MESSAGE_SIZE_EXCEEDED",
    "CALLED_DECISION_ERROR",
    "DECISION_EVALUATION_ERROR",
    "FORM_NOT_FOUND",
    "RESOURCE_NOT_FOUND",
    "SECRET_RESOLUTION_ERROR",
];

pub const INCIDENT_STATES: Names = &["ACTIVE", "RESOLVED", "MIGRATED", "PENDING", "UNKNOWN"];

pub const DEFINITION_STATES: Names = &["ACTIVE", "DRAINING", "DELETED"];

pub const SUBSCRIPTION_STATES: Names = &["CREATED", "CORRELATED", "DELETED", "MIGRATED"];
pub(crate) const CREATED: i64 = 0;
pub(crate) const CORRELATED: i64 = 1;
pub(crate) const DELETED: i64 = 2;

pub const SUBSCRIPTION_KINDS: Names = &["PROCESS_EVENT", "START_EVENT"];

pub const TIMER_STATES: Names = &["ARMED", "FIRED", "CANCELED"];

pub const MESSAGE_STATES: Names = &["BUFFERED", "EXPIRED"];

pub const ELEMENT_TYPES: Names = &[
    "UNSPECIFIED",
    "PROCESS",
    "SUB_PROCESS",
    "EVENT_SUB_PROCESS",
    "AD_HOC_SUB_PROCESS",
    "AD_HOC_SUB_PROCESS_INNER_INSTANCE",
    "START_EVENT",
    "INTERMEDIATE_CATCH_EVENT",
    "INTERMEDIATE_THROW_EVENT",
    "BOUNDARY_EVENT",
    "END_EVENT",
    "SERVICE_TASK",
    "RECEIVE_TASK",
    "USER_TASK",
    "MANUAL_TASK",
    "TASK",
    "EXCLUSIVE_GATEWAY",
    "INCLUSIVE_GATEWAY",
    "PARALLEL_GATEWAY",
    "EVENT_BASED_GATEWAY",
    "SEQUENCE_FLOW",
    "MULTI_INSTANCE_BODY",
    "CALL_ACTIVITY",
    "BUSINESS_RULE_TASK",
    "SCRIPT_TASK",
    "SEND_TASK",
    "UNKNOWN",
];

pub const WAIT_STATES: Names = &["JOB", "MESSAGE", "USER_TASK", "TIMER", "SIGNAL", "CONDITION"];

pub const AUDIT_OPERATIONS: Names = &[
    "UNKNOWN", "ASSIGN", "CANCEL", "COMPLETE", "CREATE", "DELETE", "EVALUATE", "MIGRATE", "MODIFY",
    "RESOLVE", "RESUME", "SUSPEND", "UNASSIGN", "UPDATE",
];

pub(crate) mod operation {
    pub const ASSIGN: i64 = 1;
    pub const CANCEL: i64 = 2;
    pub const CREATE: i64 = 4;
    pub const COMPLETE: i64 = 3;
    pub const DELETE: i64 = 5;
    pub const EVALUATE: i64 = 6;
    pub const MIGRATE: i64 = 7;
    pub const MODIFY: i64 = 8;
    pub const RESOLVE: i64 = 9;
    pub const RESUME: i64 = 10;
    pub const SUSPEND: i64 = 11;
    pub const UNASSIGN: i64 = 12;
    pub const UPDATE: i64 = 13;
}

pub const AUDIT_ENTITIES: Names = &[
    "AUTHORIZATION",
    "BATCH",
    "DECISION",
    "GROUP",
    "INCIDENT",
    "JOB",
    "MAPPING_RULE",
    "PROCESS_INSTANCE",
    "RESOURCE",
    "ROLE",
    "TENANT",
    "USER",
    "USER_TASK",
    "VARIABLE",
    "CLIENT",
    // Behind these, what the contract does not know.
    "MESSAGE",
    "SIGNAL",
];

pub(crate) mod entity {
    pub const DECISION: i64 = 2;
    pub const INCIDENT: i64 = 4;
    pub const JOB: i64 = 5;
    pub const PROCESS_INSTANCE: i64 = 7;
    pub const RESOURCE: i64 = 8;
    pub const USER_TASK: i64 = 12;
    pub const VARIABLE: i64 = 13;
    pub const MESSAGE: i64 = 15;
    pub const SIGNAL: i64 = 16;
}

pub const AUDIT_CATEGORIES: Names = &["ADMIN", "DEPLOYED_RESOURCES", "USER_TASKS"];
pub(crate) const DEPLOYED_RESOURCES: i64 = 1;
pub(crate) const USER_TASKS: i64 = 2;

pub const AUDIT_RESULTS: Names = &["SUCCESS", "FAIL"];

pub const AUDIT_ACTORS: Names = &["ANONYMOUS", "CLIENT", "UNKNOWN", "USER"];
pub(crate) mod actor {
    pub const ANONYMOUS: i64 = 0;
    pub const CLIENT: i64 = 1;
    pub const UNKNOWN: i64 = 2;
}

pub const USER_TASK_STATES: Names = &[
    "CREATING",
    "CREATED",
    "ASSIGNING",
    "UPDATING",
    "COMPLETING",
    "COMPLETED",
    "CANCELING",
    "CANCELED",
    "FAILED",
];

pub(crate) mod task {
    pub const CREATING: i64 = 0;
    pub const CREATED: i64 = 1;
    pub const ASSIGNING: i64 = 2;
    pub const UPDATING: i64 = 3;
    pub const COMPLETING: i64 = 4;
    pub const COMPLETED: i64 = 5;
    pub const CANCELING: i64 = 6;
    pub const CANCELED: i64 = 7;
}

pub(crate) mod decision {
    pub const EVALUATED: i64 = 2;
    pub const FAILED: i64 = 3;
    /// In [`super::DECISION_KINDS`].
    pub const KIND_UNKNOWN: i64 = 1;
}

pub const DECISION_STATES: Names = &["UNSPECIFIED", "UNKNOWN", "EVALUATED", "FAILED"];
pub const DECISION_KINDS: Names =
    &["UNSPECIFIED", "UNKNOWN", "DECISION_TABLE", "LITERAL_EXPRESSION"];

pub const BATCH_STATES: Names =
    &["CREATED", "ACTIVE", "SUSPENDED", "COMPLETED", "PARTIALLY_COMPLETED", "CANCELED", "FAILED"];
pub const BATCH_ITEM_STATES: Names = &["ACTIVE", "COMPLETED", "CANCELED", "FAILED", "SKIPPED"];
pub const BATCH_OPERATIONS: Names = &[
    "ADD_VARIABLE",
    "CANCEL_PROCESS_INSTANCE",
    "DELETE_DECISION_DEFINITION",
    "DELETE_DECISION_INSTANCE",
    "DELETE_PROCESS_DEFINITION",
    "DELETE_PROCESS_INSTANCE",
    "MIGRATE_PROCESS_INSTANCE",
    "MODIFY_PROCESS_INSTANCE",
    "RESOLVE_INCIDENT",
    "RESUME_PROCESS_INSTANCE",
    "SUSPEND_PROCESS_INSTANCE",
    "UPDATE_JOB",
    "UPDATE_VARIABLE",
];

pub const ROLES: Names = &["ITSELF", "BODY", "INNER"];

/// Number of a role.
pub(crate) fn role(role: Role) -> i64 {
    match role {
        Role::Itself => 0,
        Role::Body => 1,
        Role::Inner => 2,
        Role::AdHocInner => 3,
    }
}

pub(crate) fn job_kind(kind: JobKind) -> i64 {
    match kind {
        JobKind::BpmnElement => 0,
        JobKind::ExecutionListener => 1,
        JobKind::TaskListener => 2,
        JobKind::AdHocSubProcess => 3,
    }
}

pub(crate) fn listener(kind: ListenerKind) -> i64 {
    match kind {
        ListenerKind::Unspecified => 0,
        ListenerKind::Start => 1,
        ListenerKind::End => 2,
        ListenerKind::Cancel => 3,
        ListenerKind::BeforeAll => 4,
        ListenerKind::Creating => 5,
        ListenerKind::Assigning => 6,
        ListenerKind::Updating => 7,
        ListenerKind::Completing => 8,
        ListenerKind::Canceling => 9,
    }
}

/// Number of an incident's type; its place in [`INCIDENT_KINDS`].
pub(crate) fn incident(kind: IncidentKind) -> i64 {
    INCIDENT_KINDS.iter().position(|name| *name == kind.name()).map_or(0, |at| at as i64)
}

/// Number of a BPMN element's type.
pub(crate) fn element_type(kind: &model::Kind) -> i64 {
    use model::{Kind as K, TaskKind as T};
    let name = match kind {
        K::Start { .. } => "START_EVENT",
        K::IntermediateCatch(_) => "INTERMEDIATE_CATCH_EVENT",
        K::IntermediateThrow(_) => "INTERMEDIATE_THROW_EVENT",
        K::End(_) => "END_EVENT",
        K::Boundary { .. } => "BOUNDARY_EVENT",
        K::JobTask { task: T::Service, .. } => "SERVICE_TASK",
        K::JobTask { task: T::Send, .. } => "SEND_TASK",
        K::JobTask { task: T::Script, .. } => "SCRIPT_TASK",
        K::JobTask { task: T::BusinessRule, .. } => "BUSINESS_RULE_TASK",
        K::JobTask { task: T::User, .. } => "USER_TASK",
        K::ScriptTask { .. } => "SCRIPT_TASK",
        K::DecisionTask { .. } => "BUSINESS_RULE_TASK",
        K::UserTask(_) => "USER_TASK",
        K::ManualTask => "MANUAL_TASK",
        K::UndefinedTask => "TASK",
        K::ReceiveTask(_) => "RECEIVE_TASK",
        K::CallActivity(_) => "CALL_ACTIVITY",
        K::Exclusive { .. } => "EXCLUSIVE_GATEWAY",
        K::Inclusive { .. } => "INCLUSIVE_GATEWAY",
        K::Parallel => "PARALLEL_GATEWAY",
        K::EventBased => "EVENT_BASED_GATEWAY",
        K::SubProcess => "SUB_PROCESS",
        K::EventSubProcess => "EVENT_SUB_PROCESS",
        K::AdHoc(_) => "AD_HOC_SUB_PROCESS",
    };
    number(ELEMENT_TYPES, name).unwrap_or(0)
}

/// Number of a name.
pub(crate) fn number(names: Names, name: &str) -> Option<i64> {
    names.iter().position(|known| *known == name).map(|at| at as i64)
}

/// Name of a number; numbers of a newer build read as `UNKNOWN`.
pub fn name(names: Names, number: i64) -> &'static str {
    usize::try_from(number).ok().and_then(|at| names.get(at)).copied().unwrap_or("UNKNOWN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_incident_kind_has_its_own_number() {
        for kind in IncidentKind::ALL {
            assert_eq!(name(INCIDENT_KINDS, incident(kind)), kind.name());
        }
    }

    #[test]
    fn the_numbers_that_code_uses_stand_for_their_names() {
        assert_eq!(name(JOB_STATES, job::PRIORITY_UPDATED), "PRIORITY_UPDATED");
        assert_eq!(name(JOB_STATES, job::ERROR_THROWN), "ERROR_THROWN");
        assert_eq!(name(ELEMENT_TYPES, 21), "MULTI_INSTANCE_BODY");
        assert_eq!(name(AUDIT_OPERATIONS, operation::UPDATE), "UPDATE");
        assert_eq!(name(AUDIT_OPERATIONS, operation::RESUME), "RESUME");
        assert_eq!(name(AUDIT_OPERATIONS, operation::DELETE), "DELETE");
        assert_eq!(name(AUDIT_ENTITIES, entity::VARIABLE), "VARIABLE");
        assert_eq!(name(AUDIT_ENTITIES, entity::RESOURCE), "RESOURCE");
        assert_eq!(name(ELEMENT_TYPES, 99), "UNKNOWN");
    }
}
