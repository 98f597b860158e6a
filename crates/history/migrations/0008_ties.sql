-- Variables by their name or their instance, in the order that their indices have to the end.

DROP INDEX variable_instance;
CREATE INDEX variable_instance ON variable (instance, scope, name, key);
DROP INDEX variable_head;
CREATE INDEX variable_head ON variable (name, head, instance, key);
