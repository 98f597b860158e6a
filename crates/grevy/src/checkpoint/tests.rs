//! A start from a checkpoint against the fold of the whole log.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::engine::command::{DEFAULT_TENANT, LeaseJobs};
use ::engine::event::{Event as Happened, InstanceEvent};
use ::engine::state::{Lookup, Residence, State};
use ::engine::{Cause, Key, Routes};
use journal::{FileConfig, FileJournal, Folder, GroupBuf, Journal, MemoryJournal};

mod damage;

use super::Vault;
use crate::machine::{Machine, Step};
use crate::machines::{Engine, Known, Meta};
use crate::partition::{Opened, Tail};
use crate::steps::Holds;
use crate::{Error, Event, Grevy, Model};

fn engine() -> Engine {
    let journal = Arc::new(MemoryJournal::new());
    let known = Known::new(&Meta::default(), 0, journal, Arc::new(Holds::default()));
    Engine::new(1, Arc::new(known), Arc::new(Routes::new(1)), "test".into())
}

fn small() -> FileConfig {
    FileConfig { segment_bytes: 16 << 10, first_segment_bytes: 8 << 10, ..FileConfig::default() }
}

fn start(folder: &Path, hold: bool) -> Grevy {
    let builder = Grevy::builder().folder(folder).journal(small());
    let builder = if hold { builder.hold("test", 1) } else { builder };
    builder.open().expect("the folder is ours")
}

fn jobs(grevy: &Grevy, max: u32) -> Vec<::engine::command::LeasedJob> {
    let want = LeaseJobs {
        job_type: "charge".into(),
        worker: "test".into(),
        timeout: 1,
        max_jobs: max,
        fetch_variables: vec![],
        tenants: vec![DEFAULT_TENANT.into()],
    };
    grevy.activate_jobs(want, Duration::from_millis(200)).wait().expect("nobody stops it")
}

/// Some hours of a shop: orders that wait for a payment, a timer or an operator, and messages
/// that wait for an order.
fn work(grevy: &Grevy, from: u32) -> Vec<Key> {
    let model = Model::process("order").start("start").service_task("charge", "charge");
    let model = model.catch("paid", Event::message("paid", "=id"));
    let model = model.catch("pause", Event::after("PT12H")).end("end");
    grevy.deploy_model(model).wait().expect("a sound model");
    let created = (from..from + 20).map(|n| {
        let created = grevy.start("order", [("id", format!("o-{n}"))]).wait();
        created.expect("it is deployed").instance
    });
    let created: Vec<Key> = created.collect();
    for (n, job) in jobs(grevy, 12).into_iter().enumerate() {
        let done = match n % 3 {
            0 => grevy.fail_job(job.key, 0, "no money", Duration::ZERO, (), None).wait(),
            _ => grevy.complete_job(job.key, (), None).wait(),
        };
        done.expect("the job is there");
    }
    for n in [from, from + 3, from + 900] {
        let week = Duration::from_secs(7 * 24 * 3600);
        grevy.publish("paid", &format!("o-{n}"), week, ()).wait().expect("there is room");
    }
    grevy.cancel(created[1]).wait().expect("it is running");
    created
}

struct Disk {
    journal: FileJournal,
    vault: Arc<Vault>,
}

fn disk(folder: &Path) -> Disk {
    let folder = Folder::open(folder).expect("nobody has it");
    let journal = FileJournal::open(&folder, "partition-1", small()).expect("a whole log");
    Disk { journal, vault: Vault::open(&folder, "partition-1").expect("checkpoints") }
}

impl Disk {
    fn restore(&self) -> Result<Opened<Engine>, Error> {
        self.vault.restore(&self.journal, &engine).map(|(opened, _)| opened)
    }

    /// Folds the rest; every instance is hot then. How many steps were folded.
    fn finish(&self, mut opened: Opened<Engine>) -> (State, u64) {
        let tail = Tail { name: "t", journal: &self.journal, skip: &[], skip_upto: 0 };
        let upto = self.journal.durable_lsn();
        let still = self.vault.still();
        let blob = |key| still.read(key, &tail, &engine);
        let steps = tail.fold(&mut opened, upto, &mut BTreeSet::new(), &blob).expect("it fits");
        let mut machine = opened.machine;
        let cold = machine.state.instances();
        let cold = cold.filter(|(_, at)| matches!(at, Residence::Cold)).map(|(key, _)| key);
        for key in cold.collect::<Vec<_>>() {
            let blob = blob(key).expect("readable").expect("it is kept");
            machine.restore(key, &blob).expect("it is whole");
        }
        (machine.state, steps)
    }

    fn whole(&self) -> State {
        self.finish(Opened::new(engine())).0
    }
}

/// Its files of tables, oldest first.
fn tables(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("partition-1-checkpoints")).expect("it is there");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut found: Vec<_> =
        paths.filter(|p| p.to_string_lossy().ends_with("tables.part")).collect();
    found.sort();
    found
}

