//! A writer at the broker, by the writer rule.

use super::{BrokerJournal, CLAIMS};
use crate::limits::{BACKLOG_BYTES_MAX, BACKLOG_GROUPS_MAX};
use crate::log::{Append, Backlog, Claim, Lsn, Notice, Notify, Writer};
use crate::progress::lock;
use crate::protocol::{Tenure, Verdict};
use crate::record::{HEADER_BYTES, Header, Kind, decode, seal};
use crate::{Error, Fold, GroupBuf};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

/// Something that was said to be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acked {
    /// The position of the last frame of a group.
    pub lsn: Lsn,
    /// The chain of hashes up to that group, as its writer built upon it.
    pub hash: u64,
}

pub(crate) struct BrokerWriter {
    node: BrokerJournal,
    notify: Notify,
    epoch: u64,
    id: u128,
    tenure: Tenure,
    /// The fold over everything sent.
    fold: Fold,
    waiting: VecDeque<(Acked, usize)>,
    bytes: usize,
    error: Option<Error>,
}

impl BrokerWriter {
    /// Tries to claim an epoch once; the error is the epoch that was there instead.
    pub(crate) fn claim(node: &BrokerJournal, notify: Notify) -> Result<Claim, u64> {
        let mut broker = lock(&node.broker);
        let before = broker.fold();
        let epoch = before.epoch + 1;
        let id = u128::from(broker.word()) << 64 | u128::from(broker.word());
        let mut bytes = vec![0; HEADER_BYTES];
        let header = Header {
            kind: Kind::EpochStart,
            epoch,
            writer: id,
            seq: 0,
            lsn_first: before.lsn + 1,
            n_frames: 0,
            durable_upto: before.lsn,
            prev_hash: before.hash,
            schema: 0,
        };
        seal(&header, &mut bytes);
        broker.send(id, 0, bytes);
        let offset = loop {
            match broker.receive(id) {
                Some(response) => break response.offset.ok_or(before.epoch)?,
                None if !broker.is_busy(id) => return Err(before.epoch),
                None => broker.step(),
            }
        };
        let fold = broker.fold_upto(offset + 1);
        let mut tenure = Tenure::begin(&fold, epoch, id, offset).map_err(|_| fold.epoch)?;
        tenure.mutate(node.mutation);
        drop(broker);
        let writer = BrokerWriter {
            node: node.clone(),
            notify,
            epoch,
            id,
            tenure,
            fold,
            waiting: VecDeque::new(),
            bytes: 0,
            error: None,
        };
        Ok(Claim { writer: Box::new(writer), epoch, tail: fold.lsn })
    }

    fn durable(&mut self, lsn: Lsn) {
        while let Some((acked, bytes)) = self.waiting.front().copied()
            && acked.lsn <= lsn
        {
            self.waiting.pop_front();
            self.bytes -= bytes;
            lock(&self.node.acked).push(acked);
        }
        self.node.progress.advance(lsn);
        (self.notify)(Notice::Durable(lsn));
    }

    fn fail(&mut self, error: Error) {
        self.error = Some(error.clone());
        (self.notify)(Notice::Failed(error));
    }

    /// Lets a little time pass and hears what there is to hear.
    fn turn(&mut self) {
        let mut broker = lock(&self.node.broker);
        broker.step();
        let response = broker.receive(self.id);
        // What is lost without a word is noticed by a time-out.
        let silent = response.is_none() && self.tenure.waiting() > 0 && !broker.is_busy(self.id);
        drop(broker);
        let verdict = match response {
            // A doubled start of the epoch was answered twice.
            Some(response) if response.seq == 0 => {
                if response.offset.is_some() {
                    self.tenure.doubt()
                } else {
                    Verdict::Nothing
                }
            }
            Some(response) => self.tenure.response(response.seq, response.offset),
            None if silent => self.tenure.doubt(),
            None => Verdict::Nothing,
        };
        self.follow(verdict);
    }

    fn follow(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Nothing => {}
            Verdict::Durable(lsn) => self.durable(lsn),
            Verdict::Suspect => self.look(),
            Verdict::ClaimAgain => {
                let cause = io::Error::other("a group may have been lost");
                self.fail(Error::Failed { doing: "an append", cause: Arc::new(cause) });
            }
            Verdict::Fenced { by } => {
                self.fail(Error::Fenced { epoch: self.epoch, by: Some(by) });
            }
        }
    }

    fn look(&mut self) {
        let broker = lock(&self.node.broker);
        let (fold, end) = (broker.fold(), broker.end());
        drop(broker);
        let mut found = Vec::new();
        let verdict = self.tenure.look(&fold, end, |lsn| found.push(lsn));
        for lsn in found {
            self.durable(lsn);
        }
        if !matches!(verdict, Verdict::Durable(_)) {
            self.follow(verdict);
        }
    }
}

impl Writer for BrokerWriter {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn append(&mut self, group: &GroupBuf) -> Result<Append, Error> {
        group.check()?;
        if let Some(error) = self.error.clone() {
            return Err(error);
        }
        let Backlog { groups, bytes, .. } = self.backlog();
        if groups >= BACKLOG_GROUPS_MAX || bytes + group.bytes() > BACKLOG_BYTES_MAX {
            return Err(Error::Backlog { groups, bytes });
        }
        let mut record = vec![0; HEADER_BYTES];
        record.extend_from_slice(group.body());
        let header = Header {
            kind: Kind::Group,
            epoch: self.epoch,
            writer: self.id,
            seq: self.fold.seq + 1,
            lsn_first: self.fold.lsn + 1,
            n_frames: group.frames(),
            durable_upto: self.node.progress.durable(),
            prev_hash: self.fold.hash,
            schema: group.schema(),
        };
        seal(&header, &mut record);
        if let Ok(sealed) = decode(&record) {
            self.fold.step(&sealed);
        }
        let acked = Acked { lsn: self.fold.lsn, hash: self.fold.hash };
        self.waiting.push_back((acked, group.bytes()));
        self.bytes += group.bytes();
        self.tenure.sent(header.seq, self.fold.lsn);
        let mut broker = lock(&self.node.broker);
        broker.send(self.id, header.seq, record);
        let busy = broker.chance(50);
        drop(broker);
        if busy {
            self.turn();
        }
        let Header { seq, lsn_first, .. } = header;
        Ok(Append { seq, lsn_first, lsn_last: acked.lsn })
    }

    fn durable_lsn(&self) -> Lsn {
        self.node.progress.durable()
    }

    fn backlog(&self) -> Backlog {
        Backlog { groups: self.waiting.len(), bytes: self.bytes, full: false }
    }

    fn flush(&mut self) -> Result<Lsn, Error> {
        // Whatever else is on its way may come first.
        let turns = CLAIMS * (1 + self.waiting.len());
        for _ in 0..turns {
            if let Some(error) = self.error.clone() {
                return Err(error);
            }
            if self.waiting.is_empty() {
                return Ok(self.node.progress.durable());
            }
            self.turn();
        }
        self.follow(Verdict::ClaimAgain);
        self.error.clone().map_or(Ok(self.node.progress.durable()), Err)
    }

    fn close(mut self: Box<Self>) -> Result<Lsn, Error> {
        self.flush()
    }
}
