//! Counts and curves that are no pages: per element, per minute, per instance.

use std::collections::BTreeMap;

use engine::Key;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::entity::PROCESS_INSTANCE;
use crate::error::Result;
use crate::fold;
use crate::fold::totals::{MINUTE_MS, WHOLE, bucket_middle, bucket_of};
use crate::limits::{CALL_DEPTH_MAX, EXACT_DURATIONS_MAX, LIST_ROWS_MAX};
use crate::query::{Filter, Sql, Value, Writing, fetch};
use crate::reader::Reader;

/// How many of an element there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementCount {
    pub element_id: String,
    pub active: i64,
    pub completed: i64,
    pub terminated: i64,
    pub incidents: i64,
}

/// How long an element takes, by its completions in a range of time. Durations are exact while
/// they are few ([`EXACT_DURATIONS_MAX`]); else they are read from buckets and right to a fifth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementDuration {
    /// `None`: the instance as a whole.
    pub element_id: Option<String>,
    pub count: i64,
    pub p50_ms: i64,
    pub p95_ms: i64,
    /// How many took longer than what was asked for.
    pub late: i64,
}

/// What a model is coloured by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heat {
    pub elements: Vec<ElementHeat>,
    pub flows: Vec<Taken>,
    /// Of whole instances, where some have completed.
    pub whole: Option<ElementDuration>,
}

/// One element of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementHeat {
    pub count: ElementCount,
    /// Active ones that stand there without an incident; elements that hold others have none.
    pub waiting: i64,
    pub p50_ms: Option<i64>,
    pub p95_ms: Option<i64>,
}

/// Types that hold other elements, in the numbers of `names::ELEMENT_TYPES`.
const HOLDS: [i64; 5] = [1, 2, 3, 4, 5];

/// What happened in one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minute {
    /// Its beginning, ms since 1970.
    pub time: i64,
    pub started: i64,
    pub completed: i64,
    pub terminated: i64,
    /// Completed element instances.
    pub elements: i64,
    pub incidents: i64,
}

/// An instance in the line of those that called it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub instance: Key,
    pub definition: Key,
    pub name: String,
}

/// A flow that an instance took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub flow_id: String,
    pub times: i64,
}

const COUNTED: &str = "SELECT m.id, sum(e.state = 0 OR e.state = 9), sum(e.state = 1), \
    sum(e.state = 2), sum(e.incident IS NOT NULL AND e.state <> 2) FROM element_instance e \
    JOIN element m ON m.definition = e.definition AND m.no = e.element_no";

impl Reader {
    /// Counts per element over the instances of a definition that a filter finds. Without a filter
    /// it reads counters, with one the element instances.
    ///
    /// # Errors
    /// [`crate::Error::is_query`] when the filter is at fault.
    pub async fn element_counts(
        &self,
        definition: Key,
        filter: &Filter,
    ) -> Result<Vec<ElementCount>> {
        filter.check()?;
        let of = Value::Int(definition);
        if *filter == Filter::default() {
            let text = "SELECT m.id, t.active, t.completed, t.terminated, (SELECT count(*) \
                FROM incident x JOIN element_instance e ON e.key = x.element \
                WHERE x.resolved IS NULL AND e.definition = t.definition \
                AND e.element_no = t.element_no) FROM element_total t JOIN element m \
                ON m.definition = t.definition AND m.no = t.element_no \
                WHERE t.definition = ? ORDER BY t.element_no";
            return self.list(Sql::with(text, [of]), element_count).await;
        }
        let writing = Writing { entity: &PROCESS_INSTANCE, indexed: None, few: &[] };
        let mut sql = Sql::with(
            format!(
                "{COUNTED} WHERE e.definition = ? AND e.instance IN (SELECT i.key FROM \
                 process_instance i LEFT JOIN process_definition d ON d.key = i.definition WHERE "
            ),
            [of],
        );
        sql.push(writing.filter(&filter.flat()));
        sql.push_str(") GROUP BY e.element_no ORDER BY e.element_no");
        self.list(sql, element_count).await
    }

