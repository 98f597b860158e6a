//! The log in files on a disk that forgets: a crash at every call, failing, torn and lying syncs,
//! rot, a full disk. What was said to be durable must be there, nothing may follow a gap.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use journal::conformance::{Ledger, deaf, seeds};
use journal::fs::test::{Fault, Op, TestFs};
use journal::{Error, FileConfig, FileJournal, Folder, GroupBuf, Journal, Rng};
use std::path::PathBuf;
use std::sync::Arc;

const CONFIG: FileConfig = FileConfig {
    segment_bytes: 8 << 10,
    first_segment_bytes: 2 << 10,
    mark_after: std::time::Duration::from_millis(50),
    threads: false,
};

fn open(fs: &TestFs) -> Result<FileJournal, Error> {
    let folder = Folder::open_on(Arc::new(fs.clone()), "/data", 4 << 10)?;
    FileJournal::open(&folder, "log", CONFIG)
}

/// One process: opens, claims, checks, works; ends by itself or by the first error.
fn live(fs: &TestFs, rng: &mut Rng, ledger: &mut Ledger, steps: u64) -> Result<(), String> {
    let Ok(journal) = open(fs) else { return Ok(()) };
    let Ok(claim) = journal.claim(deaf()) else { return Ok(()) };
    ledger.check(&journal)?;
    let mut writer = claim.writer;
    for _ in 0..steps {
        match rng.below(12) {
            0 => {
                let upto = rng.below(ledger.last_durable() + 1);
                ledger.trimmed(upto);
                if journal.trim(upto).is_err() {
                    return Ok(());
                }
            }
            1..=4 => match writer.flush() {
                Ok(durable) => ledger.durable(durable),
                Err(_) => return Ok(()),
            },
            _ => {
                let group = ledger.make(rng, 600);
                match writer.append(&group) {
                    Ok(append) => ledger.accepted(append, &group),
                    Err(_) => return Ok(()),
                }
            }
        }
    }
    if rng.chance(50)
        && let Ok(durable) = writer.close()
    {
        ledger.durable(durable);
    }
    Ok(())
}

/// What has to hold after a crash, however it was brought about.
fn verdict(fs: &TestFs, ledger: &mut Ledger) -> Result<(), String> {
    let journal = open(fs).map_err(|e| e.to_string())?;
    journal.claim(deaf()).map_err(|e| e.to_string())?;
    ledger.check(&journal)
}

/// A first life with a crash at call `at`, a second one with a crash soon after its start, and
/// the verdict.
fn crash_at(seed: u64, at: u64, lie: bool) -> Result<bool, String> {
    let fs = TestFs::new();
    let mut rng = Rng::new(seed);
    let mut ledger = Ledger::default();
    if lie {
        fs.inject(Op::Sync, 0, u64::MAX, Fault::Lie);
    }
    fs.crash_at(at);
    live(&fs, &mut rng, &mut ledger, 40)?;
    let reached = fs.crashed();
    fs.restart(seed ^ at);
    if lie {
        return verdict(&fs, &mut ledger).map(|()| reached);
    }
    fs.crash_at(fs.ops() + rng.below(30));
    live(&fs, &mut rng, &mut ledger, 10)?;
    fs.restart(seed ^ at ^ 0xff);
    verdict(&fs, &mut ledger).map(|()| reached)
}

fn sweep(seeds: std::ops::Range<u64>, lie: bool) -> Result<u64, String> {
    let mut runs = 0;
    for seed in seeds {
        let mut at = 0;
        while crash_at(seed, at, lie).map_err(|e| format!("seed {seed}, call {at}: {e}"))? {
            at += 1;
            runs += 1;
        }
    }
    Ok(runs)
}

#[test]
fn a_crash_at_any_call_loses_nothing_durable_and_leaves_no_gap() {
    let runs = sweep(0..seeds(10), false).unwrap();
    assert!(runs > 400, "expected many crash points, but {runs}");
}

/// The mutation: a disk whose syncs do nothing is a journal without its sync.
#[test]
fn without_fdatasync_the_same_check_fails() {
    let found = sweep(0..25, true);
    assert!(found.is_err(), "the check does not notice that syncs are gone");
}

