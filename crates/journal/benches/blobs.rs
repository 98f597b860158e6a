//! The store of cold blobs: writes, random reads, a checkpoint with changes, reopening, memory.
//!
//! `cargo bench -p grevy-journal --bench blobs [-- BLOBS]`; `GREVY_BENCH_DIR` chooses the disk.
#![allow(clippy::unwrap_used, reason = "a bench that cannot run says so by its panic")]

use journal::{BlobStore, CheckpointStore, Fold, Folder, Rng};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const BLOB_BYTES: usize = 600;

fn main() {
    let blobs = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(1_000_000u64);
    let root = std::env::var("GREVY_BENCH_DIR").unwrap_or(env!("CARGO_TARGET_TMPDIR").to_owned());
    let dir = Path::new(&root).join(format!("blobs-bench-{}", std::process::id()));
    run(&dir, blobs);
    std::fs::remove_dir_all(&dir).unwrap();
}

fn run(dir: &Path, count: u64) {
    let folder = Folder::open(dir).unwrap();
    let store = CheckpointStore::open(&folder, "checkpoints", 2).unwrap();
    let mut blobs = BlobStore::create(&store).unwrap();
    let bytes = [7; BLOB_BYTES];
    let before = Instant::now();
    for first in (0..count).step_by(256) {
        let keys = first..count.min(first + 256);
        let some: Vec<(i64, &[u8])> = keys.map(|key| (key as i64, bytes.as_slice())).collect();
        blobs.put_all(&some).unwrap();
    }
    rate("put, 256 at once", count, before.elapsed());
    publish(&blobs, 1, "checkpoint with all of them");
    let changed = count / 20;
    let mut rng = Rng::new(1);
    let before = Instant::now();
    for _ in 0..changed {
        blobs.put(rng.below(count) as i64, &bytes).unwrap();
    }
    rate("put, one by one", changed, before.elapsed());
    let stall = stalls(&blobs, count, || publish(&blobs, 2, "checkpoint with a twentieth"));
    println!("{:32} {:10.2} ms", "longest read meanwhile", stall.as_secs_f64() * 1e3);
    drop((blobs, store));
    let before = Instant::now();
    let store = CheckpointStore::open(&folder, "checkpoints", 2).unwrap();
    let checkpoint = store.newest_valid().unwrap().unwrap();
    let verified = before.elapsed();
    blobs = BlobStore::open(&checkpoint).unwrap();
    let opened = before.elapsed();
    let (verified, opened) = (verified.as_secs_f64() * 1e3, opened.as_secs_f64() * 1e3);
    println!("{:32} {opened:10.2} ms, {verified:.2} of them to verify", "reopen");
    let reads = 200_000.min(count);
    let before = Instant::now();
    for _ in 0..reads {
        assert!(blobs.get(rng.below(count) as i64).unwrap().is_some());
    }
    rate("get at random, from page cache", reads, before.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let rss = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("unknown");
    println!("{:32} {:>10}", "resident", rss.trim());
}

fn publish(blobs: &BlobStore, lsn: u64, what: &str) {
    let before = Instant::now();
    blobs.freeze().unwrap();
    let frozen = before.elapsed();
    let draft = blobs.checkpoints().begin();
    draft.publish(Fold { lsn, ..Fold::default() }, 0, lsn, Some(blobs)).unwrap();
    let took = before.elapsed().as_secs_f64() * 1e3;
    println!("{what:32} {took:10.2} ms, {:.3} of them to freeze", frozen.as_secs_f64() * 1e3);
}

/// The longest look-up on this thread while something runs on another.
fn stalls(blobs: &BlobStore, count: u64, act: impl FnOnce() + Send) -> Duration {
    let done = AtomicBool::new(false);
    let mut longest = Duration::ZERO;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            act();
            done.store(true, Ordering::Release);
        });
        let mut rng = Rng::new(2);
        while !done.load(Ordering::Acquire) {
            let before = Instant::now();
            assert!(blobs.contains(rng.below(count) as i64));
            longest = longest.max(before.elapsed());
        }
    });
    longest
}

fn rate(what: &str, count: u64, took: Duration) {
    let rate = count as f64 / took.as_secs_f64();
    let each = took.as_secs_f64() * 1e6 / count as f64;
    println!("{what:32} {rate:10.0} per s, {each:.2} us each");
}
