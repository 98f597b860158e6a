//! Process instances.

use crate::names::{ELEMENT_STATES, INSTANCE_STATES};
use crate::query::{Entity, Field, Kind};

/// Elements of an instance; conditions on one of them.
const ELEMENTS: &str = "SELECT fe.instance FROM element_instance fe \
     JOIN element fm ON fm.definition = fe.definition AND fm.no = fe.element_no \
     WHERE +fe.state < 3";
const INCIDENTS: &str = "SELECT fx.instance FROM incident fx WHERE fx.resolved IS NULL";
const FAILED_JOBS: &str = "i.key IN (SELECT fj.instance FROM job fj \
     WHERE fj.state = 2 AND fj.retries > 0)";

pub const PROCESS_INSTANCE: Entity = Entity {
    name: "process instances",
    from: "process_instance i",
    joins: " LEFT JOIN process_definition d ON d.key = i.definition",
    key: "i.key",
    base: "",
    orders: &[
        (&["i.definition"], "i.key"),
        (&["i.state"], "i.key"),
        (&["(i.incidents > 0)"], "i.start_date"),
        (&["i.state"], "i.start_date"),
        (&["i.definition"], "i.start_date"),
        (&["i.definition", "i.state"], "i.start_date"),
        (&["(i.incidents > 0)"], "i.key"),
        (&["i.end_date"], "i.key"),
        (&["i.suspended_date"], "i.key"),
        (&["i.parent_instance"], "i.key"),
        (&["i.parent_element"], "i.key"),
        (&["i.business_id"], "i.key"),
    ],
    definition: "i.definition",
    only: &[],
    rows: None,
    fields: &[
        Field::text("processDefinitionId", "d.process_id").of_definition(),
        Field::text("processDefinitionName", "d.name").of_definition().nullable(),
        Field::int("processDefinitionVersion", "d.version").of_definition(),
        Field::text("processDefinitionVersionTag", "d.version_tag").of_definition().nullable(),
        Field::date("startDate", "i.start_date"),
        Field::date("endDate", "i.end_date").nullable().since("i.start_date"),
        Field::named("state", "i.state", INSTANCE_STATES),
        Field::date("suspendedDate", "i.suspended_date").nullable(),
        Field::flag("hasIncident", "(i.incidents > 0)"),
        Field::text("tenantId", "d.tenant").of_definition(),
        Field::key("processInstanceKey", "i.key"),
        Field::key("processDefinitionKey", "i.definition"),
        Field::key("parentProcessInstanceKey", "i.parent_instance").nullable(),
        Field::key("parentElementInstanceKey", "i.parent_element").nullable(),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::new("tags", Kind::Tags, "i.tags").no_sort(),
        Field::text("businessId", "i.business_id").nullable(),
        Field::new("variables", Kind::Variables, "").no_sort().hidden(),
        Field::text("batchOperationId", "NULL").no_sort().hidden(),
        Field::text("batchOperationKey", "NULL").no_sort().hidden(),
        Field::text("errorMessage", "fx.message").inside(INCIDENTS),
        Field::int("incidentErrorHashCode", "fx.error_hash").inside(INCIDENTS),
        Field::flag("hasRetriesLeft", FAILED_JOBS).no_sort().hidden(),
        Field::text("elementId", "fm.id").inside(ELEMENTS),
        Field::named("elementInstanceState", "fe.state", ELEMENT_STATES).inside(ELEMENTS),
        Field::flag("hasElementInstanceIncident", "(fe.incident IS NOT NULL)").inside(ELEMENTS),
    ],
};
