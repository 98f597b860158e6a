//! What an evaluation may know of the world: nothing that is not passed in.

use value::Zone;

/// The injected sources of `now()`, `today()`, `uuid()` and `random number()`. The same values
/// give the same results, on every machine and in every replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Env {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub now_ms: i64,
    /// The seed of random values.
    pub seed: u64,
    /// The zone in which `now()` and `today()` are given.
    pub zone: Zone,
    /// Operations that one evaluation may take, at most [`crate::limits::FUEL_MAX`].
    pub fuel: u64,
}

impl Env {
    /// That time and seed, in UTC, with all the fuel there is.
    pub fn new(now_ms: i64, seed: u64) -> Env {
        Env { now_ms, seed, zone: Zone::UTC, fuel: crate::limits::FUEL_MAX }
    }
}

/// A small generator (splitmix64): every value depends on the seed and on how many came before.
pub(crate) fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
