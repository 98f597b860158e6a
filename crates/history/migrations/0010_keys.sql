-- Keys are row ids: in SQLite that is what `INTEGER PRIMARY KEY` says, and `BIGINT` does not. A row
-- is then found by its key at once, without an index of keys beside the table, and every index ends
-- with the key by itself. What has a key of several columns stands in the order of that key.

DROP VIEW wait_state;

CREATE TABLE process_definition_by_key (
    key INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    process_id TEXT NOT NULL,
    name TEXT,
    version BIGINT NOT NULL,
    version_tag TEXT,
    resource TEXT NOT NULL,
    deployment BIGINT NOT NULL,
    deployed BIGINT NOT NULL,
    state BIGINT NOT NULL,
    has_start_form BIGINT NOT NULL,
    bytes BLOB NOT NULL
);
INSERT INTO process_definition_by_key (key, tenant, process_id, name, version, version_tag,
    resource, deployment, deployed, state, has_start_form, bytes) SELECT key, tenant,
    process_id, name, version, version_tag, resource, deployment, deployed, state,
    has_start_form, bytes FROM process_definition ORDER BY key;
DROP TABLE process_definition;
ALTER TABLE process_definition_by_key RENAME TO process_definition;
CREATE INDEX process_definition_id ON process_definition (process_id, tenant, version);

CREATE TABLE element_by_key (
    definition BIGINT NOT NULL,
    no BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    type BIGINT NOT NULL,
    scope BIGINT,
    headers TEXT NOT NULL,
    condition TEXT,
    PRIMARY KEY (definition, no)
) WITHOUT ROWID;
INSERT INTO element_by_key (definition, no, id, name, type, scope, headers, condition) SELECT
    definition, no, id, name, type, scope, headers, condition FROM element ORDER BY definition,
    no;
DROP TABLE element;
ALTER TABLE element_by_key RENAME TO element;
CREATE INDEX element_id ON element (id, definition, no);

CREATE TABLE process_instance_by_key (
    key INTEGER PRIMARY KEY,
    definition BIGINT NOT NULL,
    state BIGINT NOT NULL,
    start_date BIGINT NOT NULL,
    end_date BIGINT,
    incidents BIGINT NOT NULL,
    parent_instance BIGINT,
    parent_element BIGINT,
    root BIGINT NOT NULL,
    business_id TEXT,
    tags TEXT,
    suspended_date BIGINT,
    quarantine TEXT,
    trace TEXT
);
INSERT INTO process_instance_by_key (key, definition, state, start_date, end_date, incidents,
    parent_instance, parent_element, root, business_id, tags, suspended_date, quarantine, trace)
    SELECT key, definition, state, start_date, end_date, incidents, parent_instance,
    parent_element, root, business_id, tags, suspended_date, quarantine, trace FROM
    process_instance ORDER BY key;
DROP TABLE process_instance;
ALTER TABLE process_instance_by_key RENAME TO process_instance;
CREATE INDEX process_instance_start ON process_instance (start_date);
CREATE INDEX process_instance_definition ON process_instance (definition);
CREATE INDEX process_instance_state ON process_instance (state);
CREATE INDEX process_instance_definition_state ON process_instance (definition, state,
    start_date);
CREATE INDEX process_instance_incident ON process_instance (key) WHERE incidents > 0;
CREATE INDEX process_instance_quarantine ON process_instance (key) WHERE quarantine IS NOT NULL;
CREATE INDEX process_instance_end ON process_instance (end_date);
CREATE INDEX process_instance_business ON process_instance (business_id);
CREATE INDEX process_instance_parent ON process_instance (parent_instance);
CREATE INDEX process_instance_parent_element ON process_instance (parent_element);
CREATE INDEX process_instance_suspended ON process_instance (suspended_date);
CREATE INDEX process_instance_state_start ON process_instance (state, start_date);
CREATE INDEX process_instance_definition_start ON process_instance (definition, start_date);
CREATE INDEX process_instance_incident_start ON process_instance (start_date) WHERE incidents >
    0;
CREATE INDEX process_instance_tags ON process_instance (tags) WHERE tags IS NOT NULL;
CREATE INDEX process_instance_turned ON process_instance (key) WHERE end_date < start_date;