/// A process that is killed loses nothing it wrote; what it had accepted may be there or not.
#[test]
fn a_kill_at_any_call_loses_nothing_durable() {
    for seed in 100..100 + seeds(4) {
        for at in 0..150 {
            let fs = TestFs::new();
            let mut rng = Rng::new(seed);
            let mut ledger = Ledger::default();
            fs.crash_at(at);
            live(&fs, &mut rng, &mut ledger, 40).unwrap();
            fs.kill();
            let place = format!("seed {seed}, call {at}");
            verdict(&fs, &mut ledger).unwrap_or_else(|e| panic!("{place}: {e}"));
        }
    }
}

#[test]
fn failing_writes_and_syncs_end_the_writer_and_lose_nothing_durable() {
    for seed in 0..seeds(40) {
        let mut rng = Rng::new(seed);
        let fs = TestFs::new();
        let mut ledger = Ledger::default();
        for _ in 0..6 {
            let op = [Op::Sync, Op::Write, Op::SyncDir, Op::SetLen, Op::Create, Op::Remove];
            let op = op[rng.below(6) as usize];
            let fault = if rng.chance(50) { Fault::Fail } else { Fault::Half };
            fs.inject(op, rng.below(20), 1, fault);
            live(&fs, &mut rng, &mut ledger, 30).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            fs.heal();
            if rng.chance(50) {
                fs.restart(rng.word());
            } else {
                fs.kill();
            }
        }
        verdict(&fs, &mut ledger).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    }
}

#[test]
fn a_failed_sync_is_final_and_never_retried() {
    let fs = TestFs::new();
    let journal = open(&fs).unwrap();
    let mut writer = journal.claim(deaf()).unwrap().writer;
    let mut group = GroupBuf::new();
    group.push(b"one");
    writer.append(&group).unwrap();
    fs.inject(Op::Sync, 0, 1, Fault::Fail);
    assert!(matches!(writer.flush(), Err(Error::Failed { .. })));
    let syncs = fs.syncs();
    assert!(matches!(writer.flush(), Err(Error::Failed { .. })));
    assert!(matches!(writer.append(&group), Err(Error::Failed { .. })));
    assert_eq!(fs.syncs(), syncs);
    assert_eq!(journal.durable_lsn(), 0);

    // The bytes read well, but are lost with the power; a claim writes them anew.
    let tail = journal.claim(deaf()).unwrap().tail;
    drop((writer, journal));
    fs.restart(0);
    assert_eq!(open(&fs).unwrap().claim(deaf()).unwrap().tail, tail);
}

