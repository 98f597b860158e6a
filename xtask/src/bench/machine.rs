//! The limits of the machine, measured in the same run: a figure without them compares disks.

use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

/// What one group of the journal typically is.
const SYNC_BYTES: usize = 8 * 1024;
const CHUNK_BYTES: usize = 1024 * 1024;

/// What the disk can do: a sync of 8 KB into zeros written ahead, and a long append.
#[derive(Debug)]
pub struct Disk {
    pub sync_p50_ms: f64,
    pub sync_p99_ms: f64,
    pub append_mb_s: f64,
}

impl Disk {
    /// Measures in a folder on the disk that the benchmarks use.
    pub fn measure(folder: &Path, quick: bool) -> Result<Disk, String> {
        let (syncs, megabytes) = if quick { (100, 64) } else { (1_000, 512) };
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        let path = folder.join("disk.tmp");
        let measured = Disk::run(&path, syncs, megabytes);
        let removed = std::fs::remove_file(&path);
        let disk = measured.map_err(|error| format!("{}: {error}", path.display()))?;
        removed.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(disk)
    }

    fn run(path: &Path, syncs: usize, megabytes: usize) -> std::io::Result<Disk> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        let zeros = vec![0; CHUNK_BYTES];
        for _ in 0..=(syncs * SYNC_BYTES / CHUNK_BYTES) {
            file.write_all(&zeros)?;
        }
        file.sync_all()?;
        file.seek(SeekFrom::Start(0))?;
        let mut times = Vec::with_capacity(syncs);
        for _ in 0..syncs {
            times.push(sync(&mut file)?);
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        let start = Instant::now();
        let ones = vec![1; CHUNK_BYTES];
        for _ in 0..megabytes {
            file.write_all(&ones)?;
        }
        file.sync_data()?;
        let append_mb_s = megabytes as f64 * 1.048_576 / start.elapsed().as_secs_f64();
        Ok(Disk { sync_p50_ms: at(0.5), sync_p99_ms: at(0.99), append_mb_s })
    }

    pub fn json(&self) -> Value {
        let numbers = [self.sync_p50_ms, self.sync_p99_ms, self.append_mb_s];
        let [p50, p99, append] = numbers.map(super::rounded);
        json!({ "sync_p50_ms": p50, "sync_p99_ms": p99, "append_mb_s": append })
    }
}

/// One write and its fdatasync, in milliseconds.
fn sync(file: &mut File) -> std::io::Result<f64> {
    let start = Instant::now();
    file.write_all(&[1; SYNC_BYTES])?;
    file.sync_data()?;
    Ok(start.elapsed().as_secs_f64() * 1_000.0)
}

/// The processor and its count: what a reader needs to place a figure, and nothing else.
pub fn hardware() -> Value {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    json!({ "processor": model, "cores": cores })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_measured_and_left_as_it_was() {
        let folder = std::env::temp_dir().join(format!("grevy-disk-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let disk = Disk::run(&folder.join("x"), 8, 2).unwrap();
        assert!(disk.sync_p99_ms >= disk.sync_p50_ms && disk.append_mb_s > 0.0);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
