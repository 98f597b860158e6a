//! The database: opened, brought up to date, and given a writer and readers.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection, SqlSafeStr};

use crate::batch::{Batch, Item, MetaStep, Seed};
use crate::error::{Error, Result};
use crate::limits::{HISTORY_LAG_MAX, QUEUE_BYTES_MAX, READERS};
use crate::reader::Reader;
use crate::retention::Retention;
use crate::write::{self, Gap, OnCap, Positions, Pressure, Queue, Sweep, Writer};

/// What readers see of the file without a call into the system: addresses, not memory.
const MAPPED_BYTES: &str = "17179869184";

/// Where history is kept and what happens when it lags.
#[derive(Debug, Clone)]
pub struct Settings {
    pub path: PathBuf,
    /// Past this, new starts are throttled.
    pub lag_max: Duration,
    /// Bytes of steps that may wait to be written.
    pub queue_bytes_max: usize,
    /// What happens past that.
    pub on_cap: OnCap,
}

impl Settings {
    /// Defaults for a database at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Settings {
        Settings {
            path: path.into(),
            lag_max: HISTORY_LAG_MAX,
            queue_bytes_max: QUEUE_BYTES_MAX,
            on_cap: OnCap::default(),
        }
    }
}

/// The read model: one writer, many readers.
#[derive(Debug)]
pub struct History {
    queue: Arc<Queue>,
    pool: SqlitePool,
    lag_max: Duration,
    writer: Option<JoinHandle<()>>,
}

impl History {
    /// Opens or creates the database, brings its tables up to date and starts the writer.
    ///
    /// # Errors
    /// When the file cannot be opened, was written by a newer build, or no thread can be started.
    pub fn open(settings: Settings) -> Result<History> {
        let (send, receive) = std::sync::mpsc::channel();
        let options = options(&settings.path).create_if_missing(true);
        let of_writer = settings.clone();
        let writer = std::thread::Builder::new()
            .name("grevy-history".to_owned())
            .spawn(move || run(&of_writer, options, &send))
            .map_err(|error| Error::store(format!("no thread for the writer: {error}")))?;
        let queue = receive.recv().map_err(|_| Error::closed())??;
        let pool = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options_of_readers(&settings.path));
        Ok(History { queue, pool, lag_max: settings.lag_max, writer: Some(writer) })
    }

    /// Hands durable steps to the writer. Steps that are written already are left out.
    ///
    /// # Errors
    /// [`Error::is_full`]: nothing was taken, offer it again later. [`Error::is_closed`].
    pub fn export(&self, batch: Batch) -> Result<()> {
        self.queue.push(Item::Steps(batch))
    }

    /// As [`History::export`], for the meta journal.
    ///
    /// # Errors
    /// As [`History::export`].
    pub fn export_meta(&self, steps: Vec<MetaStep>) -> Result<()> {
        self.queue.push(Item::Meta(steps))
    }

    /// Tells of what is alive again, after steps that are gone: see [`Seed`].
    ///
    /// # Errors
    /// As [`History::export`].
    pub fn seed(&self, seed: Seed) -> Result<()> {
        self.queue.push(Item::Seed(seed))
    }

    /// Steps that are gone from their journal before history had them: it goes on behind them.
    ///
    /// # Errors
    /// [`Error::is_closed`].
    pub fn missed(&self, gap: Gap) -> Result<()> {
        self.queue.missed(gap)
    }

    /// Up to where each journal is in the tables: an exporter goes on behind it.
    pub fn positions(&self) -> Positions {
        self.queue.positions.borrow().clone()
    }

    /// What the runtime should do about how far the writer lags.
    pub fn pressure(&self) -> Pressure {
        self.queue.pressure(self.lag_max)
    }

    /// How long the oldest step has waited to be written.
    pub fn lag(&self) -> Duration {
        self.queue.lag()
    }

    /// Why nothing can be written at the moment.
    pub fn failure(&self) -> Option<String> {
        self.queue.failure()
    }

    /// Forgets up to [`crate::limits::RETENTION_INSTANCES`] instances of each rule that ended long
    /// enough before `now` (ms); returns how many. Call it again while it forgets some: each call
    /// is one short transaction between batches.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn sweep(&self, retention: &Retention, now: i64) -> Result<u64> {
        let (done, receive) = std::sync::mpsc::channel();
        self.queue.sweep(Sweep { retention: retention.clone(), now, done })?;
        receive.recv().map_err(|_| Error::closed())?
    }

    /// Searches; cheap to clone.
    pub fn reader(&self) -> Reader {
        Reader::new(self.pool.clone(), self.queue.clone())
    }

    /// Writes what waits and closes the database.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of history panicked");
        }
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.end();
    }
}

