//! What was answered to requests with an id of their own (`grevy-request-id`), so that a retry gets
//! the same answer instead of doing the work twice (`engine-rules.md` 8). Bounded by count, by
//! bytes and by the time of the log; what is forgotten is at-least-once again.

use std::collections::{BTreeMap, VecDeque};

use super::State;
use super::undo::Undo;
use crate::event::{Answered, Text};
use crate::limits::{REQUESTS_AGE_MS_MAX, REQUESTS_BYTES_MAX, REQUESTS_MAX};

/// A request that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub id: Text,
    /// When, in ms.
    pub at: i64,
    pub answered: Answered,
}

/// The newest requests, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Requests {
    rows: VecDeque<Request>,
    by_id: BTreeMap<Text, Answered>,
    bytes: usize,
}

impl Request {
    /// About what it costs in memory.
    fn bytes(&self) -> usize {
        const ROW: usize = 160;
        ROW + self.id.len()
    }
}

impl Requests {
    pub fn from_rows(rows: Vec<Request>) -> Requests {
        Requests {
            by_id: rows.iter().map(|row| (row.id.clone(), row.answered.clone())).collect(),
            bytes: rows.iter().map(Request::bytes).sum(),
            rows: rows.into(),
        }
    }

    pub fn rows(&self) -> Vec<Request> {
        self.rows.iter().cloned().collect()
    }

    pub fn answered(&self, id: &str) -> Option<&Answered> {
        self.by_id.get(id)
    }

    fn push(&mut self, row: Request) {
        self.bytes += row.bytes();
        self.by_id.insert(row.id.clone(), row.answered.clone());
        self.rows.push_back(row);
    }

    fn pop_oldest(&mut self) -> Option<Request> {
        let row = self.rows.pop_front()?;
        self.bytes -= row.bytes();
        self.by_id.remove(&row.id);
        Some(row)
    }

    fn too_many(&self, now: i64) -> bool {
        let old = |row: &Request| now.saturating_sub(row.at) > REQUESTS_AGE_MS_MAX;
        self.rows.len() > REQUESTS_MAX
            || self.bytes > REQUESTS_BYTES_MAX
            || self.rows.front().is_some_and(old)
    }

    /// Takes the newest away and puts the dropped ones, oldest first, back.
    pub fn put_back(&mut self, dropped: Vec<Request>) {
        if let Some(row) = self.rows.pop_back() {
            self.bytes -= row.bytes();
            self.by_id.remove(&row.id);
        }
        for row in dropped.into_iter().rev() {
            self.bytes += row.bytes();
            self.by_id.insert(row.id.clone(), row.answered.clone());
            self.rows.push_front(row);
        }
    }
}

impl State {
    /// Remembers an answer and forgets the oldest.
    pub(crate) fn remember_request(&mut self, row: Request) {
        let now = row.at;
        self.requests.push(row);
        let mut dropped = Vec::new();
        while self.requests.too_many(now) {
            dropped.extend(self.requests.pop_oldest());
        }
        self.undo.push(Undo::Request(dropped));
    }
}
