//! What happens, read once for all live streams: streams that have come equally far share what the
//! first of them reads.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use history::limits::STREAM_STEPS;
use history::{Position, Reader, Told, Watched};
use tokio::sync::Mutex;

use crate::limits::LIVE_CHUNKS_MAX;

/// The newest that was read.
#[derive(Debug)]
pub struct Live {
    reader: Reader,
    chunks: Mutex<VecDeque<Chunk>>,
    reads: AtomicU64,
}

/// What happened behind `after`, up to `upto`.
#[derive(Debug)]
struct Chunk {
    after: Position,
    upto: Position,
    told: Arc<Vec<Told>>,
}

impl Live {
    pub fn new(reader: Reader) -> Live {
        Live { reader, chunks: Mutex::default(), reads: AtomicU64::new(0) }
    }

    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// How often the database was read.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    /// Steps behind a position, of any instance, and where to go on; `None` where they are so old
    /// that nobody else wants them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn newest(
        &self,
        after: Position,
    ) -> history::Result<Option<(Arc<Vec<Told>>, Position)>> {
        let there = self.reader.positions().get(&after.partition).copied().unwrap_or_default();
        if there <= after.lsn {
            return Ok(Some((Arc::default(), after)));
        }
        if there > after.lsn.saturating_add(STREAM_STEPS) {
            return Ok(None);
        }
        // Others wait here for the one that reads, and find it done.
        let mut chunks = self.chunks.lock().await;
        let fits = |chunk: &&Chunk| {
            chunk.after.partition == after.partition
                && chunk.after.lsn <= after.lsn
                && after.lsn < chunk.upto.lsn
        };
        if let Some(chunk) = chunks.iter().find(fits) {
            return Ok(Some((Arc::clone(&chunk.told), chunk.upto)));
        }
        self.reads.fetch_add(1, Ordering::Relaxed);
        let (told, upto) = self.reader.happenings(after, &Watched::default()).await?;
        let told = Arc::new(told);
        chunks.push_front(Chunk { after, upto, told: Arc::clone(&told) });
        chunks.truncate(LIVE_CHUNKS_MAX);
        Ok(Some((told, upto)))
    }
}
