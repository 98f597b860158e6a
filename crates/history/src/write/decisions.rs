//! Rows of decisions: deployed, evaluated; and of what is awaited beside messages and timers.

use engine::Key;
use engine::meta::RequirementsDeployed;

use super::sql;
use super::tables::{Writing, ended};
use crate::error::Result;
use crate::fold;
use crate::fold::rows::{AwaitedRow, DecisionRow, Ended, Table};

impl Writing<'_> {
    pub async fn requirements(&mut self, of: &RequirementsDeployed, time: i64) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        let file = std::iter::once(fold::packed(&of.bytes));
        statements
            .write(connection, sql::REQUIREMENTS, file, |bytes, to| {
                to.int(of.key).text(&of.tenant).text(&of.id).text(&of.name);
                to.int(i64::from(of.version)).text(&of.resource).int(of.deployment).int(time);
                to.int(0).bytes(bytes);
            })
            .await?;
        statements
            .write(connection, sql::DECISIONS, of.decisions.iter(), |own, to| {
                to.int(own.key).int(of.key).text(&of.tenant).text(&own.id).text(&own.name);
                to.int(i64::from(own.version)).maybe_text(&own.version_tag).int(0);
            })
            .await?;
        Ok(())
    }

    pub async fn requirements_deleted(&mut self, requirements: Key) -> Result<()> {
        for text in [
            "UPDATE decision_requirements SET state = 2 WHERE key = ?",
            "UPDATE decision_definition SET state = 2 WHERE requirements = ?",
        ] {
            sqlx::query(text).bind(requirements).execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    pub async fn decided(&mut self, rows: Vec<DecisionRow>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        statements
            .write(connection, sql::DECISION_INSTANCES, rows.into_iter(), |row, to| {
                to.string(row.id).int(row.evaluation).maybe(row.instance).maybe(row.element);
                to.maybe(row.definition).int(row.time).int(row.state).maybe_text(&row.failure);
                to.int(row.decision).text(&row.decision_id).text(&row.name);
                to.int(row.version).int(row.kind).int(row.root).int(row.requirements);
                to.text(&row.tenant).string(row.result).string(row.inputs).string(row.rules);
            })
            .await?;
        Ok(())
    }

    pub async fn awaited(&mut self, table: Table<AwaitedRow, Ended>) -> Result<()> {
        let Writing { connection, statements, .. } = self;
        statements
            .write(connection, sql::AWAITED, table.rows.into_iter(), |row, to| {
                to.int(row.key).int(row.instance).int(row.host).int(row.target).int(row.kind);
                to.maybe_text(&row.name).int(row.opened).maybe(row.ended);
            })
            .await?;
        ended(statements, connection, sql::AWAITED_PATCHES, table.patches).await
    }
}
