//! What the model reads of a case: of each variable what was said last by event time, however late
//! it came. What a corrected event said before counts no more.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::limits::CASE_VARIABLE_BYTES_MAX;

/// The variables of a case, with the events that said them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variables {
    /// In event-time order.
    said: Vec<Said>,
    /// All of it, what was said later over what was said before.
    text: Option<Arc<str>>,
}

/// Variables that one event of a case says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub time_ms: i64,
    /// As that of the event; 0 when it can no longer be told apart.
    pub identity: u64,
    /// JSON text of an object.
    pub text: Arc<str>,
}

impl Variables {
    /// As JSON text.
    pub fn text(&self) -> Option<&Arc<str>> {
        self.text.as_ref()
    }

    pub fn said(&self) -> &[Said] {
        &self.said
    }

    /// The event of this identity says nothing any more.
    pub fn unsay(&mut self, identity: u64) {
        let known = self.said.len();
        self.said.retain(|said| identity == 0 || said.identity != identity);
        if self.said.len() != known {
            self.text = merged(&self.said);
        }
    }

    /// What is too much for the case is left out.
    pub fn say(&mut self, said: Said) {
        let at = self.said.partition_point(|known| known.time_ms <= said.time_ms);
        let (known, last) = (self.said.clone(), at == self.said.len());
        self.said.insert(at, said);
        self.forget_who_said();
        let text = match (&self.text, self.said.last()) {
            (Some(known), Some(said)) if last => Some(over(known, &said.text)),
            (Some(_) | None, _) => merged(&self.said),
        };
        match text.as_ref().is_some_and(|text| text.len() > CASE_VARIABLE_BYTES_MAX) {
            true => self.said = known,
            false => self.text = text,
        }
    }

    /// The oldest become one when there are too many to tell apart.
    fn forget_who_said(&mut self) {
        let bytes = |said: &[Said]| said.iter().map(|said| said.text.len()).sum::<usize>();
        while self.said.len() > 1 && bytes(&self.said) > CASE_VARIABLE_BYTES_MAX {
            let first = self.said.remove(0);
            let next = &mut self.said[0];
            (next.identity, next.text) = (0, over(&first.text, &next.text));
        }
    }
}

/// Those variables of an event that the model reads, as JSON text; too many of them say nothing.
pub(crate) fn said(reads: &BTreeSet<Arc<str>>, variables: Option<&Value>) -> Option<Arc<str>> {
    let Value::Object(members) = variables? else { return None };
    let read = members.iter().filter(|(name, _)| reads.contains(name.as_str()));
    let read: Map<String, Value> = read.map(|(name, v)| (name.clone(), v.clone())).collect();
    if read.is_empty() {
        return None;
    }
    let text = Value::Object(read).to_string();
    (text.len() <= CASE_VARIABLE_BYTES_MAX).then(|| Arc::from(text))
}

fn merged(said: &[Said]) -> Option<Arc<str>> {
    let (first, rest) = said.split_first()?;
    Some(rest.iter().fold(first.text.clone(), |known, said| over(&known, &said.text)))
}

/// One object over another, as JSON text.
fn over(below: &Arc<str>, above: &Arc<str>) -> Arc<str> {
    if below == above {
        return below.clone();
    }
    let members = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let mut all = members(below);
    all.extend(members(above));
    Arc::from(Value::Object(all).to_string())
}
