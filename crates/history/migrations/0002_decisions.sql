-- Decisions: what is deployed, and what was evaluated. Signals and conditions that are awaited.

CREATE TABLE decision_requirements (
    key BIGINT PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    resource TEXT NOT NULL,
    deployment BIGINT NOT NULL,
    deployed BIGINT NOT NULL,
    state BIGINT NOT NULL,
    bytes BLOB NOT NULL
);

CREATE TABLE decision_definition (
    key BIGINT PRIMARY KEY,
    requirements BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    version_tag TEXT,
    state BIGINT NOT NULL
);
CREATE INDEX decision_definition_id ON decision_definition (id, tenant, version);
CREATE INDEX decision_definition_requirements ON decision_definition (requirements, key);

-- One row a decision of an evaluation; `id` is the key of the evaluation and its place in it.
-- `inputs` and `rules` are JSON, as clients see them.
CREATE TABLE decision_instance (
    id TEXT PRIMARY KEY,
    evaluation BIGINT NOT NULL,
    instance BIGINT,
    element BIGINT,
    definition BIGINT,
    time BIGINT NOT NULL,
    state BIGINT NOT NULL,
    failure TEXT,
    decision BIGINT NOT NULL,
    decision_id TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    root_decision BIGINT NOT NULL,
    requirements BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    result TEXT NOT NULL,
    inputs TEXT NOT NULL,
    rules TEXT NOT NULL
);
CREATE INDEX decision_instance_instance
    ON decision_instance (instance, id) WHERE instance IS NOT NULL;
CREATE INDEX decision_instance_time ON decision_instance (time, id);
CREATE INDEX decision_instance_decision ON decision_instance (decision_id, time, id);

-- Kind 0: a signal, by its name; kind 1: a condition, which stands in the model.
CREATE TABLE awaited (
    key BIGINT PRIMARY KEY,
    instance BIGINT NOT NULL,
    host BIGINT NOT NULL,
    target_no BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    name TEXT,
    opened BIGINT NOT NULL,
    ended BIGINT
);
CREATE INDEX awaited_instance ON awaited (instance, key);
CREATE INDEX awaited_opened ON awaited (opened) WHERE ended IS NULL;

-- Of a conditional event.
ALTER TABLE element ADD COLUMN condition TEXT;

DROP VIEW wait_state;
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

-- What was deployed before this table came is read again from the journal: rows that are there
-- stay as they are.
DELETE FROM position WHERE partition = 0;
