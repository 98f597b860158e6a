//! Pages of more rows than can be sorted: in the order of an index, stretch by stretch.

use std::collections::VecDeque;

use super::filter::Filter;
use super::order::Order;
use super::run::{Found, Matches, Part, Window};
use super::stretch::{Stretch, stretches};
use crate::error::Result;

/// A stretch with what of it passes the filter.
struct Passing {
    filter: Filter,
    order: Order,
    matches: Matches,
}

/// The stretches that are left, the first of them looked at already.
struct Left<'a> {
    filter: &'a Filter,
    seen: VecDeque<Passing>,
    unseen: VecDeque<Stretch>,
}

/// Stretches that are looked at before their turn: each may hold ten thousand keys.
const AHEAD: usize = 4;

impl Left<'_> {
    async fn next(&mut self, part: &mut Part<'_>) -> Result<Option<Passing>> {
        if self.seen.is_empty() {
            self.look(part).await?;
        }
        Ok(self.seen.pop_front())
    }

    async fn look(&mut self, part: &mut Part<'_>) -> Result<()> {
        let Some(Stretch { filter: own, order, .. }) = self.unseen.pop_front() else {
            return Ok(());
        };
        let filter = Filter::All(vec![own, self.filter.clone()]).flat();
        let matches = part.matches(&filter).await?;
        self.seen.push_back(Passing { filter, order, matches });
        Ok(())
    }

    /// Is none of those that are left large, as far as one looks?
    async fn are_small(&mut self, part: &mut Part<'_>) -> Result<bool> {
        while !self.unseen.is_empty() && self.seen.len() < AHEAD {
            self.look(part).await?;
        }
        let small = |one: &Passing| matches!(one.matches, Matches::Few { .. });
        Ok(self.unseen.is_empty() && self.seen.iter().all(small))
    }
}

impl Part<'_> {
    pub(super) async fn many(
        &mut self,
        filter: &Filter,
        order: &Order,
        window: Window,
    ) -> Result<Vec<Found>> {
        let behind = window.behind.as_deref();
        let (unseen, mut behind) = stretches(self.connection, self.entity, order, behind).await?;
        if unseen.is_empty() {
            return self.along(filter, order, &window).await;
        }
        let mut left = Left { filter, seen: VecDeque::new(), unseen: unseen.into() };
        let (mut from, wanted, mut rows) = (window.from, window.limit, Vec::new());
        while let Some(Passing { filter, order, matches }) = left.next(self).await? {
            let limit = wanted - rows.len() as i64;
            let window = Window { from, limit, behind: behind.take() };
            let (found, passed) = match matches {
                Matches::Few { count, keys } => (self.sorted(&keys, &order, &window).await?, count),
                // Passing by is counting, since an index may have all of it; but the page begins in
                // the last large one, unless it is further down than that goes.
                Matches::Many if from > 0 && !left.are_small(self).await? => {
                    match self.count(&filter, from + 1).await? {
                        count if count <= from => (Vec::new(), count),
                        count => (self.along(&filter, &order, &window).await?, count),
                    }
                }
                Matches::Many => match self.along(&filter, &order, &window).await? {
                    found if found.is_empty() && from > 0 => {
                        (found, self.count(&filter, from).await?)
                    }
                    found => (found, from),
                },
            };
            from = (from - passed).max(0);
            rows.extend(found);
            if rows.len() as i64 >= wanted {
                break;
            }
        }
        Ok(rows)
    }
}
