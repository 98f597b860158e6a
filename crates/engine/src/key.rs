//! Keys: 13 bits of partition, 51 bits of counter, as clients of the Zeebe protocol expect
//! (partition 1 starts at 2251799813685249).

/// Identity of anything a client can name: instances, element instances, jobs, messages, …
pub type Key = i64;

/// Number of a partition, from 1. Tracking partitions start at 3,072.
pub type PartitionId = u16;

/// Number of a correlation slot, below [`SLOT_COUNT`].
pub type Slot = u16;

/// Slots are fixed for ever; only their owners move (engine-rules 6).
pub const SLOT_COUNT: u16 = 4096;

const COUNTER_BITS: u32 = 51;
const COUNTER_MASK: i64 = (1 << COUNTER_BITS) - 1;

/// Definition and deployment keys are issued by the meta journal under partition 1 from here on.
pub const META_COUNTER: i64 = 1 << 50;

/// Sizes of the blocks of consecutive keys that an instance takes, in turn.
pub const BLOCK_LENGTHS: [u32; 3] = [64, 512, 4096];

/// A later epoch starts its counter at the next multiple of this, so that a key that was shown
/// before it was durable is never issued again.
pub const EPOCH_STRIDE: i64 = 1 << 20;

/// Builds a key.
pub const fn key(partition: PartitionId, counter: i64) -> Key {
    ((partition as i64) << COUNTER_BITS) | (counter & COUNTER_MASK)
}

/// The partition that issued `key`.
pub const fn partition_of(key: Key) -> PartitionId {
    (key as u64 >> COUNTER_BITS) as PartitionId
}

/// The counter inside `key`.
pub const fn counter_of(key: Key) -> i64 {
    key & COUNTER_MASK
}

/// Where a message belongs: by correlation key; without one by message id, else by name.
pub fn slot_of(tenant: &str, correlation_key: &str, id: &str, name: &str) -> Slot {
    let chosen = [correlation_key, id, name].into_iter().find(|s| !s.is_empty()).unwrap_or("");
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(tenant.as_bytes());
    hasher.update(&[0]);
    hasher.update(chosen.as_bytes());
    (hasher.digest() % u64::from(SLOT_COUNT)) as Slot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_key_of_partition_one_is_what_clients_expect() {
        assert_eq!(key(1, 1), 2_251_799_813_685_249);
        assert_eq!(partition_of(key(8191, 77)), 8191);
        assert_eq!(counter_of(key(8191, 77)), 77);
    }

    #[test]
    fn a_message_without_key_routes_by_id_then_by_name() {
        assert_eq!(slot_of("t", "", "id", "name"), slot_of("t", "id", "", ""));
        assert_eq!(slot_of("t", "", "", "name"), slot_of("t", "name", "", ""));
        assert_ne!(slot_of("a", "k", "", ""), slot_of("b", "k", "", ""));
    }
}
