//! Checkpoints and blobs on a disk that forgets, fails and rots.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use journal::conformance::seeds;
use journal::fs::test::{Fault, Op, TestFs};
use journal::inspect::{checkpoints_of, inspect_checkpoints};
use journal::{BlobStore, CheckpointStore, Error, Fold, Folder, Rng};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

fn folder(fs: &TestFs) -> Result<Arc<Folder>, Error> {
    Folder::open_on(Arc::new(fs.clone()), "/data", 200 << 10)
}

fn open(fs: &TestFs) -> Result<Arc<CheckpointStore>, Error> {
    CheckpointStore::open(&folder(fs)?, "checkpoints", 2)
}

fn at(lsn: u64) -> Fold {
    Fold { epoch: 2, writer: 7, seq: lsn, lsn, hash: lsn * 3, ended: false }
}

fn save(store: &Arc<CheckpointStore>, lsn: u64, text: &[u8]) -> Result<(), Error> {
    let mut draft = store.begin();
    draft.write("state", |out| out.write_all(text))?;
    draft.publish(at(lsn), 1, lsn, None).map(|_| ())
}

fn load(store: &Arc<CheckpointStore>) -> Option<(u64, Vec<u8>)> {
    let checkpoint = store.newest_valid().unwrap()?;
    let mut text = Vec::new();
    checkpoint.read("state").unwrap().read_to_end(&mut text).unwrap();
    Some((checkpoint.manifest().at.lsn, text))
}

fn find(fs: &TestFs, end: &str) -> Vec<PathBuf> {
    fs.files().into_iter().filter(|p| p.to_string_lossy().ends_with(end)).collect()
}

#[test]
fn a_published_checkpoint_reads_back_after_a_crash() {
    let fs = TestFs::new();
    let long: Vec<u8> = (0..200_000u32).map(|i| i as u8).collect();
    let store = open(&fs).unwrap();
    save(&store, 5, &long).unwrap();
    drop(store);
    fs.restart(0);
    let store = open(&fs).unwrap();
    let found = store.newest_valid().unwrap().unwrap();
    assert_eq!(found.manifest().at, at(5));
    assert_eq!(load(&store), Some((5, long)));
}

#[test]
fn the_newest_few_are_kept_and_the_log_may_be_trimmed_to_the_oldest_of_them() {
    let fs = TestFs::new();
    let store = open(&fs).unwrap();
    assert_eq!(store.trim_upto(), 0);
    for lsn in 1..=5 {
        save(&store, lsn, b"x").unwrap();
        assert_eq!(store.trim_upto(), lsn - 1);
    }
    assert_eq!(store.list().iter().map(|m| m.at.lsn).collect::<Vec<_>>(), [4, 5]);
    assert_eq!((find(&fs, ".manifest").len(), find(&fs, ".part").len()), (2, 2));
}

#[test]
fn a_damaged_checkpoint_falls_back_to_the_one_before() {
    for end in ["-state.part", ".manifest"] {
        let fs = TestFs::new();
        let store = open(&fs).unwrap();
        save(&store, 1, b"older").unwrap();
        save(&store, 2, b"newer").unwrap();
        drop(store);
        let newest = find(&fs, end).pop().unwrap();
        for byte in 0..fs.bytes(&newest).unwrap().len() as u64 {
            fs.flip(&newest, byte, 4);
            let found = load(&open(&fs).unwrap());
            assert_eq!(found, Some((1, b"older".to_vec())), "{end} byte {byte}");
            fs.flip(&newest, byte, 4);
        }
        assert_eq!(load(&open(&fs).unwrap()).unwrap().0, 2);
    }
}

