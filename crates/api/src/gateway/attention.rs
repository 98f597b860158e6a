//! Which job types somebody asks for, so that a type that nobody asks for can be named instead of
//! letting its jobs wait in silence.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use engine::event::Text;

use crate::limits::METRIC_TYPES_MAX;

/// Who asks for what.
#[derive(Debug, Clone, Default)]
pub struct Attention {
    asked: Arc<Mutex<BTreeMap<Text, Asked>>>,
}

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
}
