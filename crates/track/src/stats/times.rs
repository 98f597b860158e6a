//! A set of durations and what is said about it.

use serde::{Deserialize, Serialize};

/// Durations in ms. Sort before asking.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Times {
    values: Vec<i64>,
    sorted: bool,
    /// What was said about durations that are somewhere else.
    told: Option<Spread>,
}

/// What is said about durations, in ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub count: u64,
    pub min_ms: i64,
    pub p50_ms: i64,
    pub p95_ms: i64,
    pub max_ms: i64,
    pub mean_ms: f64,
}

impl Times {
    pub fn push(&mut self, ms: i64) {
        self.values.push(ms);
        self.sorted = false;
    }

    pub fn sort(&mut self) {
        if !self.sorted {
            self.values.sort_unstable();
            self.sorted = true;
        }
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Values above `limit` ms.
    pub fn above(&self, limit: i64) -> usize {
        self.values.iter().filter(|value| **value > limit).count()
    }

    /// The smallest value that `share` of all values do not exceed (nearest rank).
    pub fn percentile(&self, share: f64) -> i64 {
        debug_assert!(self.sorted || self.values.len() < 2, "sorted before it is asked");
        let rank = (share * self.values.len() as f64).ceil() as usize;
        self.values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    }

    pub fn spread(&self) -> Spread {
        if let Some(told) = self.told {
            return told;
        }
        let count = self.values.len();
        if count == 0 {
            return Spread::default();
        }
        let sum: i128 = self.values.iter().map(|value| i128::from(*value)).sum();
        Spread {
            count: count as u64,
            min_ms: self.values[0],
            p50_ms: self.percentile(0.5),
            p95_ms: self.percentile(0.95),
            max_ms: self.values[count - 1],
            mean_ms: sum as f64 / count as f64,
        }
    }
}

impl FromIterator<i64> for Times {
    fn from_iter<I: IntoIterator<Item = i64>>(values: I) -> Times {
        let mut times = Times { values: values.into_iter().collect(), ..Times::default() };
        times.sort();
        times
    }
}

impl Serialize for Times {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.spread().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Times, D::Error> {
        Ok(Times { told: Some(Spread::deserialize(deserializer)?), ..Times::default() })
    }
}
