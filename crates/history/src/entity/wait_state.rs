//! What active elements wait for.

use super::element_instance::TYPE;
use crate::names::{ELEMENT_TYPES, JOB_KINDS, LISTENER_EVENTS, WAIT_STATES};
use crate::query::{Entity, Field};

pub const WAIT_STATE: Entity = Entity {
    name: "wait states",
    from: "wait_state w",
    joins: " LEFT JOIN element m ON m.definition = w.definition AND m.no = w.element_no\
            \x20LEFT JOIN element_instance e ON e.key = w.host\
            \x20LEFT JOIN process_instance i ON i.key = w.instance\
            \x20LEFT JOIN process_definition d ON d.key = w.definition",
    key: "w.key",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::key("rootProcessInstanceKey", "i.root").nullable(),
        Field::key("processInstanceKey", "w.instance"),
        Field::key("elementInstanceKey", "w.host"),
        Field::text("elementId", "m.id").nullable(),
        Field::named("elementType", TYPE, ELEMENT_TYPES).no_sort(),
        Field::text("tenantId", "d.tenant").shown_only(),
        Field::text("bpmnProcessId", "d.process_id").shown_only(),
        Field::named("waitStateType", "w.type", WAIT_STATES).no_sort(),
        // Of these the borders make the details of each type.
        Field::key("key", "w.key").shown_only(),
        Field::text("waitName", "w.name").shown_only(),
        Field::text("correlationKey", "w.correlation_key").shown_only(),
        Field::date("due", "w.due").shown_only(),
        Field::int("remaining", "w.remaining").shown_only(),
        Field::named("jobKind", "w.kind", JOB_KINDS).shown_only(),
        Field::named("listenerEventType", "w.listener", LISTENER_EVENTS).shown_only(),
        Field::int("retries", "w.retries").shown_only(),
        Field::date("since", "w.since").shown_only(),
    ],
};
