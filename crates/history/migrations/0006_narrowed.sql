-- Lists as they are narrowed most: instances of a state, of a process, with incidents, the newest
-- first and however deep; elements of a scope and by their id; what somebody did.

CREATE INDEX process_instance_state_start ON process_instance (state, start_date, key);
CREATE INDEX process_instance_definition_start ON process_instance (definition, start_date, key);
CREATE INDEX process_instance_incident_start
    ON process_instance (start_date, key) WHERE incidents > 0;
CREATE INDEX process_instance_tags ON process_instance (tags, key) WHERE tags IS NOT NULL;
CREATE INDEX element_instance_scope ON element_instance (scope, key);
CREATE INDEX audit_actor ON audit (actor, key);
