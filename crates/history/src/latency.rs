//! Where time goes at the moment: the slowest steps of all processes.

use std::collections::BTreeMap;

use engine::Key;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::Result;
use crate::limits::{OVERVIEW_ROWS_MAX, OVERVIEW_STEPS_MAX};
use crate::overview::{SPOT, Spot, spot};
use crate::query::{Sql, Value};
use crate::reader::Reader;
use crate::statistics::{Buckets, percentile};

/// How long an element of a version took lately. Durations are right to a fifth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub at: Spot,
    pub count: i64,
    pub p50_ms: i64,
    pub p95_ms: i64,
}

impl Reader {
    /// The steps that completed since `from` (ms), the slowest first. Only processes in which
    /// something happened since then are looked at, by the counters of their elements.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn slowest(&self, from: i64) -> Result<Vec<Step>> {
        let text = format!(
            "SELECT {SPOT}, t.bucket, sum(t.amount) \
             FROM (SELECT DISTINCT definition FROM minute_total WHERE minute >= ?1 \
             LIMIT {OVERVIEW_ROWS_MAX}) a \
             JOIN process_definition d ON d.key = a.definition \
             JOIN element m ON m.definition = a.definition \
             JOIN duration_total t ON t.definition = m.definition AND t.element_no = m.no \
             AND t.minute >= ?1 GROUP BY m.definition, m.no, t.bucket ORDER BY t.bucket"
        );
        let row = |row: &SqliteRow| -> Result<(Spot, i64, i64)> {
            Ok((spot(row)?, row.try_get(6)?, row.try_get(7)?))
        };
        let mut steps: BTreeMap<(Key, String), (Spot, Buckets)> = BTreeMap::new();
        for (at, bucket, amount) in self.list(Sql::with(text, [Value::Int(from)]), row).await? {
            let of = (at.definition, at.element_id.clone());
            steps.entry(of).or_insert_with(|| (at, Vec::new())).1.push((bucket, amount));
        }
        let step = |(at, buckets): (Spot, Buckets)| Step {
            at,
            count: buckets.iter().map(|(_, amount)| amount).sum(),
            p50_ms: percentile(&buckets, 50),
            p95_ms: percentile(&buckets, 95),
        };
        let mut found: Vec<Step> = steps.into_values().map(step).filter(|s| s.p95_ms > 0).collect();
        found.sort_by_key(|step| std::cmp::Reverse(step.p95_ms));
        found.truncate(OVERVIEW_STEPS_MAX);
        Ok(found)
    }
}
