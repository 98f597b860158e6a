//! Checkpoints and blobs that rotted, and instances that are too large for them.

use super::*;
use std::sync::mpsc::{RecvTimeoutError, channel};

/// Its files of blobs, oldest first.
fn blob_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("partition-1-checkpoints")).expect("it is there");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut found: Vec<_> = paths.filter(|p| p.to_string_lossy().ends_with(".dat")).collect();
    found.sort();
    found
}

/// Flips a bit in the blobs of these keys, in each place where they lie in a file.
fn rot(file: &Path, is: impl Fn(Key) -> bool) -> usize {
    let mut bytes = std::fs::read(file).expect("it is there");
    let (mut at, mut hit) = (0, 0);
    while let Some(head) = bytes.get(at..at + 16) {
        let len = u32::from_le_bytes(*head.first_chunk().expect("16 bytes")) as usize;
        let key = Key::from_le_bytes(*head[8..].first_chunk().expect("8 bytes"));
        at += 16 + len;
        if is(key) {
            bytes[at - 1] ^= 4;
            hit += 1;
        }
    }
    std::fs::write(file, bytes).expect("it is ours");
    hit
}

/// Two sessions on a log that is trimmed to the first checkpoint of the two that are there; what
/// the second changed, and what it let be.
fn trimmed(folder: &Path) -> (Vec<Key>, Vec<Key>) {
    for session in [300, 400, 500] {
        work(&start(folder, false), session);
    }
    let first = work(&start(folder, false), 100);
    let grevy = start(folder, false);
    for key in &first[10..] {
        grevy.set_variables(*key, [("note", "changed")], false).wait().expect("it is running");
    }
    let second = work(&grevy, 200);
    drop(grevy);
    assert!(disk(folder).journal.first_lsn() > 100, "it was not trimmed");
    (first[10..].iter().copied().chain(second[3..].to_vec()).collect(), first[3..10].to_vec())
}

#[test]
fn no_checkpoint_is_written_while_one_is_folded_on() {
    let folder = tempfile::tempdir().expect("a folder");
    work(&start(folder.path(), true), 0);
    work(&start(folder.path(), true), 100);
    // The newest checkpoint rots, so that there is a tail to fold and one to write.
    damage(&tables(folder.path())[1]);
    let disk = disk(folder.path());
    let whole = disk.whole();
    let (mut opened, still) = disk.vault.restore(&disk.journal, &engine).expect("an older one");
    let upto = disk.journal.durable_lsn();
    assert!(opened.lsn > 0 && opened.lsn < upto);
    let (done, written) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let holds = Holds::default();
            let keeper = disk.vault.write(&disk.journal, (&[], 0), &engine, &holds);
            done.send(keeper).expect("the test waits");
        });
        let early = written.recv_timeout(Duration::from_millis(200));
        assert!(matches!(early, Err(RecvTimeoutError::Timeout)), "{early:?}");
        let tail = Tail { name: "t", journal: &disk.journal, skip: &[], skip_upto: 0 };
        let cold = |key| still.read(key, &tail, &engine);
        tail.fold(&mut opened, upto, &mut BTreeSet::new(), &cold).expect("it fits");
        drop(still);
        let keeper = written.recv().expect("it ends").expect("there is room");
        assert_eq!(keeper.expect("there was a tail").lsn, upto);
    });
    assert!(disk.finish(opened).0 == whole);
}

#[test]
fn a_trimmed_log_still_has_what_the_older_checkpoint_needs() {
    let folder = tempfile::tempdir().expect("a folder");
    trimmed(folder.path());
    let whole = {
        let disk = disk(folder.path());
        disk.finish(disk.restore().expect("it is whole")).0
    };
    let files = tables(folder.path());
    damage(&files[1]);
    let disk = disk(folder.path());
    let opened = disk.restore().expect("there is another");
    assert!(opened.lsn > 0 && opened.lsn + 50 < disk.journal.durable_lsn());
    assert!(disk.finish(opened).0 == whole);
}

#[test]
fn a_blob_that_rotted_is_told_again_from_the_older_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let (changed, _) = trimmed(folder.path());
    let whole = {
        let disk = disk(folder.path());
        disk.finish(disk.restore().expect("it is whole")).0
    };
    let newest = blob_files(folder.path()).pop().expect("two sessions wrote");
    assert!(rot(&newest, |_| true) >= changed.len());
    {
        let disk = disk(folder.path());
        let opened = disk.restore().expect("the tables are whole");
        assert!(disk.finish(opened).0 == whole);
    }
    // The same while it runs; and a checkpoint later the blobs are whole again.
    let grevy = start(folder.path(), false);
    for key in &changed {
        assert!(grevy.instance(*key).wait().expect("readable").is_some(), "{key}");
    }
    let health = grevy.checkpoint_health()[0];
    assert_eq!((health.unreadable, health.failed), (0, 0));
    assert!(health.read > 0 && health.position > 0, "{health:?}");
    drop(grevy);
    let disk = disk(folder.path());
    disk.restore().expect("it is whole");
    let blobs = disk.vault.blobs();
    assert!(changed.iter().all(|key| blobs.get(*key).is_ok_and(|blob| blob.is_some())));
}

