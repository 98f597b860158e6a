//! Every backend under the same suite.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use journal::conformance::{Subject, run};
use journal::fs::test::TestFs;
use journal::{Error, FileConfig, FileJournal, Folder, Journal, MemoryJournal};
use std::path::PathBuf;
use std::sync::Arc;

struct InMemory(MemoryJournal);

impl Subject for InMemory {
    fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(self.0.clone())
    }

    fn reopen(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn memory() {
    run(&|| Box::new(InMemory(MemoryJournal::new())));
}

#[test]
fn memory_that_waits_for_a_flush() {
    run(&|| Box::new(InMemory(MemoryJournal::held())));
}

/// Small segments, so that rolling is as common as appending.
fn small(threads: bool) -> FileConfig {
    FileConfig {
        segment_bytes: 16 << 10,
        first_segment_bytes: 4 << 10,
        threads,
        ..FileConfig::default()
    }
}

struct OnTestFs {
    fs: TestFs,
    config: FileConfig,
    restarts: u64,
    journal: Option<Arc<FileJournal>>,
}

impl OnTestFs {
    fn new(config: FileConfig) -> OnTestFs {
        let mut subject = OnTestFs { fs: TestFs::new(), config, restarts: 0, journal: None };
        subject.open().unwrap();
        subject
    }

    fn open(&mut self) -> Result<(), Error> {
        let folder = Folder::open_on(Arc::new(self.fs.clone()), "/data", 8 << 10)?;
        self.journal = Some(Arc::new(FileJournal::open(&folder, "log", self.config)?));
        Ok(())
    }
}

impl Subject for OnTestFs {
    fn journal(&self) -> Arc<dyn Journal> {
        self.journal.clone().unwrap()
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.journal = None;
        self.restarts += 1;
        self.fs.restart(self.restarts);
        self.open()
    }
}

#[test]
fn files_without_threads_on_a_forgetful_disk() {
    run(&|| Box::new(OnTestFs::new(small(false))));
}

#[test]
fn files_with_threads_on_a_forgetful_disk() {
    run(&|| Box::new(OnTestFs::new(small(true))));
}

struct OnDisk {
    dir: tempfile::TempDir,
    journal: Option<Arc<FileJournal>>,
}

impl OnDisk {
    fn path(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn open(&mut self) -> Result<(), Error> {
        self.journal = None;
        let folder = Folder::open_on(Arc::new(journal::fs::RealFs), self.path(), 64 << 10)?;
        self.journal = Some(Arc::new(FileJournal::open(&folder, "log", small(true))?));
        Ok(())
    }
}

impl Subject for OnDisk {
    fn journal(&self) -> Arc<dyn Journal> {
        self.journal.clone().unwrap()
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.open()
    }
}

#[test]
fn files_on_the_disk_of_the_machine() {
    run(&|| {
        let mut subject = OnDisk { dir: tempfile::tempdir().unwrap(), journal: None };
        subject.open().unwrap();
        Box::new(subject)
    });
}
