//! What an operator is told about the files of a log.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use journal::conformance::deaf;
use journal::fs::test::TestFs;
use journal::inspect::{Report, Verdict, inspect, logs, verify};
use journal::{Error, FileConfig, FileJournal, Folder, GroupBuf, Journal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const LOG: &str = "/data/log";

/// Two epochs, several segments, ten groups of three frames; with or without a good end.
fn written(fs: &TestFs, close: bool) {
    let config = FileConfig {
        segment_bytes: 2 << 10,
        first_segment_bytes: 2 << 10,
        threads: false,
        ..FileConfig::default()
    };
    let folder = Folder::open_on(Arc::new(fs.clone()), "/data", 0).unwrap();
    let journal = FileJournal::open(&folder, "log", config).unwrap();
    let mut group = GroupBuf::new();
    for bytes in [100, 200, 300] {
        group.push(&vec![1; bytes]);
    }
    for _ in 0..2 {
        let mut writer = journal.claim(deaf()).unwrap().writer;
        for _ in 0..5 {
            writer.append(&group).unwrap();
            writer.flush().unwrap();
        }
        if close {
            writer.close().unwrap();
        }
    }
}

fn segments(fs: &TestFs) -> Vec<PathBuf> {
    fs.files().into_iter().filter(|p| p.to_string_lossy().contains("segment")).collect()
}

fn look(fs: &TestFs) -> Report {
    inspect(fs, Path::new(LOG)).unwrap()
}

#[test]
fn a_whole_log_is_counted() {
    let fs = TestFs::new();
    written(&fs, true);
    let report = look(&fs);
    assert_eq!(report.verdict, Verdict::Whole);
    assert_eq!((report.groups, report.frames, report.first_lsn), (10, 30, 1));
    assert_eq!((report.end.lsn, report.end.epoch, report.durable), (30, 2, 30));
    assert_eq!(report.ignored, 0);
    let epochs: Vec<_> = report.epochs.iter().map(|e| (e.epoch, e.base, e.groups)).collect();
    assert_eq!(epochs, [(1, 0, 5), (2, 15, 5)]);
    assert!(report.segments.len() > 3);
    assert_eq!(report.segments.iter().map(|s| s.groups).sum::<u64>(), 10);
    assert_eq!(verify(&fs, Path::new(LOG)).unwrap(), report);
}

#[test]
fn looking_changes_nothing() {
    let fs = TestFs::new();
    written(&fs, false);
    let ops = fs.ops();
    look(&fs);
    assert_eq!(fs.ops(), ops);
}

#[test]
fn a_torn_tail_is_named_and_is_no_damage() {
    let fs = TestFs::new();
    written(&fs, false);
    let whole = look(&fs);
    let last = whole.segments.last().unwrap();
    fs.flip(&last.file, last.end - 50, 1);
    let report = verify(&fs, Path::new(LOG)).unwrap();
    assert_eq!(report.groups, 9);
    let Verdict::Torn(place) = &report.verdict else { panic!("{:?}", report.verdict) };
    assert_eq!((&place.file, place.lsn), (&last.file, 28));
    assert!(place.offset < last.end - 50);
}

#[test]
fn damage_is_named_with_its_file_byte_and_position() {
    for number in 0..3 {
        let fs = TestFs::new();
        written(&fs, true);
        let segment = &segments(&fs)[number];
        fs.flip(segment, 400, 1);
        let report = look(&fs);
        let Verdict::Corrupt(place) = &report.verdict else { panic!("{:?}", report.verdict) };
        assert_eq!(&place.file, segment);
        assert!(place.offset < 400, "{place:?}");
        let error = verify(&fs, Path::new(LOG)).unwrap_err();
        assert!(matches!(&error, Error::Corrupt { lsn, .. } if *lsn == place.lsn));
        let text = error.to_string();
        assert!(text.contains(&format!("byte {}", place.offset)), "{text}");
    }
}

#[test]
fn logs_are_found_below_a_data_folder() {
    let fs = TestFs::new();
    written(&fs, true);
    assert_eq!(logs(&fs, Path::new("/data")).unwrap(), [PathBuf::from(LOG)]);
    assert_eq!(logs(&fs, Path::new(LOG)).unwrap(), [PathBuf::from(LOG)]);
    let dir = tempfile::tempdir().unwrap();
    let none = logs(&journal::fs::RealFs, dir.path()).unwrap_err();
    assert_eq!(none.code(), "FOLDER_NOT_GREVY");
}
