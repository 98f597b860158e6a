//! Files of the log and of checkpoints with any content: a record is whole or invalid, a folder is
//! reported on, and opening it ends with a log or an error.
#![no_main]

use journal::fs::test::TestFs;
use journal::record::{self, HEADER_BYTES, Header, Kind};
use journal::{CheckpointStore, Fold, Folder};
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::sync::Arc;

type Numbers = (u64, u64, u64, u64, u32, bool);

/// A record with a right checksum, so that what lies behind the checksum is reached.
fn sealed(numbers: Numbers, body: &[u8]) -> Vec<u8> {
    let (epoch, seq, lsn_first, durable_upto, n_frames, start) = numbers;
    let kind = if start { Kind::EpochStart } else { Kind::Group };
    let header = Header {
        kind,
        epoch,
        writer: 7,
        seq,
        lsn_first,
        n_frames,
        durable_upto,
        prev_hash: seq,
        schema: 1,
    };
    let mut bytes = vec![0; HEADER_BYTES];
    bytes.extend_from_slice(body);
    record::seal(&header, &mut bytes);
    bytes
}

fuzz_target!(|input: (Vec<(Numbers, Vec<u8>)>, &[u8], &str)| {
    let (records, bytes, manifest) = input;
    let _ = record::decode(bytes).map(|found| found.group().iter().count());
    let mut file = Vec::new();
    let mut fold = Fold::default();
    for (numbers, body) in records {
        let record = sealed(numbers, &body);
        if let Ok(found) = record::decode(&record) {
            fold.step(&found);
            found.group().iter().for_each(|frame| assert!(frame.payload.len() <= body.len()));
        }
        file.extend_from_slice(&record);
        file.resize(file.len().next_multiple_of(record::ALIGN), 0);
    }
    file.extend_from_slice(bytes);
    let fs = TestFs::new();
    let Ok(folder) = Folder::open_on(Arc::new(fs.clone()), "/data", 0) else { return };
    let Ok(dir) = folder.dir("log") else { return };
    fs.put(&dir.join("segment-0000000001.log"), &file);
    let _ = journal::inspect::inspect(&fs, &dir);
    let Ok(dir) = folder.dir("checkpoints") else { return };
    // A manifest counts only with the right sum at its end, as any program can write it.
    let sum = format!("{manifest}crc {:08x}\n", crc(manifest.as_bytes()));
    fs.put(&dir.join("0000000001.manifest"), sum.as_bytes());
    fs.put(&dir.join("0000000001-tables.part"), bytes);
    if let Ok(store) = CheckpointStore::open(&folder, "checkpoints", 2) {
        let _ = store.newest_valid();
    }
    let _ = journal::inspect::verify(&fs, Path::new("/data/log"));
});

/// CRC-32C, bit by bit: the fuzzed crate's own is not part of its interface.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