type Ready = std::sync::mpsc::Sender<Result<Arc<Queue>>>;

/// The writer's thread.
fn run(settings: &Settings, options: SqliteConnectOptions, ready: &Ready) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(Error::store(format!("no runtime for the writer: {error}"))));
            return;
        }
    };
    runtime.block_on(async {
        match open(&options, is_short(&settings.path)).await {
            Ok((connection, positions, latest)) => {
                let (bytes, on_cap) = (settings.queue_bytes_max, settings.on_cap);
                let queue = Arc::new(Queue::new(positions, bytes, on_cap));
                queue.reached(latest);
                let closing = Closing(queue.clone());
                // Nobody waits for it when the opening thread has gone.
                if ready.send(Ok(queue.clone())).is_ok() {
                    Writer::new(connection, queue).run().await;
                }
                drop(closing);
            }
            Err(error) => {
                let _ = ready.send(Err(error.at(&settings.path)));
            }
        }
    });
}

/// Closes the queue also when the writer panics: exporters must not wait for ever.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Is the file shorter than its header says? The store sees that by itself, but not where a
/// write-ahead log stands beside it that may have the rest.
fn is_short(path: &Path) -> bool {
    let mut head = [0; 32];
    let Ok(mut file) = std::fs::File::open(path) else { return false };
    let Ok(length) = file.metadata().map(|file| file.len()) else { return false };
    if file.read_exact(&mut head).is_err() {
        return false;
    }
    let page = match u16::from_be_bytes([head[16], head[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    length < page * u64::from(u32::from_be_bytes([head[28], head[29], head[30], head[31]]))
}

/// Looks at every page, which takes long in a large file.
async fn checked(connection: &mut SqliteConnection) -> Result<()> {
    let found: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *connection).await?;
    if found == "ok" { Ok(()) } else { Err(Error::damaged(found)) }
}

async fn open(
    options: &SqliteConnectOptions,
    short: bool,
) -> Result<(SqliteConnection, Positions, i64)> {
    let mut connection = SqliteConnection::connect_with(options).await?;
    if short {
        checked(&mut connection).await?;
    }
    migrate(&mut connection).await?;
    let positions = write::positions(&mut connection).await?;
    let latest = sqlx::query_scalar("SELECT COALESCE(max(time), 0) FROM position");
    let latest = latest.fetch_one(&mut connection).await?;
    Ok((connection, positions, latest))
}

/// A reader of tables as they are, for whoever makes them again.
pub(crate) async fn look(path: &Path) -> Result<Reader> {
    // What its write-ahead log has comes into the file itself, so that the file can be replaced.
    let short = is_short(path);
    let mut connection = SqliteConnection::connect_with(&options(path)).await?;
    if short {
        checked(&mut connection).await?;
    }
    let positions = write::positions(&mut connection).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await?;
    let options = options_of_readers(path);
    let pool = SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(options);
    Ok(Reader::new(pool, Arc::new(Queue::new(positions, 0, OnCap::default()))))
}

/// How the tables came about, the first form of them first: what was released stays as it is.
const MIGRATIONS: [(&str, &str); 10] = [
    ("tables", include_str!("../migrations/0001_tables.sql")),
    ("decisions", include_str!("../migrations/0002_decisions.sql")),
    ("pages", include_str!("../migrations/0003_pages.sql")),
    ("lists", include_str!("../migrations/0004_lists.sql")),
    ("comments", include_str!("../migrations/0005_comments.sql")),
    ("narrowed", include_str!("../migrations/0006_narrowed.sql")),
    ("backoff", include_str!("../migrations/0007_backoff.sql")),
    ("ties", include_str!("../migrations/0008_ties.sql")),
    ("audit", include_str!("../migrations/0009_audit.sql")),
    ("keys", include_str!("../migrations/0010_keys.sql")),
];

pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<()> {
    migrate_to(connection, MIGRATIONS.len()).await
}

async fn migrate_to(connection: &mut SqliteConnection, last: usize) -> Result<()> {
    let migration = |(version, (name, text)): (i64, &(&'static str, &'static str))| {
        let kind = MigrationType::Simple;
        Migration::new(version, (*name).into(), kind, text.into_sql_str(), false)
    };
    let all = (1..).zip(&MIGRATIONS[..last]).map(migration).collect();
    Migrator::with_migrations(all).run(connection).await?;
    Ok(())
}

/// Write-ahead log: readers never wait for the writer. A commit is synced by checkpoints only,
/// because what a crash loses is written again from the journal.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(30))
        .statement_cache_capacity(512)
        .pragma("cache_size", "-65536")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "67108864")
        .pragma("temp_store", "memory")
        .pragma("case_sensitive_like", "on")
}

