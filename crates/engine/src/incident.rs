//! Incidents: a bad process or bad data, visible and repairable (semantics 4.9).

use std::fmt;

/// The documented types. The numbers are in the journal: never reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IncidentKind {
    Unknown = 0,
    Unspecified = 1,
    IoMappingError = 2,
    JobNoRetries = 3,
    ExecutionListenerNoRetries = 4,
    TaskListenerNoRetries = 5,
    AdHocSubProcessNoRetries = 6,
    ConditionError = 7,
    ExtractValueError = 8,
    CalledElementError = 9,
    UnhandledErrorEvent = 10,
    MessageSizeExceeded = 11,
    CalledDecisionError = 12,
    DecisionEvaluationError = 13,
    FormNotFound = 14,
    ResourceNotFound = 15,
}

/// An incident about to be raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub kind: IncidentKind,
    pub message: String,
}

impl Failure {
    pub fn new(kind: IncidentKind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into() }
    }

    pub fn extract(message: impl Into<String>) -> Failure {
        Failure::new(IncidentKind::ExtractValueError, message)
    }
}

impl IncidentKind {
    pub const ALL: [IncidentKind; 16] = [
        IncidentKind::Unknown,
        IncidentKind::Unspecified,
        IncidentKind::IoMappingError,
        IncidentKind::JobNoRetries,
        IncidentKind::ExecutionListenerNoRetries,
        IncidentKind::TaskListenerNoRetries,
        IncidentKind::AdHocSubProcessNoRetries,
        IncidentKind::ConditionError,
        IncidentKind::ExtractValueError,
        IncidentKind::CalledElementError,
        IncidentKind::UnhandledErrorEvent,
        IncidentKind::MessageSizeExceeded,
        IncidentKind::CalledDecisionError,
        IncidentKind::DecisionEvaluationError,
        IncidentKind::FormNotFound,
        IncidentKind::ResourceNotFound,
    ];

    /// The name that clients know.
    pub fn name(self) -> &'static str {
        match self {
            IncidentKind::Unknown => "UNKNOWN",
            IncidentKind::Unspecified => "UNSPECIFIED",
            IncidentKind::IoMappingError => "IO_MAPPING_ERROR",
            IncidentKind::JobNoRetries => "JOB_NO_RETRIES",
            IncidentKind::ExecutionListenerNoRetries => "EXECUTION_LISTENER_NO_RETRIES",
            IncidentKind::TaskListenerNoRetries => "TASK_LISTENER_NO_RETRIES",
            IncidentKind::AdHocSubProcessNoRetries => "AD_HOC_SUB_PROCESS_NO_RETRIES",
            IncidentKind::ConditionError => "CONDITION_ERROR",
            IncidentKind::ExtractValueError => "EXTRACT_VALUE_ERROR",
            IncidentKind::CalledElementError => "CALLED_ELEMENT_ERROR",
            IncidentKind::UnhandledErrorEvent => "UNHANDLED_ERROR_EVENT",
            IncidentKind::MessageSizeExceeded => "MESSAGE_SIZE_EXCEEDED",
            IncidentKind::CalledDecisionError => "CALLED_DECISION_ERROR",
            IncidentKind::DecisionEvaluationError => "DECISION_EVALUATION_ERROR",
            IncidentKind::FormNotFound => "FORM_NOT_FOUND",
            IncidentKind::ResourceNotFound => "RESOURCE_NOT_FOUND",
        }
    }
}

impl fmt::Display for IncidentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