CREATE TABLE element_instance_by_key (
    key INTEGER PRIMARY KEY,
    instance BIGINT NOT NULL,
    definition BIGINT NOT NULL,
    element_no BIGINT NOT NULL,
    role BIGINT NOT NULL,
    state BIGINT NOT NULL,
    start_date BIGINT NOT NULL,
    end_date BIGINT,
    scope BIGINT NOT NULL,
    incident BIGINT
);
INSERT INTO element_instance_by_key (key, instance, definition, element_no, role, state,
    start_date, end_date, scope, incident) SELECT key, instance, definition, element_no, role,
    state, start_date, end_date, scope, incident FROM element_instance ORDER BY key;
DROP TABLE element_instance;
ALTER TABLE element_instance_by_key RENAME TO element_instance;
CREATE INDEX element_instance_instance ON element_instance (instance);
CREATE INDEX element_instance_element ON element_instance (definition, element_no, state,
    instance);
CREATE INDEX element_instance_start ON element_instance (start_date);
CREATE INDEX element_instance_end ON element_instance (end_date);
CREATE INDEX element_instance_state ON element_instance (state);
CREATE INDEX element_instance_incident ON element_instance (incident) WHERE incident IS NOT
    NULL;
CREATE INDEX element_instance_scope ON element_instance (scope);
CREATE INDEX element_instance_definition ON element_instance (definition);
CREATE INDEX element_instance_hidden ON element_instance (key) WHERE state = 9;
CREATE INDEX element_instance_turned ON element_instance (key) WHERE end_date < start_date;

CREATE TABLE flow_taken_by_key (
    instance BIGINT NOT NULL,
    flow_no BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    last_time BIGINT NOT NULL,
    PRIMARY KEY (instance, flow_no)
) WITHOUT ROWID;
INSERT INTO flow_taken_by_key (instance, flow_no, taken, last_time) SELECT instance, flow_no,
    taken, last_time FROM flow_taken ORDER BY instance, flow_no;
DROP TABLE flow_taken;
ALTER TABLE flow_taken_by_key RENAME TO flow_taken;

CREATE TABLE variable_by_key (
    key INTEGER PRIMARY KEY,
    instance BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    head TEXT NOT NULL,
    number DOUBLE PRECISION,
    updated BIGINT NOT NULL
);
INSERT INTO variable_by_key (key, instance, scope, name, value, head, number, updated) SELECT
    key, instance, scope, name, value, head, number, updated FROM variable ORDER BY key;
DROP TABLE variable;
ALTER TABLE variable_by_key RENAME TO variable;
CREATE INDEX variable_number ON variable (name, number, instance) WHERE number IS NOT NULL;
CREATE INDEX variable_scope ON variable (scope);
CREATE INDEX variable_instance ON variable (instance, scope, name);
CREATE INDEX variable_head ON variable (name, head, instance);

CREATE TABLE job_by_key (
    key INTEGER PRIMARY KEY,
    instance BIGINT NOT NULL,
    element BIGINT NOT NULL,
    definition BIGINT NOT NULL,
    type TEXT NOT NULL,
    kind BIGINT NOT NULL,
    listener BIGINT NOT NULL,
    state BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    worker TEXT,
    deadline BIGINT,
    error_code TEXT,
    error_message TEXT,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    ended BIGINT,
    available BIGINT
);
INSERT INTO job_by_key (key, instance, element, definition, type, kind, listener, state,
    retries, priority, worker, deadline, error_code, error_message, created, updated, ended,
    available) SELECT key, instance, element, definition, type, kind, listener, state, retries,
    priority, worker, deadline, error_code, error_message, created, updated, ended, available
    FROM job ORDER BY key;
DROP TABLE job;
ALTER TABLE job_by_key RENAME TO job;
CREATE INDEX job_instance ON job (instance);
CREATE INDEX job_created ON job (created);
CREATE INDEX job_ended ON job (ended);
CREATE INDEX job_state ON job (state);
CREATE INDEX job_type ON job (type);
CREATE INDEX job_definition ON job (definition);
CREATE INDEX job_element ON job (element);
CREATE INDEX job_error_code ON job (error_code) WHERE error_code IS NOT NULL;
CREATE INDEX job_error_message ON job (error_message) WHERE error_message IS NOT NULL;
CREATE INDEX job_open ON job (type, created, deadline, retries, available) WHERE ended IS NULL;
CREATE INDEX job_turned ON job (key) WHERE ended < created;

