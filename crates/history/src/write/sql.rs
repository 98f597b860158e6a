//! The statements that write. Positions see to it that nothing is written twice; a row that is
//! there already is one that was told again after a gap, and takes its new state.

use super::statement::Statement;

macro_rules! statement {
    ($name:ident, $columns:literal, $head:literal, $tail:literal) => {
        statement!($name, $columns, $head, $tail, false);
    };
    ($name:ident, $columns:literal, $head:literal, $tail:literal, $returns:literal) => {
        pub(crate) const $name: Statement = Statement {
            head: concat!($head, " "),
            columns: $columns,
            tail: concat!(" ", $tail),
            returns: $returns,
        };
    };
}

statement!(
    DEFINITIONS_OF,
    1,
    "SELECT key, definition FROM process_instance WHERE key IN (",
    ")",
    true
);

statement!(
    INSTANCES,
    14,
    "INSERT INTO process_instance (key, definition, state, start_date, end_date, incidents,
     parent_instance, parent_element, root, business_id, tags, quarantine, trace, suspended_date)
     VALUES",
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state, end_date = excluded.end_date,
     incidents = excluded.incidents, quarantine = excluded.quarantine,
     suspended_date = excluded.suspended_date"
);
statement!(
    INSTANCE_PATCHES,
    6,
    "UPDATE process_instance SET
     state = COALESCE(v.column2, state), end_date = COALESCE(v.column3, end_date),
     incidents = incidents + v.column4,
     quarantine = NULLIF(COALESCE(v.column5, quarantine), ''),
     suspended_date = NULLIF(COALESCE(v.column6, suspended_date), -1) FROM (VALUES",
    ") AS v WHERE key = v.column1 RETURNING key, definition, state, start_date, end_date",
    true
);
statement!(
    ELEMENTS,
    10,
    "INSERT INTO element_instance (key, instance, definition, element_no, role, state, start_date,
     end_date, scope, incident) VALUES",
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state, end_date = excluded.end_date,
     incident = excluded.incident"
);
statement!(
    ELEMENT_PATCHES,
    4,
    "UPDATE element_instance SET
     state = COALESCE(v.column2, state), end_date = COALESCE(v.column3, end_date),
     incident = NULLIF(COALESCE(v.column4, incident), -1) FROM (VALUES",
    ") AS v WHERE key = v.column1 RETURNING key, definition, element_no, state, start_date,
     end_date",
    true
);
statement!(
    ELEMENTS_MENDED,
    1,
    "UPDATE element_instance SET incident = NULL FROM (VALUES",
    ") AS v, incident i WHERE i.key = v.column1 AND element_instance.key = i.element
     AND element_instance.incident = i.key"
);
statement!(
    FLOWS,
    4,
    "INSERT INTO flow_taken (instance, flow_no, taken, last_time) VALUES",
    "ON CONFLICT (instance, flow_no) DO UPDATE SET
     taken = flow_taken.taken + excluded.taken, last_time = excluded.last_time"
);
statement!(
    VARIABLES,
    8,
    "INSERT INTO variable (key, instance, scope, name, value, head, number, updated) VALUES",
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, head = excluded.head,
     number = excluded.number, updated = excluded.updated"
);
statement!(
    JOBS,
    18,
    "INSERT INTO job (key, instance, element, definition, type, kind, listener, state, retries,
     priority, worker, deadline, error_code, error_message, created, updated, ended,
     available) VALUES",
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state, retries = excluded.retries,
     priority = excluded.priority, worker = excluded.worker, deadline = excluded.deadline,
     ended = excluded.ended, available = excluded.available"
);
statement!(
    JOB_PATCHES,
    11,
    "UPDATE job SET state = COALESCE(v.column2, state), retries = COALESCE(v.column3, retries),
     priority = COALESCE(v.column4, priority), worker = COALESCE(v.column5, worker),
     deadline = NULLIF(COALESCE(v.column6, deadline), -1),
     error_code = COALESCE(v.column7, error_code),
     error_message = COALESCE(v.column8, error_message),
     updated = v.column9, ended = COALESCE(v.column10, ended),
     available = NULLIF(COALESCE(v.column11, available), -1) FROM (VALUES",
    ") AS v WHERE key = v.column1"
);
statement!(
    INCIDENTS,
    11,
    "INSERT INTO incident (key, instance, element, definition, job, kind, message, error_hash,
     state, created, resolved) VALUES",
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state, resolved = excluded.resolved"
);
statement!(
    TASKS,
    15,
    "INSERT INTO user_task (key, instance, element, definition, state, assignee, groups, users,
     due, follow_up, priority, form, external_form, created, ended) VALUES",
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state, assignee = excluded.assignee,
     groups = excluded.groups, users = excluded.users, due = excluded.due,
     follow_up = excluded.follow_up, priority = excluded.priority, ended = excluded.ended"
);
statement!(
    TASK_CHANGES,
    7,
    "UPDATE user_task SET assignee = v.column2, groups = v.column3, users = v.column4,
     due = v.column5, follow_up = v.column6, priority = v.column7 FROM (VALUES",
    ") AS v WHERE key = v.column1"
);
statement!(
    TASK_STATES,
    2,
    "UPDATE user_task SET state = v.column2 FROM (VALUES",
    ") AS v WHERE key = v.column1"
);
statement!(
    TASK_PATCHES,
    3,
    "UPDATE user_task SET state = v.column2, ended = v.column3 FROM (VALUES",
    ") AS v WHERE key = v.column1"
);
statement!(
    INCIDENT_PATCHES,
    3,
    "UPDATE incident SET state = v.column2, resolved = v.column3 FROM (VALUES",
    ") AS v WHERE key = v.column1"
);
statement!(
    TIMERS,
    10,
    "INSERT INTO timer (key, instance, host, target_no, due, remaining, cycle, state, armed, ended)
     VALUES",
    "ON CONFLICT (key) DO UPDATE SET due = excluded.due, remaining = excluded.remaining,
     state = excluded.state, ended = excluded.ended"
);
statement!(
    TIMER_PATCHES,
    3,
    "UPDATE timer SET state = v.column2, ended = v.column3 FROM (VALUES",
    ") AS v WHERE key = v.column1"
);
statement!(
    SUBSCRIPTIONS,
    12,
    "INSERT INTO message_subscription (key, instance, host, definition, element_no, kind, name,
     correlation_key, state, interrupting, opened, updated) VALUES",
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state, updated = excluded.updated"
);
statement!(
    SUBSCRIPTION_PATCHES,
    3,
    "UPDATE message_subscription SET
     state = CASE WHEN state = 0 THEN v.column2 ELSE state END, updated = v.column3 FROM (VALUES",
    ") AS v WHERE key = v.column1"
);
statement!(
    STARTS_CLOSED,
    2,
    "UPDATE message_subscription SET state = 2, updated = v.column2 FROM (VALUES",
    ") AS v WHERE definition = v.column1 AND kind = 1"
);
statement!(
    CORRELATED,
    6,
    "INSERT INTO correlated_subscription (key, subscription, message, instance, host, definition,
     element_no, name, correlation_key, time, partition)
     SELECT v.column1, s.key, v.column3, v.column4, s.host, s.definition, s.element_no, s.name,
     s.correlation_key, v.column5, v.column6 FROM (VALUES",
    ") AS v JOIN message_subscription s ON s.key = v.column2 WHERE TRUE ON CONFLICT DO NOTHING"
);
// A start event is found by the name of its message; the instance says which definition.
statement!(
    CORRELATED_STARTS,
    6,
    "INSERT INTO correlated_subscription (key, subscription, message, instance, host, definition,
     element_no, name, correlation_key, time, partition)
     SELECT v.column1, s.key, v.column3, v.column4, NULL, s.definition, s.element_no, s.name,
     m.correlation_key, v.column5, v.column6 FROM (VALUES",
    ") AS v JOIN process_instance p ON p.key = v.column4
     JOIN message m ON m.key = v.column3
     JOIN message_subscription s
     ON s.definition = p.definition AND s.kind = 1 AND s.name = m.name AND v.column2 = 0
     WHERE TRUE ON CONFLICT DO NOTHING"
);
statement!(
    MESSAGES,
    9,
    "INSERT INTO message (key, tenant, name, correlation_key, message_id, published, deadline,
     state, correlations) VALUES",
    "ON CONFLICT DO NOTHING"
);
statement!(
    MESSAGE_PATCHES,
    3,
    "UPDATE message SET state = COALESCE(v.column2, state),
     correlations = correlations + v.column3 FROM (VALUES",
    ") AS v WHERE key = v.column1"
);
statement!(
    AUDIT,
    18,
    "INSERT INTO audit (key, time, operation, entity, category, entity_key, instance, definition,
     element, job, deployment, actor, actor_type, description, tenant, comment, partition,
     lsn) VALUES",
    "ON CONFLICT DO NOTHING"
);
statement!(
    FRAMES,
    7,
    "INSERT INTO frame (instance, partition, first_lsn, last_lsn, last_time, codec, bytes) VALUES",
    ""
);
statement!(
    ELEMENT_TOTALS,
    5,
    "INSERT INTO element_total (definition, element_no, active, completed, terminated) VALUES",
    "ON CONFLICT (definition, element_no) DO UPDATE SET
     active = element_total.active + excluded.active,
     completed = element_total.completed + excluded.completed,
     terminated = element_total.terminated + excluded.terminated"
);
statement!(
    INSTANCE_TOTALS,
    4,
    "INSERT INTO instance_total (definition, active, completed, terminated) VALUES",
    "ON CONFLICT (definition) DO UPDATE SET
     active = instance_total.active + excluded.active,
     completed = instance_total.completed + excluded.completed,
     terminated = instance_total.terminated + excluded.terminated"
);
statement!(
    DURATION_TOTALS,
    5,
    "INSERT INTO duration_total (minute, definition, element_no, bucket, amount) VALUES",
    "ON CONFLICT (definition, element_no, minute, bucket) DO UPDATE SET
     amount = duration_total.amount + excluded.amount"
);
statement!(
    MINUTE_TOTALS,
    7,
    "INSERT INTO minute_total (minute, definition, started, completed, terminated, elements,
     incidents) VALUES",
    "ON CONFLICT (minute, definition) DO UPDATE SET
     started = minute_total.started + excluded.started,
     completed = minute_total.completed + excluded.completed,
     terminated = minute_total.terminated + excluded.terminated,
     elements = minute_total.elements + excluded.elements,
     incidents = minute_total.incidents + excluded.incidents"
);
statement!(
    PULSE_TOTALS,
    4,
    "INSERT INTO pulse_total (time, started, completed, terminated) VALUES",
    "ON CONFLICT (time) DO UPDATE SET
     started = pulse_total.started + excluded.started,
     completed = pulse_total.completed + excluded.completed,
     terminated = pulse_total.terminated + excluded.terminated"
);
statement!(
    FLOW_TOTALS,
    3,
    "INSERT INTO flow_total (definition, flow_no, taken) VALUES",
    "ON CONFLICT (definition, flow_no) DO UPDATE SET
     taken = flow_total.taken + excluded.taken"
);
statement!(
    DEFINITIONS,
    12,
    "INSERT INTO process_definition (key, tenant, process_id, name, version, version_tag, resource,
     deployment, deployed, state, has_start_form, bytes) VALUES",
    "ON CONFLICT DO NOTHING"
);
statement!(
    DEFINITION_ELEMENTS,
    8,
    "INSERT INTO element (definition, no, id, name, type, scope, headers, condition) VALUES",
    "ON CONFLICT (definition, no) DO UPDATE SET condition = excluded.condition"
);
statement!(
    REQUIREMENTS,
    10,
    "INSERT INTO decision_requirements (key, tenant, id, name, version, resource, deployment,
     deployed, state, bytes) VALUES",
    "ON CONFLICT DO NOTHING"
);
statement!(
    DECISIONS,
    8,
    "INSERT INTO decision_definition (key, requirements, tenant, id, name, version, version_tag,
     state) VALUES",
    "ON CONFLICT DO NOTHING"
);
statement!(
    DECISION_INSTANCES,
    19,
    "INSERT INTO decision_instance (id, evaluation, instance, element, definition, time, state,
     failure, decision, decision_id, name, version, kind, root_decision, requirements, tenant,
     result, inputs, rules) VALUES",
    "ON CONFLICT DO NOTHING"
);
statement!(
    AWAITED,
    8,
    "INSERT INTO awaited (key, instance, host, target_no, kind, name, opened, ended) VALUES",
    "ON CONFLICT (key) DO UPDATE SET ended = excluded.ended"
);
statement!(
    AWAITED_PATCHES,
    3,
    "UPDATE awaited SET ended = v.column3 FROM (VALUES",
    ") AS v WHERE key = v.column1 AND v.column2 = v.column2"
);
statement!(
    DEFINITION_FLOWS,
    7,
    "INSERT INTO flow (definition, no, id, source, target, condition, is_default) VALUES",
    "ON CONFLICT DO NOTHING"
);
statement!(
    POSITIONS,
    3,
    "INSERT INTO position (partition, lsn, time) VALUES",
    "ON CONFLICT (partition) DO UPDATE SET lsn = excluded.lsn, time = excluded.time"
);
statement!(
    GAPS,
    4,
    "INSERT INTO gap (partition, first_lsn, last_lsn, time) VALUES",
    "ON CONFLICT (partition, first_lsn) DO UPDATE SET last_lsn = excluded.last_lsn"
);
