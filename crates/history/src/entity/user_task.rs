//! User tasks of the engine's own.

use crate::names::USER_TASK_STATES;
use crate::query::{Entity, Field, Kind};

pub const USER_TASK: Entity = Entity {
    name: "user tasks",
    from: "user_task u",
    joins: " LEFT JOIN element_instance e ON e.key = u.element\
            \x20LEFT JOIN element m ON m.definition = e.definition AND m.no = e.element_no\
            \x20LEFT JOIN process_instance i ON i.key = u.instance\
            \x20LEFT JOIN process_definition d ON d.key = u.definition",
    key: "u.key",
    base: "",
    orders: &[(&["u.instance"], "u.key"), (&["u.state"], "u.key"), (&["u.assignee"], "u.key")],
    definition: "u.definition",
    only: &[],
    rows: None,
    fields: &[
        Field::text("name", "COALESCE(m.name, m.id)").nullable(),
        Field::named("state", "u.state", USER_TASK_STATES).no_sort(),
        Field::text("assignee", "u.assignee").nullable().no_sort(),
        Field::text("elementId", "m.id").nullable().no_sort(),
        Field::new("candidateGroups", Kind::Tags, "u.groups").shown_only(),
        Field::new("candidateUsers", Kind::Tags, "u.users").shown_only(),
        Field::new("candidateGroup", Kind::Member, "u.groups").no_sort().hidden(),
        Field::new("candidateUser", Kind::Member, "u.users").no_sort().hidden(),
        Field::text("processDefinitionId", "d.process_id").of_definition().no_sort(),
        Field::text("processName", "d.name").nullable().shown_only(),
        Field::int("processDefinitionVersion", "d.version").shown_only(),
        Field::date("creationDate", "u.created"),
        Field::date("completionDate", "u.ended").nullable(),
        Field::date("followUpDate", "u.follow_up").nullable(),
        Field::date("dueDate", "u.due").nullable(),
        Field::text("tenantId", "d.tenant").of_definition().no_sort(),
        Field::text("businessId", "i.business_id").nullable(),
        Field::text("externalFormReference", "u.external_form").nullable().shown_only(),
        Field::new("customHeaders", Kind::Json, "COALESCE(m.headers, '{}')").shown_only(),
        Field::int("priority", "u.priority"),
        Field::new("tags", Kind::Tags, "i.tags").no_sort(),
        Field::new("processInstanceVariables", Kind::Variables, "").no_sort().hidden(),
        Field::new("localVariables", Kind::Variables, "local").no_sort().hidden(),
        Field::key("userTaskKey", "u.key").no_sort(),
        Field::key("elementInstanceKey", "u.element").no_sort(),
        Field::key("processDefinitionKey", "u.definition").no_sort(),
        Field::key("processInstanceKey", "u.instance").no_sort(),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::key("formKey", "NULLIF(CAST(u.form AS INTEGER), 0)").nullable().shown_only(),
    ],
};
