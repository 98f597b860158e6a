//! The lists, field by field: names as clients know them, columns as the tables have them.

mod absent;
mod audit;
mod decision;
mod definition;
mod element_instance;
mod incident;
mod job;
mod message;
mod process_instance;
mod statistics;
mod user_task;
mod variable;
mod wait_state;

pub use absent::{BATCH_ITEM, BATCH_OPERATION};
pub use audit::{AUDIT, COMMENTED_AUDIT, USER_TASK_AUDIT};
pub use decision::{
    DECISION_DEFINITION, DECISION_INSTANCE, DECISION_INSTANCE_WHOLE, DECISION_REQUIREMENTS,
};
pub use definition::PROCESS_DEFINITION;
pub use element_instance::ELEMENT_INSTANCE;
pub use incident::INCIDENT;
pub use job::JOB;
pub use message::{CORRELATED_SUBSCRIPTION, MESSAGE, MESSAGE_SUBSCRIPTION};
pub use process_instance::PROCESS_INSTANCE;
pub use statistics::{
    ERROR_STATISTICS, ERROR_VERSION_STATISTICS, FINGERPRINT, JOB_TYPE, PROCESS_STATISTICS, STUCK,
    SUBSCRIPTION_STATISTICS, VARIABLE_NAME, VERSION_STATISTICS,
};
pub use user_task::USER_TASK;
pub use variable::{USER_TASK_VARIABLE, USER_TASK_VARIABLE_WHOLE, VARIABLE, VARIABLE_WHOLE};
pub use wait_state::WAIT_STATE;

use crate::query::Entity;

/// All of them.
pub const ALL: [&Entity; 29] = [
    &PROCESS_DEFINITION,
    &PROCESS_INSTANCE,
    &ELEMENT_INSTANCE,
    &VARIABLE,
    &JOB,
    &INCIDENT,
    &MESSAGE,
    &MESSAGE_SUBSCRIPTION,
    &CORRELATED_SUBSCRIPTION,
    &WAIT_STATE,
    &AUDIT,
    &COMMENTED_AUDIT,
    &PROCESS_STATISTICS,
    &VERSION_STATISTICS,
    &SUBSCRIPTION_STATISTICS,
    &ERROR_STATISTICS,
    &ERROR_VERSION_STATISTICS,
    &FINGERPRINT,
    &VARIABLE_NAME,
    &JOB_TYPE,
    &STUCK,
    &VARIABLE_WHOLE,
    &USER_TASK,
    &DECISION_DEFINITION,
    &DECISION_REQUIREMENTS,
    &DECISION_INSTANCE,
    &DECISION_INSTANCE_WHOLE,
    &BATCH_OPERATION,
    &BATCH_ITEM,
];
