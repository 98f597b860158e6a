//! A full disk, many groups to one sync, marks, and folders that are not ours to open.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use journal::conformance::{deaf, listen};
use journal::fs::test::{Fault, Op, TestFs};
use journal::{Error, FileConfig, FileJournal, Folder, GroupBuf, Journal, Notice, Notify};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

fn config(threads: bool) -> FileConfig {
    FileConfig {
        segment_bytes: 16 << 10,
        first_segment_bytes: 4 << 10,
        mark_after: Duration::from_millis(5),
        threads,
    }
}

fn folder(fs: &TestFs) -> Arc<Folder> {
    Folder::open_on(Arc::new(fs.clone()), "/data", 8 << 10).unwrap()
}

fn group(bytes: usize) -> GroupBuf {
    let mut group = GroupBuf::new();
    group.push(&vec![7; bytes]);
    group
}

/// A listener to wait on.
fn ear() -> (Notify, Receiver<Notice>) {
    let (tell, heard) = channel();
    let tell = Mutex::new(tell);
    let notify: Notify = Arc::new(move |notice| {
        let _ = tell.lock().unwrap().send(notice);
    });
    (notify, heard)
}

fn wait_for(heard: &Receiver<Notice>, wanted: impl Fn(&Notice) -> bool) {
    loop {
        let notice = heard.recv_timeout(PATIENCE).expect("expected a notice");
        assert!(!matches!(notice, Notice::Failed(_)), "{notice:?}");
        if wanted(&notice) {
            return;
        }
    }
}