    /// Counts per element of one instance.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn element_counts_of(&self, instance: Key) -> Result<Vec<ElementCount>> {
        let text = format!("{COUNTED} WHERE e.instance = ? GROUP BY e.element_no ORDER BY 1");
        self.list(Sql::with(text, [Value::Int(instance)]), element_count).await
    }

    /// How many waits there are at each element of an instance.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn wait_counts_of(&self, instance: Key) -> Result<Vec<(String, i64)>> {
        let text = "SELECT m.id, count(*) FROM wait_state w JOIN element m \
            ON m.definition = w.definition AND m.no = w.element_no \
            WHERE w.instance = ? GROUP BY m.id ORDER BY m.id";
        let row = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
        self.list(Sql::with(text, [Value::Int(instance)]), row).await
    }

    /// The flows that an instance took, each once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn flows_of(&self, instance: Key) -> Result<Vec<Taken>> {
        let text = format!(
            "SELECT f.id, t.taken FROM flow_taken t JOIN process_instance i ON i.key = t.instance \
             JOIN flow f ON f.definition = i.definition AND f.no = t.flow_no \
             WHERE t.instance = ? ORDER BY t.flow_no LIMIT {LIST_ROWS_MAX}"
        );
        let row = |row: &SqliteRow| Ok(Taken { flow_id: row.try_get(0)?, times: row.try_get(1)? });
        self.list(Sql::with(text, [Value::Int(instance)]), row).await
    }

    /// An instance and those that called it, the root first; empty when there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn callers(&self, instance: Key) -> Result<Vec<Caller>> {
        let text = "WITH RECURSIVE line(key, depth) AS (SELECT key, 0 FROM process_instance \
            WHERE key = ? UNION ALL SELECT i.parent_instance, line.depth + 1 FROM line \
            JOIN process_instance i ON i.key = line.key \
            WHERE i.parent_instance IS NOT NULL AND line.depth < ?) \
            SELECT i.key, i.definition, COALESCE(d.name, d.process_id, '') FROM line \
            JOIN process_instance i ON i.key = line.key \
            LEFT JOIN process_definition d ON d.key = i.definition ORDER BY line.depth DESC";
        let row = |row: &SqliteRow| {
            let (instance, definition) = (row.try_get(0)?, row.try_get(1)?);
            Ok(Caller { instance, definition, name: row.try_get(2)? })
        };
        let values = [Value::Int(instance), Value::Int(CALL_DEPTH_MAX)];
        self.list(Sql::with(text, values), row).await
    }

    /// Counts, durations and flows of one version, over all its instances; durations of what
    /// completed from `from` to before `upto` (ms), late when longer than `within`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn heat(&self, definition: Key, from: i64, upto: i64, within: i64) -> Result<Heat> {
        let counts = self.element_counts(definition, &Filter::default()).await?;
        let (mut whole, mut durations) = (None, BTreeMap::new());
        for one in self.durations(definition, from, upto, within).await? {
            match &one.element_id {
                Some(id) => drop(durations.insert(id.clone(), one)),
                None => whole = Some(one),
            }
        }
        let text = "SELECT id, type FROM element WHERE definition = ?";
        let of = Value::Int(definition);
        let row =
            |row: &SqliteRow| -> Result<(String, i64)> { Ok((row.try_get(0)?, row.try_get(1)?)) };
        let types: BTreeMap<String, i64> =
            self.list(Sql::with(text, [of.clone()]), row).await?.into_iter().collect();
        let element = |count: ElementCount| {
            let duration = durations.get(&count.element_id);
            let waits = types.get(&count.element_id).is_some_and(|kind| !HOLDS.contains(kind));
            ElementHeat {
                waiting: if waits { (count.active - count.incidents).max(0) } else { 0 },
                p50_ms: duration.map(|one| one.p50_ms),
                p95_ms: duration.map(|one| one.p95_ms),
                count,
            }
        };
        let elements = counts.into_iter().map(element).collect();
        let text = "SELECT f.id, t.taken FROM flow_total t \
            JOIN flow f ON f.definition = t.definition AND f.no = t.flow_no \
            WHERE t.definition = ? AND t.taken > 0 ORDER BY t.flow_no";
        let row = |row: &SqliteRow| Ok(Taken { flow_id: row.try_get(0)?, times: row.try_get(1)? });
        let flows = self.list(Sql::with(text, [of]), row).await?;
        Ok(Heat { elements, flows, whole })
    }

    /// The resource of a process definition, a decision or its requirements, as it was deployed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn resource(&self, definition: Key) -> Result<Option<Vec<u8>>> {
        let text = "SELECT bytes FROM process_definition WHERE key = ?1 \
            UNION ALL SELECT bytes FROM decision_requirements WHERE key = ?1 \
            UNION ALL SELECT r.bytes FROM decision_definition z \
            JOIN decision_requirements r ON r.key = z.requirements WHERE z.key = ?1";
        let row = |row: &SqliteRow| Ok(row.try_get::<Vec<u8>, _>(0)?);
        let found = self.list(Sql::with(text, [Value::Int(definition)]), row).await?;
        let Some(bytes) = found.into_iter().next() else { return Ok(None) };
        let codec = bytes.first().copied().unwrap_or_default();
        let packed = bytes.get(1..).unwrap_or_default().to_vec();
        fold::unpack(i64::from(codec), packed).map(Some)
    }

    /// Counts per minute, from `from` to before `upto` (ms); of one definition, or of all.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn minutes(
        &self,
        definition: Option<Key>,
        from: i64,
        upto: i64,
    ) -> Result<Vec<Minute>> {
        let mut sql = Sql::with(
            "SELECT minute, sum(started), sum(completed), sum(terminated), sum(elements), \
             sum(incidents) FROM minute_total WHERE minute >= ? AND minute < ?",
            [Value::Int(from), Value::Int(upto)],
        );
        if let Some(definition) = definition {
            sql.push(Sql::with(" AND definition = ?", [Value::Int(definition)]));
        }
        sql.push_str(&format!(" GROUP BY minute ORDER BY minute LIMIT {LIST_ROWS_MAX}"));
        let row = |row: &SqliteRow| {
            Ok(Minute {
                time: row.try_get(0)?,
                started: row.try_get(1)?,
                completed: row.try_get(2)?,
                terminated: row.try_get(3)?,
                elements: row.try_get(4)?,
                incidents: row.try_get(5)?,
            })
        };
        self.list(sql, row).await
    }

    /// Durations per element of a definition, and of its instances, by what completed from `from`
    /// to before `upto` (ms), late when longer than `within`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn durations(
        &self,
        definition: Key,
        from: i64,
        upto: i64,
        within: i64,
    ) -> Result<Vec<ElementDuration>> {
        let text = "SELECT t.element_no, m.id, t.bucket, sum(t.amount) FROM duration_total t \
            LEFT JOIN element m ON m.definition = t.definition AND m.no = t.element_no \
            WHERE t.definition = ? AND t.minute >= ? AND t.minute < ? \
            GROUP BY t.element_no, t.bucket ORDER BY t.element_no, t.bucket";
        let values = [Value::Int(definition), Value::Int(from), Value::Int(upto)];
        type Found = (i64, Option<String>, i64, i64);
        let row = |row: &SqliteRow| -> Result<Found> {
            Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?))
        };
        let mut elements: BTreeMap<i64, (Option<String>, Buckets)> = BTreeMap::new();
        for (no, id, bucket, amount) in self.list(Sql::with(text, values), row).await? {
            let element = elements.entry(no).or_insert_with(|| (id, Vec::new()));
            element.1.push((bucket, amount));
        }
        let count = |buckets: &Buckets| buckets.iter().map(|(_, amount)| amount).sum();
        let all: i64 = elements.values().map(|(_, buckets)| -> i64 { count(buckets) }).sum();
        let exact = match all <= EXACT_DURATIONS_MAX {
            true => self.exact_durations(definition, from, upto).await?,
            false => BTreeMap::new(),
        };
        let known = |(no, (id, _)): &(i64, (Option<String>, _))| *no == WHOLE || id.is_some();
        let one = |(no, (element_id, buckets)): (i64, (Option<String>, Buckets))| {
            let count: i64 = count(&buckets);
            // Instances that retention has forgotten are in the buckets only.
            let exact = exact.get(&no).filter(|times| times.len() as i64 == count);
            let at = |percent| match exact {
                Some(times) => rank(times, percent),
                None => percentile(&buckets, percent),
            };
            let late = match exact {
                Some(times) => count - times.partition_point(|took| *took <= within) as i64,
                None => slower(&buckets, within),
            };
            ElementDuration { element_id, count, p50_ms: at(50), p95_ms: at(95), late }
        };
        Ok(elements.into_iter().filter(known).map(one).collect())
    }

    /// Every duration by element, sorted, of the whole minutes of [`Reader::durations`].
    async fn exact_durations(
        &self,
        definition: Key,
        from: i64,
        upto: i64,
    ) -> Result<BTreeMap<i64, Vec<i64>>> {
        let text = format!(
            "SELECT element_no, end_date - start_date FROM element_instance \
             WHERE definition = ?1 AND state = 1 AND end_date >= ?2 AND end_date < ?3 \
             UNION ALL SELECT {WHOLE}, end_date - start_date FROM process_instance \
             WHERE definition = ?1 AND state = 1 AND end_date >= ?2 AND end_date < ?3 \
             ORDER BY 1, 2"
        );
        let values = [definition, next_minute(from), next_minute(upto)].map(Value::Int);
        let row =
            |row: &SqliteRow| -> Result<(i64, i64)> { Ok((row.try_get(0)?, row.try_get(1)?)) };
        let mut elements: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (no, took) in self.list(Sql::with(text, values), row).await? {
            elements.entry(no).or_default().push(took);
        }
        Ok(elements)
    }

    pub(crate) async fn list<T>(
        &self,
        sql: Sql,
        row: impl Fn(&SqliteRow) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut connection = self.pool.acquire().await?;
        fetch(&mut connection, sql).await?.iter().map(row).collect()
    }
}

