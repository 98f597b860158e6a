//! The cases, each on a fresh log.

use super::{Ledger, Subject, deaf, frames_of, listen};
use crate::limits::GROUP_BYTES_MAX;
use crate::{Error, GroupBuf, Journal, Lsn, Notice, Rng, Writer};
use std::sync::PoisonError;
use std::time::Duration;

type Case = fn(&mut dyn Subject) -> Result<(), String>;

pub(super) const CASES: &[(&str, Case)] = &[
    ("an empty log has nothing to read", empty),
    ("groups come back in order with their positions", order),
    ("what was flushed is there after a crash", survives),
    ("what was closed is there after a restart", closes),
    ("a later claim fences the writer before it", fences),
    ("each claim starts an epoch", epochs),
    ("a reader follows the durable end", follows),
    ("a read from within a group begins with that group", within),
    ("the fold at a position is the same for ever", folds),
    ("a trim drops whole pieces from the front only", trims),
    ("groups without frames or above the limit change nothing", limits),
    ("the owner is told in order what is durable", tells),
    ("many groups of many sizes come back", sizes),
    ("random use keeps every promise", random),
];

fn text<E: std::fmt::Display>(error: E) -> String {
    error.to_string()
}

fn ensure(holds: bool, expected: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("expected {expected}")) }
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, but {found:?}")) }
}

fn group(words: &[&str]) -> GroupBuf {
    let mut group = GroupBuf::new();
    for word in words {
        group.push(word.as_bytes());
    }
    group
}

/// Everything that can be read, as position and payload.
fn read(journal: &dyn Journal, from: Lsn) -> Result<Vec<(Lsn, String)>, String> {
    let mut reader = journal.read(from).map_err(text)?;
    let mut found = Vec::new();
    while let Some(group) = reader.next_group().map_err(text)? {
        let frames = group.iter();
        found.extend(frames.map(|f| (f.lsn, String::from_utf8_lossy(f.payload).into_owned())));
    }
    Ok(found)
}

fn words(found: &[(Lsn, String)]) -> Vec<(Lsn, &str)> {
    found.iter().map(|(lsn, word)| (*lsn, word.as_str())).collect()
}

fn put(writer: &mut dyn Writer, frames: &[&str]) -> Result<Lsn, String> {
    writer.append(&group(frames)).map_err(text)?;
    writer.flush().map_err(text)
}

fn empty(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    same(journal.durable_lsn(), 0)?;
    same(journal.first_lsn(), 1)?;
    same(read(journal.as_ref(), 1)?, Vec::new())?;
    let claim = journal.claim(deaf()).map_err(text)?;
    same((claim.epoch, claim.tail), (1, 0))?;
    same(read(journal.as_ref(), 1)?, Vec::new())
}

fn order(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    let one = writer.append(&group(&["a", "b"])).map_err(text)?;
    same((one.seq, one.lsn_first, one.lsn_last), (1, 1, 2))?;
    let two = writer.append(&group(&[""])).map_err(text)?;
    same((two.seq, two.lsn_first, two.lsn_last), (2, 3, 3))?;
    same(writer.flush().map_err(text)?, 3)?;
    same(words(&read(journal.as_ref(), 1)?), vec![(1, "a"), (2, "b"), (3, "")])?;
    same(writer.backlog().groups, 0)
}

fn survives(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    put(writer.as_mut(), &["kept"])?;
    drop((writer, journal));
    subject.reopen().map_err(text)?;
    let journal = subject.journal();
    let claim = journal.claim(deaf()).map_err(text)?;
    same((claim.epoch, claim.tail), (2, 1))?;
    same(words(&read(journal.as_ref(), 1)?), vec![(1, "kept")])
}

fn closes(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    writer.append(&group(&["a", "b"])).map_err(text)?;
    same(writer.close().map_err(text)?, 2)?;
    drop(journal);
    subject.reopen().map_err(text)?;
    let journal = subject.journal();
    same(journal.claim(deaf()).map_err(text)?.tail, 2)?;
    same(words(&read(journal.as_ref(), 1)?), vec![(1, "a"), (2, "b")])
}

