//! Starting an engine: in memory or on a folder, with a real or a virtual clock.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::{Key, PartitionId, Routes, meta};
use journal::fs::{Fs, RealFs};
use journal::{FileConfig, FileJournal, Folder, Journal, MemoryJournal};

use crate::Error;
use crate::activity::Activity;
use crate::checkpoint::{Checkpoints, Keeper, Kept, Vault, Ward};
use crate::clock::Clock;
use crate::dispatch::Dispatcher;
use crate::handle::{Grevy, Inner, ask, look};
use crate::limits::PARTITIONS_MAX;
use crate::machine::Machine;
use crate::machines::{Engine, Known, Meta};
use crate::partition::{Forgetful, Health, Partition, Parts, Remote, panic_text};
use crate::shared::{Made, Shared};
use crate::starts::Starts;
use crate::steps::Holds;

/// How an engine starts. [`Grevy::builder`] makes one.
#[derive(Debug, Clone)]
pub struct Builder {
    folder: Option<PathBuf>,
    clock: Clock,
    partitions: Option<PartitionId>,
    build: Arc<str>,
    paused: bool,
    skip: Vec<Key>,
    forget: Option<u64>,
    checkpoints: Checkpoints,
    holds: Vec<(String, u64)>,
    journal: FileConfig,
    file_system: Arc<dyn Fs>,
    echo: bool,
    unique_business_ids: bool,
    gullible: bool,
}

/// An engine whose folder is its own and whose journal is not read yet.
#[derive(Debug)]
pub struct Claimed {
    builder: Builder,
    folder: Option<Arc<Folder>>,
}

impl Claimed {
    /// Folds what is there, and starts.
    ///
    /// # Errors
    /// A folder with more partitions; a journal that cannot be read or folded.
    pub fn open(self) -> Result<Grevy, Error> {
        self.builder.fold(self.folder)
    }
}

impl Default for Builder {
    fn default() -> Builder {
        Builder {
            folder: None,
            clock: Clock::Real,
            partitions: None,
            build: Arc::from(env!("CARGO_PKG_VERSION")),
            paused: false,
            skip: Vec::new(),
            forget: None,
            checkpoints: Checkpoints::default(),
            holds: Vec::new(),
            journal: FileConfig::default(),
            file_system: Arc::new(RealFs),
            echo: false,
            unique_business_ids: false,
            gullible: false,
        }
    }
}

/// Where a virtual clock starts unless it is told: 2026-01-01T00:00:00Z, in ms.
const VIRTUAL_START_MS: i64 = 1_767_225_600_000;