CREATE TABLE incident_by_key (
    key INTEGER PRIMARY KEY,
    instance BIGINT NOT NULL,
    element BIGINT NOT NULL,
    definition BIGINT NOT NULL,
    job BIGINT,
    kind BIGINT NOT NULL,
    message TEXT NOT NULL,
    error_hash BIGINT NOT NULL,
    state BIGINT NOT NULL,
    created BIGINT NOT NULL,
    resolved BIGINT
);
INSERT INTO incident_by_key (key, instance, element, definition, job, kind, message, error_hash,
    state, created, resolved) SELECT key, instance, element, definition, job, kind, message,
    error_hash, state, created, resolved FROM incident ORDER BY key;
DROP TABLE incident;
ALTER TABLE incident_by_key RENAME TO incident;
CREATE INDEX incident_instance ON incident (instance);
CREATE INDEX incident_open ON incident (error_hash, definition) WHERE resolved IS NULL;
CREATE INDEX incident_created ON incident (created);
CREATE INDEX incident_state ON incident (state);
CREATE INDEX incident_kind ON incident (kind);
CREATE INDEX incident_definition ON incident (definition);
CREATE INDEX incident_element ON incident (element);
CREATE INDEX incident_job ON incident (job);
CREATE INDEX incident_hash ON incident (error_hash);

CREATE TABLE user_task_by_key (
    key INTEGER PRIMARY KEY,
    instance BIGINT NOT NULL,
    element BIGINT NOT NULL,
    definition BIGINT NOT NULL,
    state BIGINT NOT NULL,
    assignee TEXT,
    groups TEXT,
    users TEXT,
    due BIGINT,
    follow_up BIGINT,
    priority BIGINT NOT NULL,
    form TEXT,
    external_form TEXT,
    created BIGINT NOT NULL,
    ended BIGINT
);
INSERT INTO user_task_by_key (key, instance, element, definition, state, assignee, groups,
    users, due, follow_up, priority, form, external_form, created, ended) SELECT key, instance,
    element, definition, state, assignee, groups, users, due, follow_up, priority, form,
    external_form, created, ended FROM user_task ORDER BY key;
DROP TABLE user_task;
ALTER TABLE user_task_by_key RENAME TO user_task;
CREATE INDEX user_task_instance ON user_task (instance);
CREATE INDEX user_task_state ON user_task (state);
CREATE INDEX user_task_assignee ON user_task (assignee) WHERE assignee IS NOT NULL;
CREATE INDEX user_task_element ON user_task (element);

CREATE TABLE timer_by_key (
    key INTEGER PRIMARY KEY,
    instance BIGINT NOT NULL,
    host BIGINT NOT NULL,
    target_no BIGINT NOT NULL,
    due BIGINT NOT NULL,
    remaining BIGINT,
    cycle TEXT,
    state BIGINT NOT NULL,
    armed BIGINT NOT NULL,
    ended BIGINT
);
INSERT INTO timer_by_key (key, instance, host, target_no, due, remaining, cycle, state, armed,
    ended) SELECT key, instance, host, target_no, due, remaining, cycle, state, armed, ended
    FROM timer ORDER BY key;
DROP TABLE timer;
ALTER TABLE timer_by_key RENAME TO timer;
CREATE INDEX timer_instance ON timer (instance);
CREATE INDEX timer_due ON timer (due) WHERE ended IS NULL;

CREATE TABLE message_subscription_by_key (
    key INTEGER PRIMARY KEY,
    instance BIGINT,
    host BIGINT,
    definition BIGINT NOT NULL,
    element_no BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    name TEXT NOT NULL,
    correlation_key TEXT,
    state BIGINT NOT NULL,
    interrupting BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    updated BIGINT NOT NULL
);
INSERT INTO message_subscription_by_key (key, instance, host, definition, element_no, kind,
    name, correlation_key, state, interrupting, opened, updated) SELECT key, instance, host,
    definition, element_no, kind, name, correlation_key, state, interrupting, opened, updated
    FROM message_subscription ORDER BY key;