fn fences(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut old = journal.claim(deaf()).map_err(text)?.writer;
    put(old.as_mut(), &["old"])?;
    let mut new = journal.claim(deaf()).map_err(text)?;
    same((new.epoch, new.tail), (2, 1))?;
    let refused = old.append(&group(&["late"])).and_then(|_| old.flush());
    let told = matches!(&refused, Err(Error::Fenced { epoch: 1, .. }));
    ensure(told, "the old writer to learn that it is fenced")?;
    put(new.writer.as_mut(), &["new"])?;
    drop(old);
    same(words(&read(journal.as_ref(), 1)?), vec![(1, "old"), (2, "new")])
}

fn epochs(subject: &mut dyn Subject) -> Result<(), String> {
    for epoch in 1..=4u64 {
        let journal = subject.journal();
        let mut claim = journal.claim(deaf()).map_err(text)?;
        same((claim.epoch, claim.writer.epoch()), (epoch, epoch))?;
        if epoch != 2 {
            put(claim.writer.as_mut(), &["x"])?;
        }
        drop((claim, journal));
        subject.reopen().map_err(text)?;
    }
    let journal = subject.journal();
    drop(journal.claim(deaf()).map_err(text)?);
    let mut reader = journal.read(1).map_err(text)?;
    let mut found = Vec::new();
    while let Some(group) = reader.next_group().map_err(text)? {
        found.push((group.epoch, group.seq, group.lsn_first));
    }
    same(found, vec![(1, 1, 1), (3, 1, 2), (4, 1, 3)])
}

fn follows(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    let mut reader = journal.read(1).map_err(text)?;
    for round in 0..50u64 {
        same(reader.next_group().map_err(text)?.map(|g| g.lsn_first), None)?;
        same(reader.position(), 2 * round + 1)?;
        put(writer.as_mut(), &["a", "b"])?;
        same(journal.wait_durable(2 * round, Duration::from_secs(10)), 2 * round + 2)?;
        let found = reader.next_group().map_err(text)?.map(|g| (g.lsn_first, g.lsn_last()));
        same(found, Some((2 * round + 1, 2 * round + 2)))?;
    }
    Ok(())
}

fn within(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    put(writer.as_mut(), &["a"])?;
    put(writer.as_mut(), &["b", "c", "d"])?;
    put(writer.as_mut(), &["e"])?;
    let found = read(journal.as_ref(), 3)?;
    same(words(&found), vec![(2, "b"), (3, "c"), (4, "d"), (5, "e")])?;
    same(read(journal.as_ref(), 6)?, Vec::new())
}

fn folds(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    put(writer.as_mut(), &["a", "b"])?;
    put(writer.as_mut(), &["c"])?;
    let fold = journal.fold_at(2).map_err(text)?;
    same((fold.lsn, fold.epoch, fold.seq), (2, 1, 1))?;
    for nowhere in [1, 4] {
        same(journal.fold_at(nowhere).err().map(|e| e.code()), Some("JOURNAL_MISUSE"))?;
    }
    drop((writer, journal));
    subject.reopen().map_err(text)?;
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    put(writer.as_mut(), &["d"])?;
    same(journal.fold_at(2).map_err(text)?, fold)?;
    same(journal.fold_at(0).map_err(text)?.lsn, 0)?;
    let last = journal.fold_at(4).map_err(text)?;
    same((last.epoch, last.seq), (2, 1))
}

fn trims(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    let long = "x".repeat(700);
    for _ in 0..100 {
        put(writer.as_mut(), &[&long])?;
    }
    let first = journal.trim(60).map_err(text)?;
    ensure(first <= 61, "nothing beyond the position to be trimmed")?;
    same(journal.first_lsn(), first)?;
    same(read(journal.as_ref(), first)?.len() as u64, 101 - first)?;
    if first > 1 {
        let asked = journal.read(first - 1).err().map(|e| e.code());
        same(asked, Some("JOURNAL_TRIMMED"))?;
    }
    put(writer.as_mut(), &["after"])?;
    drop((writer, journal));
    subject.reopen().map_err(text)?;
    let journal = subject.journal();
    same(journal.claim(deaf()).map_err(text)?.tail, 101)?;
    ensure(journal.first_lsn() <= first, "no more to be gone than was trimmed")?;
    ensure(journal.trim(1_000_000).map_err(text)? <= 102, "only what is durable to be trimmed")
}

