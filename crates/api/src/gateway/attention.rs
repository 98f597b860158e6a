//! Which job types somebody asks for, so that a type that nobody asks for can be named instead of
//! letting its jobs wait in silence.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::event::Text;

use crate::limits::{METRIC_TYPES_MAX, UNATTENDED_AFTER};

/// Who asks for what, and what waits in vain.
#[derive(Debug, Clone, Default)]
pub struct Attention {
    asked: Arc<Mutex<BTreeMap<Text, Asked>>>,
    waiting: Arc<Mutex<BTreeMap<Text, Waiting>>>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    since: Instant,
    /// It was reported.
    told: bool,
}

/// A job type whose jobs wait while nobody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unattended {
    pub job_type: Text,
    pub waited: Duration,
}

/// What has changed since the last review.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// Now unattended.
    pub begun: Vec<Text>,
    /// Somebody asks again, or no jobs are left.
    pub ended: Vec<Text>,
}

impl Unattended {
    /// What to do about it. Jobs of connector templates are named as such: nobody has written a
    /// worker for them, and nobody knows that one is needed.
    pub fn advice(job_type: &str) -> String {
        match job_type.strip_prefix(CONNECTOR_PREFIX) {
            Some(connector) => format!(
                "jobs of the connector '{connector}' (type '{job_type}') wait, but no connector \
                 runtime asks for them: run one against this server, or a worker of your own for \
                 this type"
            ),
            None => format!(
                "jobs of type '{job_type}' wait, but no worker asks for them: is one running, and \
                 is the type spelled as in the model?"
            ),
        }
    }
}

/// Job types of connector templates begin so.
const CONNECTOR_PREFIX: &str = "io.camunda:";

#[derive(Debug, Clone, Copy)]
struct Asked {
    now: usize,
    last: Instant,
}

/// Somebody asks, until this is dropped.
#[derive(Debug)]
pub struct Attended {
    attention: Attention,
    job_type: Text,
}

impl Attention {
    /// Notes that somebody asks for jobs of this type.
    pub fn attend(&self, job_type: &Text) -> Attended {
        let mut asked = self.lock();
        if asked.len() >= METRIC_TYPES_MAX && !asked.contains_key(job_type) {
            asked.retain(|_, row| row.now > 0);
        }
        let row = asked.entry(job_type.clone()).or_insert(Asked { now: 0, last: Instant::now() });
        row.now += 1;
        Attended { attention: self.clone(), job_type: job_type.clone() }
    }

    /// When somebody last asked: now, at a time, or never.
    pub fn last_asked(&self, job_type: &str) -> Option<Instant> {
        let asked = self.lock();
        let row = asked.get(job_type)?;
        Some(if row.now > 0 { Instant::now() } else { row.last })
    }

    /// Types that somebody asks for now, with how many do.
    pub fn attended(&self) -> Vec<(Text, usize)> {
        let asked = self.lock();
        let now = asked.iter().filter(|(_, row)| row.now > 0);
        now.map(|(job_type, row)| (job_type.clone(), row.now)).collect()
    }

    /// Compares the types whose jobs wait with who asks; once in a while.
    pub fn review(&self, waiting: &[Text], now: Instant) -> Review {
        let mut review = Review::default();
        let mut rows = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|job_type, row| {
            let kept = waiting.contains(job_type) && !self.is_attended(job_type, now);
            if !kept && row.told {
                review.ended.push(job_type.clone());
            }
            kept
        });
        for job_type in waiting.iter().filter(|of| !self.is_attended(of, now)) {
            if rows.len() >= METRIC_TYPES_MAX && !rows.contains_key(job_type) {
                break;
            }
            let new = Waiting { since: now, told: false };
            let row = rows.entry(job_type.clone()).or_insert(new);
            if !row.told && now.duration_since(row.since) >= UNATTENDED_AFTER {
                row.told = true;
                review.begun.push(job_type.clone());
            }
        }
        review
    }

    /// Types that were reported and still wait.
    pub fn unattended(&self) -> Vec<Unattended> {
        let rows = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let told = rows.iter().filter(|(_, row)| row.told);
        let row = |(job_type, row): (&Text, &Waiting)| Unattended {
            job_type: job_type.clone(),
            waited: row.since.elapsed(),
        };
        told.map(row).collect()
    }

    /// Between two polls of a worker nobody asks for a moment.
    fn is_attended(&self, job_type: &str, now: Instant) -> bool {
        let asked = self.last_asked(job_type);
        asked.is_some_and(|last| now.saturating_duration_since(last) < UNATTENDED_AFTER)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Text, Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Attended {
    fn drop(&mut self) {
        if let Some(row) = self.attention.lock().get_mut(&self.job_type) {
            row.now = row.now.saturating_sub(1);
            row.last = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_attended_while_somebody_asks_and_remembered_after() {
        let attention = Attention::default();
        let (job_type, other): (Text, Text) = ("pick".into(), "pay".into());
        let first = attention.attend(&job_type);
        let second = attention.attend(&job_type);
        assert_eq!(attention.attended(), vec![(job_type.clone(), 2)]);
        drop((first, second));
        assert_eq!(attention.attended(), vec![]);
        assert!(attention.last_asked(&job_type).is_some());
        assert!(attention.last_asked(&other).is_none());
    }

    #[test]
    fn a_type_that_waits_in_vain_is_reported_once_until_somebody_asks() {
        let attention = Attention::default();
        let (pick, pay): (Text, Text) = ("pick".into(), "pay".into());
        let both = [pick.clone(), pay.clone()];
        let start = Instant::now();
        assert_eq!(attention.review(&both, start), Review::default(), "a worker may be about to");
        let paid = attention.attend(&pay);
        let later = start + UNATTENDED_AFTER;
        let begun = Review { begun: vec![pick.clone()], ended: vec![] };
        assert_eq!(attention.review(&both, later), begun);
        assert_eq!(attention.review(&both, later), Review::default(), "said once");
        let types: Vec<Text> = attention.unattended().into_iter().map(|row| row.job_type).collect();
        assert_eq!(types, std::slice::from_ref(&pick));
        drop((paid, attention.attend(&pick)));
        let ended = Review { begun: vec![], ended: vec![pick] };
        assert_eq!(attention.review(&both, Instant::now()), ended);
    }

    #[test]
    fn a_connector_is_named_as_one() {
        let said = Unattended::advice("io.camunda:http-json:1");
        assert!(said.contains("connector 'http-json:1'"), "{said}");
        assert!(!Unattended::advice("pick").contains("connector"));
    }
}
