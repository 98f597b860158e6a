//! Append and sync of the log in files, beside the raw sync of the machine in the same run.
//!
//! `cargo bench -p grevy-journal [-- SECONDS]`; the folder is in `GREVY_BENCH_DIR` or `target`'s
//! temporary folder, so that the disk that is measured can be chosen.
#![allow(clippy::unwrap_used, reason = "a bench that cannot run says so by its panic")]

use journal::fs::{Fs as _, RealFs};
use journal::{FileConfig, FileJournal, Folder, GroupBuf, Journal, Notice, Notify};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const GROUP_BYTES: usize = 8 << 10;

fn main() {
    let seconds = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(3u64);
    let time = Duration::from_secs(seconds);
    let root = std::env::var("GREVY_BENCH_DIR").unwrap_or(env!("CARGO_TARGET_TMPDIR").to_owned());
    let dir = Path::new(&root).join(format!("journal-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    println!("{:44} {:>10} {:>9} {:>9} {:>9}", "", "per s", "p50 ms", "p99 ms", "max ms");
    raw(&dir, time);
    let folder = Folder::open(dir.join("data")).unwrap();
    for in_flight in [1, 8, 64] {
        journal(&folder, in_flight, time);
    }
    burst(&folder, time);
    open_again(&folder);
    std::fs::remove_dir_all(&dir).unwrap();
}

fn print(what: &str, count: usize, took: Duration, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: f64| {
        let i = (times.len() as f64 * part) as usize;
        times.get(i.min(times.len().saturating_sub(1))).map_or(0.0, |t| t.as_secs_f64() * 1e3)
    };
    let rate = count as f64 / took.as_secs_f64();
    println!("{what:44} {rate:10.0} {:9.3} {:9.3} {:9.3}", at(0.5), at(0.99), at(1.0));
}

/// What the disk does without us: a write over zeros and fdatasync.
fn raw(dir: &Path, time: Duration) {
    let file = RealFs.create(&dir.join("raw")).unwrap();
    file.write_at(&vec![0; 64 << 20], 0).unwrap();
    file.sync().unwrap();
    let bytes = vec![7; GROUP_BYTES];
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < time {
        let at = (times.len() * GROUP_BYTES) as u64 % (64 << 20);
        let before = Instant::now();
        file.write_at(&bytes, at).unwrap();
        file.sync().unwrap();
        times.push(before.elapsed());
    }
    print("raw: write 8 KB over zeros, fdatasync", times.len(), start.elapsed(), times);
}

fn group() -> GroupBuf {
    let mut group = GroupBuf::new();
    for _ in 0..16 {
        group.push(&[7; GROUP_BYTES / 16]);
    }
    group
}

/// A closed loop with some groups in flight; the time is from append to durable.
fn journal(folder: &Arc<Folder>, in_flight: usize, time: Duration) {
    let name = format!("log-{in_flight}");
    let journal = FileJournal::open(folder, &name, FileConfig::default()).unwrap();
    let (tell, told) = channel();
    let tell = std::sync::Mutex::new(tell);
    let notify: Notify = Arc::new(move |notice| {
        if let Notice::Durable(lsn) = notice {
            let _ = tell.lock().unwrap().send((lsn, Instant::now()));
        }
    });
    let mut writer = journal.claim(notify).unwrap().writer;
    let group = group();
    let mut waiting = std::collections::VecDeque::new();
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < time || !waiting.is_empty() {
        while waiting.len() < in_flight && start.elapsed() < time {
            let before = Instant::now();
            waiting.push_back((writer.append(&group).unwrap().lsn_last, before));
        }
        if waiting.is_empty() {
            break;
        }
        let (durable, now) = told.recv().unwrap();
        while waiting.front().is_some_and(|(lsn, _)| *lsn <= durable) {
            times.extend(waiting.pop_front().map(|(_, before)| now - before));
        }
    }
    let took = start.elapsed();
    print(&format!("journal: 8 KB groups, {in_flight} in flight"), times.len(), took, times);
}

/// As much as goes in: the cost of an append for its caller, and the bytes a second.
fn burst(folder: &Arc<Folder>, time: Duration) {
    let journal = FileJournal::open(folder, "burst", FileConfig::default()).unwrap();
    let durable = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&durable);
    let notify: Notify = Arc::new(move |notice| {
        if let Notice::Durable(lsn) = notice {
            seen.store(lsn, Ordering::Release);
        }
    });
    let mut writer = journal.claim(notify).unwrap().writer;
    let group = group();
    let mut times = Vec::new();
    let start = Instant::now();
    let mut groups = 0usize;
    while start.elapsed() < time {
        let before = Instant::now();
        if writer.append(&group).is_err() || writer.backlog().bytes > 8 << 20 {
            writer.flush().unwrap();
        } else {
            times.push(before.elapsed());
        }
        groups = writer.durable_lsn() as usize / 16;
    }
    let took = start.elapsed();
    print("journal: append alone, 8 MB in flight", groups, took, times);
    let mb = groups as f64 * GROUP_BYTES as f64 / 1e6 / took.as_secs_f64();
    println!("{:44} {mb:10.0} MB/s", "journal: throughput");
    writer.close().unwrap();
}

fn open_again(folder: &Arc<Folder>) {
    let before = Instant::now();
    let journal = FileJournal::open(folder, "burst", FileConfig::default()).unwrap();
    let opened = before.elapsed();
    let claim = journal.claim(Arc::new(|_| {})).unwrap();
    let claimed = before.elapsed() - opened;
    let before = Instant::now();
    let mut reader = journal.read(journal.first_lsn()).unwrap();
    let mut bytes = 0;
    while let Some(group) = reader.next_group().unwrap() {
        bytes += group.body.len();
    }
    let read = before.elapsed().as_secs_f64();
    let rate = bytes as f64 / 1e6 / read;
    let (open, claim_ms) = (opened.as_secs_f64() * 1e3, claimed.as_secs_f64() * 1e3);
    println!("open {open:.1} ms, claim {claim_ms:.1} ms, read back {rate:.0} MB/s");
    drop(claim);
}