fn limits(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    let none = writer.append(&GroupBuf::new()).err().map(|e| e.code());
    same(none, Some("JOURNAL_MISUSE"))?;
    let mut big = GroupBuf::new();
    big.push_with(|out| out.resize(GROUP_BYTES_MAX, 1));
    let large = writer.append(&big).err().map(|e| e.code());
    same(large, Some("JOURNAL_TOO_LARGE"))?;
    put(writer.as_mut(), &["small"])?;
    same(words(&read(journal.as_ref(), 1)?), vec![(1, "small")])
}

fn tells(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let (notify, heard) = listen();
    let mut writer = journal.claim(notify).map_err(text)?.writer;
    for _ in 0..20 {
        writer.append(&group(&["x"])).map_err(text)?;
    }
    writer.flush().map_err(text)?;
    // Ends the writer, so that all it had to tell is told.
    writer.close().map_err(text)?;
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    let mut last = 0;
    for notice in heard.iter() {
        match notice {
            Notice::Durable(lsn) if *lsn >= last => last = *lsn,
            other => return Err(format!("expected durable after {last}, but {other:?}")),
        }
    }
    same(last, 20)
}

fn sizes(subject: &mut dyn Subject) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    let mut rng = Rng::new(7);
    let mut ledger = Ledger::default();
    for size in [1, 7, 8, 9, 511, 512, 513, 4096, 20_000, 100_000, 1, 300_000, 2, 3, 1_000_000] {
        let group = ledger.make(&mut rng, size);
        let append = writer.append(&group).map_err(text)?;
        same(append.lsn_last - append.lsn_first + 1, frames_of(&group).len() as u64)?;
        ledger.accepted(append, &group);
    }
    ledger.durable(writer.flush().map_err(text)?);
    ledger.check(journal.as_ref())
}

/// Appends, flushes, crashes, claims, trims and reads at random.
fn random(subject: &mut dyn Subject) -> Result<(), String> {
    for seed in 0..10 {
        let mut rng = Rng::new(seed);
        let mut ledger = Ledger::default();
        let journal = subject.journal();
        ledger.trimmed(journal.durable_lsn());
        journal.trim(journal.durable_lsn()).map_err(text)?;
        drop(journal);
        adopt(subject, &mut ledger)?;
        for _ in 0..10 {
            one_life(subject, &mut rng, &mut ledger)?;
            if rng.chance(50) {
                subject.reopen().map_err(text)?;
            }
        }
    }
    Ok(())
}

/// Takes what former rounds left for given.
fn adopt(subject: &mut dyn Subject, ledger: &mut Ledger) -> Result<(), String> {
    let journal = subject.journal();
    let claim = journal.claim(deaf()).map_err(text)?;
    let mut reader = journal.read(journal.first_lsn()).map_err(text)?;
    while let Some(found) = reader.next_group().map_err(text)? {
        let mut group = GroupBuf::new();
        found.iter().for_each(|frame| group.push(frame.payload));
        let (lsn_first, lsn_last) = (found.lsn_first, found.lsn_last());
        ledger.accepted(crate::Append { seq: found.seq, lsn_first, lsn_last }, &group);
    }
    ledger.durable(claim.tail);
    Ok(())
}

fn one_life(subject: &mut dyn Subject, rng: &mut Rng, ledger: &mut Ledger) -> Result<(), String> {
    let journal = subject.journal();
    let mut writer = journal.claim(deaf()).map_err(text)?.writer;
    ledger.check(journal.as_ref())?;
    for _ in 0..rng.below(30) {
        match rng.below(10) {
            0 => {
                let upto = rng.below(ledger.last_durable() + 1);
                ledger.trimmed(upto);
                journal.trim(upto).map_err(text)?;
            }
            1 | 2 => ledger.durable(writer.flush().map_err(text)?),
            _ => {
                let group = ledger.make(rng, 2000);
                let append = writer.append(&group).map_err(text)?;
                ledger.accepted(append, &group);
            }
        }
        ledger.durable(journal.durable_lsn());
    }
    if rng.chance(30) {
        ledger.durable(writer.close().map_err(text)?);
    }
    Ok(())
}