fn damage(file: &Path) {
    let mut bytes = std::fs::read(file).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).expect("it is ours");
}

#[test]
fn a_checkpoint_and_the_tail_give_the_state_of_the_whole_log() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..3 {
        work(&start(folder.path(), true), 100 * round);
    }
    // A tail behind the newest checkpoint.
    let held = std::fs::read_dir(folder.path().join("partition-1-checkpoints")).expect("there");
    let before: Vec<PathBuf> = held.map(|e| e.expect("readable").path()).collect();
    let copies: Vec<_> = before.iter().map(|p| (p, std::fs::read(p).expect("a file"))).collect();
    work(&start(folder.path(), true), 500);
    std::fs::remove_dir_all(folder.path().join("partition-1-checkpoints")).expect("ours");
    std::fs::create_dir(folder.path().join("partition-1-checkpoints")).expect("ours");
    copies.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).expect("ours"));

    let disk = disk(folder.path());
    let opened = disk.restore().expect("it is whole");
    let upto = disk.journal.durable_lsn();
    assert!(opened.lsn > 0 && opened.lsn < upto, "{} of {upto}", opened.lsn);
    let (state, steps) = disk.finish(opened);
    let whole = disk.whole();
    assert!(steps < upto / 2, "{steps} of {upto} steps were folded");
    assert_eq!(record::checkpoint::state_hash(&state), record::checkpoint::state_hash(&whole));
    assert!(state.incidents(0).count() > 0 && state.instances().count() > 40);
    assert!(state == whole, "the hash does not see what differs");
    assert_eq!(state.violations(), Vec::<String>::new());
}

#[test]
fn a_damaged_checkpoint_gives_way_to_the_one_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    work(&start(folder.path(), true), 0);
    work(&start(folder.path(), true), 100);
    let files = tables(folder.path());
    assert_eq!(files.len(), 2);
    let newest = disk(folder.path()).restore().expect("it is whole").lsn;
    damage(&files[1]);
    {
        let disk = disk(folder.path());
        let opened = disk.restore().expect("there is another");
        assert!(opened.lsn > 0 && opened.lsn < newest, "{} and {newest}", opened.lsn);
        assert!(disk.finish(opened).0 == disk.whole());
    }
    damage(&files[0]);
    {
        let disk = disk(folder.path());
        let opened = disk.restore().expect("the log is whole");
        assert_eq!(opened.lsn, 0);
        assert!(disk.finish(opened).0 == disk.whole());
    }
    let order = work(&start(folder.path(), true), 200);
    let disk = disk(folder.path());
    let opened = disk.restore().expect("a new one was written");
    assert!(opened.lsn > newest);
    assert!(matches!(opened.machine.state.instance(order[0]), Lookup::Cold));
}

#[test]
fn a_trimmed_log_opens_and_its_orders_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = work(&start(folder.path(), false), 0);
    for round in 1..4 {
        work(&start(folder.path(), false), 100 * round);
    }
    let begins = disk(folder.path()).journal.first_lsn();
    assert!(begins > 100, "the log begins at {begins}: it was not trimmed");
    let grevy = start(folder.path(), false);
    for key in first.iter().filter(|key| **key != first[1]) {
        assert!(grevy.instance(*key).wait().expect("open").is_some(), "{key} is running");
    }
    let incidents = grevy.incidents(0).wait().expect("open");
    let ours = incidents.iter().filter(|incident| first.contains(&incident.instance)).count();
    assert!(ours > 0, "{incidents:?}");
    grevy.cancel(first[2]).wait().expect("a cold one can be canceled");
    grevy.cancel(first[1]).wait().expect_err("it was canceled before");
    drop(grevy);
    for file in tables(folder.path()) {
        damage(&file);
    }
    let error = Grevy::builder().folder(folder.path()).journal(small()).open();
    let error = error.err().expect("nothing to start from");
    assert_eq!(error.code(), "RECOVERY_FAILED");
    assert!(error.to_string().contains("was trimmed"), "{error}");
}

