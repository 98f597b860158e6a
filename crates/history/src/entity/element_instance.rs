//! Element instances: one life of one element.

use crate::names::{ELEMENT_STATES, ELEMENT_TYPES};
use crate::query::{Entity, Field};

/// A body is shown as what it is; 21 is its type.
pub(super) const TYPE: &str = "(CASE WHEN e.role = 1 THEN 21 ELSE COALESCE(m.type, 0) END)";

/// Elements of the model are few: they are looked up first.
const ELEMENTS: &str = "SELECT fe.key FROM element_instance fe \
     JOIN element fm ON fm.definition = fe.definition AND fm.no = fe.element_no \
     WHERE +fe.state < 3";

pub const ELEMENT_INSTANCE: Entity = Entity {
    name: "element instances",
    from: "element_instance e",
    joins: " LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no\
            \x20LEFT JOIN process_instance i ON i.key = e.instance\
            \x20LEFT JOIN process_definition d ON d.key = e.definition",
    key: "e.key",
    // Those that are not shown yet are few, and told by their keys, which every index has.
    base: "e.key NOT IN (SELECT h.key FROM element_instance h WHERE h.state = 9)",
    orders: &[
        (&["e.instance"], "e.key"),
        (&["e.definition"], "e.key"),
        (&["e.end_date"], "e.key"),
        (&["e.state"], "e.key"),
    ],
    definition: "e.definition",
    only: &[],
    rows: None,
    fields: &[
        Field::text("processDefinitionId", "d.process_id").of_definition(),
        Field::date("startDate", "e.start_date"),
        Field::date("endDate", "e.end_date").nullable().since("e.start_date"),
        Field::text("elementId", "m.id").nullable().no_filter().walked(),
        Field::text("elementId", "fm.id").inside(ELEMENTS),
        Field::text("elementName", "COALESCE(m.name, m.id)").nullable().walked(),
        Field::named("type", TYPE, ELEMENT_TYPES).walked(),
        Field::named("state", "e.state", ELEMENT_STATES),
        Field::flag("hasIncident", "(e.incident IS NOT NULL)").no_sort(),
        Field::text("tenantId", "d.tenant").of_definition(),
        Field::key("elementInstanceKey", "e.key"),
        Field::key("processInstanceKey", "e.instance"),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::key("processDefinitionKey", "e.definition"),
        Field::key("incidentKey", "e.incident").nullable(),
        Field::key("elementInstanceScopeKey", "e.scope").no_sort().hidden(),
    ],
};
