//! Lists of counts: rows are groups, everything else is as in other lists.

use super::MESSAGE_SUBSCRIPTION;
use crate::query::{Entity, Field};

/// Running instances of each process, all versions together.
pub const PROCESS_STATISTICS: Entity = Entity {
    name: "statistics of processes",
    from: "(SELECT p.process_id || '|' || p.tenant AS id, p.process_id AS process_id,
        p.tenant AS tenant, count(*) > 1 AS several,
        (SELECT n.name FROM process_definition n WHERE n.process_id = p.process_id
            AND n.tenant = p.tenant ORDER BY n.version DESC LIMIT 1) AS name,
        COALESCE(sum(t.active - (SELECT count(*) FROM process_instance i
            WHERE i.definition = p.key AND i.state = 3)), 0) AS active,
        COALESCE(sum((SELECT count(*) FROM process_instance i WHERE i.definition = p.key
            AND i.incidents > 0 AND i.state = 0)), 0) AS failing
        FROM process_definition p LEFT JOIN instance_total t ON t.definition = p.key
        GROUP BY p.process_id, p.tenant) g",
    joins: "",
    key: "g.id",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::text("processDefinitionId", "g.process_id"),
        Field::text("tenantId", "g.tenant").no_sort(),
        Field::text("latestProcessDefinitionName", "g.name").nullable().shown_only(),
        Field::flag("hasMultipleVersions", "g.several").shown_only(),
        Field::int("activeInstancesWithoutIncidentCount", "(g.active - g.failing)").no_filter(),
        Field::int("activeInstancesWithIncidentCount", "g.failing").no_filter(),
    ],
};

/// Running instances of each version.
pub const VERSION_STATISTICS: Entity = Entity {
    name: "statistics of versions",
    from: "(SELECT p.key AS key, p.process_id AS process_id, p.tenant AS tenant, p.name AS name,
        p.version AS version, COALESCE(t.active - (SELECT count(*) FROM process_instance i
            WHERE i.definition = p.key AND i.state = 3), 0) AS active,
        (SELECT count(*) FROM process_instance i WHERE i.definition = p.key
            AND i.incidents > 0 AND i.state = 0) AS failing
        FROM process_definition p LEFT JOIN instance_total t ON t.definition = p.key) g",
    joins: "",
    key: "g.key",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::text("processDefinitionId", "g.process_id"),
        Field::key("processDefinitionKey", "g.key").no_filter(),
        Field::text("processDefinitionName", "g.name").nullable().no_filter(),
        Field::text("tenantId", "g.tenant").no_sort(),
        Field::int("processDefinitionVersion", "g.version").no_filter(),
        Field::int("activeInstancesWithIncidentCount", "g.failing").no_filter(),
        Field::int("activeInstancesWithoutIncidentCount", "(g.active - g.failing)").no_filter(),
    ],
};

/// Open subscriptions of each version.
pub const SUBSCRIPTION_STATISTICS: Entity = Entity {
    name: "statistics of subscriptions",
    from: "(SELECT s.definition AS definition, count(DISTINCT s.instance) AS instances,
        count(*) AS subscriptions FROM message_subscription s
        LEFT JOIN element m ON m.definition = s.definition AND m.no = s.element_no
        LEFT JOIN process_instance i ON i.key = s.instance
        LEFT JOIN process_definition d ON d.key = s.definition
        WHERE s.state = 0 AND {rows} GROUP BY s.definition) g",
    joins: " LEFT JOIN process_definition d ON d.key = g.definition",
    key: "g.definition",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: Some(&MESSAGE_SUBSCRIPTION),
    fields: &[
        Field::text("processDefinitionId", "d.process_id").no_sort(),
        Field::text("tenantId", "d.tenant").no_sort(),
        Field::key("processDefinitionKey", "g.definition").no_sort(),
        Field::int("processInstancesWithActiveSubscriptions", "g.instances").shown_only(),
        Field::int("activeSubscriptions", "g.subscriptions").shown_only(),
    ],
};

/// Instances that stand still, by what went wrong.
pub const ERROR_STATISTICS: Entity = Entity {
    name: "statistics of errors",
    from: "(SELECT x.error_hash AS hash, min(x.message) AS message,
        count(DISTINCT x.instance) AS instances FROM incident x WHERE x.resolved IS NULL
        GROUP BY x.error_hash) g",
    joins: "",
    key: "g.hash",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::int("errorHashCode", "g.hash").no_sort(),
        Field::text("errorMessage", "g.message"),
        Field::int("activeInstancesWithErrorCount", "g.instances"),
    ],
};

/// The same, by error and version.
pub const ERROR_VERSION_STATISTICS: Entity = Entity {
    name: "statistics of errors by version",
    from: "(SELECT x.error_hash || '|' || x.definition AS id, x.error_hash AS hash,
        x.definition AS definition, count(DISTINCT x.instance) AS instances
        FROM incident x WHERE x.resolved IS NULL GROUP BY x.error_hash, x.definition) g",
    joins: " LEFT JOIN process_definition d ON d.key = g.definition",
    key: "g.id",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::int("errorHashCode", "g.hash").no_sort().hidden(),
        Field::text("processDefinitionId", "d.process_id").shown_only(),
        Field::key("processDefinitionKey", "g.definition").no_filter(),
        Field::text("processDefinitionName", "COALESCE(d.name, d.process_id)").shown_only(),
        Field::int("processDefinitionVersion", "d.version").shown_only(),
        Field::text("tenantId", "d.tenant").no_filter(),
        Field::int("activeInstancesWithErrorCount", "g.instances").no_filter(),
    ],
};

