-- What people said beside what they did.
ALTER TABLE audit ADD COLUMN comment TEXT;
