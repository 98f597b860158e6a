//! Tables made again from the frames that they keep. What came after the last frame is read from
//! the journal by the next start.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::batch::{Batch, META, Step};
use crate::error::{Error, Result};
use crate::reader::Reader;
use crate::replay::{Position, Watched};
use crate::store::{self, History, Settings};
use crate::write::Positions;

/// Rows that no frame holds. Definitions are read from the journal by the next start, and again
/// from the state where that is trimmed; what another build wrote otherwise is left to it.
const COPIED: [&str; 4] = [
    "INSERT INTO process_definition (key, tenant, process_id, name, version, version_tag, \
     resource, deployment, deployed, state, has_start_form, bytes) SELECT key, tenant, \
     process_id, name, version, version_tag, resource, deployment, deployed, state, \
     has_start_form, bytes FROM old.process_definition",
    "INSERT INTO gap (partition, first_lsn, last_lsn, time) \
     SELECT partition, first_lsn, last_lsn, time FROM old.gap",
    "INSERT INTO audit (key, time, operation, entity, category, entity_key, instance, \
     definition, element, job, deployment, actor, actor_type, description, tenant, partition, \
     lsn) SELECT key, time, operation, entity, category, entity_key, instance, definition, \
     element, job, deployment, actor, actor_type, description, tenant, partition, lsn \
     FROM old.audit WHERE partition = 0 OR lsn = 0",
    // By itself, because older tables have no such column.
    "UPDATE audit SET comment = (SELECT o.comment FROM old.audit o WHERE o.key = audit.key)",
];

/// Makes the tables of the database at `path` again and puts them in its place; returns how many
/// steps they were made of. Nobody else may have it open.
///
/// # Errors
/// When a database cannot be opened, read or written; the old one then stays as it was.
/// [`Error::is_damaged`]: it cannot be read; [`set_aside`] is the way on.
pub fn rebuild(path: &Path) -> Result<u64> {
    let fresh = beside(path, ".rebuild");
    remove(&fresh)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| Error::store(format!("no runtime: {error}")))?;
    // As it is: tables that another build made are a reason to be here.
    let old = runtime.block_on(store::look(path)).map_err(|error| error.at(path))?;
    let new = History::open(Settings::new(&fresh))?;
    // Deployments are read by the next start.
    let mut upto = old.positions();
    upto.remove(&META);
    runtime.block_on(copy(path, &fresh))?;
    new.close();
    let new = History::open(Settings::new(&fresh))?;
    let mut steps = 0;
    for (partition, last) in &upto {
        steps += runtime.block_on(replay(&old, &new, *partition, *last))?;
    }
    let done = runtime.block_on(new.reader().wait_for(&upto, Duration::MAX));
    if done != crate::Behind::No {
        return Err(Error::store("the tables could not be written again"));
    }
    new.close();
    runtime.block_on(old.close());
    // The old one is whole without them, and the new one must not be read with them. It is there
    // until the new one takes its place: a crash in between loses neither.
    for suffix in ["-wal", "-shm"] {
        remove_file(&beside(path, suffix))?;
    }
    std::fs::rename(&fresh, path).map_err(|error| refused(path, &error))?;
    Ok(steps)
}

async fn copy(from: &Path, to: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(to).busy_timeout(Duration::from_secs(30));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let from = from.to_str().ok_or_else(|| Error::store("expected a path in UTF-8"))?;
    sqlx::query("ATTACH ? AS old").bind(from).execute(&mut connection).await?;
    for text in COPIED {
        if let Err(error) = sqlx::query(text).execute(&mut connection).await {
            tracing::warn!(%error, "rows that no event tells of stay behind");
        }
    }
    connection.close().await?;
    Ok(())
}

/// The steps of one partition, in their order.
async fn replay(reader: &Reader, new: &History, partition: u16, last: u64) -> Result<u64> {
    let mut after = Position { partition, lsn: 0 };
    let mut steps = 0;
    while after.lsn < last {
        let (shown, upto) = reader.follow(after, &Watched::default()).await?;
        let step = |shown: crate::Shown| Step {
            lsn: shown.position.lsn,
            time: shown.time,
            cause: shown.cause,
            events: shown.events,
        };
        let mut batch = Batch { partition, steps: shown.into_iter().map(step).collect() };
        steps += batch.steps.len() as u64;
        // Steps whose frames were forgotten still count as read.
        if batch.steps.last().is_none_or(|step| step.lsn < upto.lsn) {
            let time = batch.steps.last().map_or(0, |step| step.time);
            let (cause, events) = (engine::Cause::default(), Vec::new());
            batch.steps.push(Step { lsn: upto.lsn, time, cause, events });
        }
        while let Err(error) = new.export(batch.clone()) {
            if !error.is_full() {
                return Err(error);
            }
            let there: Positions = [(partition, after.lsn)].into_iter().collect();
            new.reader().wait_for(&there, Duration::from_secs(1)).await;
        }
        after = upto;
    }
    Ok(steps)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// A database with the files beside it.
fn remove(path: &Path) -> Result<()> {
    for file in [beside(path, "-wal"), beside(path, "-shm"), path.to_owned()] {
        remove_file(&file)?;
    }
    Ok(())
}

fn remove_file(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(refused(file, &error)),
    }
}

/// Keeps a database under the ending `.aside`, instead of what has that name; returns where. The
/// next start makes a new one from the journals. Nobody else may have it open.
///
/// # Errors
/// When a file cannot be renamed.
pub fn set_aside(path: &Path) -> Result<PathBuf> {
    let aside = beside(path, ".aside");
    remove(&aside)?;
    for suffix in ["-wal", "-shm", ""] {
        match std::fs::rename(beside(path, suffix), beside(&aside, suffix)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(path, &error)),
        }
    }
    Ok(aside)
}

fn refused(path: &Path, error: &std::io::Error) -> Error {
    Error::store(format!("expected to replace {}, but {error}", path.display()))
}