#[test]
fn a_blob_that_nothing_else_has_is_named_and_stops_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (changed, same) = trimmed(folder.path());
    let (bad, good) = (same[0], same[1]);
    let hit: usize = blob_files(folder.path()).iter().map(|f| rot(f, |key| key == bad)).sum();
    assert!(hit > 0);
    {
        let grevy = start(folder.path(), false);
        let error = grevy.set_variables(bad, [("x", 1)], false).wait().expect_err("it is gone");
        let text = error.to_string();
        for told in [".dat", "damaged at byte", &bad.to_string(), "--quarantine", "no older"] {
            assert!(text.contains(told), "{told}: {text}");
        }
        grevy.set_variables(good, [("x", 1)], false).wait().expect("another is whole");
        grevy.cancel(changed[0]).wait().expect("another is whole");
        assert_eq!(grevy.checkpoint_health()[0].unreadable, 1);
    }
    // Its checkpoint at the end was written, and the next start asks for nothing.
    let grevy = start(folder.path(), false);
    assert!(grevy.instance(good).wait().expect("readable").is_some());
    assert_eq!(grevy.instance(changed[0]).wait().expect("open"), None);
}

#[test]
fn a_start_that_needs_a_blob_that_is_gone_says_how_to_go_on_without_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, same) = trimmed(folder.path());
    let (bad, good) = (same[0], same[1]);
    // A tail behind the newest checkpoint, in which the instance has its part.
    let kept = tempfile::tempdir().expect("a folder");
    let checkpoints = folder.path().join("partition-1-checkpoints");
    copy_all(&checkpoints, kept.path());
    let grevy = start(folder.path(), true);
    grevy.hold(1, "test", 1).expect("it is there");
    grevy.set_variables(bad, [("x", 1)], false).wait().expect("it is running");
    grevy.set_variables(good, [("x", 1)], false).wait().expect("it is running");
    drop(grevy);
    std::fs::remove_dir_all(&checkpoints).expect("ours");
    std::fs::create_dir(&checkpoints).expect("ours");
    copy_all(kept.path(), &checkpoints);
    for file in blob_files(folder.path()) {
        rot(&file, |key| key == bad);
    }
    let open = |skip| Grevy::builder().folder(folder.path()).journal(small()).skip(skip).open();
    let error = open(vec![]).err().expect("nothing has it");
    assert_eq!(error.code(), "RECOVERY_FAILED");
    assert!(error.to_string().contains(&format!("start with --quarantine {bad}")), "{error}");
    let grevy = open(vec![bad]).expect("the others are whole");
    assert!(grevy.instance(good).wait().expect("readable").is_some());
    grevy.instance(bad).wait().expect_err("it cannot be read");
    drop(grevy);
    let grevy = open(vec![]).expect("a checkpoint lies behind it now");
    assert!(grevy.instance(good).wait().expect("readable").is_some());
}

fn copy_all(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("it is there") {
        let path = file.expect("readable").path();
        std::fs::copy(&path, to.join(path.file_name().expect("a file"))).expect("ours");
    }
}

#[test]
fn a_file_of_blobs_that_is_gone_or_cut_leads_to_the_older_checkpoint_or_is_named() {
    for cut in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        trimmed(folder.path());
        let whole = {
            let disk = disk(folder.path());
            disk.finish(disk.restore().expect("it is whole")).0
        };
        let files = blob_files(folder.path());
        let spoil = |file: &Path| match cut {
            true => {
                let bytes = std::fs::read(file).expect("it is there");
                std::fs::write(file, &bytes[..bytes.len() - 1]).expect("ours");
            }
            false => std::fs::remove_file(file).expect("ours"),
        };
        spoil(files.last().expect("two sessions wrote"));
        {
            let disk = disk(folder.path());
            assert!(disk.finish(disk.restore().expect("an older one")).0 == whole, "cut {cut}");
        }
        files[..files.len() - 1].iter().for_each(|file| spoil(file));
        let error = disk(folder.path()).restore().err().expect("nothing is whole").to_string();
        let name = files[0].file_name().expect("a file").to_string_lossy().into_owned();
        assert!(error.contains("blobs-") && error.contains("from a copy"), "{name}: {error}");
    }
}

