//! Reading back: history beside the engine, fed while the server runs.

mod feed;
mod hook;
mod live;
mod sweep;

use std::path::PathBuf;
use std::sync::Arc;

use grevy::Grevy;
use history::{History, META, Reader, Retention, Settings};

use crate::webhook::Target;
use feed::Feed;
pub use feed::NAME;
use hook::Hook;
pub use live::Live;
use sweep::Sweep;

/// The database inside the folder of history.
pub const FILE: &str = "history.db";

/// Where history is kept, and for how long.
#[derive(Debug, Clone)]
pub struct Keep {
    pub folder: PathBuf,
    pub retention: Retention,
    /// Who is told of incidents.
    pub webhook: Option<Target>,
}

/// History, and what fills it. The threads that use it end first.
#[derive(Debug)]
pub struct Readback {
    _feed: Feed,
    _sweep: Sweep,
    _hook: Option<Hook>,
    live: Arc<Live>,
    history: Arc<History>,
}

impl Readback {
    /// Opens or creates history and goes on behind what it has of each journal.
    ///
    /// # Errors
    /// A database that cannot be opened or is newer; a journal that cannot be read. One that is
    /// damaged, or ahead of the journals, is kept beside a new one.
    pub fn open(keep: Keep, engine: &Grevy) -> Result<Readback, String> {
        let folder = &keep.folder;
        let failed = |error: &dyn std::fmt::Display| {
            format!("history in {} cannot be opened: {error}", folder.display())
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let path = folder.join(FILE);
        let open = || History::open(Settings::new(&path));
        let again = |why: &str| {
            let aside = history::set_aside(&path)?;
            tracing::warn!(
                aside = %aside.display(),
                "{why}: the file is kept there, and history is made again from the journals"
            );
            open()
        };
        let history = match open() {
            Ok(history) if ahead(&history, engine) => {
                history.close();
                again("history is ahead of the journals, so it is of another folder")
            }
            Err(error) if error.is_damaged() => again(&error.to_string()),
            opened => opened,
        };
        let history = history.map_err(|error| failed(&error))?;
        let history = Arc::new(history);
        let sweep = Sweep::start(&history, keep.retention)?;
        let hook = |target| Hook::start(history.reader(), target, &keep.folder);
        let hook = keep.webhook.map(hook).transpose()?;
        let feed = Feed::start(engine, &history)?;
        let live = Arc::new(Live::new(history.reader()));
        Ok(Readback { _feed: feed, _sweep: sweep, _hook: hook, live, history })
    }

    pub fn reader(&self) -> Reader {
        self.history.reader()
    }

    /// What live streams read.
    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// What the runtime should do about how far history lags.
    pub fn pressure(&self) -> history::Pressure {
        self.history.pressure()
    }

    /// Why nothing can be written at the moment.
    pub fn failure(&self) -> Option<String> {
        self.history.failure()
    }
}

/// History that has more than its journals have is that of others: a folder that was restored, or
/// emptied.
fn ahead(history: &History, engine: &Grevy) -> bool {
    history.positions().into_iter().any(|(partition, lsn)| match partition {
        META => lsn > engine.catalog().position(),
        _ => engine.durable(partition).is_ok_and(|durable| lsn > durable),
    })
}
