//! Who did what.

use crate::names::{
    AUDIT_ACTORS, AUDIT_CATEGORIES, AUDIT_ENTITIES, AUDIT_OPERATIONS, AUDIT_RESULTS,
    BATCH_OPERATIONS,
};
use crate::query::{Entity, Field};

/// Not there (yet), in the contract all the same.
const fn none(name: &'static str) -> Field {
    Field::text(name, "NULL").nullable()
}

/// As clients of the contract know it.
pub const AUDIT: Entity = Entity {
    fields: match COMMENTED_AUDIT.fields.split_last() {
        Some((_comment, fields)) => fields,
        None => COMMENTED_AUDIT.fields,
    },
    // Messages and signals are none of its kinds.
    base: "a.entity < 15",
    ..COMMENTED_AUDIT
};

/// Only what was accepted is in the log: a rejected command leaves no step.
pub const COMMENTED_AUDIT: Entity = Entity {
    name: "audit logs",
    from: "audit a",
    joins: " LEFT JOIN process_instance i ON i.key = a.instance\
            \x20LEFT JOIN process_definition d ON d.key = a.definition",
    key: "a.key",
    base: "",
    orders: &[(&["a.instance"], "a.key"), (&["a.actor"], "a.key")],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::key("auditLogKey", "a.key"),
        Field::key("entityKey", "a.entity_key").walked(),
        Field::named("entityType", "a.entity", AUDIT_ENTITIES).walked(),
        Field::named("operationType", "a.operation", AUDIT_OPERATIONS).walked(),
        none("batchOperationKey").no_filter(),
        Field::named("batchOperationType", "NULL", BATCH_OPERATIONS).nullable(),
        Field::date("timestamp", "a.time"),
        Field::text("actorId", "a.actor").nullable(),
        Field::named("actorType", "a.actor_type", AUDIT_ACTORS).nullable().walked(),
        none("agentElementId").no_sort(),
        Field::text("tenantId", "COALESCE(d.tenant, a.tenant)").nullable().walked(),
        Field::named("result", "(a.lsn < 0)", AUDIT_RESULTS).walked(),
        Field::named("category", "a.category", AUDIT_CATEGORIES).walked(),
        Field::text("processDefinitionId", "d.process_id").nullable().walked(),
        Field::key("processDefinitionKey", "a.definition").nullable().walked(),
        Field::key("processInstanceKey", "a.instance").nullable(),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::key("elementInstanceKey", "a.element").nullable().walked(),
        Field::key("jobKey", "a.job").nullable().walked(),
        Field::key("userTaskKey", "(CASE WHEN a.entity = 12 THEN a.entity_key END)")
            .nullable()
            .walked(),
        none("decisionRequirementsId"),
        none("decisionRequirementsKey"),
        none("decisionDefinitionId"),
        none("decisionDefinitionKey"),
        Field::key("decisionEvaluationKey", "(CASE WHEN a.entity = 2 THEN a.entity_key END)")
            .nullable()
            .walked(),
        Field::key("deploymentKey", "a.deployment").nullable().no_sort().walked(),
        none("formKey").no_sort(),
        none("resourceKey").no_sort(),
        none("relatedEntityKey").no_sort(),
        Field::named("relatedEntityType", "NULL", AUDIT_ENTITIES).nullable().no_sort(),
        Field::text("entityDescription", "a.description").nullable().no_sort().walked(),
        none("inboundChannelType"),
        none("inboundChannelToolName"),
        // The last: the contract has none.
        Field::text("comment", "a.comment").nullable().no_sort().walked(),
    ],
};

/// What people did with one user task.
pub const USER_TASK_AUDIT: Entity =
    Entity { only: &["operationType", "result", "timestamp", "actorType", "actorId"], ..AUDIT };
