-- Indices for what the lists of elements, jobs, incidents, variables and subscriptions are sorted
-- and filtered by. What most rows do not have is indexed where it is.

CREATE INDEX element_instance_start ON element_instance (start_date, key);
CREATE INDEX element_instance_end ON element_instance (end_date, key);
CREATE INDEX element_instance_state ON element_instance (state, key);
DROP INDEX element_instance_incident;
CREATE INDEX element_instance_incident ON element_instance (incident, key)
    WHERE incident IS NOT NULL;

CREATE INDEX job_created ON job (created, key);
CREATE INDEX job_ended ON job (ended, key);
CREATE INDEX job_state ON job (state, key);
CREATE INDEX job_type ON job (type, key);
CREATE INDEX job_definition ON job (definition, key);
CREATE INDEX job_element ON job (element, key);
CREATE INDEX job_error_code ON job (error_code, key) WHERE error_code IS NOT NULL;
CREATE INDEX job_error_message ON job (error_message, key) WHERE error_message IS NOT NULL;

CREATE INDEX incident_created ON incident (created, key);
CREATE INDEX incident_state ON incident (state, key);
CREATE INDEX incident_kind ON incident (kind, key);
CREATE INDEX incident_definition ON incident (definition, key);
CREATE INDEX incident_element ON incident (element, key);
CREATE INDEX incident_job ON incident (job, key);
CREATE INDEX incident_hash ON incident (error_hash, key);

CREATE INDEX variable_scope ON variable (scope, key);

CREATE INDEX message_subscription_state ON message_subscription (state, key);
CREATE INDEX message_subscription_updated ON message_subscription (updated, key);
CREATE INDEX message_subscription_host ON message_subscription (host, key);
CREATE INDEX message_subscription_named ON message_subscription (name, key);
CREATE INDEX message_subscription_correlation ON message_subscription (correlation_key, key);
CREATE INDEX correlated_subscription_time ON correlated_subscription (time, key);
CREATE INDEX correlated_subscription_name ON correlated_subscription (name, key);
