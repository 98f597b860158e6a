//! Any order of arrival and any duplicates give what the same events in order give, above the fold
//! too.

use super::*;

/// Opens, works and checks in turns with a deadline on each check, and closes.
const WORK: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">
  <process id="order-tracking" isExecutable="true">
    <extensionElements><zeebe:properties><zeebe:property name="deadline" value="PT2H"/>
    </zeebe:properties></extensionElements>
    <startEvent id="s"/><sequenceFlow id="f0" sourceRef="s" targetRef="o"/>
    <task id="o" name="Open"/><sequenceFlow id="f1" sourceRef="o" targetRef="x"/>
    <exclusiveGateway id="x"/><sequenceFlow id="f2" sourceRef="x" targetRef="w"/>
    <task id="w" name="Work"/><sequenceFlow id="f3" sourceRef="w" targetRef="k"/>
    <task id="k" name="Check"><extensionElements><zeebe:properties>
      <zeebe:property name="deadline" value="PT5M"/></zeebe:properties></extensionElements></task>
    <sequenceFlow id="f4" sourceRef="k" targetRef="y"/>
    <exclusiveGateway id="y"/><sequenceFlow id="f5" sourceRef="y" targetRef="x"/>
    <sequenceFlow id="f6" sourceRef="y" targetRef="c"/>
    <task id="c" name="Close"/><sequenceFlow id="f7" sourceRef="c" targetRef="e"/>
    <endEvent id="e"/></process></definitions>"#;

const MINUTE: i64 = 60_000;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn shuffle<T>(&mut self, of: &mut [T]) {
        (1..of.len()).rev().for_each(|at| of.swap(at, self.below(at + 1)));
    }
}

/// A long case with some deviations, in order.
fn work(world: &mut World, dice: &mut Dice) -> Vec<Observed> {
    let mut kinds = vec!["Open"];
    for _ in 0..[10, 30, 60, 120][dice.below(4)] {
        kinds.extend(match dice.below(200) {
            0 | 1 => &["Work"][..],
            2 | 3 => &["Check"][..],
            4 => &["Work", "Work", "Check"],
            5 => &["Work", "Odd", "Check"],
            6 => &["Open", "Work", "Check"],
            _ => &["Work", "Check"],
        });
    }
    if dice.below(5) > 0 {
        kinds.push("Close");
    }
    let mut at = 0;
    let mut each = |kind: &&str| {
        at += if dice.below(60) == 0 { 8 * MINUTE } else { MINUTE };
        world.record("a", kind, at)
    };
    kinds.iter().map(&mut each).collect()
}

/// All that is known of the case, by name, but for the order in which it came to be known.
fn known(world: &World) -> String {
    let (key, case) = world.state.find("order-tracking", "a").expect("the case");
    let name = |kind: &u32| world.state.kind_name(case.version, *kind).to_owned();
    let mut lines: Vec<String> = case
        .findings
        .iter()
        .map(|f| {
            let expected: Vec<String> = f.expected.iter().map(name).collect();
            format!("{:>9} {} {} of {expected:?}", f.at_ms, f.kind.name(), name(&f.step))
        })
        .collect();
    lines.sort();
    let mut deadlines = case.deadlines.clone();
    deadlines.sort_by_key(|due| (due.number, due.due_ms));
    lines.push(format!("{:?} since {}", case.status, case.status_since_ms));
    lines.push(format!("{} steps, first {:?}", case.steps(), case.first().map(|e| e.time_ms)));
    lines.push(format!("{:?}", deadlines));
    let mut analysis = world.state.analyse(key).expect("a case");
    analysis.findings.clear();
    analysis.overdue.clear();
    analysis.next.sort();
    lines.push(format!("{:?} {:?} {}", analysis.marking, analysis.waiting, analysis.may_end));
    lines.join("\n")
}

fn open_world() -> World {
    World::with(|publish| {
        publish.bpmn = Arc::from(WORK.as_bytes());
        publish.known.clear();
    })
}

/// The same records at places of their own, some of them twice, in these batches.
fn arrive(records: Vec<Observed>, batch: usize, now: i64, ticks: bool) -> World {
    let mut world = open_world();
    world.now = now;
    let placed: Vec<Observed> = (0..)
        .zip(records)
        .map(|(offset, record)| Observed {
            position: Position { partition: 0, offset },
            arrival_ms: now,
            ..record
        })
        .collect();
    for records in placed.chunks(batch) {
        world.send(records.to_vec());
        if ticks {
            world.run(Command::Tick);
        }
    }
    world.check_replay();
    world.run(Command::Tick);
    world
}

