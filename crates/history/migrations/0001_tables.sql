-- The read model. Keys and times are 64-bit (times in ms since 1970), states are small numbers
-- whose names stand in src/names.rs. Kept to what SQLite and PostgreSQL both understand.

-- How far each partition's journal is in these tables; 0 is the meta journal. Written in the
-- transaction that writes the rows.
CREATE TABLE position (
    partition BIGINT PRIMARY KEY,
    lsn BIGINT NOT NULL,
    time BIGINT NOT NULL
);

-- What was left out because the queue was full and the policy said so.
CREATE TABLE gap (
    partition BIGINT NOT NULL,
    first_lsn BIGINT NOT NULL,
    last_lsn BIGINT NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (partition, first_lsn)
);

CREATE TABLE process_definition (
    key BIGINT PRIMARY KEY,
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
CREATE INDEX process_definition_id ON process_definition (process_id, tenant, version);

CREATE TABLE element (
    definition BIGINT NOT NULL,
    no BIGINT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    type BIGINT NOT NULL,
    scope BIGINT,
    headers TEXT NOT NULL,
    PRIMARY KEY (definition, no)
);
CREATE INDEX element_id ON element (id, definition, no);

CREATE TABLE flow (
    definition BIGINT NOT NULL,
    no BIGINT NOT NULL,
    id TEXT NOT NULL,
    source BIGINT NOT NULL,
    target BIGINT NOT NULL,
    condition TEXT,
    is_default BIGINT NOT NULL,
    PRIMARY KEY (definition, no)
);

CREATE TABLE process_instance (
    key BIGINT PRIMARY KEY,
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
CREATE INDEX process_instance_start ON process_instance (start_date, key);
CREATE INDEX process_instance_definition ON process_instance (definition, key);
CREATE INDEX process_instance_state ON process_instance (state, key);
CREATE INDEX process_instance_definition_state
    ON process_instance (definition, state, start_date, key);
CREATE INDEX process_instance_end ON process_instance (end_date, key) WHERE end_date IS NOT NULL;
CREATE INDEX process_instance_incident ON process_instance (key) WHERE incidents > 0;
CREATE INDEX process_instance_quarantine
    ON process_instance (key) WHERE quarantine IS NOT NULL;
CREATE INDEX process_instance_business
    ON process_instance (business_id, key) WHERE business_id IS NOT NULL;
CREATE INDEX process_instance_parent
    ON process_instance (parent_instance, key) WHERE parent_instance IS NOT NULL;

CREATE TABLE element_instance (
    key BIGINT PRIMARY KEY,
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
CREATE INDEX element_instance_instance ON element_instance (instance, key);
CREATE INDEX element_instance_element
    ON element_instance (definition, element_no, state, instance);
CREATE INDEX element_instance_incident ON element_instance (key) WHERE incident IS NOT NULL;

CREATE TABLE flow_taken (
    instance BIGINT NOT NULL,
    flow_no BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    last_time BIGINT NOT NULL,
    PRIMARY KEY (instance, flow_no)
);

-- `head` is the beginning of `value`, short enough for an index; `number` its value as a number.
CREATE TABLE variable (
    key BIGINT PRIMARY KEY,
    instance BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    head TEXT NOT NULL,
    number DOUBLE PRECISION,
    updated BIGINT NOT NULL
);
CREATE INDEX variable_instance ON variable (instance, scope, name);
CREATE INDEX variable_head ON variable (name, head, instance);
CREATE INDEX variable_number ON variable (name, number, instance) WHERE number IS NOT NULL;

CREATE TABLE job (
    key BIGINT PRIMARY KEY,
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
    ended BIGINT
);
CREATE INDEX job_instance ON job (instance, key);
CREATE INDEX job_open ON job (type, created, deadline, retries, key) WHERE ended IS NULL;

CREATE TABLE incident (
    key BIGINT PRIMARY KEY,
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
CREATE INDEX incident_instance ON incident (instance, key);
CREATE INDEX incident_open ON incident (error_hash, definition, key) WHERE resolved IS NULL;

CREATE TABLE user_task (
    key BIGINT PRIMARY KEY,
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
CREATE INDEX user_task_instance ON user_task (instance, key);
CREATE INDEX user_task_state ON user_task (state, key);
CREATE INDEX user_task_assignee ON user_task (assignee, key) WHERE assignee IS NOT NULL;

CREATE TABLE timer (
    key BIGINT PRIMARY KEY,
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
CREATE INDEX timer_instance ON timer (instance, key);
CREATE INDEX timer_due ON timer (due) WHERE ended IS NULL;

-- Those of instances, and (kind 1) those of start events, whose key is made of definition and
-- element, because each partition has its own and clients see one.
CREATE TABLE message_subscription (
    key BIGINT PRIMARY KEY,
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
CREATE INDEX message_subscription_instance ON message_subscription (instance, key);
CREATE INDEX message_subscription_name
    ON message_subscription (name, correlation_key) WHERE state = 0;
CREATE INDEX message_subscription_opened
    ON message_subscription (opened) WHERE state = 0 AND kind = 0;
CREATE INDEX message_subscription_definition ON message_subscription (definition, key);

CREATE TABLE correlated_subscription (
    key BIGINT PRIMARY KEY,
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
CREATE INDEX correlated_subscription_instance ON correlated_subscription (instance);
CREATE INDEX correlated_subscription_message ON correlated_subscription (message);

CREATE TABLE message (
    key BIGINT PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    correlation_key TEXT NOT NULL,
    message_id TEXT NOT NULL,
    published BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    state BIGINT NOT NULL,
    correlations BIGINT NOT NULL
);
CREATE INDEX message_name ON message (name, published);
CREATE INDEX message_key ON message (correlation_key, published);
CREATE INDEX message_published ON message (published);

CREATE TABLE audit (
    key BIGINT PRIMARY KEY,
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
    lsn BIGINT NOT NULL
);
CREATE INDEX audit_time ON audit (time, key);
CREATE INDEX audit_instance ON audit (instance, key) WHERE instance IS NOT NULL;

-- The events themselves, in their durable form, by instance; what belongs to no instance stands
-- under instance 0. Time slider, copy as test, resumed streams and rebuilding read these.
CREATE TABLE frame (
    instance BIGINT NOT NULL,
    partition BIGINT NOT NULL,
    first_lsn BIGINT NOT NULL,
    last_lsn BIGINT NOT NULL,
    last_time BIGINT NOT NULL,
    codec BIGINT NOT NULL,
    bytes BLOB NOT NULL
);
CREATE INDEX frame_instance ON frame (instance, partition, first_lsn);
CREATE INDEX frame_position ON frame (partition, last_lsn);

-- Counters that would be too slow to count each time.
CREATE TABLE element_total (
    definition BIGINT NOT NULL,
    element_no BIGINT NOT NULL,
    active BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    terminated BIGINT NOT NULL,
    PRIMARY KEY (definition, element_no)
);

CREATE TABLE instance_total (
    definition BIGINT PRIMARY KEY,
    active BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    terminated BIGINT NOT NULL
);

-- One row a minute and definition; element_no is -1 for the instance as a whole.
CREATE TABLE duration_total (
    minute BIGINT NOT NULL,
    definition BIGINT NOT NULL,
    element_no BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (definition, element_no, minute, bucket)
);

CREATE TABLE minute_total (
    minute BIGINT NOT NULL,
    definition BIGINT NOT NULL,
    started BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    terminated BIGINT NOT NULL,
    elements BIGINT NOT NULL,
    incidents BIGINT NOT NULL,
    PRIMARY KEY (minute, definition)
);

-- One row for ten seconds, all definitions together; kept for an hour.
CREATE TABLE pulse_total (
    time BIGINT PRIMARY KEY,
    started BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    terminated BIGINT NOT NULL
);

CREATE TABLE flow_total (
    definition BIGINT NOT NULL,
    flow_no BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (definition, flow_no)
);

-- What active elements wait for, whatever it is. The types are those of WAIT_STATES.
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
    SELECT u.key, u.instance, u.element, u.definition, e.element_no, 2, u.assignee, NULL,
        u.due, NULL, NULL, NULL, NULL, u.created
    FROM user_task u JOIN element_instance e ON e.key = u.element WHERE u.ended IS NULL;
