-- When a failed job is tried again; nothing while it is not held back.

ALTER TABLE job ADD COLUMN available BIGINT;
DROP INDEX job_open;
CREATE INDEX job_open ON job (type, created, deadline, retries, available, key)
    WHERE ended IS NULL;
