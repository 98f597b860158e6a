//! What to do where no cut holds, from the least to the most that is given away (Leemans 2017,
//! section 6.1.2). All of it keeps every trace possible; only the last, the flower, keeps nothing
//! else.

use super::cut;
use super::graph::Graph;
use super::miner::Miner;
use super::sublog::Sublog;
use crate::limits::CONCURRENT_ACTIVITIES_MAX;
use crate::log::Activity;

/// How a log goes on without a cut.
pub(super) enum Fall {
    /// These logs, mined alone, in parallel.
    Parallel(Sublog, Sublog),
    /// This log, mined, any number of times, but once.
    Repeat(Sublog),
    /// Anything, any number of times.
    Flower(Vec<Activity>),
}

pub(super) fn fall(log: &Sublog, graph: &Graph, miner: Miner<'_>) -> Fall {
    if let Some((one, rest)) = once_per_trace(log, graph) {
        return Fall::Parallel(one, rest);
    }
    if let Some((one, rest)) = concurrent(log, graph, miner) {
        return Fall::Parallel(one, rest);
    }
    let strict = |previous: Activity, next: Activity| {
        graph.ends[graph.node(previous)] > 0 && graph.starts[graph.node(next)] > 0
    };
    if let Some(rounds) = rounds(log, strict) {
        return Fall::Repeat(rounds);
    }
    let loose = |_: Activity, next: Activity| graph.starts[graph.node(next)] > 0;
    if let Some(rounds) = rounds(log, loose) {
        return Fall::Repeat(rounds);
    }
    Fall::Flower(graph.activities.clone())
}

/// An activity that is in every trace exactly once, beside all others.
fn once_per_trace(log: &Sublog, graph: &Graph) -> Option<(Sublog, Sublog)> {
    let mut once = vec![true; graph.len()];
    let mut seen = vec![0_u32; graph.len()];
    for (trace, _) in &log.traces {
        seen.fill(0);
        trace.iter().for_each(|activity| seen[graph.node(*activity)] += 1);
        once.iter_mut().zip(&seen).for_each(|(once, seen)| *once &= *seen == 1);
    }
    let found = once.iter().position(|once| *once)?;
    Some(beside(log, graph.activities[found]))
}

/// An activity without which the others can be cut; the rarest or the most
/// frequent such one.
fn concurrent(log: &Sublog, graph: &Graph, miner: Miner<'_>) -> Option<(Sublog, Sublog)> {
    let mut activities: Vec<(u64, Activity)> =
        log.activities().into_iter().map(|(activity, count)| (count, activity)).collect();
    if activities.len() < 3 || activities.len() > CONCURRENT_ACTIVITIES_MAX {
        return None;
    }
    activities.sort_unstable();
    if miner.frequent_first {
        activities.reverse();
    }
    let noise = miner.noise;
    let bridges = graph.bridges(log);
    let found = activities.into_iter().find(|(_, activity)| {
        let node = graph.node(*activity);
        let rest = graph.without(node, &bridges[node]);
        miner.spend(rest.len() * rest.len());
        cut::find(&rest, None).is_some()
            || (noise > 0.0 && cut::find(&rest.filtered(noise), None).is_some())
    });
    found.map(|(_, activity)| beside(log, activity))
}

fn beside(log: &Sublog, activity: Activity) -> (Sublog, Sublog) {
    (log.project(|a| a == activity), log.project(|a| a != activity))
}

/// The log with each trace split where `begins` says that a new round begins; `None` when no
/// trace is split.
fn rounds(log: &Sublog, begins: impl Fn(Activity, Activity) -> bool) -> Option<Sublog> {
    let mut split = false;
    let mut pieces: Vec<(Vec<Activity>, u64)> = Vec::new();
    for (trace, cases) in &log.traces {
        let mut piece: Vec<Activity> = Vec::new();
        for activity in trace {
            if piece.last().is_some_and(|previous| begins(*previous, *activity)) {
                pieces.push((std::mem::take(&mut piece), *cases));
                split = true;
            }
            piece.push(*activity);
        }
        pieces.push((piece, *cases));
    }
    split.then(|| Sublog::collect(pieces))
}
