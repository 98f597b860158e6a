//! Lists of what no model of this version brings forth: they are asked like all others, so that
//! clients and their filters work, and are empty.

use crate::names::{
    BATCH_ITEM_STATES, BATCH_OPERATIONS, BATCH_STATES, DECISION_KINDS, DECISION_STATES,
};
use crate::query::{Entity, Field};

/// No rows, one column.
const NOTHING: &str = "(SELECT NULL AS key WHERE 1 = 0) z";

const fn absent(name: &'static str, fields: &'static [Field]) -> Entity {
    Entity {
        name,
        from: NOTHING,
        joins: "",
        key: "z.key",
        base: "",
        orders: &[],
        definition: "",
        fields,
    }
}

const fn key(name: &'static str) -> Field {
    Field::key(name, "+z.key")
}

const fn text(name: &'static str) -> Field {
    Field::text(name, "+z.key")
}

const fn int(name: &'static str) -> Field {
    Field::int(name, "+z.key")
}

const fn date(name: &'static str) -> Field {
    Field::date(name, "+z.key")
}

pub const DECISION_DEFINITION: Entity = absent(
    "decision definitions",
    &[
        text("decisionDefinitionId"),
        Field::key("decisionDefinitionKey", "z.key"),
        text("decisionRequirementsId"),
        key("decisionRequirementsKey"),
        text("decisionRequirementsName"),
        int("decisionRequirementsVersion"),
        text("name"),
        text("tenantId"),
        int("version"),
        Field::flag("isLatestVersion", "+z.key").no_sort().hidden(),
    ],
);

pub const DECISION_REQUIREMENTS: Entity = absent(
    "decision requirements",
    &[
        text("decisionRequirementsId"),
        Field::key("decisionRequirementsKey", "z.key"),
        text("decisionRequirementsName"),
        text("resourceName").no_sort(),
        text("tenantId"),
        int("version"),
    ],
);

pub const DECISION_INSTANCE: Entity = absent(
    "decision instances",
    &[
        Field::text("decisionEvaluationInstanceKey", "z.key"),
        key("decisionEvaluationKey"),
        Field::named("state", "+z.key", DECISION_STATES),
        date("evaluationDate"),
        text("evaluationFailure").nullable(),
        text("decisionDefinitionId"),
        key("decisionDefinitionKey"),
        text("decisionDefinitionName"),
        int("decisionDefinitionVersion"),
        Field::named("decisionDefinitionType", "+z.key", DECISION_KINDS),
        text("result").shown_only(),
        text("tenantId"),
        text("businessId").nullable(),
        key("processDefinitionKey").nullable(),
        key("processInstanceKey").nullable(),
        key("rootProcessInstanceKey").nullable().shown_only(),
        key("elementInstanceKey").nullable(),
        key("rootDecisionDefinitionKey"),
        key("decisionRequirementsKey").no_sort().hidden(),
    ],
);

pub const BATCH_OPERATION: Entity = absent(
    "batch operations",
    &[
        Field::text("batchOperationKey", "z.key"),
        Field::named("state", "+z.key", BATCH_STATES),
        Field::named("batchOperationType", "+z.key", BATCH_OPERATIONS).shown_only(),
        Field::named("operationType", "+z.key", BATCH_OPERATIONS).hidden(),
        Field::named("actorType", "+z.key", crate::names::AUDIT_ACTORS),
        text("actorId"),
        date("startDate").nullable().no_filter(),
        date("endDate").nullable().no_filter(),
        int("operationsTotalCount").shown_only(),
        int("operationsFailedCount").shown_only(),
        int("operationsCompletedCount").shown_only(),
    ],
);

pub const BATCH_ITEM: Entity = absent(
    "items of batch operations",
    &[
        Field::text("batchOperationKey", "z.key"),
        key("itemKey"),
        key("processInstanceKey"),
        Field::named("operationType", "+z.key", BATCH_OPERATIONS).no_sort(),
        Field::named("state", "+z.key", BATCH_ITEM_STATES),
        date("processedDate").nullable().no_filter(),
        text("errorMessage").nullable().shown_only(),
    ],
);
