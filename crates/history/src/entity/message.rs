//! Messages, and those who wait for them.

use crate::names::{MESSAGE_STATES, SUBSCRIPTION_KINDS, SUBSCRIPTION_STATES};
use crate::query::{Entity, Field, Kind};

/// Elements of the model are few: they are looked up first.
const ELEMENTS: &str = "SELECT fs.key FROM message_subscription fs \
     JOIN element fm ON fm.definition = fs.definition AND fm.no = fs.element_no \
     WHERE 1 = 1";

pub const MESSAGE_SUBSCRIPTION: Entity = Entity {
    name: "message subscriptions",
    from: "message_subscription s",
    joins: " LEFT JOIN element m ON m.definition = s.definition AND m.no = s.element_no\
            \x20LEFT JOIN process_instance i ON i.key = s.instance\
            \x20LEFT JOIN process_definition d ON d.key = s.definition",
    key: "s.key",
    base: "",
    orders: &[
        (&["s.instance"], "s.key"),
        (&["s.definition"], "s.key"),
        (&["s.state"], "s.key"),
        (&["s.host"], "s.key"),
        (&["s.correlation_key"], "s.key"),
    ],
    definition: "s.definition",
    only: &[],
    rows: None,
    fields: &[
        Field::key("messageSubscriptionKey", "s.key"),
        Field::text("processDefinitionId", "d.process_id").of_definition(),
        Field::key("processDefinitionKey", "s.definition").nullable(),
        Field::key("processInstanceKey", "s.instance").nullable(),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::text("elementId", "m.id").nullable().no_filter().walked(),
        Field::text("elementId", "fm.id").inside(ELEMENTS),
        Field::key("elementInstanceKey", "s.host").nullable(),
        Field::named("messageSubscriptionState", "s.state", SUBSCRIPTION_STATES),
        Field::date("lastUpdatedDate", "s.updated"),
        Field::text("messageName", "s.name"),
        Field::text("correlationKey", "s.correlation_key").nullable(),
        Field::named("messageSubscriptionType", "s.kind", SUBSCRIPTION_KINDS).walked(),
        Field::new("toolProperties", Kind::Json, "'{}'").shown_only(),
        Field::text("processDefinitionName", "d.name").of_definition().nullable(),
        Field::int("processDefinitionVersion", "d.version").of_definition().nullable(),
        Field::text("toolName", "NULL").nullable(),
        Field::text("inboundConnectorType", "NULL").nullable(),
        Field::text("businessId", "i.business_id").nullable().walked(),
        Field::text("tenantId", "d.tenant").of_definition(),
    ],
};

pub const CORRELATED_SUBSCRIPTION: Entity = Entity {
    name: "correlated message subscriptions",
    from: "correlated_subscription c",
    joins: " LEFT JOIN element m ON m.definition = c.definition AND m.no = c.element_no\
            \x20LEFT JOIN process_instance i ON i.key = c.instance\
            \x20LEFT JOIN process_definition d ON d.key = c.definition",
    key: "c.key",
    base: "",
    orders: &[],
    definition: "c.definition",
    only: &[],
    rows: None,
    fields: &[
        Field::text("businessId", "i.business_id").nullable(),
        Field::text("correlationKey", "c.correlation_key").nullable(),
        Field::date("correlationTime", "c.time"),
        Field::text("elementId", "m.id").nullable(),
        Field::key("elementInstanceKey", "c.host").nullable(),
        Field::key("messageKey", "c.message"),
        Field::text("messageName", "c.name"),
        Field::int("partitionId", "c.partition"),
        Field::text("processDefinitionId", "d.process_id").of_definition(),
        Field::key("processDefinitionKey", "c.definition"),
        Field::key("processInstanceKey", "c.instance"),
        Field::key("rootProcessInstanceKey", "i.root").nullable().shown_only(),
        Field::key("subscriptionKey", "c.subscription"),
        Field::text("tenantId", "d.tenant").of_definition(),
    ],
};

/// Messages themselves: an addition of ours, for those that nobody took.
pub const MESSAGE: Entity = Entity {
    name: "messages",
    from: "message q",
    joins: "",
    key: "q.key",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::key("messageKey", "q.key"),
        Field::text("messageName", "q.name"),
        Field::text("correlationKey", "q.correlation_key"),
        Field::text("messageId", "q.message_id"),
        Field::text("tenantId", "q.tenant"),
        Field::date("publishTime", "q.published"),
        Field::date("deadline", "q.deadline"),
        Field::named("state", "q.state", MESSAGE_STATES),
        Field::int("correlations", "q.correlations"),
    ],
};