/// A log of three segments or more, closed in good order.
fn written(fs: &TestFs, groups: usize) -> Vec<PathBuf> {
    let journal = open(fs).unwrap();
    let mut writer = journal.claim(deaf()).unwrap().writer;
    let mut group = GroupBuf::new();
    group.push(&[0x5a; 900]);
    for _ in 0..groups {
        writer.append(&group).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    drop(journal);
    fs.files().into_iter().filter(|p| p.to_string_lossy().contains("segment")).collect()
}

/// Opens and reads everything; the end, or the first error.
fn read_all(fs: &TestFs) -> Result<u64, Error> {
    let journal = open(fs)?;
    let tail = journal.claim(deaf())?.tail;
    let mut reader = journal.read(1)?;
    while reader.next_group()?.is_some() {}
    assert_eq!(reader.position(), tail + 1);
    Ok(tail)
}

#[test]
fn rot_in_any_byte_of_a_record_is_reported_and_never_cut_off() {
    for groups in [1, 12] {
        let fs = TestFs::new();
        let segments = written(&fs, groups);
        let mut rng = Rng::new(groups as u64);
        for segment in &segments {
            let bytes = fs.bytes(segment).unwrap();
            for at in (0..bytes.len() as u64).step_by(if groups == 1 { 1 } else { 83 }) {
                let mask = 1 << rng.below(8);
                fs.flip(segment, at, mask);
                let found = read_all(&fs);
                fs.flip(segment, at, mask);
                let whole = found.as_ref().is_ok_and(|tail| *tail == groups as u64);
                let told = matches!(found, Err(Error::Corrupt { .. }));
                let place = format!("{} byte {at} of {groups}: {found:?}", segment.display());
                assert!(whole || told, "{place}");
                fs.kill();
                // An opening that found the log whole has written a new segment; begin anew.
                if whole {
                    assert_eq!(read_all(&fs).unwrap(), groups as u64, "{place}");
                    fs.kill();
                }
            }
        }
    }
}

#[test]
fn rot_in_the_last_acknowledged_group_is_seen() {
    let fs = TestFs::new();
    let last = written(&fs, 3).pop().unwrap();
    let bytes = fs.bytes(&last).unwrap();
    // The last record is the mark of 80 bytes; the group before it ends there.
    let inside = bytes.len() as u64 - 80 - 100;
    fs.flip(&last, inside, 1);
    let error = read_all(&fs).unwrap_err();
    assert!(matches!(&error, Error::Corrupt { lsn: 3, file, .. } if *file == last), "{error}");
}

#[test]
fn a_torn_tail_is_cut_and_a_hole_before_a_proof_is_damage() {
    // No mark behind the last group: it may be torn.
    let fs = TestFs::new();
    let journal = open(&fs).unwrap();
    let mut writer = journal.claim(deaf()).unwrap().writer;
    let mut group = GroupBuf::new();
    group.push(&[1; 300]);
    for _ in 0..2 {
        writer.append(&group).unwrap();
        writer.flush().unwrap();
    }
    drop((writer, journal));
    let last = fs.files().into_iter().rfind(|p| p.to_string_lossy().contains("segment")).unwrap();
    // Head 112, start of the epoch 80, two groups of 384.
    fs.flip(&last, 112 + 80 + 384 + 200, 1);
    assert_eq!(read_all(&fs).unwrap(), 1);

    // The first group is proven durable by the second.
    let fs = TestFs::new();
    let segments = written(&fs, 2);
    fs.flip(&segments[0], 112 + 80 + 200, 1);
    assert!(matches!(read_all(&fs), Err(Error::Corrupt { lsn: 1, .. })));
}

#[test]
fn a_payload_that_looks_like_a_proof_is_none() {
    let fs = TestFs::new();
    let donor = TestFs::new();
    let stolen = donor.bytes(&written(&donor, 3)[0]).unwrap();
    let journal = open(&fs).unwrap();
    let mut writer = journal.claim(deaf()).unwrap().writer;
    let mut group = GroupBuf::new();
    // Two bytes of length stand before the payload; six more align the stolen records.
    group.push_with(|out| {
        out.extend_from_slice(&[0; 6]);
        out.extend_from_slice(&stolen[112..]);
    });
    writer.append(&group).unwrap();
    writer.flush().unwrap();
    drop((writer, journal));
    let last = fs.files().into_iter().rfind(|p| p.to_string_lossy().contains("segment")).unwrap();
    fs.flip(&last, 112 + 80 + 3, 1);
    assert_eq!(read_all(&fs).unwrap(), 0, "a torn first group is no damage");
}

#[test]
fn any_bytes_in_place_of_a_segment_are_refused_without_a_panic() {
    for seed in 0..seeds(100) {
        let mut rng = Rng::new(seed);
        let fs = TestFs::new();
        let segments = written(&fs, 12);
        let segment = &segments[rng.below(segments.len() as u64) as usize];
        let mut bytes = fs.bytes(segment).unwrap();
        for _ in 0..1 + rng.below(4) {
            let at = rng.below(bytes.len() as u64) as usize;
            let end = bytes.len().min(at + rng.below(200) as usize);
            match rng.below(4) {
                0 => bytes[at..end].fill(0),
                1 => bytes[at..end].iter_mut().for_each(|b| *b = rng.word() as u8),
                2 => bytes.truncate(at.max(1)),
                _ => bytes.copy_within(at..end, 0),
            }
        }
        fs.put(segment, &bytes);
        // Either it is whole, or the first damaged place is named.
        match read_all(&fs) {
            Ok(_) | Err(Error::Corrupt { .. }) => {}
            Err(other) => panic!("seed {seed}: {other}"),
        }
    }
}

/// A segment that was begun, never used and removed can come back without its head.
#[test]
fn a_headless_segment_is_damage_only_where_something_is_missing() {
    let fs = TestFs::new();
    for _ in 0..2 {
        let journal = open(&fs).unwrap();
        journal.claim(deaf()).unwrap().writer.close().unwrap();
    }
    let first = PathBuf::from("/data/log/segment-0000000001.log");
    assert!(!fs.files().contains(&first), "an empty segment is removed by the next claim");
    fs.put(&first, &[0; 2048]);
    assert_eq!(read_all(&fs).unwrap(), 0);
    assert!(!fs.files().contains(&first));

    let fs = TestFs::new();
    let segments = written(&fs, 16);
    fs.put(&segments[1], &[0; 2048]);
    let error = read_all(&fs).unwrap_err();
    assert!(matches!(&error, Error::Corrupt { file, .. } if *file == segments[1]), "{error}");
    assert!(fs.files().contains(&segments[1]), "what is damaged is not removed");
}
