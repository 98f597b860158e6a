//! Variables as they are now, or were when their instance ended.

use crate::query::{Entity, Field};

pub const VARIABLE: Entity = Entity {
    name: "variables",
    from: "variable v",
    joins: " LEFT JOIN process_instance i ON i.key = v.instance\
            \x20LEFT JOIN process_definition d ON d.key = i.definition",
    key: "v.key",
    base: "",
    orders: &[(&["v.instance"], "v.key"), (&["v.scope"], "v.key")],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::text("name", "v.name").tied(&["v.head", "v.instance"]),
        Field::text("tenantId", "d.tenant").walked(),
        Field::key("variableKey", "v.key"),
        Field::key("scopeKey", "v.scope"),
        Field::key("processInstanceKey", "v.instance").tied(&["v.scope", "v.name"]),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::text("value", "v.value").hidden().walked(),
        // `VALUE_PREVIEW_CHARS_MAX`.
        Field::text("value", "substr(v.value, 1, 8191)").shown_only(),
        Field::flag("isTruncated", "(length(v.value) > 8191)").no_sort().walked(),
    ],
};

/// The same with whole values.
pub const VARIABLE_WHOLE: Entity = Entity {
    fields: &[
        Field::text("name", "v.name").tied(&["v.head", "v.instance"]),
        Field::text("tenantId", "d.tenant"),
        Field::key("variableKey", "v.key"),
        Field::key("scopeKey", "v.scope"),
        Field::key("processInstanceKey", "v.instance").tied(&["v.scope", "v.name"]),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::text("value", "v.value"),
        Field::flag("isTruncated", "0").no_sort(),
    ],
    ..VARIABLE
};

/// What a user task sees, from its own scope up to its instance.
pub const USER_TASK_VARIABLE: Entity = Entity { only: &["name"], ..VARIABLE };

/// The same with whole values.
pub const USER_TASK_VARIABLE_WHOLE: Entity = Entity { only: &["name"], ..VARIABLE_WHOLE };
