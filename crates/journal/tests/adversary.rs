//! A log on a broker and a network that cannot be trusted: several nodes claim and append at
//! once; what any of them was told to be durable is in the one history, after the same past.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use journal::adversary::{Broker, BrokerJournal, BrokerSubject, Mischief};
use journal::conformance::{deaf, run, seeds};
use journal::protocol::Mutation;
use journal::{GroupBuf, Journal, Rng, Writer};
use std::sync::{Arc, Mutex};

#[test]
fn a_well_behaved_broker_passes_the_suite() {
    run(&|| Box::new(BrokerSubject::new(1, Mischief::default())));
}

struct Node {
    journal: BrokerJournal,
    writer: Option<Box<dyn Writer>>,
    /// In a long pause, as a stopped process or a long collection of garbage.
    paused: bool,
}

/// What a run came to: groups acknowledged, records of no history, the verdict.
struct Outcome {
    acked: usize,
    ignored: usize,
    verdict: Result<(), String>,
}

fn schedule(seed: u64, mutation: Mutation) -> Outcome {
    let broker = Arc::new(Mutex::new(Broker::new(seed, Mischief::all())));
    let mut rng = Rng::new(seed);
    let mut nodes: Vec<Node> = (0..3)
        .map(|_| Node {
            journal: BrokerJournal::new(&broker).mutated(mutation),
            writer: None,
            paused: false,
        })
        .collect();
    let mut made = 0u64;
    for _ in 0..120 {
        let node = &mut nodes[rng.below(3) as usize];
        match rng.below(100) {
            0..2 => node.writer = None,
            2..6 => node.paused = !node.paused,
            6..30 => broker.lock().unwrap().step(),
            _ if node.paused => {}
            _ => turn(node, &mut made, &mut rng),
        }
    }
    let mut broker = broker.lock().unwrap();
    broker.drain();
    let history = broker.history();
    let acked: Vec<_> = nodes.iter().flat_map(|node| node.journal.acked()).collect();
    let missing = acked.iter().find(|acked| !history.contains(&(acked.lsn, acked.hash)));
    let verdict = missing.map_or(Ok(()), |acked| Err(format!("{acked:?} is in no history")));
    Outcome { acked: acked.len(), ignored: broker.ignored(), verdict }
}

fn turn(node: &mut Node, made: &mut u64, rng: &mut Rng) {
    let Some(writer) = &mut node.writer else {
        node.writer = node.journal.claim(deaf()).ok().map(|claim| claim.writer);
        return;
    };
    *made += 1;
    let mut group = GroupBuf::new();
    (0..1 + rng.below(3)).for_each(|_| group.push(&made.to_le_bytes()));
    let waits = writer.backlog().groups > 3 || rng.chance(20);
    let dead = if waits { writer.flush().is_err() } else { writer.append(&group).is_err() };
    if dead {
        node.writer = None;
    }
}

/// Runs some schedules: groups acknowledged, records ignored, and the schedules that went wrong.
fn run_all(seeds: u64, mutation: Mutation) -> (usize, usize, Vec<String>) {
    let (mut acked, mut ignored, mut bad) = (0, 0, Vec::new());
    for seed in 0..seeds {
        let outcome = schedule(seed, mutation);
        acked += outcome.acked;
        ignored += outcome.ignored;
        bad.extend(outcome.verdict.err().map(|e| format!("seed {seed}: {e}")));
    }
    (acked, ignored, bad)
}

#[test]
fn nothing_acknowledged_is_lost_or_rests_on_another_past() {
    let (acked, ignored, bad) = run_all(seeds(500), Mutation::Intact);
    println!("{acked} acknowledged, {ignored} records ignored");
    assert!(acked > 2_000, "expected the runs to acknowledge something, but {acked}");
    assert!(ignored > 2_000, "expected the adversary to do harm, but {ignored} were ignored");
    assert_eq!(bad, [""; 0]);
}

#[test]
fn each_rule_left_out_is_noticed() {
    for mutation in [Mutation::AnyOffset, Mutation::NoLook, Mutation::AnyOrder] {
        let (_, _, bad) = run_all(100, mutation);
        assert!(!bad.is_empty(), "{mutation:?} is not noticed");
    }
}

#[test]
fn the_owner_reads_what_it_was_told_and_what_it_claimed() {
    for seed in 0..50 {
        let broker = Arc::new(Mutex::new(Broker::new(seed, Mischief::all())));
        let mut told: Vec<(u64, Vec<u8>)> = Vec::new();
        for round in 0..10u64 {
            let journal = BrokerJournal::new(&broker);
            let Ok(claim) = journal.claim(deaf()) else { continue };
            let mut reader = journal.read(1).unwrap();
            let mut found = Vec::new();
            while let Some(group) = reader.next_group().unwrap() {
                found.extend(group.iter().map(|f| (f.lsn, f.payload.to_vec())));
            }
            assert_eq!(found.len() as u64, claim.tail);
            assert!(found.starts_with(&told), "seed {seed}, round {round}");
            told = found;
            let mut writer = claim.writer;
            for n in 0..5u64 {
                let mut group = GroupBuf::new();
                group.push(&(round * 10 + n).to_le_bytes());
                let Ok(append) = writer.append(&group) else { break };
                if writer.flush().is_err() {
                    break;
                }
                told.push((append.lsn_first, (round * 10 + n).to_le_bytes().to_vec()));
            }
        }
    }
}