#[test]
fn a_full_disk_stops_intake_and_room_lets_it_go_on() {
    let fs = TestFs::new();
    let folder = folder(&fs);
    let journal = FileJournal::open(&folder, "log", config(true)).unwrap();
    let (notify, heard) = ear();
    let mut writer = journal.claim(notify).unwrap().writer;
    fs.set_capacity(Some(100 << 10));
    let mut accepted = 0;
    let error = loop {
        match writer.append(&group(1000)) {
            Ok(append) => accepted = append.lsn_last,
            Err(error) => break error,
        }
        // A writer that is told to wait would be waited for in vain.
        match writer.flush() {
            Ok(_) | Err(Error::Full { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(error.code(), "JOURNAL_FULL");
    assert!(!error.is_final());
    wait_for(&heard, |n| matches!(n, Notice::Full));
    assert!(writer.backlog().full);
    assert!(folder.reserve_is_held());

    fs.set_capacity(None);
    wait_for(&heard, |n| matches!(n, Notice::Room));
    let last = writer.append(&group(1000)).unwrap().lsn_last;
    assert_eq!(last, accepted + 1);
    assert_eq!(writer.flush().unwrap(), last);
    drop((writer, journal, folder));
    fs.restart(1);
    let folder = self::folder(&fs);
    let journal = FileJournal::open(&folder, "log", config(true)).unwrap();
    assert_eq!(journal.claim(deaf()).unwrap().tail, last);
}

#[test]
fn a_trim_makes_room_on_a_full_disk() {
    let fs = TestFs::new();
    let folder = folder(&fs);
    let journal = FileJournal::open(&folder, "log", config(true)).unwrap();
    let (notify, heard) = ear();
    let mut writer = journal.claim(notify).unwrap().writer;
    fs.set_capacity(Some(90 << 10));
    while writer.append(&group(1000)).is_ok() {
        let _ = writer.flush();
    }
    wait_for(&heard, |n| matches!(n, Notice::Full));
    journal.trim(journal.durable_lsn()).unwrap();
    wait_for(&heard, |n| matches!(n, Notice::Room));
    writer.append(&group(1000)).unwrap();
    writer.flush().unwrap();
    assert!(folder.reserve_is_held());
}

#[test]
fn without_threads_a_flush_tells_that_the_disk_is_full_and_keeps_what_was_accepted() {
    let fs = TestFs::new();
    let folder = folder(&fs);
    let journal = FileJournal::open(&folder, "log", config(false)).unwrap();
    let (notify, heard) = listen();
    let mut writer = journal.claim(notify).unwrap().writer;
    fs.set_capacity(Some(fs.used()));
    for _ in 0..6 {
        writer.append(&group(1000)).unwrap();
    }
    assert_eq!(writer.flush().unwrap_err().code(), "JOURNAL_FULL");
    assert_eq!(writer.append(&group(1)).unwrap_err().code(), "JOURNAL_FULL");
    fs.set_capacity(None);
    assert_eq!(writer.flush().unwrap(), 6);
    let heard = heard.lock().unwrap();
    assert!(matches!(heard[..], [Notice::Full, Notice::Room, Notice::Durable(6)]), "{heard:?}");
}

#[test]
fn a_start_on_a_full_disk_takes_the_reserve() {
    let fs = TestFs::new();
    let folder = folder(&fs);
    folder.hold_reserve().unwrap();
    let journal = FileJournal::open(&folder, "log", config(false)).unwrap();
    fs.set_capacity(Some(fs.used()));
    journal.claim(deaf()).unwrap();
    assert!(!folder.reserve_is_held());
    drop(journal);
    let journal = FileJournal::open(&folder, "log", config(false)).unwrap();
    fs.set_capacity(Some(fs.used()));
    assert_eq!(journal.claim(deaf()).err().unwrap().code(), "JOURNAL_FULL");
    fs.set_capacity(None);
    assert_eq!(journal.claim(deaf()).unwrap().epoch, 2);
}

#[test]
fn whatever_arrives_while_a_sync_runs_shares_the_next_one() {
    let fs = TestFs::new();
    let folder = folder(&fs);
    let journal = FileJournal::open(&folder, "log", config(true)).unwrap();
    // The zeros of the next segment are synced too; they come first.
    let (notify, heard) = ear();
    let mut writer = journal.claim(notify).unwrap().writer;
    writer.append(&group(10)).unwrap();
    writer.flush().unwrap();
    wait_for(&heard, |n| matches!(n, Notice::Durable(1)));
    fs.hold_syncs();
    writer.append(&group(10)).unwrap();
    fs.wait_for_held_sync();
    for _ in 0..20 {
        writer.append(&group(10)).unwrap();
    }
    assert_eq!(writer.durable_lsn(), 1);
    fs.release_syncs();
    writer.flush().unwrap();
    drop(writer);
    let told: Vec<_> = heard.try_iter().collect();
    let durable: Vec<_> = told
        .iter()
        .filter_map(|n| if let Notice::Durable(lsn) = n { Some(*lsn) } else { None })
        .collect();
    assert!(durable.len() <= 3, "expected one sync for many groups, but {durable:?}");
    assert_eq!(durable.last(), Some(&22));
}

#[test]
fn an_idle_log_marks_its_end() {
    let fs = TestFs::new();
    let folder = folder(&fs);
    let journal = FileJournal::open(&folder, "log", config(true)).unwrap();
    let mut writer = journal.claim(deaf()).unwrap().writer;
    writer.append(&group(10)).unwrap();
    writer.flush().unwrap();
    let segment = Path::new("/data/log/segment-0000000001.log");
    let mark = 112 + 80 + 96;
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        let bytes = fs.bytes(segment).unwrap();
        if let Ok(record) = journal::record::decode(&bytes[mark..]) {
            assert_eq!(record.header.kind, journal::record::Kind::Heartbeat);
            assert_eq!(record.header.durable_upto, 1);
            break;
        }
        assert!(std::time::Instant::now() < until, "expected a mark");
        std::thread::yield_now();
    }
    drop(writer);
}

#[test]
fn a_folder_has_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let first = Folder::open(dir.path().join("data")).unwrap();
    let second = Folder::open(dir.path().join("data")).unwrap_err();
    assert!(matches!(second, Error::Locked { pid: Some(pid), .. } if pid == std::process::id()));
    assert!(second.to_string().contains(&format!("process {}", std::process::id())), "{second}");
    drop(first);
    Folder::open(dir.path().join("data")).unwrap();
}

#[test]
fn a_log_is_opened_once() {
    let fs = TestFs::new();
    let folder = folder(&fs);
    let journal = FileJournal::open(&folder, "log", config(false)).unwrap();
    let again = FileJournal::open(&folder, "log", config(false)).unwrap_err();
    assert_eq!(again.code(), "JOURNAL_MISUSE");
    drop(journal);
    FileJournal::open(&folder, "log", config(false)).unwrap();
}

#[test]
fn a_dropped_log_gives_its_folder_back_although_a_writer_was_left() {
    let fs = TestFs::new();
    for threads in [true, false] {
        let folder = folder(&fs);
        let journal = FileJournal::open(&folder, "log", config(threads)).unwrap();
        let mut writer = journal.claim(deaf()).unwrap().writer;
        writer.append(&group(10)).unwrap();
        drop((journal, folder));
        drop(writer);
    }
    folder(&fs);
}

#[test]
fn foreign_and_newer_folders_are_refused_by_name() {
    let fs = TestFs::new();
    let open = |fs: &TestFs| Folder::open_on(Arc::new(fs.clone()), "/data", 0);
    drop(open(&fs).unwrap());
    fs.put(Path::new("/data/GREVY"), b"grevy data, format 2\n");
    let newer = open(&fs).unwrap_err();
    assert!(matches!(newer, Error::NewerFormat { found: 2, known: 1, .. }), "{newer}");
    fs.put(Path::new("/data/GREVY"), b"something else");
    assert!(matches!(open(&fs), Err(Error::NotGrevy { .. })));

    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("thesis.doc"), "no").unwrap();
    let foreign = Folder::open(dir.path()).unwrap_err();
    assert!(foreign.to_string().contains("thesis.doc"), "{foreign}");
    assert!(!dir.path().join("lock").exists(), "nothing is left in a foreign folder");
}

/// The way back after an error: the owner hears of it, claims again and folds what is there.
#[test]
fn a_failed_writer_tells_its_owner_who_claims_again_in_the_same_process() {
    for op in [Op::Sync, Op::Write, Op::Create] {
        let fs = TestFs::new();
        let folder = folder(&fs);
        let journal = FileJournal::open(&folder, "log", config(true)).unwrap();
        let (notify, heard) = ear();
        let mut writer = journal.claim(notify).unwrap().writer;
        writer.append(&group(10)).unwrap();
        let durable = writer.flush().unwrap();
        fs.inject(op, 0, u64::MAX, Fault::Fail);
        let mut accepted = durable;
        let error = loop {
            match writer.append(&group(1000)).and_then(|append| {
                accepted = append.lsn_last;
                writer.flush()
            }) {
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        // Whoever is first at a file that cannot be made hears the file system itself.
        let failed = ["JOURNAL_FAILED", "JOURNAL_IO"].contains(&error.code());
        assert!(failed, "{op:?}: {}", error.code());
        let told = std::iter::from_fn(|| heard.recv_timeout(PATIENCE).ok());
        let mut told = told.skip_while(|n| !matches!(n, Notice::Failed(_)));
        assert!(told.next().is_some(), "{op:?}: expected the owner to be told");
        let durable = journal.durable_lsn();
        fs.heal();

        let claim = journal.claim(deaf()).unwrap();
        assert_eq!(claim.epoch, 2, "{op:?}");
        assert!((durable..=accepted).contains(&claim.tail), "{op:?}: {}", claim.tail);
        assert_eq!(writer.append(&group(1)).unwrap_err().code(), "JOURNAL_FENCED");
        let mut writer = claim.writer;
        writer.append(&group(10)).unwrap();
        let last = writer.flush().unwrap();
        assert_eq!(last, claim.tail + 1);
        drop((writer, journal, folder));
        fs.restart(3);
        let folder = self::folder(&fs);
        let journal = FileJournal::open(&folder, "log", config(true)).unwrap();
        assert_eq!(journal.claim(deaf()).unwrap().tail, last, "{op:?}");
    }
}