DROP TABLE message_subscription;
ALTER TABLE message_subscription_by_key RENAME TO message_subscription;
CREATE INDEX message_subscription_instance ON message_subscription (instance);
CREATE INDEX message_subscription_name ON message_subscription (name, correlation_key) WHERE
    state = 0;
CREATE INDEX message_subscription_opened ON message_subscription (opened) WHERE state = 0 AND
    kind = 0;
CREATE INDEX message_subscription_definition ON message_subscription (definition);
CREATE INDEX message_subscription_state ON message_subscription (state);
CREATE INDEX message_subscription_updated ON message_subscription (updated);
CREATE INDEX message_subscription_host ON message_subscription (host);
CREATE INDEX message_subscription_named ON message_subscription (name);
CREATE INDEX message_subscription_correlation ON message_subscription (correlation_key);

CREATE TABLE correlated_subscription_by_key (
    key INTEGER PRIMARY KEY,
    subscription BIGINT NOT NULL,
    message BIGINT NOT NULL,
    instance BIGINT NOT NULL,
    host BIGINT,
    definition BIGINT NOT NULL,
    element_no BIGINT NOT NULL,
    name TEXT NOT NULL,
    correlation_key TEXT,
    time BIGINT NOT NULL,
    partition BIGINT NOT NULL
);
INSERT INTO correlated_subscription_by_key (key, subscription, message, instance, host,
    definition, element_no, name, correlation_key, time, partition) SELECT key, subscription,
    message, instance, host, definition, element_no, name, correlation_key, time, partition FROM
    correlated_subscription ORDER BY key;
DROP TABLE correlated_subscription;
ALTER TABLE correlated_subscription_by_key RENAME TO correlated_subscription;
CREATE INDEX correlated_subscription_instance ON correlated_subscription (instance);
CREATE INDEX correlated_subscription_message ON correlated_subscription (message);
CREATE INDEX correlated_subscription_time ON correlated_subscription (time);
CREATE INDEX correlated_subscription_name ON correlated_subscription (name);

CREATE TABLE message_by_key (
    key INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    correlation_key TEXT NOT NULL,
    message_id TEXT NOT NULL,
    published BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    state BIGINT NOT NULL,
    correlations BIGINT NOT NULL
);
INSERT INTO message_by_key (key, tenant, name, correlation_key, message_id, published, deadline,
    state, correlations) SELECT key, tenant, name, correlation_key, message_id, published,
    deadline, state, correlations FROM message ORDER BY key;
DROP TABLE message;
ALTER TABLE message_by_key RENAME TO message;
CREATE INDEX message_name ON message (name, published);
CREATE INDEX message_key ON message (correlation_key, published);
CREATE INDEX message_published ON message (published);

CREATE TABLE audit_by_key (
    key INTEGER PRIMARY KEY,
    time BIGINT NOT NULL,
    operation BIGINT NOT NULL,
    entity BIGINT NOT NULL,
    category BIGINT NOT NULL,
    entity_key BIGINT NOT NULL,
    instance BIGINT,
    definition BIGINT,
    element BIGINT,
    job BIGINT,
    deployment BIGINT,
    actor TEXT,
    actor_type BIGINT NOT NULL,
    description TEXT,
    tenant TEXT,
    partition BIGINT NOT NULL,
    lsn BIGINT NOT NULL,
    comment TEXT
);
INSERT INTO audit_by_key (key, time, operation, entity, category, entity_key, instance,
    definition, element, job, deployment, actor, actor_type, description, tenant, partition,
    lsn, comment) SELECT key, time, operation, entity, category, entity_key, instance,
    definition, element, job, deployment, actor, actor_type, description, tenant, partition,
    lsn, comment FROM audit ORDER BY key;
DROP TABLE audit;
ALTER TABLE audit_by_key RENAME TO audit;
CREATE INDEX audit_time ON audit (time, key, entity);
CREATE INDEX audit_instance ON audit (instance, key, entity) WHERE instance IS NOT NULL;
CREATE INDEX audit_actor ON audit (actor, key, entity);
CREATE INDEX audit_message ON audit (entity_key) WHERE entity = 15;

