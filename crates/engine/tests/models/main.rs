//! Generated models against an oracle. The generator makes block-structured processes with every
//! element that the engine runs; the oracle knows from the blocks alone what must be open and what
//! the variables are after each step; state, replay and invariants are checked by the world.

#![allow(clippy::disallowed_methods, reason = "both cores, and seeds from outside")]

mod block;
mod drive;
mod explore;
mod histogram;
mod oracle;
#[path = "../support/mod.rs"]
mod support;
mod xml;

use drive::Variation;
use histogram::Histogram;

/// How many models a plain test run looks at.
const MODELS: u64 = 2_000;

fn models(seeds: std::ops::Range<u64>) -> Histogram {
    quiet();
    let mut histogram = Histogram::default();
    for seed in seeds {
        histogram.merge(drive::run(Variation::of(seed)));
    }
    histogram
}

/// Panics that a test injects are not worth a line each.
fn quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() != Some("an injected fault") {
                loud(info);
            }
        }));
    });
}

#[test]
fn two_thousand_models_do_what_the_oracle_says() {
    let half = std::thread::spawn(|| models(0..MODELS / 2));
    let mut histogram = models(MODELS / 2..MODELS);
    histogram.merge(half.join().expect("the first half passes"));
    histogram.print();
    assert_eq!(histogram.empty(), Vec::<String>::new());
}

/// Seeds of the lab that found something: work that was put off for ever, because taking it up
/// was all that a short step had room for.
#[test]
fn what_the_lab_found_stays_mended() {
    for seed in [3_034, 4_514] {
        models(seed..seed + 1);
    }
}

/// `cargo xtask lab models`: the seeds behind those of the plain test.
#[test]
#[ignore = "a lab run"]
fn lab() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let from = MODELS + number("GREVY_LAB_FROM").unwrap_or(0);
    let histogram = models(from..from + number("GREVY_LAB_ROUNDS").unwrap_or(1_000));
    for row in histogram::ROWS {
        for outcome in histogram::OUTCOMES {
            if histogram::reason(row, outcome).is_none() {
                println!("lab: {row}, {outcome:?} = {} times", histogram.count(row, outcome));
            }
        }
    }
}

/// `cargo xtask planted` plants a bug first; here it must be found.
#[test]
#[ignore = "a bug must be planted"]
fn planted() {
    std::panic::set_hook(Box::new(|_| {}));
    let found = (0..1_000).find(|seed| {
        let variation = Variation { faults: false, ..Variation::of(*seed) };
        std::panic::catch_unwind(|| drive::run(variation)).is_err()
    });
    match found {
        Some(seed) => println!("planted: found by model {seed}"),
        None => panic!("a thousand models found nothing"),
    }
}

#[test]
fn every_state_of_small_models_is_sound() {
    for (name, model) in explore::small() {
        let explored = explore::explore(name, &model);
        println!("{name}: {explored:?}");
        assert!(explored.ends > 0, "{name} never ends");
        assert!(explored.states > 8, "{name} has only {} states", explored.states);
    }
}

/// `GREVY_SEED=108 cargo test -p grevy-engine --test models one -- --ignored --nocapture`.
#[test]
#[ignore = "for looking into one model"]
fn one() {
    let seed = std::env::var("GREVY_SEED").ok().and_then(|text| text.parse().ok());
    models(seed.unwrap_or(0)..seed.unwrap_or(0) + 1).print();
}
