//! Lists of what no model of this version brings forth: they are asked like all others, so that
//! clients and their filters work, and are empty.

use crate::names::{BATCH_ITEM_STATES, BATCH_OPERATIONS, BATCH_STATES};
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
        only: &[],
        rows: None,
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