impl Builder {
    /// Keeps everything in this folder; without one it lives in memory.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.folder = Some(folder.into());
        self
    }

    /// Where time comes from; the machine's clock by default.
    pub fn clock(mut self, clock: Clock) -> Builder {
        self.clock = clock;
        self
    }

    /// Time stands still until [`Grevy::advance`].
    pub fn virtual_clock(self) -> Builder {
        self.virtual_clock_from(VIRTUAL_START_MS)
    }

    /// Time stands still at `start` (ms since 1970) until [`Grevy::advance`].
    pub fn virtual_clock_from(mut self, start: i64) -> Builder {
        self.clock = Clock::virtual_from(start);
        self
    }

    /// How many partitions; a folder keeps its number, which may be raised and never lowered.
    pub fn partitions(mut self, partitions: PartitionId) -> Builder {
        self.partitions = Some(partitions);
        self
    }

    /// How many there will be, as far as the names in the folder tell: for whoever must say so
    /// before [`Builder::open`] has read the journal.
    pub fn expected_partitions(&self) -> PartitionId {
        let there = |folder: &PathBuf| {
            let named = |number: &PartitionId| folder.join(partition_name(*number)).is_dir();
            (1..=PARTITIONS_MAX).take_while(named).last().unwrap_or(1)
        };
        let stored = self.folder.as_ref().map_or(1, there);
        self.partitions.unwrap_or(stored).max(stored)
    }

    /// Named in every step and in quarantines.
    pub fn build_id(mut self, build: &str) -> Builder {
        self.build = Arc::from(build);
        self
    }

    /// Timers, deferred work and dispatch wait for [`Grevy::resume`].
    pub fn paused(mut self, paused: bool) -> Builder {
        self.paused = paused;
        self
    }

    /// Leaves out the events of these instances when the journal is folded.
    pub fn skip(mut self, instances: Vec<Key>) -> Builder {
        self.skip = instances;
        self
    }

    /// For tests: forgets instances at random after each command, by this seed.
    pub fn forgetting(mut self, seed: u64) -> Builder {
        self.forget = Some(seed);
        self
    }

    /// When checkpoints are written, and when instances leave memory.
    pub fn checkpoints(mut self, checkpoints: Checkpoints) -> Builder {
        self.checkpoints = checkpoints;
        self
    }

    /// Keeps every log from `lsn` on for a reader of that name, as [`Grevy::hold`] does later.
    pub fn hold(mut self, name: &str, lsn: u64) -> Builder {
        self.holds.push((name.to_owned(), lsn));
        self
    }

    /// How the journal writes its files.
    pub fn journal(mut self, config: FileConfig) -> Builder {
        self.journal = config;
        self
    }

    /// For tests: a file system that loses, tears and refuses.
    pub fn file_system(mut self, file_system: Arc<dyn Fs>) -> Builder {
        self.file_system = file_system;
        self
    }

    /// For tests: whatever partitions send each other is delivered twice.
    pub fn echo(mut self, echo: bool) -> Builder {
        self.echo = echo;
        self
    }

    /// A business id is that of one active root instance of a process: another is refused until
    /// the first has ended. Instances from before are not looked at.
    pub fn unique_business_ids(mut self, unique: bool) -> Builder {
        self.unique_business_ids = unique;
        self
    }

    /// For tests: what is delivered twice is handled twice.
    pub fn gullible(mut self, gullible: bool) -> Builder {
        self.gullible = gullible;
        self
    }

    /// Opens the folder or the memory, folds what is there, and starts.
    ///
    /// # Errors
    /// A folder in use, of a newer version, from elsewhere or with more partitions; a journal that
    /// cannot be read or folded.
    pub fn open(self) -> Result<Grevy, Error> {
        self.claim()?.open()
    }

    /// Makes the folder this engine's without reading its journal yet, which may take long: from
    /// then on a server can say that it runs.
    ///
    /// # Errors
    /// A folder in use, of a newer version or from elsewhere.
    pub fn claim(self) -> Result<Claimed, Error> {
        let folder = self.folder.as_ref().map(|path| self.own(path)).transpose()?;
        Ok(Claimed { builder: self, folder })
    }

    fn fold(mut self, folder: Option<Arc<Folder>>) -> Result<Grevy, Error> {
        let starts = folder.as_ref().map(Starts::begin).transpose()?.map(Arc::new);
        if let Some(reason) = starts.as_ref().and_then(|starts| starts.held()) {
            tracing::error!(reason, "the start is held back");
            self.paused = true;
        }
        let journals = Journals { folder, config: self.journal, starts: starts.clone() };
        let opened = self.open_all(journals);
        if let Some(starts) = starts {
            match &opened {
                Ok(_) => starts.ready(),
                Err(_) => starts.closed(),
            }
        }
        opened
    }

    fn open_all(self, journals: Journals) -> Result<Grevy, Error> {
        let activity = Activity::default();
        let mut wards = Vec::new();
        let empty: Arc<dyn Fn() -> Meta + Send + Sync> = Arc::new(Meta::default);
        let parts = self.parts("meta", &journals, &activity, empty, Box::new(|()| ()))?;
        let mut meta = self.open_one(parts, &mut wards)?;
        let remote = meta.remote();
        // It is small, and every exporter needs all of it: it is never trimmed.
        remote.holds.keep("exporters", 1);
        let upto = remote.journal.durable_lsn();
        let (journal, holds) = (Arc::clone(&remote.journal), Arc::clone(&remote.holds));
        let known = Arc::new(Known::new(meta.machine(), upto, journal, holds));
        let thread = spawn("grevy-meta", meta, journals.starts.clone())?;
        match self.start(journals, known, &remote, activity, wards) {
            Ok(inner) => {
                inner.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
                Ok(Grevy::new(inner))
            }
            Err(error) => {
                remote.mailbox.close();
                drop(thread.join());
                Err(error)
            }
        }
    }

    fn start(
        self,
        journals: Journals,
        known: Arc<Known>,
        meta: &Remote<Meta>,
        activity: Activity,
        mut wards: Vec<Box<dyn Kept>>,
    ) -> Result<Inner, Error> {
        let count = self.assign(meta, &activity)?;
        known.catch_up()?;
        let routes = Arc::new(Routes::among(count.dealt, count.partitions));
        let dispatcher = Dispatcher::new(activity.clone(), self.paused);
        let (clock, meta) = (self.clock.clone(), meta.clone());
        let (echo, unique_business_ids) = (self.echo, self.unique_business_ids);
        let made =
            Made { clock, activity, dispatcher, known, routes, meta, echo, unique_business_ids };
        let shared = Shared::new(made);
        let mut partitions = Vec::new();
        for partition in 1..=count.partitions {
            partitions.push(self.partition(partition, &journals, &shared, &mut wards)?);
        }
        let remotes: Vec<_> = partitions.iter().map(Partition::remote).collect();
        drop(shared.partitions.set(remotes.clone()));
        shared.dispatcher.connect(remotes);
        let inner = Inner {
            shared,
            threads: Default::default(),
            workers: Default::default(),
            turn: AtomicU64::new(0),
            folder: journals.folder,
            starts: journals.starts,
            keeper: Keeper::start(wards)?,
        };
        for (partition, number) in partitions.into_iter().zip(1..) {
            let name = format!("grevy-{number}");
            let thread = spawn(&name, partition, inner.starts.clone())?;
            inner.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(inner)
    }

    fn own(&self, path: &Path) -> Result<Arc<Folder>, journal::Error> {
        Folder::open_on(Arc::clone(&self.file_system), path, journal::RESERVE_BYTES)
    }

    fn parts<M: Machine>(
        &self,
        name: &str,
        journals: &Journals,
        activity: &Activity,
        empty: Arc<dyn Fn() -> M + Send + Sync>,
        outlet: Box<dyn FnMut(M::Effect) + Send>,
    ) -> Result<Parts<M>, Error> {
        Ok(Parts {
            name: Arc::from(name),
            journal: journals.open(name)?,
            empty,
            vault: journals.vault(name)?,
            holds: journals.holds(name)?,
            outlet,
            recovered: Box::new(|_| ()),
            forget: None,
            clock: self.clock.clone(),
            activity: activity.clone(),
            build: self.build.clone(),
            skip: self.skip.clone(),
            paused: false,
        })
    }

    /// Opens a partition and has its checkpoints looked after.
    fn open_one<M: Machine>(
        &self,
        parts: Parts<M>,
        wards: &mut Vec<Box<dyn Kept>>,
    ) -> Result<Partition<M>, Error> {
        let (vault, empty) = (parts.vault.clone(), Arc::clone(&parts.empty));
        let activity = parts.activity.clone();
        let partition = Partition::open(parts)?;
        let remote = partition.remote();
        for (name, lsn) in &self.holds {
            remote.holds.keep(name, *lsn);
        }
        if let Some(vault) = vault {
            let (skip, policy) = (self.skip.clone(), self.checkpoints);
            let skip_upto = partition.skip_upto();
            let ward = Ward { vault, remote, empty, skip, skip_upto, policy, activity };
            ward.tell();
            wards.push(Box::new(ward));
        }
        Ok(partition)
    }

    fn partition(
        &self,
        number: PartitionId,
        journals: &Journals,
        shared: &Arc<Shared>,
        wards: &mut Vec<Box<dyn Kept>>,
    ) -> Result<Partition<Engine>, Error> {
        let (known, routes) = (shared.known.clone(), shared.routes.clone());
        let (build, watching) = (self.build.clone(), Arc::downgrade(shared));
        let empty = move || {
            let (known, routes) = (known.clone(), routes.clone());
            let mut machine = Engine::new(number, known, routes, build.clone());
            for instance in watching.upgrade().iter().flat_map(|shared| shared.results.keys()) {
                machine.watch_instance(instance);
            }
            machine
        };
        let outlet = Arc::clone(shared);
        let outlet = Box::new(move |effect| outlet.effect(number, effect));
        let name = partition_name(number);
        let parts = self.parts(&name, journals, &shared.activity, Arc::new(empty), outlet)?;
        let forget = self.forget.map(|seed| Arc::new(Forgetful::by(seed + u64::from(number))));
        let waiting = Arc::downgrade(shared);
        let recovered = move |engine: &Engine| {
            waiting.upgrade().iter().for_each(|shared| shared.recovered(number, engine));
        };
        let recovered = Box::new(recovered);
        let parts = Parts { forget, recovered, paused: self.paused, ..parts };
        let mut partition = self.open_one(parts, wards)?;
        if self.gullible {
            partition.machine().state.set_gullible();
        }
        Ok(partition)
    }

    /// The stored number of partitions, raised to what was asked for.
    fn assign(&self, remote: &Remote<Meta>, activity: &Activity) -> Result<Count, Error> {
        let stored = look(remote, activity, |meta| Ok(meta.state.partitions())).wait()?;
        let wanted = self.partitions.unwrap_or(stored.0.max(1));
        if wanted == 0 || wanted > PARTITIONS_MAX {
            return Err(Error::invalid(format!(
                "expected 1 to {PARTITIONS_MAX} partitions, but {wanted} were asked for"
            )));
        }
        if wanted != stored.0 {
            let command = meta::Command::AssignSlots { partitions: wanted };
            ask(remote, activity, command).wait()?;
        }
        let (partitions, dealt) =
            look(remote, activity, |meta| Ok(meta.state.partitions())).wait()?;
        Ok(Count { partitions, dealt })
    }
}