#[test]
fn any_order_of_arrival_of_a_long_case_gives_what_order_gives() {
    let mut wrong = Vec::new();
    for seed in 1..=16_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let records = work(&mut open_world(), &mut dice);
        // Before anything is due, and when everything is long over.
        let (now, ticks) = [(0, false), (1_000 * HOUR, false), (1_000 * HOUR, true)][dice.below(3)];
        let in_order = known(&arrive(records.clone(), 1, now, ticks));
        let mut late = records.clone();
        for _ in 0..dice.below(6) {
            let from = dice.below(late.len());
            let record = late.remove(from);
            late.insert((from + 1 + dice.below(60)).min(late.len()), record);
        }
        let mut shuffled = records.clone();
        dice.shuffle(&mut shuffled);
        for (how, mut records) in [("late", late), ("shuffled", shuffled), ("whole", records)] {
            for _ in 0..dice.below(20) {
                let again = records[dice.below(records.len())].clone();
                records.insert(dice.below(records.len()), again);
            }
            let batch = [1, 7, 400][dice.below(3)];
            let have = known(&arrive(records, batch, now, ticks));
            if have != in_order {
                wrong.push(format!(
                    "seed {seed}, {how} by {batch}, ticks {ticks}:\n{have}\nin order:\n{in_order}\n"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ, as\n{}",
        wrong.len(),
        wrong[..wrong.len().min(3)].join("\n")
    );
}

#[test]
fn a_file_is_judged_as_the_machine_judges_its_records() {
    for seed in 1..=30_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let records = work(&mut open_world(), &mut dice);
        let mut log = crate::log::LogBuilder::default();
        for record in &records {
            let Reading::Event(event) = &record.reading else { unreachable!("an event") };
            log.observe(event).expect("room");
        }
        let log = log.finish();
        let world = arrive(records, 400, 1_000 * HOUR, false);
        let kept = crate::stats::kept(&world.state, None);
        let version = &world.state.versions[0];
        let compiled = version.compiled().expect("a model");
        let (chart, mut aligner) = (compiled.chart(), compiled.chart().aligner(&log));
        let found = crate::stats::deviations(chart, &log, 1_000 * HOUR, &mut aligner);
        let names = |found: &crate::stats::Deviations| {
            let mut names: Vec<_> =
                found.findings.iter().map(|f| (f.kind.clone(), f.step.clone(), f.cases)).collect();
            names.sort();
            names
        };
        assert_eq!(names(&found), names(&kept), "seed {seed}");
    }
}

/// The work of a late event is that of how late it is.
#[test]
fn a_late_event_of_a_long_case_lays_no_more_than_what_is_behind_it() {
    let mut world = open_world();
    let mut kinds = vec!["Open"];
    kinds.extend((0..2_000).flat_map(|_| ["Work", "Check"]));
    let each = kinds.iter().zip(0..);
    let mut records: Vec<Observed> =
        each.map(|(kind, at)| world.record("a", kind, at * MINUTE)).collect();
    let late = records.remove(3_900);
    for records in records.chunks(400) {
        world.send(records.to_vec());
    }
    world.events.clear();
    assert_eq!(
        world.send(vec![Observed { position: Position { partition: 0, offset: 9_000 }, ..late }]),
        [Verdict::Moved]
    );
    let laid = world.events.iter().find_map(|event| match event {
        Event::Settled { from, folds, .. } => Some((*from, folds.len())),
        _ => None,
    });
    let (from, folds) = laid.expect("it is laid anew");
    assert!((3_800..3_900).contains(&from) && folds < 10, "from {from}, {folds} folds");
    assert_eq!(world.findings("a"), ["too late Check"], "of the whole");
}

/// A batch of late events lays its case once.
#[test]
fn events_that_come_backwards_are_laid_once_a_command() {
    let mut world = open_world();
    let mut kinds = vec!["Open"];
    kinds.extend((0..1_500).flat_map(|_| ["Work", "Check"]));
    let mut at = 0;
    let mut records: Vec<Observed> = kinds
        .iter()
        .map(|kind| {
            at += MINUTE;
            world.record("a", kind, at)
        })
        .collect();
    records[1..].reverse();
    for (records, offset) in records.chunks(500).zip((10_000..).step_by(500)) {
        let place = |(record, offset): (&Observed, u64)| Observed {
            position: Position { partition: 0, offset },
            ..record.clone()
        };
        world.send(records.iter().zip(offset..).map(place).collect());
    }
    let laid: usize = world
        .events
        .iter()
        .map(|event| match event {
            Event::Settled { folds, .. } => folds.len(),
            _ => 0,
        })
        .sum();
    assert!(laid < 7 * 3_001 / 24, "{laid} folds");
    world.check_replay();
}
