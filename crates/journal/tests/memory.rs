//! The memory log where it differs from the others: held groups and failing writers.
#![allow(clippy::unwrap_used, reason = "the panic of a test is its report")]

use journal::{Error, GroupBuf, Journal, MemoryJournal, Notice, Notify};
use std::sync::{Arc, Mutex, PoisonError};

fn group(text: &str) -> GroupBuf {
    let mut group = GroupBuf::new();
    for word in text.split(' ') {
        group.push(word.as_bytes());
    }
    group
}

fn listen() -> (Notify, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    let notify: Notify = Arc::new(move |notice| {
        let line = match notice {
            Notice::Durable(lsn) => format!("durable {lsn}"),
            Notice::Full => "full".to_owned(),
            Notice::Room => "room".to_owned(),
            Notice::Failed(error) => error.code().to_owned(),
        };
        ear.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    });
    (notify, heard)
}

fn heard(log: &Arc<Mutex<Vec<String>>>) -> Vec<String> {
    std::mem::take(&mut *log.lock().unwrap())
}

#[test]
fn a_held_group_is_neither_durable_nor_readable_until_released() {
    let log = MemoryJournal::held();
    let (notify, told) = listen();
    let mut writer = log.claim(notify).unwrap().writer;
    assert_eq!(writer.append(&group("a b c")).unwrap().lsn_last, 3);
    assert_eq!(writer.append(&group("d")).unwrap().lsn_last, 4);
    let mut reader = log.read(1).unwrap();
    assert_eq!(reader.next_group().unwrap(), None);
    assert_eq!(writer.backlog().groups, 2);

    log.release(3);
    assert_eq!(heard(&told), ["durable 3"]);
    assert_eq!(reader.next_group().unwrap().unwrap().lsn_last(), 3);
    assert_eq!(reader.next_group().unwrap(), None);
    assert_eq!(writer.flush().unwrap(), 4);
    assert_eq!(reader.next_group().unwrap().unwrap().iter().next().unwrap().payload, b"d");
    assert_eq!(writer.backlog().groups, 0);
}

#[test]
fn a_failed_writer_is_dead_and_the_next_epoch_builds_on_what_was_durable() {
    let log = MemoryJournal::held();
    let (notify, told) = listen();
    let mut first = log.claim(notify.clone()).unwrap();
    first.writer.append(&group("a")).unwrap();
    log.release(1);
    first.writer.append(&group("lost")).unwrap();
    log.fail();
    assert_eq!(heard(&told), ["durable 1", "JOURNAL_FAILED"]);
    assert!(matches!(first.writer.append(&group("b")), Err(Error::Failed { .. })));

    let mut second = log.claim(notify).unwrap();
    assert_eq!((second.epoch, second.tail), (2, 1));
    assert!(matches!(first.writer.append(&group("b")), Err(Error::Fenced { epoch: 1, .. })));
    assert_eq!(second.writer.append(&group("b")).unwrap().lsn_first, 2);
}
