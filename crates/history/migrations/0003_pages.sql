-- Indices that hold what is not there, too: pages by these columns begin or end with it.

DROP INDEX process_instance_end;
CREATE INDEX process_instance_end ON process_instance (end_date, key);
DROP INDEX process_instance_business;
CREATE INDEX process_instance_business ON process_instance (business_id, key);
DROP INDEX process_instance_parent;
CREATE INDEX process_instance_parent ON process_instance (parent_instance, key);
CREATE INDEX process_instance_parent_element ON process_instance (parent_element, key);
CREATE INDEX process_instance_suspended ON process_instance (suspended_date, key);
CREATE INDEX user_task_element ON user_task (element);
