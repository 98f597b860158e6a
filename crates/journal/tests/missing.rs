//! A log whose end is gone altogether is refused, not taken for a shorter one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::fs::{Fs, test::TestFs};
use journal::inspect::{Verdict, inspect, logs};
use journal::{Error, FileConfig, FileJournal, Folder, GroupBuf, Journal};

fn config() -> FileConfig {
    FileConfig {
        segment_bytes: 8 << 10,
        first_segment_bytes: 4 << 10,
        threads: false,
        ..FileConfig::default()
    }
}

/// Three epochs with some segments each.
fn written() -> (TestFs, Vec<PathBuf>) {
    let fs = TestFs::new();
    for _ in 0..3 {
        let folder = Folder::open_on(Arc::new(fs.clone()), "/data", 0).expect("a folder");
        let journal = FileJournal::open(&folder, "log", config()).expect("a log");
        let mut writer = journal.claim(Arc::new(|_| ())).expect("a writer").writer;
        for _ in 0..20 {
            let mut group = GroupBuf::new();
            group.push(&[7; 1_000]);
            writer.append(&group).expect("accepted");
            writer.flush().expect("durable");
        }
        writer.close().expect("closed");
    }
    let mut segments = fs.files();
    segments.retain(|path| path.starts_with("/data/log"));
    segments.sort();
    (fs, segments)
}

fn opened(fs: &TestFs) -> Result<(), Error> {
    let folder = Folder::open_on(Arc::new(fs.clone()), "/data", 0)?;
    FileJournal::open(&folder, "log", config()).map(drop)
}

fn damaged(fs: &TestFs) -> bool {
    let logs = logs(fs, Path::new("/data")).expect("a data folder");
    assert_eq!(logs, [Path::new("/data/log")], "it is listed also when nothing is left of it");
    matches!(inspect(fs, &logs[0]).expect("it can be looked at").verdict, Verdict::Corrupt(_))
}

#[test]
fn a_whole_log_is_opened() {
    let (fs, segments) = written();
    assert!(segments.len() > 6, "{segments:?}");
    opened(&fs).expect("it is whole");
    assert!(!damaged(&fs));
}

#[test]
fn the_newest_segment_is_missed() {
    let (fs, segments) = written();
    fs.remove(segments.last().expect("segments")).expect("removed");
    let error = opened(&fs).expect_err("its end is gone");
    assert_eq!(error.code(), "JOURNAL_CORRUPT");
    assert!(error.to_string().contains("which was in use"), "{error}");
    assert!(damaged(&fs));
}

#[test]
fn a_note_that_says_something_else_is_no_permission() {
    let (fs, _) = written();
    fs.put(Path::new("/data/newest-log"), b"hello");
    let error = opened(&fs).expect_err("nobody knows what was in use");
    assert!(error.to_string().contains("hello"), "{error}");
}

#[test]
fn all_segments_are_missed() {
    let (fs, segments) = written();
    for segment in &segments {
        fs.remove(segment).expect("removed");
    }
    let error = opened(&fs).expect_err("nothing is left");
    assert!(error.to_string().contains("there is none"), "{error}");
    assert!(damaged(&fs));
    fs.remove(Path::new("/data/newest-log")).expect("given up");
    opened(&fs).expect("a new log");
}
