//! Jobs.

use crate::names::{JOB_KINDS, JOB_STATES, LISTENER_EVENTS};
use crate::query::{Entity, Field, Kind};

pub const JOB: Entity = Entity {
    name: "jobs",
    from: "job j",
    joins: " LEFT JOIN element_instance e ON e.key = j.element\
            \x20LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no\
            \x20LEFT JOIN process_instance i ON i.key = j.instance\
            \x20LEFT JOIN process_definition d ON d.key = j.definition",
    key: "j.key",
    base: "",
    orders: &[
        (&["j.instance"], "j.key"),
        (&["j.definition"], "j.key"),
        (&["j.element"], "j.key"),
        (&["j.ended"], "j.key"),
        (&["j.state"], "j.key"),
        (&["j.type"], "j.key"),
    ],
    definition: "j.definition",
    only: &[],
    rows: None,
    fields: &[
        Field::new("customHeaders", Kind::Json, "COALESCE(m.headers, '{}')").shown_only(),
        Field::date("deadline", "j.deadline").nullable().walked(),
        Field::text("deniedReason", "NULL").nullable(),
        Field::text("elementId", "COALESCE(m.id, d.process_id)").nullable().walked(),
        Field::key("elementInstanceKey", "j.element"),
        Field::date("endTime", "j.ended").nullable().since("j.created"),
        Field::text("errorCode", "j.error_code").nullable(),
        Field::text("errorMessage", "j.error_message").nullable(),
        Field::flag("hasFailedWithRetriesLeft", "(j.state = 2 AND j.retries > 0)").walked(),
        Field::flag("isDenied", "NULL").nullable(),
        Field::key("jobKey", "j.key"),
        Field::named("kind", "j.kind", JOB_KINDS).walked(),
        Field::named("listenerEventType", "j.listener", LISTENER_EVENTS).walked(),
        Field::text("processDefinitionId", "d.process_id").of_definition(),
        Field::key("processDefinitionKey", "j.definition"),
        Field::key("processInstanceKey", "j.instance"),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::text("businessId", "i.business_id").nullable().shown_only(),
        Field::int("retries", "j.retries").walked(),
        Field::named("state", "j.state", JOB_STATES),
        Field::text("tenantId", "d.tenant").of_definition(),
        Field::text("type", "j.type"),
        Field::text("worker", "COALESCE(j.worker, '')").walked(),
        Field::date("creationTime", "j.created"),
        Field::date("lastUpdateTime", "j.updated").no_sort().walked(),
        Field::int("priority", "j.priority").walked(),
    ],
};