fn options_of_readers(path: &Path) -> SqliteConnectOptions {
    options(path).read_only(true).pragma("cache_size", "-16384").pragma("mmap_size", MAPPED_BYTES)
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteRow;
    use sqlx::{AssertSqlSafe, Row};

    use super::*;
    use crate::query::value;

    async fn rows(connection: &mut SqliteConnection, sql: String) -> Vec<SqliteRow> {
        sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.expect("rows")
    }

    /// Tables with their columns, by name: a table that is made again may have them in any order.
    async fn columns(connection: &mut SqliteConnection) -> Vec<(String, Vec<String>)> {
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' \
            AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY name";
        let mut all = Vec::new();
        for table in rows(connection, tables.to_owned()).await {
            let table: String = table.get(0);
            let sql = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY name");
            let names = rows(connection, sql).await.iter().map(|row| row.get(0)).collect();
            all.push((table, names));
        }
        all
    }

    /// All that stands in a table, in the order of its columns' names.
    async fn content(connection: &mut SqliteConnection, table: &str, columns: &[String]) -> String {
        let columns = columns.join(", ");
        let sql = format!("SELECT {columns} FROM {table} ORDER BY {columns}");
        let rows = rows(connection, sql).await;
        let one =
            |row: &SqliteRow| (0..row.len()).map(|at| value(row, at).expect("a value")).collect();
        let rows: Vec<Vec<_>> = rows.iter().map(one).collect();
        format!("{rows:?}")
    }

    /// Whichever form a store has, it comes to the newest one with all that stood in it.
    #[tokio::test]
    async fn a_store_of_an_older_build_keeps_its_rows() {
        for from in 1..MIGRATIONS.len() {
            let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("one");
            migrate_to(&mut connection, from).await.expect("the old form");
            let mut before = Vec::new();
            for (table, columns) in columns(&mut connection).await {
                for n in 1..=3 {
                    // Texts of letters are texts in every column; whole numbers are keys.
                    let values = (1..=columns.len()).map(|at| (n * 1_000 + at).to_string());
                    let values = values.collect::<Vec<_>>().join(", ");
                    let names = columns.join(", ");
                    let sql = format!("INSERT INTO {table} ({names}) VALUES ({values})");
                    rows(&mut connection, sql).await;
                }
                let there = content(&mut connection, &table, &columns).await;
                before.push((table, columns, there));
            }
            assert!(before.len() > 20, "{}", before.len());
            migrate(&mut connection).await.expect("the new form");
            for (table, columns, there) in before {
                let now = content(&mut connection, &table, &columns).await;
                assert_eq!(now, there, "{table} from {from}");
            }
            let view = "SELECT * FROM wait_state".to_owned();
            assert!(rows(&mut connection, view).await.is_empty());
        }
    }

    /// A row is found by its key without an index of keys beside the table.
    #[tokio::test]
    async fn keys_are_row_ids() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("one");
        migrate(&mut connection).await.expect("tables");
        for table in ["process_instance", "element_instance", "variable", "job", "incident"] {
            let sql = format!("EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE key = 1");
            let plan: String = rows(&mut connection, sql).await[0].get(3);
            assert!(plan.ends_with("USING INTEGER PRIMARY KEY (rowid=?)"), "{plan}");
        }
    }
}