#[test]
fn old_blobs_that_cannot_be_moved_do_not_stop_checkpoints() {
    let folder = tempfile::tempdir().expect("a folder");
    let orders = work(&start(folder.path(), false), 0);
    let oldest = blob_files(folder.path()).remove(0);
    let grevy = start(folder.path(), false);
    // Little of the oldest file is in use then.
    for key in orders.iter().skip(4) {
        grevy.set_variables(*key, [("note", "changed")], false).wait().expect("it is running");
    }
    drop(grevy);
    assert!(rot(&oldest, |key| key == orders[3]) > 0);
    for round in 0..3 {
        let before = disk(folder.path()).restore().expect("the tables are whole").lsn;
        let grevy = start(folder.path(), false);
        grevy.set_variables(orders[5], [("round", round)], false).wait().expect("running");
        drop(grevy);
        let after = disk(folder.path()).restore().expect("the tables are whole").lsn;
        assert!(after > before, "round {round}: no checkpoint was written");
    }
    assert!(disk(folder.path()).journal.first_lsn() > 20, "the log was not trimmed");
}

#[test]
fn an_instance_too_large_for_a_blob_stays_in_memory_and_stops_no_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let orders = work(&start(folder.path(), true), 0);
    let (large, other) = (orders[3], orders[4]);
    let grevy = start(folder.path(), true);
    let set = |grevy: &Grevy, key: Key, text: &str| {
        grevy.set_variables(key, [("text", text)], false).wait().expect("it is running");
    };
    set(&grevy, large, &"x".repeat(9_000));
    drop(grevy);
    let limited = || {
        let place = Folder::open(folder.path()).expect("nobody has it");
        let journal = FileJournal::open(&place, "partition-1", small()).expect("a whole log");
        let vault = Vault::open_with(&place, "partition-1", 4_000).expect("checkpoints");
        Disk { journal, vault }
    };
    let checkpoints = folder.path().join("partition-1-checkpoints");
    std::fs::remove_dir_all(&checkpoints).expect("ours");
    let holds = Holds::default();
    {
        let disk = limited();
        let whole = disk.whole();
        let written = disk.vault.write(&disk.journal, (&[], 0), &engine, &holds);
        assert!(written.expect("there is room").is_some());
        assert!(disk.vault.is_large(large) && !disk.vault.is_large(other));
        let opened = disk.restore().expect("it is whole");
        assert!(matches!(opened.machine.state.instance(large), Lookup::Hot(_)));
        assert!(matches!(opened.machine.state.instance(other), Lookup::Cold));
        assert!(disk.finish(opened).0 == whole);
    }
    // It goes on, and is in the next checkpoint as it is then: also where it was not touched.
    for round in 0..2 {
        let grevy = start(folder.path(), true);
        set(&grevy, other, &format!("round {round}"));
        drop(grevy);
        let disk = limited();
        let opened = disk.restore().expect("it is whole");
        assert!(disk.finish(opened).0 == disk.whole(), "round {round}");
    }
    let grevy = start(folder.path(), true);
    set(&grevy, large, "small");
    drop(grevy);
    let disk = limited();
    assert!(!matches!(
        disk.restore().expect("whole").machine.state.instance(large),
        Lookup::Hot(_)
    ));
}

#[test]
fn a_timer_whose_instance_cannot_be_read_stands_still_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || {
        let builder = Grevy::builder().folder(folder.path()).journal(small());
        builder.virtual_clock().open().expect("the folder is ours")
    };
    let grevy = open();
    let model = Model::process("wait").start("start").catch("later", Event::after("P1D"));
    grevy.deploy_model(model.end("end")).wait().expect("a sound model");
    let begin = || grevy.start("wait", ()).wait().expect("deployed").instance;
    let (bad, good) = (begin(), begin());
    drop(grevy);
    // Until neither the older checkpoint nor the log has anything else of it.
    for session in 0..4 {
        work(&open(), 100 * session);
    }
    for file in blob_files(folder.path()) {
        rot(&file, |key| key == bad);
    }
    let grevy = open();
    let ended = grevy.await_result(good);
    let (rested, told) = channel();
    let clock = grevy.clone();
    std::thread::spawn(move || rested.send(clock.advance(Duration::from_secs(25 * 3_600))));
    let rested = told.recv_timeout(Duration::from_secs(60)).expect("it comes to rest");
    rested.expect("a virtual clock");
    assert!(ended.wait().expect("its timer fired").completed);
    // It was tried once, and is not asked for again by a timer.
    assert_eq!(grevy.checkpoint_health()[0].unreadable, 1);
    let before = grevy.durable(1).expect("it is there");
    grevy.advance(Duration::from_secs(3_600)).expect("a virtual clock");
    assert_eq!(grevy.checkpoint_health()[0].unreadable, 1);
    assert!(grevy.durable(1).expect("it is there") < before + 20);
    grevy.instance(bad).wait().expect_err("nothing has it");
}
