//! How much the model allows beyond the log: escaping edges (Munoz-Gama and Carmona, "A fresh look
//! at precision in process conformance", 2010). After each prefix of the log that the model can
//! follow, what the model can do next is compared with what the log did next; each prefix counts
//! as often as cases go on from it. A prefix that the model cannot follow says nothing about what
//! it allows: that is a matter of fitness.

use std::collections::{BTreeMap, BTreeSet};

use super::align::Aligner;
use super::net::Net;
use crate::log::{Activity, Log};

/// 1 is: nothing but what was seen. For any net, by a search that may take long.
pub fn precision(log: &Log, net: &Net) -> f64 {
    let mut aligner = Aligner::new(net, log.activities.len());
    // By prefix: how many cases go on from it, and with what.
    let mut prefixes: BTreeMap<&[Activity], (u64, BTreeSet<Activity>)> = BTreeMap::new();
    for variant in &log.variants {
        for (length, next) in variant.trace.iter().enumerate() {
            let entry = prefixes.entry(&variant.trace[..length]).or_default();
            entry.0 += variant.cases;
            entry.1.insert(*next);
        }
    }
    let (mut allowed, mut escaping) = (0_u64, 0_u64);
    for (prefix, (cases, seen)) in &prefixes {
        let Some(enabled) = aligner.after(prefix) else { continue };
        let beyond = enabled.iter().filter(|label| !seen.contains(label)).count() as u64;
        allowed += enabled.len() as u64 * cases;
        escaping += beyond * cases;
    }
    match allowed {
        0 => 1.0,
        allowed => 1.0 - escaping as f64 / allowed as f64,
    }
}