struct Count {
    partitions: PartitionId,
    dealt: PartitionId,
}

struct Journals {
    folder: Option<Arc<Folder>>,
    config: FileConfig,
    starts: Option<Arc<Starts>>,
}

fn partition_name(number: PartitionId) -> String {
    format!("partition-{number}")
}

impl Journals {
    fn open(&self, name: &str) -> Result<Arc<dyn Journal>, Error> {
        Ok(match &self.folder {
            Some(folder) => Arc::new(FileJournal::open(folder, name, self.config)?),
            None => Arc::new(MemoryJournal::new()),
        })
    }

    fn holds(&self, name: &str) -> Result<Arc<Holds>, Error> {
        let holds = self.folder.as_ref().map(|folder| Holds::open(folder, name)).transpose()?;
        Ok(Arc::new(holds.unwrap_or_default()))
    }

    fn vault(&self, name: &str) -> Result<Option<Arc<Vault>>, Error> {
        self.folder.as_ref().map(|folder| Vault::open(folder, name)).transpose()
    }
}

fn spawn<M: Machine>(
    name: &str,
    partition: Partition<M>,
    starts: Option<Arc<Starts>>,
) -> Result<JoinHandle<()>, Error> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    let remote = partition.remote();
    let run = move || {
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| partition.run())) else { return };
        let text = panic_text(&*panic);
        tracing::error!(panic = text, "a partition was ended by a panic");
        if let Some(starts) = starts {
            starts.panicked(&text);
        }
        remote.status.health.store(Health::Unavailable as u64, Ordering::Release);
        remote.mailbox.close();
        // Whoever waits learns it by their replies being dropped.
        drop(remote.mailbox.take(usize::MAX, true, Some(Duration::ZERO)));
    };
    thread.spawn(run).map_err(|error| {
        Error::invalid(format!("expected to start a thread, but the system refused: {error}"))
    })
}
