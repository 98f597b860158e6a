//! Incidents.

use crate::names::{INCIDENT_KINDS, INCIDENT_STATES};
use crate::query::{Entity, Field};

pub const INCIDENT: Entity = Entity {
    name: "incidents",
    from: "incident x",
    joins: " LEFT JOIN element_instance e ON e.key = x.element\
            \x20LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no\
            \x20LEFT JOIN process_instance i ON i.key = x.instance\
            \x20LEFT JOIN process_definition d ON d.key = x.definition",
    key: "x.key",
    base: "",
    orders: &[
        (&["x.instance"], "x.key"),
        (&["x.definition"], "x.key"),
        (&["x.kind"], "x.key"),
        (&["x.state"], "x.key"),
    ],
    definition: "x.definition",
    only: &[],
    rows: None,
    fields: &[
        Field::text("processDefinitionId", "d.process_id").of_definition(),
        Field::named("errorType", "x.kind", INCIDENT_KINDS),
        Field::text("errorMessage", "x.message").no_sort().walked(),
        // At the process itself: no element instance is there.
        Field::text("elementId", "COALESCE(m.id, d.process_id)").nullable().walked(),
        Field::date("creationTime", "x.created"),
        Field::named("state", "x.state", INCIDENT_STATES),
        Field::text("tenantId", "d.tenant").of_definition(),
        Field::key("incidentKey", "x.key"),
        Field::key("processDefinitionKey", "x.definition"),
        Field::key("processInstanceKey", "x.instance"),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::key("elementInstanceKey", "x.element"),
        Field::key("jobKey", "x.job").nullable(),
        Field::int("incidentErrorHashCode", "x.error_hash").no_sort().hidden(),
    ],
};