/// Open incidents by fingerprint: one cause at one element is one line. An addition of ours.
pub const FINGERPRINT: Entity = Entity {
    name: "incident fingerprints",
    from: "(SELECT x.error_hash || '|' || x.definition || '|' || COALESCE(e.element_no, -1) AS id,
        x.error_hash AS hash, x.definition AS definition, e.element_no AS element_no,
        min(x.kind) AS kind, min(x.message) AS message, count(*) AS incidents,
        count(DISTINCT x.instance) AS instances, min(x.created) AS first, max(x.created) AS last
        FROM incident x LEFT JOIN element_instance e ON e.key = x.element
        WHERE x.resolved IS NULL GROUP BY x.error_hash, x.definition, e.element_no) g",
    joins: " LEFT JOIN process_definition d ON d.key = g.definition\
            \x20LEFT JOIN element m ON m.definition = g.definition AND m.no = g.element_no",
    key: "g.id",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::int("errorHashCode", "g.hash"),
        Field::named("errorType", "g.kind", crate::names::INCIDENT_KINDS),
        Field::text("errorMessage", "g.message"),
        Field::key("processDefinitionKey", "g.definition"),
        Field::text("processDefinitionId", "d.process_id"),
        Field::text("processDefinitionName", "COALESCE(d.name, d.process_id)").no_filter(),
        Field::int("processDefinitionVersion", "d.version"),
        Field::text("elementId", "COALESCE(m.id, d.process_id)"),
        Field::int("incidentCount", "g.incidents"),
        Field::int("instanceCount", "g.instances"),
        Field::date("firstTime", "g.first"),
        Field::date("lastTime", "g.last"),
    ],
};

/// Names of variables of a version's instances.
pub const VARIABLE_NAME: Entity = Entity {
    name: "variable names",
    from: "(SELECT i.definition || '|' || v.name AS id, i.definition AS definition,
        v.name AS name FROM variable v JOIN process_instance i ON i.key = v.instance
        GROUP BY i.definition, v.name) g",
    joins: "",
    key: "g.id",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::text("name", "g.name"),
        Field::key("processDefinitionKey", "g.definition").no_sort().hidden(),
    ],
};

/// Job types with what waits and what is worked on. An addition of ours.
pub const JOB_TYPE: Entity = Entity {
    name: "job types",
    from: "(SELECT j.type AS type, count(*) AS open,
        sum(CASE WHEN j.deadline IS NULL AND j.retries > 0 THEN 1 ELSE 0 END) AS waiting,
        sum(CASE WHEN j.deadline IS NOT NULL THEN 1 ELSE 0 END) AS leased,
        sum(CASE WHEN j.retries <= 0 THEN 1 ELSE 0 END) AS exhausted,
        min(j.created) AS oldest,
        (SELECT max(w.updated) FROM job w WHERE w.type = j.type AND w.worker IS NOT NULL
            AND w.ended IS NULL) AS worked
        FROM job j WHERE j.ended IS NULL GROUP BY j.type) g",
    joins: "",
    key: "g.type",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::text("jobType", "g.type"),
        Field::int("openCount", "g.open"),
        Field::int("waitingCount", "g.waiting"),
        Field::int("leasedCount", "g.leased"),
        Field::int("exhaustedCount", "g.exhausted"),
        Field::date("oldestTime", "g.oldest"),
        Field::date("lastLeaseTime", "g.worked").nullable(),
    ],
};

/// Active elements by how long they have waited and for what: the stuck and the late. An addition
/// of ours.
pub const STUCK: Entity = Entity {
    name: "waiting elements",
    from: "wait_state w",
    joins: " LEFT JOIN element m ON m.definition = w.definition AND m.no = w.element_no\
            \x20LEFT JOIN process_instance i ON i.key = w.instance\
            \x20LEFT JOIN process_definition d ON d.key = w.definition",
    key: "w.key",
    base: "",
    orders: &[],
    definition: "",
    only: &[],
    rows: None,
    fields: &[
        Field::key("processInstanceKey", "w.instance"),
        Field::text("businessId", "i.business_id").nullable(),
        Field::text("processDefinitionId", "d.process_id"),
        Field::key("processDefinitionKey", "w.definition"),
        Field::key("elementInstanceKey", "w.host"),
        Field::text("elementId", "m.id"),
        Field::text("elementName", "COALESCE(m.name, m.id)"),
        Field::named("waitStateType", "w.type", crate::names::WAIT_STATES),
        Field::text("waitName", "w.name").nullable(),
        Field::text("correlationKey", "w.correlation_key").nullable(),
        Field::date("due", "w.due").nullable(),
        Field::date("since", "w.since"),
    ],
};