#[test]
fn a_checkpoint_without_its_files_pushes_no_good_one_out() {
    let fs = TestFs::new();
    let store = open(&fs).unwrap();
    save(&store, 1, b"good").unwrap();
    save(&store, 2, b"bad").unwrap();
    drop(store);
    fs.put(&find(&fs, "2-state.part")[0], b"");
    let store = open(&fs).unwrap();
    save(&store, 3, b"newest").unwrap();
    assert_eq!(store.list().iter().map(|m| m.at.lsn).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(store.trim_upto(), 1);
    assert_eq!(find(&fs, ".manifest").len(), 2, "the bad one is swept");
}

#[test]
fn a_checkpoint_never_runs_ahead_of_the_durable_log() {
    let fs = TestFs::new();
    let store = open(&fs).unwrap();
    let mut draft = store.begin();
    draft.write("state", |out| out.write_all(b"x")).unwrap();
    assert_eq!(draft.publish(at(10), 1, 9, None).unwrap_err().code(), "JOURNAL_MISUSE");
    assert!(find(&fs, ".part").is_empty(), "a draft that is given up leaves nothing");
    assert!(store.newest_valid().unwrap().is_none());
}

#[test]
fn a_newer_checkpoint_format_is_refused() {
    let fs = TestFs::new();
    save(&open(&fs).unwrap(), 1, b"x").unwrap();
    let path = find(&fs, ".manifest").pop().unwrap();
    let text = String::from_utf8(fs.bytes(&path).unwrap()).unwrap();
    let text = text.replace("format 1", "format 2");
    let body = &text[..text.rfind("crc ").unwrap()];
    fs.put(&path, format!("{body}crc {:08x}\n", crc32c::crc32c(body.as_bytes())).as_bytes());
    assert_eq!(open(&fs).unwrap_err().code(), "FOLDER_NEWER_FORMAT");
}

#[test]
fn a_full_disk_takes_one_more_checkpoint_from_the_reserve() {
    let fs = TestFs::new();
    let folder = folder(&fs).unwrap();
    folder.hold_reserve().unwrap();
    let store = CheckpointStore::open(&folder, "checkpoints", 2).unwrap();
    fs.set_capacity(Some(fs.used()));
    save(&store, 1, &[3; 100_000]).unwrap();
    assert_eq!(load(&store).unwrap().0, 1);
    assert!(!folder.reserve_is_held());
    let error = save(&store, 2, &[3; 200_000]).unwrap_err();
    assert!(error.is_full(), "{error}");
    assert_eq!(load(&store).unwrap().0, 1);
    fs.set_capacity(None);
    save(&store, 3, b"x").unwrap();
    assert!(folder.reserve_is_held());
}

/// Publishes the blobs as they are frozen now.
fn publish(blobs: &BlobStore, lsn: u64) -> Result<(), Error> {
    blobs.checkpoints().begin().publish(at(lsn), 1, lsn, Some(blobs)).map(|_| ())
}

fn reopen(fs: &TestFs) -> Option<BlobStore> {
    let store = open(fs).unwrap();
    store.newest_valid().unwrap().map(|c| BlobStore::open(&c).unwrap())
}

#[test]
fn blobs_are_there_as_they_were_when_their_checkpoint_froze_them() {
    let fs = TestFs::new();
    let blobs = BlobStore::create(&open(&fs).unwrap()).unwrap();
    blobs.put(1, b"one").unwrap();
    blobs.put_all(&[(2, b"two"), (3, b"three"), (i64::MIN, b"")]).unwrap();
    blobs.freeze().unwrap();
    blobs.put(1, b"later").unwrap();
    blobs.delete(2);
    assert_eq!(blobs.get(1).unwrap().unwrap(), b"later");
    assert_eq!(blobs.get(2).unwrap(), None);
    publish(&blobs, 1).unwrap();
    assert_eq!(blobs.get(1).unwrap().unwrap(), b"later");
    drop(blobs);
    fs.restart(0);
    let blobs = reopen(&fs).unwrap();
    assert_eq!(blobs.get(1).unwrap().unwrap(), b"one");
    assert_eq!(blobs.get(2).unwrap().unwrap(), b"two");
    assert_eq!(blobs.get(i64::MIN).unwrap().unwrap(), b"");
    assert!(!blobs.contains(4));
}

#[test]
fn a_checkpoint_needs_a_freeze_and_one_at_a_time() {
    let fs = TestFs::new();
    let blobs = BlobStore::create(&open(&fs).unwrap()).unwrap();
    assert_eq!(publish(&blobs, 1).unwrap_err().code(), "JOURNAL_MISUSE");
    blobs.freeze().unwrap();
    assert_eq!(blobs.freeze().unwrap_err().code(), "JOURNAL_MISUSE");
    blobs.thaw();
    blobs.freeze().unwrap();
}

#[test]
fn a_given_up_checkpoint_keeps_its_changes_for_the_next() {
    let fs = TestFs::new();
    let blobs = BlobStore::create(&open(&fs).unwrap()).unwrap();
    blobs.put(1, b"one").unwrap();
    blobs.freeze().unwrap();
    fs.inject(Op::Rename, 0, 1, Fault::Fail);
    assert!(publish(&blobs, 1).is_err());
    assert_eq!(blobs.get(1).unwrap().unwrap(), b"one");
    blobs.freeze().unwrap();
    publish(&blobs, 2).unwrap();
    drop(blobs);
    fs.restart(0);
    assert_eq!(reopen(&fs).unwrap().get(1).unwrap().unwrap(), b"one");
}

#[test]
fn a_failed_sync_of_blobs_is_not_tried_again() {
    let fs = TestFs::new();
    let blobs = BlobStore::create(&open(&fs).unwrap()).unwrap();
    blobs.put(1, b"one").unwrap();
    blobs.freeze().unwrap();
    fs.inject(Op::Sync, 0, 1, Fault::Fail);
    assert_eq!(publish(&blobs, 1).unwrap_err().code(), "JOURNAL_FAILED");
    blobs.freeze().unwrap();
    assert_eq!(publish(&blobs, 1).unwrap_err().code(), "JOURNAL_FAILED");
}

#[test]
fn a_damaged_blob_is_an_error_and_no_other_blob() {
    let fs = TestFs::new();
    let blobs = BlobStore::create(&open(&fs).unwrap()).unwrap();
    blobs.put_all(&[(1, b"one"), (2, b"two")]).unwrap();
    let data = find(&fs, ".dat").pop().unwrap();
    for byte in 0..19 {
        fs.flip(&data, byte, 1);
        assert_eq!(blobs.get(1).unwrap_err().code(), "JOURNAL_IO", "byte {byte}");
        assert_eq!(blobs.get(2).unwrap().unwrap(), b"two");
        fs.flip(&data, byte, 1);
    }
}

#[test]
fn waste_is_moved_and_its_file_removed() {
    let fs = TestFs::new();
    let store = open(&fs).unwrap();
    let mut blobs = BlobStore::create(&store).unwrap();
    drop(store);
    for key in 0..100 {
        blobs.put(key, &[key as u8; 500]).unwrap();
    }
    blobs.freeze().unwrap();
    publish(&blobs, 1).unwrap();
    drop(blobs);
    // A new process appends to a new file; the old one wastes.
    blobs = reopen(&fs).unwrap();
    (0..90).for_each(|key| blobs.delete(key));
    for lsn in 2..4 {
        blobs.freeze().unwrap();
        publish(&blobs, lsn).unwrap();
    }
    assert_eq!(blobs.compact(u64::MAX).unwrap(), 10 * 500);
    assert_eq!(blobs.compact(u64::MAX).unwrap(), 0);
    for lsn in 4..8 {
        blobs.freeze().unwrap();
        publish(&blobs, lsn).unwrap();
    }
    assert_eq!(find(&fs, ".dat").len(), 1);
    drop(blobs);
    fs.restart(0);
    let blobs = reopen(&fs).unwrap();
    for key in 0..100 {
        let wanted = (key >= 90).then(|| vec![key as u8; 500]);
        assert_eq!(blobs.get(key).unwrap(), wanted, "key {key}");
    }
}

/// Puts, deletes, compacts, freezes and publishes at random; what was published by lsn.
fn work(fs: &TestFs, rng: &mut Rng, told: &mut Vec<(u64, BTreeMap<i64, Vec<u8>>)>, sure: &mut u64) {
    let Ok(store) = open(fs) else { return };
    let Ok(newest) = store.newest_valid() else { return };
    let mut lsn = newest.as_ref().map_or(0, |c| c.manifest().at.lsn);
    let opened = newest.map_or_else(|| BlobStore::create(&store), |c| BlobStore::open(&c));
    let Ok(blobs) = opened else { return };
    let mut model =
        told.iter().find(|(l, _)| *l == lsn).map(|(_, m)| m.clone()).unwrap_or_default();
    lsn = told.last().map_or(lsn, |(l, _)| *l);
    for _ in 0..30 {
        let key = rng.below(12) as i64;
        match rng.below(8) {
            0..4 => {
                let bytes = vec![rng.word() as u8; rng.below(300) as usize];
                if blobs.put(key, &bytes).is_err() {
                    return;
                }
                model.insert(key, bytes);
            }
            4 => {
                blobs.delete(key);
                model.remove(&key);
            }
            5 => {
                if blobs.compact(1000).is_err() {
                    return;
                }
            }
            _ => {
                blobs.freeze().unwrap();
                lsn += 1;
                told.push((lsn, model.clone()));
                if blobs.put(99, b"not frozen").is_err() || publish(&blobs, lsn).is_err() {
                    return;
                }
                blobs.delete(99);
                *sure = lsn;
            }
        }
    }
}

#[test]
fn a_crash_at_any_call_leaves_the_newest_published_checkpoint_or_a_newer_one() {
    let mut runs = 0;
    for seed in 0..seeds(5) {
        let mut point = 0;
        loop {
            let fs = TestFs::new();
            let mut rng = Rng::new(seed);
            let (mut told, mut sure) = (Vec::new(), 0);
            fs.crash_at(point);
            work(&fs, &mut rng, &mut told, &mut sure);
            let reached = fs.crashed();
            for round in 0..2 {
                fs.restart(seed ^ point ^ round);
                check(&fs, &told, sure, &format!("seed {seed}, call {point}, {round}"));
                fs.crash_at(fs.ops() + rng.below(60));
                work(&fs, &mut rng, &mut told, &mut sure);
            }
            if !reached {
                break;
            }
            point += 1;
            runs += 1;
        }
    }
    assert!(runs > 200, "expected many crash points, but {runs}");
}

fn check(fs: &TestFs, told: &[(u64, BTreeMap<i64, Vec<u8>>)], sure: u64, place: &str) {
    let store = open(fs).unwrap();
    let newest = store.newest_valid().unwrap();
    let lsn = newest.as_ref().map_or(0, |c| c.manifest().at.lsn);
    assert!(lsn >= sure, "{place}: expected {sure}, but {lsn}");
    let Some(newest) = newest else { return };
    let blobs = BlobStore::open(&newest).unwrap();
    let model = &told.iter().find(|(l, _)| *l == lsn).unwrap().1;
    for key in (0..12).chain([99]) {
        let found = blobs.get(key).unwrap_or_else(|e| panic!("{place}: key {key}: {e}"));
        assert_eq!(found.as_ref(), model.get(&key), "{place}: key {key}");
    }
}

#[test]
fn every_damage_of_checkpoints_and_blobs_is_named_without_opening_them() {
    let fs = TestFs::new();
    let store = open(&fs).unwrap();
    for lsn in 1..=2u64 {
        let blobs = BlobStore::create(&store).unwrap();
        blobs.put_all(&[(7, b"seven".as_slice()), (8, b"eight")]).unwrap();
        blobs.freeze().unwrap();
        let mut draft = store.begin();
        draft.write("state", |out| out.write_all(b"tables")).unwrap();
        draft.publish(at(lsn), 1, lsn, Some(&blobs)).unwrap();
    }
    let dir = checkpoints_of(&fs, std::path::Path::new("/data/checkpoints"));
    assert_eq!(dir, None);
    let dir = PathBuf::from("/data/checkpoints");
    let look = || inspect_checkpoints(&fs, &dir).unwrap().checkpoints;
    let whole = look();
    assert_eq!(whole.iter().map(|one| (one.lsn, one.blobs)).collect::<Vec<_>>(), [(1, 2), (2, 2)]);
    assert!(whole.iter().all(|one| one.damage.is_empty()), "{whole:?}");
    for file in fs.files().into_iter().filter(|file| file.starts_with(&dir)) {
        let bytes = fs.bytes(&file).unwrap();
        for byte in 0..bytes.len() as u64 {
            fs.flip(&file, byte, 4);
            let found: Vec<_> = look().into_iter().flat_map(|one| one.damage).collect();
            assert_eq!(found.len(), 1, "{} byte {byte}: {found:?}", file.display());
            assert_eq!(found[0].file, file, "{found:?}");
            let blob = file.extension().is_some_and(|end| end == "dat");
            // 16 bytes before each blob, five bytes long.
            assert_eq!(found[0].key, blob.then_some(if byte < 21 { 7 } else { 8 }));
            fs.flip(&file, byte, 4);
        }
        fs.put(&file, &bytes[..bytes.len() - 1]);
        assert!(look().iter().any(|one| !one.damage.is_empty()), "{} cut", file.display());
        fs.put(&file, &bytes);
    }
    assert_eq!(look(), whole);
}
