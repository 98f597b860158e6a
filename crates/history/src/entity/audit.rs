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

/// Only what was accepted is in the log: a rejected command leaves no step.
pub const AUDIT: Entity = Entity {
    name: "audit logs",
    from: "audit a",
    joins: " LEFT JOIN process_instance i ON i.key = a.instance\
            \x20LEFT JOIN process_definition d ON d.key = a.definition",
    key: "a.key",
    base: "",
    orders: &[(&["a.instance"], "a.key")],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::key("auditLogKey", "a.key"),
        Field::key("entityKey", "a.entity_key"),
        Field::named("entityType", "a.entity", AUDIT_ENTITIES),
        Field::named("operationType", "a.operation", AUDIT_OPERATIONS),
        none("batchOperationKey").no_filter(),
        Field::named("batchOperationType", "NULL", BATCH_OPERATIONS).nullable(),
        Field::date("timestamp", "a.time"),
        Field::text("actorId", "a.actor").nullable(),
        Field::named("actorType", "a.actor_type", AUDIT_ACTORS).nullable(),
        none("agentElementId").no_sort(),
        Field::text("tenantId", "COALESCE(d.tenant, a.tenant)").nullable(),
        Field::named("result", "(a.lsn < 0)", AUDIT_RESULTS),
        Field::named("category", "a.category", AUDIT_CATEGORIES),
        Field::text("processDefinitionId", "d.process_id").nullable(),
        Field::key("processDefinitionKey", "a.definition").nullable(),
        Field::key("processInstanceKey", "a.instance").nullable(),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::key("elementInstanceKey", "a.element").nullable(),
        Field::key("jobKey", "a.job").nullable(),
        Field::key("userTaskKey", "(CASE WHEN a.entity = 12 THEN a.entity_key END)").nullable(),
        none("decisionRequirementsId"),
        none("decisionRequirementsKey"),
        none("decisionDefinitionId"),
        none("decisionDefinitionKey"),
        Field::key("decisionEvaluationKey", "(CASE WHEN a.entity = 2 THEN a.entity_key END)")
            .nullable(),
        Field::key("deploymentKey", "a.deployment").nullable().no_sort(),
        none("formKey").no_sort(),
        none("resourceKey").no_sort(),
        none("relatedEntityKey").no_sort(),
        Field::named("relatedEntityType", "NULL", AUDIT_ENTITIES).nullable().no_sort(),
        Field::text("entityDescription", "a.description").nullable().no_sort(),
        none("inboundChannelType"),
        none("inboundChannelToolName"),
    ],
};

/// What people did with one user task.
pub const USER_TASK_AUDIT: Entity =
    Entity { only: &["operationType", "result", "timestamp", "actorType", "actorId"], ..AUDIT };
