//! Deployed process definitions.

use crate::names::DEFINITION_STATES;
use crate::query::{Entity, Field};

const LATEST: &str = "(NOT EXISTS (SELECT 1 FROM process_definition n \
     WHERE n.process_id = d.process_id AND n.tenant = d.tenant AND n.version > d.version \
     AND n.state = 0) AND d.state = 0)";

/// A deleted definition drains as long as an instance of it runs.
const STATE: &str = "(CASE WHEN d.state = 2 AND EXISTS (SELECT 1 FROM process_instance r \
     WHERE r.definition = d.key AND r.state = 0) THEN 1 ELSE d.state END)";

pub const PROCESS_DEFINITION: Entity = Entity {
    name: "process definitions",
    from: "process_definition d",
    joins: "",
    key: "d.key",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::text("name", "d.name").nullable(),
        Field::text("resourceName", "d.resource"),
        Field::int("version", "d.version"),
        Field::text("versionTag", "d.version_tag").nullable(),
        Field::text("processDefinitionId", "d.process_id"),
        Field::text("tenantId", "d.tenant"),
        Field::key("processDefinitionKey", "d.key"),
        Field::flag("hasStartForm", "(d.has_start_form = 1)").no_sort(),
        Field::named("state", STATE, DEFINITION_STATES).no_sort(),
        Field::flag("isLatestVersion", LATEST).no_sort().hidden(),
    ],
};
