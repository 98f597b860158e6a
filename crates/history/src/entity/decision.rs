//! Decisions: what is deployed, and what was evaluated.

use crate::names::{DECISION_KINDS, DECISION_STATES};
use crate::query::{Entity, Field, Kind};

const LATEST: &str = "(NOT EXISTS (SELECT 1 FROM decision_definition n \
     WHERE n.id = z.id AND n.tenant = z.tenant AND n.version > z.version AND n.state = 0))";

pub const DECISION_DEFINITION: Entity = Entity {
    name: "decision definitions",
    from: "decision_definition z",
    joins: " LEFT JOIN decision_requirements q ON q.key = z.requirements",
    key: "z.key",
    base: "z.state = 0",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::text("decisionDefinitionId", "z.id"),
        Field::key("decisionDefinitionKey", "z.key"),
        Field::text("decisionRequirementsId", "q.id"),
        Field::key("decisionRequirementsKey", "z.requirements"),
        Field::text("decisionRequirementsName", "q.name"),
        Field::int("decisionRequirementsVersion", "q.version"),
        Field::text("name", "z.name"),
        Field::text("tenantId", "z.tenant"),
        Field::int("version", "z.version"),
        Field::flag("isLatestVersion", LATEST).no_sort().hidden(),
    ],
};

pub const DECISION_REQUIREMENTS: Entity = Entity {
    name: "decision requirements",
    from: "decision_requirements q",
    joins: "",
    key: "q.key",
    base: "q.state = 0",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::text("decisionRequirementsId", "q.id"),
        Field::key("decisionRequirementsKey", "q.key"),
        Field::text("decisionRequirementsName", "q.name"),
        Field::text("resourceName", "q.resource").no_sort(),
        Field::text("tenantId", "q.tenant"),
        Field::int("version", "q.version"),
    ],
};

pub const DECISION_INSTANCE: Entity = Entity {
    name: "decision instances",
    from: "decision_instance z",
    joins: " LEFT JOIN process_instance i ON i.key = z.instance",
    key: "z.id",
    base: "",
    orders: &[(&["z.instance"], "z.id"), (&["z.decision_id"], "z.time")],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::text("decisionEvaluationInstanceKey", "z.id"),
        Field::key("decisionEvaluationKey", "z.evaluation"),
        Field::named("state", "z.state", DECISION_STATES),
        Field::date("evaluationDate", "z.time"),
        Field::text("evaluationFailure", "z.failure").nullable(),
        Field::text("decisionDefinitionId", "z.decision_id"),
        Field::key("decisionDefinitionKey", "z.decision"),
        Field::text("decisionDefinitionName", "z.name"),
        Field::int("decisionDefinitionVersion", "z.version"),
        Field::named("decisionDefinitionType", "z.kind", DECISION_KINDS),
        Field::text("result", "z.result").shown_only(),
        Field::text("tenantId", "z.tenant"),
        Field::text("businessId", "i.business_id").nullable(),
        Field::key("processDefinitionKey", "z.definition").nullable(),
        Field::key("processInstanceKey", "z.instance").nullable(),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::key("elementInstanceKey", "z.element").nullable(),
        Field::key("rootDecisionDefinitionKey", "z.root_decision"),
        Field::key("decisionRequirementsKey", "z.requirements").no_sort().hidden(),
    ],
};

/// The same with what went in and what matched.
pub const DECISION_INSTANCE_WHOLE: Entity = Entity {
    fields: &[
        Field::text("decisionEvaluationInstanceKey", "z.id"),
        Field::key("decisionEvaluationKey", "z.evaluation"),
        Field::named("state", "z.state", DECISION_STATES),
        Field::date("evaluationDate", "z.time"),
        Field::text("evaluationFailure", "z.failure").nullable(),
        Field::text("decisionDefinitionId", "z.decision_id"),
        Field::key("decisionDefinitionKey", "z.decision"),
        Field::text("decisionDefinitionName", "z.name"),
        Field::int("decisionDefinitionVersion", "z.version"),
        Field::named("decisionDefinitionType", "z.kind", DECISION_KINDS),
        Field::text("result", "z.result").shown_only(),
        Field::text("tenantId", "z.tenant"),
        Field::text("businessId", "i.business_id").nullable(),
        Field::key("processDefinitionKey", "z.definition").nullable(),
        Field::key("processInstanceKey", "z.instance").nullable(),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::key("elementInstanceKey", "z.element").nullable(),
        Field::key("rootDecisionDefinitionKey", "z.root_decision"),
        Field::key("decisionRequirementsKey", "z.requirements").no_sort().hidden(),
        Field::new("evaluatedInputs", Kind::Json, "z.inputs").shown_only(),
        Field::new("matchedRules", Kind::Json, "z.rules").shown_only(),
    ],
    ..DECISION_INSTANCE
};
