//! Bytes that nobody wrote: every reader refuses them, none panics.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use journal::conformance::{Ledger, deaf};
use journal::fs::test::TestFs;
use journal::inspect::inspect;
use journal::record::{HEADER_BYTES, Header, Kind, decode, seal};
use journal::{BlobStore, CheckpointStore, FileConfig, FileJournal, Fold, Folder, GroupBuf};
use journal::{Journal, Rng};
use proptest::prelude::*;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

const CONFIG: FileConfig = FileConfig {
    segment_bytes: 4 << 10,
    first_segment_bytes: 2 << 10,
    mark_after: std::time::Duration::from_millis(50),
    threads: false,
};

fn folder(fs: &TestFs) -> Arc<Folder> {
    Folder::open_on(Arc::new(fs.clone()), "/data", 0).unwrap()
}

/// A record with a right checksum over any header and body: what no damage makes, but a bug may.
fn sealed(kind: u8, numbers: &[u64], frames: u32, body: &[u8]) -> Vec<u8> {
    let header = Header {
        kind: Kind::Group,
        epoch: numbers[0],
        writer: u128::from(numbers[1]),
        seq: numbers[2],
        lsn_first: numbers[3],
        n_frames: frames,
        durable_upto: numbers[4],
        prev_hash: numbers[5],
        schema: 0,
    };
    let mut bytes = vec![0; HEADER_BYTES];
    bytes.extend_from_slice(body);
    seal(&header, &mut bytes);
    bytes[3] = kind;
    let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..76]), &bytes[HEADER_BYTES..]);
    bytes[76..80].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..4u64, Just(u64::MAX), Just(u64::MAX / 2), any::<u64>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_record_of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(record) = decode(&bytes) {
            prop_assert_eq!(record.group().iter().count() as u32, record.header.n_frames);
        }
    }

    #[test]
    fn a_segment_of_any_records(
        records in proptest::collection::vec(
            (prop_oneof![1..5u8, 0..18u8], proptest::collection::vec(number(), 6), 0..4u32,
             proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40))),
            1..6),
        headless in any::<bool>(),
    ) {
        let fs = TestFs::new();
        let folder = folder(&fs);
        drop(FileJournal::open(&folder, "log", CONFIG).unwrap().claim(deaf()).unwrap());
        let path = fs.files().into_iter().rfind(|p| p.ends_with("segment-0000000001.log")).unwrap();
        let mut bytes = fs.bytes(&path).unwrap();
        // Head and start of the epoch.
        bytes.truncate(if headless { 0 } else { 112 + 80 });
        for (kind, numbers, frames, body) in &records {
            let whole = [1, 7].repeat(*frames as usize);
            let body = body.as_ref().unwrap_or(&whole);
            bytes.extend(sealed(*kind, numbers, *frames, body));
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
        fs.put(&path, &bytes);
        let report = inspect(&fs, path.parent().unwrap()).unwrap();
        prop_assert!(report.groups <= records.len() as u64);
        if let Ok(journal) = FileJournal::open(&folder, "log", CONFIG)
            && let Ok(claim) = journal.claim(deaf())
        {
            let mut reader = journal.read(journal.first_lsn()).unwrap();
            while let Ok(Some(group)) = reader.next_group() {
                prop_assert!(group.lsn_last() <= claim.tail);
            }
        }
    }

    #[test]
    fn a_group_of_any_frames(
        frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..40),
    ) {
        let fs = TestFs::new();
        let folder = folder(&fs);
        let journal = FileJournal::open(&folder, "log", CONFIG).unwrap();
        let mut writer = journal.claim(deaf()).unwrap().writer;
        let mut group = GroupBuf::new();
        frames.iter().for_each(|frame| group.push(frame));
        writer.append(&group).unwrap();
        writer.flush().unwrap();
        let mut reader = journal.read(1).unwrap();
        let found = reader.next_group().unwrap().unwrap();
        let found: Vec<_> = found.iter().map(|frame| frame.payload.to_vec()).collect();
        prop_assert_eq!(found, frames);
    }

    #[test]
    fn checkpoint_files_of_any_bytes(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        which in 0..3usize,
    ) {
        let fs = TestFs::new();
        let folder = folder(&fs);
        let store = CheckpointStore::open(&folder, "checkpoints", 2).unwrap();
        let blobs = BlobStore::create(&store).unwrap();
        blobs.put(1, b"blob").unwrap();
        blobs.freeze().unwrap();
        let mut draft = store.begin();
        draft.write("state", |out| out.write_all(b"state")).unwrap();
        draft.publish(Fold::default(), 0, 0, Some(&blobs)).unwrap();
        drop((blobs, store));
        let end = [".part", ".manifest", ".dat"][which];
        let file = fs.files().into_iter().rfind(|p| p.to_string_lossy().ends_with(end)).unwrap();
        fs.put(&file, &bytes);
        let store = CheckpointStore::open(&folder, "checkpoints", 2).unwrap();
        if let Some(checkpoint) = store.newest_valid().unwrap() {
            let mut state = Vec::new();
            checkpoint.read("state").unwrap().read_to_end(&mut state).unwrap();
            prop_assert_eq!(state, b"state");
            let blobs = BlobStore::open(&checkpoint).unwrap();
            if let Ok(found) = blobs.get(1) {
                prop_assert_eq!(found.unwrap(), b"blob");
            }
        }
    }
}

#[test]
fn a_group_as_large_as_allowed_comes_back() {
    let fs = TestFs::new();
    let folder = folder(&fs);
    let journal = FileJournal::open(&folder, "log", CONFIG).unwrap();
    let mut writer = journal.claim(deaf()).unwrap().writer;
    let mut group = GroupBuf::new();
    group.push(&vec![3; journal::limits::GROUP_BYTES_MAX - 4]);
    let mut ledger = Ledger::default();
    ledger.accepted(writer.append(&group).unwrap(), &group);
    let small = ledger.make(&mut Rng::new(1), 10);
    ledger.accepted(writer.append(&small).unwrap(), &small);
    ledger.durable(writer.flush().unwrap());
    ledger.check(&journal).unwrap();
}