fn element_count(row: &SqliteRow) -> Result<ElementCount> {
    Ok(ElementCount {
        element_id: row.try_get(0)?,
        active: row.try_get(1)?,
        completed: row.try_get(2)?,
        terminated: row.try_get(3)?,
        incidents: row.try_get(4)?,
    })
}

/// The first minute that begins at this time or later.
fn next_minute(time: i64) -> i64 {
    let rest = time.rem_euclid(MINUTE_MS);
    if rest == 0 { time } else { time.saturating_add(MINUTE_MS - rest) }
}

/// The smallest of the sorted times that so many percent do not exceed.
fn rank(times: &[i64], percent: usize) -> i64 {
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

/// Buckets with how many are in each.
pub(crate) type Buckets = Vec<(i64, i64)>;

/// The bucket in which so many percent have ended.
pub(crate) fn percentile(buckets: &[(i64, i64)], percent: usize) -> i64 {
    let total: i64 = buckets.iter().map(|(_, amount)| amount).sum();
    let wanted = (total * percent as i64 + 99) / 100;
    let mut seen = 0;
    for (bucket, amount) in buckets {
        seen += amount;
        if seen >= wanted {
            return bucket_middle(*bucket);
        }
    }
    0
}

/// How many are in buckets behind the one of this time.
fn slower(buckets: &[(i64, i64)], within: i64) -> i64 {
    let behind = buckets.iter().filter(|(bucket, _)| *bucket > bucket_of(within));
    behind.map(|(_, amount)| amount).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_bucket_that_reaches_it() {
        let buckets = [(0, 50), (10, 45), (40, 5)];
        assert_eq!(percentile(&buckets, 50), 0);
        assert_eq!(percentile(&buckets, 95), bucket_middle(10));
        assert_eq!(percentile(&buckets, 96), bucket_middle(40));
        assert_eq!(percentile(&[], 50), 0);
        assert_eq!([1, 10, 1_000_000].map(|within| slower(&buckets, within)), [50, 5, 0]);
    }
}
