//! The broker and the network before it.

use crate::record::{self, Kind};
use crate::{Fold, Lsn, Rng, Step};

/// How often, in percent, the broker and the network do what nobody wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mischief {
    /// A request is sent twice.
    pub double: u64,
    /// A request never arrives.
    pub lose: u64,
    /// A request overtakes others, or is held back for long.
    pub reorder: u64,
    /// A record lands torn; a broker that says that it is whole is beyond any rule.
    pub tear: u64,
    /// A response says nothing of the offset, or never arrives.
    pub mute: u64,
}

impl Mischief {
    /// All of it.
    pub fn all() -> Mischief {
        Mischief { double: 10, lose: 5, reorder: 20, tear: 2, mute: 10 }
    }
}

/// A request on its way.
#[derive(Clone, Debug)]
struct Request {
    from: u128,
    seq: u64,
    bytes: Vec<u8>,
}

/// What a writer hears.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Response {
    pub(crate) to: u128,
    /// 0 for the start of an epoch.
    pub(crate) seq: u64,
    pub(crate) offset: Option<u64>,
}

/// A broker with one log, and everything that is on its way to and from it.
#[derive(Debug)]
pub struct Broker {
    rng: Rng,
    mischief: Mischief,
    /// The fold before the first record that is kept, and that record's offset.
    base: Fold,
    start: u64,
    log: Vec<Vec<u8>>,
    requests: Vec<Request>,
    responses: Vec<Response>,
}

impl Broker {
    /// An empty log.
    pub fn new(seed: u64, mischief: Mischief) -> Broker {
        Broker {
            rng: Rng::new(seed),
            mischief,
            base: Fold::default(),
            start: 0,
            log: Vec::new(),
            requests: Vec::new(),
            responses: Vec::new(),
        }
    }

    /// Lets one thing happen: a request arrives, is doubled, torn or lost.
    pub fn step(&mut self) {
        if self.requests.is_empty() {
            return;
        }
        let late = self.rng.chance(self.mischief.reorder);
        let at = if late { self.rng.below(self.requests.len() as u64) as usize } else { 0 };
        let request = self.requests.remove(at);
        if self.rng.chance(self.mischief.lose) {
            if self.rng.chance(50) {
                self.answer(&request, None);
            }
            return;
        }
        self.land(request);
    }

    fn land(&mut self, request: Request) {
        if self.rng.chance(self.mischief.tear) {
            let end = self.rng.below(request.bytes.len() as u64) as usize;
            self.log.push(request.bytes[..end].to_vec());
            self.answer(&request, None);
            return;
        }
        self.log.push(request.bytes.clone());
        let offset = self.end() - 1;
        if !self.rng.chance(self.mischief.mute) {
            self.answer(&request, Some(offset));
        } else if self.rng.chance(70) {
            self.answer(&request, None);
        }
    }

    fn answer(&mut self, request: &Request, offset: Option<u64>) {
        self.responses.push(Response { to: request.from, seq: request.seq, offset });
    }

    /// Lets everything that is on its way arrive, in any order.
    pub fn drain(&mut self) {
        while !self.requests.is_empty() {
            let at = self.rng.below(self.requests.len() as u64) as usize;
            let request = self.requests.remove(at);
            self.log.push(request.bytes);
        }
    }

    pub(crate) fn send(&mut self, from: u128, seq: u64, bytes: Vec<u8>) {
        let request = Request { from, seq, bytes };
        if self.rng.chance(self.mischief.double) {
            self.requests.push(request.clone());
        }
        self.requests.push(request);
    }

    /// A response for a writer, not always the oldest.
    pub(crate) fn receive(&mut self, to: u128) -> Option<Response> {
        let mine = self.responses.iter().enumerate().filter(|(_, r)| r.to == to);
        let places: Vec<usize> = mine.map(|(at, _)| at).take(3).collect();
        let late = self.rng.chance(self.mischief.reorder);
        let pick = if late { self.rng.below(places.len() as u64) as usize } else { 0 };
        places.get(pick).map(|at| self.responses.remove(*at))
    }

    /// Whether anything is on its way from or to a writer.
    pub(crate) fn is_busy(&self, writer: u128) -> bool {
        self.requests.iter().any(|r| r.from == writer)
            || self.responses.iter().any(|r| r.to == writer)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.rng.chance(percent)
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.rng.word()
    }

    /// The offset behind the last record.
    pub fn end(&self) -> u64 {
        self.start + self.log.len() as u64
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn base(&self) -> &Fold {
        &self.base
    }

    pub(crate) fn record(&self, offset: u64) -> Option<&[u8]> {
        let at = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.log.get(at).map(Vec::as_slice)
    }

    /// The fold to the end of the log.
    pub fn fold(&self) -> Fold {
        self.fold_upto(self.end())
    }

    /// The fold over the records before `end`.
    pub(crate) fn fold_upto(&self, end: u64) -> Fold {
        let mut fold = self.base;
        let count = usize::try_from(end.saturating_sub(self.start)).unwrap_or(usize::MAX);
        for bytes in self.log.iter().take(count) {
            if let Ok(record) = record::decode(bytes) {
                fold.step(&record);
            }
        }
        fold
    }

    /// The valid history: position and chain of hashes after each group.
    pub fn history(&self) -> Vec<(Lsn, u64)> {
        let mut fold = self.base;
        let mut history = Vec::new();
        for bytes in &self.log {
            if let Ok(record) = record::decode(bytes)
                && fold.step(&record) == Step::Taken
            {
                history.push((fold.lsn, fold.hash));
            }
        }
        history
    }

    /// How many records of groups are in the log that are no part of its history.
    pub fn ignored(&self) -> usize {
        let mut fold = self.base;
        let groups = self.log.iter().filter_map(|bytes| record::decode(bytes).ok());
        let groups = groups
            .filter(|record| fold.step(record) != Step::Taken && record.header.kind == Kind::Group);
        groups.count()
    }

    pub(crate) fn trim(&mut self, upto: Lsn) {
        loop {
            let mut fold = self.base;
            let Some(first) = self.log.first() else { return };
            if let Ok(record) = record::decode(first) {
                fold.step(&record);
            }
            // The start of the present epoch stays, so that the base never runs ahead of it.
            if fold.lsn > upto || (fold.lsn == self.base.lsn && fold.lsn == upto) {
                return;
            }
            self.base = fold;
            self.start += 1;
            self.log.remove(0);
        }
    }
}
