//! A log on a broker that does what brokers and networks do: records land late, twice, never,
//! torn, in another order, after their writer was fenced; responses get lost. From one seed.
//!
//! Its [`Journal`] keeps every promise nevertheless, by the rules of [`crate::Fold`] and
//! [`crate::protocol`]. Time passes in [`Broker::step`], in `append` and in `flush`.

mod broker;
mod writer;

pub use broker::{Broker, Mischief};
pub use writer::Acked;

use crate::conformance::Subject;
use crate::log::{Claim, Journal, Lsn, Notify, Reader, no_fold_at};
use crate::progress::{Progress, lock};
use crate::protocol::Mutation;
use crate::record;
use crate::{Error, Fold, Group};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use writer::BrokerWriter;

/// How often a claim is tried before it gives up.
const CLAIMS: usize = 200;

/// One node's view of the log.
#[derive(Clone, Debug)]
pub struct BrokerJournal {
    broker: Arc<Mutex<Broker>>,
    progress: Arc<Progress>,
    mutation: Mutation,
    acked: Arc<Mutex<Vec<Acked>>>,
}

impl BrokerJournal {
    /// A node at a broker.
    pub fn new(broker: &Arc<Mutex<Broker>>) -> BrokerJournal {
        let durable = lock(broker).fold().lsn;
        let progress = Progress::default();
        progress.advance(durable);
        BrokerJournal {
            broker: Arc::clone(broker),
            progress: Arc::new(progress),
            mutation: Mutation::Intact,
            acked: Arc::default(),
        }
    }

    /// A node that leaves a rule out.
    #[must_use]
    pub fn mutated(mut self, mutation: Mutation) -> BrokerJournal {
        self.mutation = mutation;
        self
    }

    /// What was said to be durable by writers of this node, with the history it rested on.
    pub fn acked(&self) -> Vec<Acked> {
        lock(&self.acked).clone()
    }

    /// The broker.
    pub fn broker(&self) -> &Arc<Mutex<Broker>> {
        &self.broker
    }
}

impl Journal for BrokerJournal {
    fn claim(&self, notify: Notify) -> Result<Claim, Error> {
        let mut last = 0;
        for _ in 0..CLAIMS {
            match BrokerWriter::claim(self, Arc::clone(&notify)) {
                Ok(claim) => {
                    self.progress.advance(claim.tail);
                    return Ok(claim);
                }
                Err(by) => last = by,
            }
        }
        Err(Error::Fenced { epoch: last, by: None })
    }

    fn durable_lsn(&self) -> Lsn {
        self.progress.durable()
    }

    fn first_lsn(&self) -> Lsn {
        lock(&self.broker).base().lsn + 1
    }

    fn wait_durable(&self, beyond: Lsn, timeout: Duration) -> Lsn {
        self.progress.wait(beyond, timeout)
    }

    fn read(&self, from: Lsn) -> Result<Box<dyn Reader>, Error> {
        let first = self.first_lsn();
        if from < first {
            return Err(Error::Trimmed { asked: from, first });
        }
        let reader = BrokerReader {
            broker: Arc::clone(&self.broker),
            progress: Arc::clone(&self.progress),
            fold: None,
            offset: 0,
            next: from,
            lent: Vec::new(),
        };
        Ok(Box::new(reader))
    }

    fn fold_at(&self, lsn: Lsn) -> Result<Fold, Error> {
        let broker = lock(&self.broker);
        let base = *broker.base();
        if lsn < base.lsn {
            return Err(Error::Trimmed { asked: lsn, first: base.lsn + 1 });
        }
        let found = (broker.start()..=broker.end()).map(|end| broker.fold_upto(end));
        let found = found.take_while(|fold| fold.lsn <= lsn).find(|fold| fold.lsn == lsn);
        let durable = self.durable_lsn();
        found.filter(|_| lsn <= durable).ok_or_else(|| no_fold_at(lsn, durable))
    }

    fn trim(&self, upto: Lsn) -> Result<Lsn, Error> {
        lock(&self.broker).trim(upto.min(self.durable_lsn()));
        Ok(self.first_lsn())
    }
}

struct BrokerReader {
    broker: Arc<Mutex<Broker>>,
    progress: Arc<Progress>,
    fold: Option<Fold>,
    offset: u64,
    next: Lsn,
    lent: Vec<u8>,
}

impl BrokerReader {
    /// Folds on until a group is there that is wanted and durable.
    fn seek(&mut self) -> Result<bool, Error> {
        let broker = lock(&self.broker);
        let durable = self.progress.durable();
        let first = broker.base().lsn + 1;
        if self.next < first {
            return Err(Error::Trimmed { asked: self.next, first });
        }
        if self.fold.is_none() || self.offset < broker.start() {
            self.fold = Some(*broker.base());
            self.offset = broker.start();
        }
        let Some(fold) = &mut self.fold else { return Ok(false) };
        while fold.lsn < durable {
            let Some(bytes) = broker.record(self.offset) else { return Ok(false) };
            self.offset += 1;
            let Ok(record) = record::decode(bytes) else { continue };
            match fold.step(&record) {
                crate::Step::Taken if fold.lsn >= self.next => {
                    self.lent.clear();
                    self.lent.extend_from_slice(bytes);
                    self.next = fold.lsn + 1;
                    return Ok(true);
                }
                crate::Step::Broken => return Err(broken(self.offset - 1, fold)),
                _ => {}
            }
        }
        Ok(false)
    }
}

fn broken(offset: u64, fold: &Fold) -> Error {
    Error::Corrupt {
        file: "broker".into(),
        offset,
        lsn: fold.lsn + 1,
        what: "expected the record to continue the chain of hashes, but it does not".to_owned(),
    }
}

impl Reader for BrokerReader {
    fn next_group(&mut self) -> Result<Option<Group<'_>>, Error> {
        if !self.seek()? {
            return Ok(None);
        }
        Ok(record::parse(&self.lent).ok().map(|record| record.group()))
    }

    fn position(&self) -> Lsn {
        self.next
    }
}

/// A broker under the conformance suite: each reopening is another node.
#[derive(Debug)]
pub struct BrokerSubject(BrokerJournal);

impl BrokerSubject {
    /// A fresh log at a fresh broker.
    pub fn new(seed: u64, mischief: Mischief) -> BrokerSubject {
        BrokerSubject(BrokerJournal::new(&Arc::new(Mutex::new(Broker::new(seed, mischief)))))
    }
}

impl Subject for BrokerSubject {
    fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(self.0.clone())
    }

    fn reopen(&mut self) -> Result<(), Error> {
        self.0 = BrokerJournal::new(&self.0.broker);
        Ok(())
    }
}
