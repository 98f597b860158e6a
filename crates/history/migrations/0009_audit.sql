-- Messages that somebody published, to tell whom they reached.

CREATE INDEX audit_message ON audit (entity_key) WHERE entity = 15;
