//! Rows of a batch into their tables.

use std::collections::{HashMap, HashSet};

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::sql;
use super::statement::Statements;
use crate::error::Result;
use crate::fold::rows::*;
use crate::fold::task;
use crate::fold::totals::Totals;
use crate::fold::{Changes, Definition};
use crate::limits::VALUE_HEAD_CHARS;
use crate::names::COMPLETED;
use engine::PartitionId;

/// One open transaction and the statements that are known.
pub(crate) struct Writing<'a> {
    pub connection: &'a mut SqliteConnection,
    pub statements: &'a mut Statements,
    pub partition: PartitionId,
}

impl Writing<'_> {
    pub async fn changes(&mut self, changes: Changes) -> Result<()> {
        let mut totals = changes.totals;
        self.instances(changes.instances, &mut totals).await?;
        self.elements(changes.elements, &mut totals).await?;
        self.incidents(changes.incidents).await?;
        self.flows(changes.flows).await?;
        self.variables(changes.variables.rows).await?;
        self.jobs(changes.jobs).await?;
        self.timers(changes.timers).await?;
        self.tasks(changes.tasks).await?;
        self.awaited(changes.awaited).await?;
        self.decided(changes.decisions).await?;
        self.messages(changes.messages).await?;
        self.starts_closed(changes.closed).await?;
        self.subscriptions(changes.subscriptions).await?;
        self.correlated(&changes.correlated).await?;
        self.audit(changes.audit).await?;
        self.reached(&changes.correlated).await?;
        self.frames(changes.frames).await?;
        self.totals(totals).await
    }

    async fn instances(
        &mut self,
        table: Table<InstanceRow, InstancePatch>,
        totals: &mut Totals,
    ) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let bind = |row: InstanceRow, to: &mut super::statement::Binder<'_>| {
            to.int(row.key).int(row.definition).int(row.state).int(row.start).maybe(row.end);
            to.int(row.incidents).maybe(row.parent_instance).maybe(row.parent_element);
            to.int(row.root).maybe_text(&row.business_id).maybe_string(row.tags);
            to.maybe_text(&row.quarantine).maybe_text(&row.trace).maybe(row.suspended);
        };
        statements.write(connection, sql::INSTANCES, table.rows.into_iter(), bind).await?;
        let ending = table.patches.iter().filter(|(_, patch)| patch.end.is_some());
        let ending: HashSet<i64> = ending.map(|(key, _)| *key).collect();
        let patches = table.patches.into_iter();
        let returned = statements
            .write(connection, sql::INSTANCE_PATCHES, patches, |(key, patch), to| {
                to.int(key).maybe(patch.state).maybe(patch.end);
                to.int(patch.incidents).maybe_text(&patch.quarantine).maybe(patch.suspended);
            })
            .await?;
        for row in returned {
            if ending.contains(&row.try_get::<i64, _>(0)?) {
                let (definition, state) = (row.try_get(1)?, row.try_get(2)?);
                totals.instance_ended(definition, state, row.try_get(3)?, row.try_get(4)?);
            }
        }
        Ok(())
    }

    async fn elements(
        &mut self,
        table: Table<ElementRow, ElementPatch>,
        totals: &mut Totals,
    ) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let rows = table.rows.into_iter();
        statements
            .write(connection, sql::ELEMENTS, rows, |row, to| {
                to.int(row.key).int(row.instance).int(row.definition).int(row.no).int(row.role);
                to.int(row.state).int(row.start).maybe(row.end).int(row.scope).maybe(row.incident);
            })
            .await?;
        let ending = table.patches.iter().filter(|(_, patch)| patch.end.is_some());
        let ending: HashSet<i64> = ending.map(|(key, _)| *key).collect();
        let patches = table.patches.into_iter();
        let returned = statements
            .write(connection, sql::ELEMENT_PATCHES, patches, |(key, patch), to| {
                to.int(key).maybe(patch.state).maybe(patch.end).maybe(patch.incident);
            })
            .await?;
        for row in returned {
            if !ending.contains(&row.try_get::<i64, _>(0)?) {
                continue;
            }
            let (definition, no, state) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            totals.element_ended(definition, no, state);
            if state == COMPLETED {
                totals.element_took(definition, no, row.try_get(4)?, row.try_get(5)?);
            }
        }
        Ok(())
    }

    async fn incidents(&mut self, table: Table<IncidentRow, Ended>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let rows = table.rows.into_iter();
        statements
            .write(connection, sql::INCIDENTS, rows, |row, to| {
                to.int(row.key).int(row.instance).int(row.element).int(row.definition);
                to.maybe(row.job).int(row.kind).text(&row.message).int(row.hash);
                to.int(row.state).int(row.created).maybe(row.resolved);
            })
            .await?;
        let resolved: Vec<i64> = table.patches.keys().copied().collect();
        ended(statements, connection, sql::INCIDENT_PATCHES, table.patches).await?;
        statements
            .write(connection, sql::ELEMENTS_MENDED, resolved.into_iter(), |key, to| {
                to.int(key);
            })
            .await?;
        Ok(())
    }

    async fn flows(
        &mut self,
        flows: std::collections::HashMap<(i64, i64), (i64, i64)>,
    ) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let mut flows: Vec<_> = flows.into_iter().collect();
        flows.sort_unstable();
        statements
            .write(connection, sql::FLOWS, flows.into_iter(), |row, to| {
                let ((instance, flow), (taken, last)) = row;
                to.int(instance).int(flow).int(taken).int(last);
            })
            .await?;
        Ok(())
    }

    async fn variables(&mut self, rows: Vec<VariableRow>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        statements
            .write(connection, sql::VARIABLES, rows.into_iter(), |row, to| {
                let head = row.value.chars().take(VALUE_HEAD_CHARS).collect();
                to.int(row.key).int(row.instance).int(row.scope).text(&row.name);
                to.string(row.value).string(head).real(row.number).int(row.updated);
            })
            .await?;
        Ok(())
    }

    async fn jobs(&mut self, table: Table<JobRow, JobPatch>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let rows = table.rows.into_iter();
        statements
            .write(connection, sql::JOBS, rows, |row, to| {
                to.int(row.key).int(row.instance).int(row.element).int(row.definition);
                to.text(&row.job_type).int(row.kind).int(row.listener).int(row.state);
                to.int(row.retries).int(row.priority).maybe_text(&row.worker).maybe(row.deadline);
                to.maybe_text(&row.error_code).maybe_text(&row.error_message);
                to.int(row.created).int(row.updated).maybe(row.ended).maybe(row.available);
            })
            .await?;
        let patches = table.patches.into_iter();
        statements
            .write(connection, sql::JOB_PATCHES, patches, |(key, patch), to| {
                to.int(key).maybe(patch.state).maybe(patch.retries).maybe(patch.priority);
                to.maybe_text(&patch.worker).maybe(patch.deadline).maybe_text(&patch.error_code);
                to.maybe_text(&patch.error_message).int(patch.updated).maybe(patch.ended);
                to.maybe(patch.available);
            })
            .await?;
        Ok(())
    }

    async fn timers(&mut self, table: Table<TimerRow, Ended>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let rows = table.rows.into_iter();
        statements
            .write(connection, sql::TIMERS, rows, |row, to| {
                to.int(row.key).int(row.instance).int(row.host).int(row.target).int(row.due);
                to.maybe(row.remaining).maybe_text(&row.cycle).int(row.state).int(row.armed);
                to.maybe(row.ended);
            })
            .await?;
        ended(statements, connection, sql::TIMER_PATCHES, table.patches).await
    }

    async fn tasks(&mut self, table: Table<TaskRow, TaskPatch>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let rows = table.rows.into_iter();
        statements
            .write(connection, sql::TASKS, rows, |row, to| {
                let task = row.task;
                // As text: the column had the form's id once.
                let form = task.form_key.map(|key| key.to_string());
                to.int(row.key).int(row.instance).int(row.element).int(row.definition);
                to.int(row.state).maybe_text(&task.assignee);
                to.maybe_string(task::names(&task.candidate_groups));
                to.maybe_string(task::names(&task.candidate_users));
                to.maybe(task::moment(task.due_date.as_deref()));
                to.maybe(task::moment(task.follow_up_date.as_deref()));
                to.int(i64::from(task.priority)).maybe_string(form);
                to.maybe_text(&task.external_form).int(row.created).maybe(row.ended);
            })
            .await?;
        let (mut changed, mut ended) = (Vec::new(), HashMap::new());
        let mut states = Vec::new();
        for (key, patch) in table.patches {
            changed.extend(patch.task.map(|task| (key, task)));
            states.extend(patch.state.map(|state| (key, state)));
            ended.extend(patch.ended.map(|(state, time)| (key, Ended { state, time })));
        }
        statements
            .write(connection, sql::TASK_CHANGES, changed.into_iter(), |(key, task), to| {
                to.int(key).maybe_text(&task.assignee);
                to.maybe_string(task::names(&task.candidate_groups));
                to.maybe_string(task::names(&task.candidate_users));
                to.maybe(task::moment(task.due_date.as_deref()));
                to.maybe(task::moment(task.follow_up_date.as_deref()));
                to.int(i64::from(task.priority));
            })
            .await?;
        statements
            .write(connection, sql::TASK_STATES, states.into_iter(), |(key, state), to| {
                to.int(key).int(state);
            })
            .await?;
        self::ended(statements, connection, sql::TASK_PATCHES, ended).await
    }

    async fn messages(&mut self, table: Table<MessageRow, MessagePatch>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let rows = table.rows.into_iter();
        statements
            .write(connection, sql::MESSAGES, rows, |row, to| {
                to.int(row.key).text(&row.tenant).text(&row.name).text(&row.correlation_key);
                to.text(&row.id).int(row.published).int(row.deadline).int(row.state);
                to.int(row.correlations);
            })
            .await?;
        let patches = table.patches.into_iter();
        statements
            .write(connection, sql::MESSAGE_PATCHES, patches, |(key, patch), to| {
                to.int(key).maybe(patch.state).int(patch.correlations);
            })
            .await?;
        Ok(())
    }

    async fn subscriptions(&mut self, table: Table<SubscriptionRow, Ended>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let rows = table.rows.into_iter();
        statements
            .write(connection, sql::SUBSCRIPTIONS, rows, |row, to| {
                to.int(row.key).maybe(row.instance).maybe(row.host).int(row.definition);
                to.int(row.no).int(row.kind).text(&row.name).maybe_text(&row.correlation_key);
                to.int(row.state).int(i64::from(row.interrupting)).int(row.opened);
                to.int(row.updated);
            })
            .await?;
        ended(statements, connection, sql::SUBSCRIPTION_PATCHES, table.patches).await
    }

    /// Before the rows of the batch: a definition may be opened again in it.
    async fn starts_closed(&mut self, closed: Vec<(i64, i64)>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        statements
            .write(connection, sql::STARTS_CLOSED, closed.into_iter(), |(definition, time), to| {
                to.int(definition).int(time);
            })
            .await?;
        Ok(())
    }

    async fn correlated(&mut self, rows: &[CorrelatedRow]) -> Result<()> {
        let Writing { connection, statements, partition } = self;
        let partition = i64::from(*partition);
        for statement in [sql::CORRELATED, sql::CORRELATED_STARTS] {
            let starts = statement == sql::CORRELATED_STARTS;
            let chosen = rows.iter().filter(|row| (row.subscription == 0) == starts);
            let chosen: Vec<&CorrelatedRow> = chosen.collect();
            statements
                .write(connection, statement, chosen.into_iter(), |row, to| {
                    to.int(row.key).int(row.subscription).int(row.message).int(row.instance);
                    to.int(row.time).int(partition);
                })
                .await?;
        }
        Ok(())
    }

    async fn frames(&mut self, rows: Vec<FrameRow>) -> Result<()> {
        let Writing { connection, statements, partition } = self;
        let partition = i64::from(*partition);
        statements
            .write(connection, sql::FRAMES, rows.into_iter(), |row, to| {
                to.int(row.instance).int(partition);
                to.int(i64::try_from(row.first_lsn).unwrap_or(i64::MAX));
                to.int(i64::try_from(row.last_lsn).unwrap_or(i64::MAX));
                to.int(row.last_time).int(row.codec).bytes(row.bytes);
            })
            .await?;
        Ok(())
    }

    pub async fn totals(&mut self, totals: Totals) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let rows = totals.elements.into_iter();
        statements
            .write(connection, sql::ELEMENT_TOTALS, rows, |((definition, no), count), to| {
                to.int(definition).int(no).int(count.active).int(count.completed);
                to.int(count.terminated);
            })
            .await?;
        let rows = totals.instances.into_iter();
        statements
            .write(connection, sql::INSTANCE_TOTALS, rows, |(definition, count), to| {
                to.int(definition).int(count.active).int(count.completed).int(count.terminated);
            })
            .await?;
        let rows = totals.durations.into_iter();
        statements
            .write(connection, sql::DURATION_TOTALS, rows, |(of, amount), to| {
                to.int(of.minute).int(of.definition).int(of.element_no).int(of.bucket).int(amount);
            })
            .await?;
        let rows = totals.minutes.into_iter();
        statements
            .write(connection, sql::MINUTE_TOTALS, rows, |((minute, definition), count), to| {
                to.int(minute).int(definition).int(count.started).int(count.completed);
                to.int(count.terminated).int(count.elements).int(count.incidents);
            })
            .await?;
        let rows = totals.pulses.into_iter();
        statements
            .write(connection, sql::PULSE_TOTALS, rows, |(time, count), to| {
                to.int(time).int(count.started).int(count.completed).int(count.terminated);
            })
            .await?;
        let rows = totals.flows.into_iter();
        statements
            .write(connection, sql::FLOW_TOTALS, rows, |((definition, flow), taken), to| {
                to.int(definition).int(flow).int(taken);
            })
            .await?;
        Ok(())
    }

    pub async fn definition(&mut self, definition: Definition, time: i64) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let (key, elements, flows) = (definition.key, definition.elements, definition.flows);
        let row = std::iter::once((definition.bytes, definition.name, definition.version_tag));
        statements
            .write(connection, sql::DEFINITIONS, row, |(bytes, name, tag), to| {
                to.int(key).text(&definition.tenant).text(&definition.process_id);
                to.maybe_text(&name).int(definition.version).maybe_text(&tag);
                to.text(&definition.resource).int(definition.deployment).int(time).int(0);
                to.int(i64::from(definition.has_start_form)).bytes(bytes);
            })
            .await?;
        let rows = elements.into_iter();
        statements
            .write(connection, sql::DEFINITION_ELEMENTS, rows, |row, to| {
                to.int(key).int(row.no).text(&row.id).maybe_text(&row.name).int(row.element_type);
                to.maybe(row.scope).string(row.headers).maybe_string(row.condition);
            })
            .await?;
        let rows = flows.into_iter();
        statements
            .write(connection, sql::DEFINITION_FLOWS, rows, |row, to| {
                to.int(key).int(row.no).text(&row.id).int(row.source).int(row.target);
                to.maybe_string(row.condition).int(i64::from(row.is_default));
            })
            .await?;
        Ok(())
    }
}

/// Rows that were written before and now have ended.
pub(super) async fn ended(
    statements: &mut Statements,
    connection: &mut SqliteConnection,
    statement: super::statement::Statement,
    rows: std::collections::HashMap<i64, Ended>,
) -> Result<()> {
    statements
        .write(connection, statement, rows.into_iter(), |(key, ended), to| {
            to.int(key).int(ended.state).int(ended.time);
        })
        .await?;
    Ok(())
}