CREATE TABLE element_total_by_key (
    definition BIGINT NOT NULL,
    element_no BIGINT NOT NULL,
    active BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    terminated BIGINT NOT NULL,
    PRIMARY KEY (definition, element_no)
) WITHOUT ROWID;
INSERT INTO element_total_by_key (definition, element_no, active, completed, terminated) SELECT
    definition, element_no, active, completed, terminated FROM element_total ORDER BY
    definition, element_no;
DROP TABLE element_total;
ALTER TABLE element_total_by_key RENAME TO element_total;

CREATE TABLE duration_total_by_key (
    minute BIGINT NOT NULL,
    definition BIGINT NOT NULL,
    element_no BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (definition, element_no, minute, bucket)
) WITHOUT ROWID;
INSERT INTO duration_total_by_key (minute, definition, element_no, bucket, amount) SELECT
    minute, definition, element_no, bucket, amount FROM duration_total ORDER BY definition,
    element_no, minute, bucket;
DROP TABLE duration_total;
ALTER TABLE duration_total_by_key RENAME TO duration_total;

CREATE TABLE flow_total_by_key (
    definition BIGINT NOT NULL,
    flow_no BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (definition, flow_no)
) WITHOUT ROWID;
INSERT INTO flow_total_by_key (definition, flow_no, taken) SELECT definition, flow_no, taken
    FROM flow_total ORDER BY definition, flow_no;
DROP TABLE flow_total;
ALTER TABLE flow_total_by_key RENAME TO flow_total;

CREATE TABLE awaited_by_key (
    key INTEGER PRIMARY KEY,
    instance BIGINT NOT NULL,
    host BIGINT NOT NULL,
    target_no BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    name TEXT,
    opened BIGINT NOT NULL,
    ended BIGINT
);
INSERT INTO awaited_by_key (key, instance, host, target_no, kind, name, opened, ended) SELECT
    key, instance, host, target_no, kind, name, opened, ended FROM awaited ORDER BY key;
DROP TABLE awaited;
ALTER TABLE awaited_by_key RENAME TO awaited;
CREATE INDEX awaited_instance ON awaited (instance);
CREATE INDEX awaited_opened ON awaited (opened) WHERE ended IS NULL;

CREATE VIEW wait_state AS
    SELECT j.key AS key, j.instance AS instance, j.element AS host, j.definition AS definition,
        e.element_no AS element_no, 0 AS type, j.type AS name, NULL AS correlation_key,
        NULL AS due, NULL AS remaining, j.kind AS kind, j.listener AS listener,
        j.retries AS retries, j.created AS since
    FROM job j JOIN element_instance e ON e.key = j.element WHERE j.ended IS NULL
    UNION ALL
    SELECT s.key, s.instance, s.host, s.definition, s.element_no, 1, s.name, s.correlation_key,
        NULL, NULL, NULL, NULL, NULL, s.opened
    FROM message_subscription s WHERE s.state = 0 AND s.kind = 0
    UNION ALL
    SELECT t.key, t.instance, t.host, i.definition, t.target_no, 3, NULL, NULL, t.due,
        t.remaining, NULL, NULL, NULL, t.armed
    FROM timer t JOIN process_instance i ON i.key = t.instance WHERE t.ended IS NULL
    UNION ALL
    SELECT a.key, a.instance, a.host, i.definition, a.target_no, 4 + a.kind,
        COALESCE(a.name, c.condition), NULL, NULL, NULL, NULL, NULL, NULL, a.opened
    FROM awaited a JOIN process_instance i ON i.key = a.instance
    LEFT JOIN element c ON c.definition = i.definition AND c.no = a.target_no
    WHERE a.ended IS NULL
    UNION ALL
    SELECT u.key, u.instance, u.element, u.definition, e.element_no, 2, u.assignee, NULL,
        u.due, NULL, NULL, NULL, NULL, u.created
    FROM user_task u JOIN element_instance e ON e.key = u.element WHERE u.ended IS NULL;