#[test]
fn an_order_that_cannot_be_folded_is_left_out_by_its_key_and_set_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let orders = work(&start(folder.path(), true), 0);
    let (bad, good) = (orders[3], orders[4]);
    {
        let place = Folder::open(folder.path()).expect("nobody has it");
        let journal = FileJournal::open(&place, "partition-1", small()).expect("a whole log");
        let mut writer = journal.claim(Arc::new(|_| ())).expect("ours").writer;
        let event = InstanceEvent::JobWithheld { key: bad + 7_777 };
        let events = vec![Happened::Instance { instance: bad, event }];
        let cause = Cause::default();
        let step = Step { time: i64::MAX / 2, cause, build: "bug".into(), events };
        let mut group = GroupBuf::new();
        group.push_with(|out| Engine::encode(&step, out));
        writer.append(&group).expect("there is room");
        writer.close().expect("there is room");
    }
    let open = |skip| Grevy::builder().folder(folder.path()).journal(small()).skip(skip).open();
    let error = open(vec![]).err().expect("a job that never was cannot be withheld");
    assert_eq!(error.code(), "RECOVERY_FAILED");
    assert!(error.to_string().contains(&format!("--quarantine {bad}")), "{error}");
    let set_aside = |grevy: &Grevy| {
        let found = grevy.instance(bad).wait().expect("open").expect("the checkpoint has it");
        found.quarantined.is_some_and(|reason| reason.contains("left out"))
    };
    let grevy = open(vec![bad]).expect("the others can be folded");
    assert!(set_aside(&grevy));
    assert!(grevy.instance(good).wait().expect("open").is_some());
    drop(grevy);
    // A checkpoint has it now; nobody has to be told again.
    let grevy = open(vec![]).expect("the step lies before the checkpoint");
    assert!(set_aside(&grevy));
    grevy.cancel(bad).wait().expect("that is what can be done with it");
    assert_eq!(grevy.instance(bad).wait().expect("open"), None);
}

#[test]
fn what_an_exporter_has_not_read_is_kept_by_starts_that_know_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let grevy = start(folder.path(), false);
    work(&grevy, 0);
    grevy.hold(1, "history", 40).expect("partition 1 is there");
    drop(grevy);
    for round in 1..4 {
        work(&start(folder.path(), false), 100 * round);
    }
    let grevy = start(folder.path(), false);
    assert!(grevy.steps(1, 40).is_ok(), "it was trimmed");
    grevy.release("history");
    drop(grevy);
    for round in 4..7 {
        work(&start(folder.path(), false), 100 * round);
    }
    let grevy = start(folder.path(), false);
    assert!(grevy.steps(1, 40).is_err(), "nobody needs it any more");
    assert!(grevy.meta_steps(1).is_ok(), "deployments stay");
}

#[test]
fn a_checkpoint_of_a_log_that_lost_its_end_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    work(&start(folder.path(), true), 0);
    let log = folder.path().join("partition-1");
    std::fs::remove_dir_all(&log).expect("ours");
    let open = || Grevy::builder().folder(folder.path()).journal(small()).open().err();
    let error = open().expect("the journal itself notes which segment was in use");
    assert_eq!(error.code(), "JOURNAL_CORRUPT");
    std::fs::remove_file(folder.path().join("newest-partition-1")).expect("ours");
    let error = open().expect("acknowledged orders are gone");
    assert_eq!(error.code(), "RECOVERY_FAILED");
    assert!(error.to_string().contains("its end is missing"), "{error}");
}

/// The figures of `docs/adr/0001-checkpoints.md`: what a copy of the tables would hold up the loop
/// for, and what a command waits while a checkpoint is written beside it.
#[test]
#[ignore = "figures: cargo test --release -p grevy --lib figures -- --ignored --nocapture"]
fn figures() {
    const ORDERS: u64 = 200_000;
    let folder = tempfile::tempdir().expect("a folder");
    let policy = super::Checkpoints { steps: Some(ORDERS / 2), ..super::Checkpoints::default() };
    let grevy = Grevy::builder().folder(folder.path()).checkpoints(policy).open().expect("new");
    let model = Model::process("order").start("start").service_task("charge", "charge");
    let model = model.catch("paid", Event::message("paid", "=id")).end("end");
    grevy.deploy_model(model).wait().expect("a sound model");
    let number = |key: &str, n: u64| [(key.to_owned(), format!("o-{n}"))];
    let mut slowest = Duration::ZERO;
    let mut begun = 0;
    while begun < ORDERS {
        let start = std::time::Instant::now();
        let asked: Vec<_> =
            (0..500).map(|n| grevy.start("order", number("id", begun + n))).collect();
        asked.into_iter().for_each(|asked| drop(asked.wait().expect("there is room")));
        slowest = slowest.max(start.elapsed());
        begun += 500;
    }
    println!("{ORDERS} orders, 500 at a time: the slowest 500 took {slowest:?}");
    let shared = grevy.shared();
    let remote = &shared.partitions()[0];
    let copy = crate::handle::look(remote, &shared.activity, |engine: &mut Engine| {
        let start = std::time::Instant::now();
        let image = engine.state.image();
        let rows = image.instances.len();
        drop(image);
        Ok((start.elapsed(), rows))
    });
    println!("a copy of the small tables: {:?}", copy.wait().expect("open"));
    let start = std::time::Instant::now();
    drop(grevy);
    println!("closing, with the last checkpoint: {:?}", start.elapsed());
    let start = std::time::Instant::now();
    let grevy = Grevy::open(folder.path()).expect("ours");
    println!("opening from the checkpoint: {:?}, {:?}", start.elapsed(), grevy.health());
}
