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

pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<()> {
    let tables = include_str!("../migrations/0001_tables.sql");
    let migration = |version, name: &'static str, text: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    let decisions = include_str!("../migrations/0002_decisions.sql");
    let pages = include_str!("../migrations/0003_pages.sql");
    let lists = include_str!("../migrations/0004_lists.sql");
    let comments = include_str!("../migrations/0005_comments.sql");
    let narrowed = include_str!("../migrations/0006_narrowed.sql");
    let backoff = include_str!("../migrations/0007_backoff.sql");
    let ties = include_str!("../migrations/0008_ties.sql");
    let audit = include_str!("../migrations/0009_audit.sql");
    let all = vec![
        migration(1, "tables", tables),
        migration(2, "decisions", decisions),
        migration(3, "pages", pages),
        migration(4, "lists", lists),
        migration(5, "comments", comments),
        migration(6, "narrowed", narrowed),
        migration(7, "backoff", backoff),
        migration(8, "ties", ties),
        migration(9, "audit", audit),
    ];
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
