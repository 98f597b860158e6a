//! Starts that ended badly, counted in the data folder (`engine-rules.md` 8). A timer that kills
//! the process would kill each start again; after three in a row the engine starts with timers and
//! dispatch paused, and says why, until somebody lifts that.
//!
//! ```text
//! row 2                  bad ends in a row before this one
//! state ready            starting, ready or panicked; a clean end removes the file
//! reason TEXT            what a panic of ours said last
//! held                   starts paused until `grevy resume`
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use journal::Folder;

use crate::limits::{BAD_STARTS_MAX, REASON_CHARS_MAX};
use crate::{Error, Grevy};

const FILE: &str = "starts";

/// The starts of one data folder.
#[derive(Debug)]
pub(crate) struct Starts {
    folder: Arc<Folder>,
    note: Mutex<Note>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Note {
    row: u32,
    state: State,
    reason: String,
    held: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    Starting,
    Ready,
    Panicked,
}

impl Starts {
    /// A start begins.
    pub fn begin(folder: &Arc<Folder>) -> Result<Starts, Error> {
        let mut note = Note::parse(&folder.note(FILE)?.unwrap_or_default());
        match note.state {
            State::Starting | State::Panicked => note.row += 1,
            // A kill from outside is no fault of ours.
            State::Ready | State::Closed => note.row = 0,
        }
        note.state = State::Starting;
        note.held |= note.row >= BAD_STARTS_MAX;
        let starts = Starts { folder: Arc::clone(folder), note: Mutex::new(note) };
        starts.edit(|_| ());
        Ok(starts)
    }

    /// Why this start is held back, if it is.
    pub fn held(&self) -> Option<String> {
        let note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        let said = match note.reason.as_str() {
            "" => "before they were ready".to_owned(),
            reason => format!("the last with: {reason}"),
        };
        note.held.then(|| {
            format!(
                "{BAD_STARTS_MAX} starts in a row ended badly, {said}; timers and dispatch are \
                 paused until `grevy resume`"
            )
        })
    }

    /// The engine is there. Whatever ends it from outside is no bad end.
    pub fn ready(&self) {
        self.edit(|note| note.state = State::Ready);
    }

    /// A thread of ours was ended by a panic.
    pub fn panicked(&self, reason: &str) {
        let line: String = reason.chars().take(REASON_CHARS_MAX).collect();
        self.edit(|note| {
            note.state = State::Panicked;
            note.reason = line.replace('\n', " ");
        });
    }

    /// An end that nothing is wrong with: the engine was closed, or told why it does not start.
    pub fn closed(&self) {
        self.edit(|note| {
            if note.state != State::Panicked {
                *note = Note { held: note.held, reason: note.reason.clone(), ..Note::default() };
            }
        });
    }

    /// Starts are no longer held back.
    pub fn lift(&self) {
        self.edit(|note| *note = Note { state: note.state, ..Note::default() });
    }

    /// A count that cannot be written must not keep anybody from starting.
    fn edit(&self, edit: impl FnOnce(&mut Note)) {
        let mut note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        edit(&mut note);
        if let Err(error) = self.folder.set_note(FILE, &note.to_text()) {
            tracing::warn!(%error, "this start is not counted");
        }
    }
}

impl Grevy {
    /// Why this start is held back, with timers and dispatch paused; `None` if it is not.
    pub fn held(&self) -> Option<String> {
        self.inner.starts.as_ref().and_then(|starts| starts.held())
    }

    /// The next start is not held back; timers and dispatch stay as they are now.
    pub fn lift(&self) {
        if let Some(starts) = &self.inner.starts {
            starts.lift();
        }
    }
}

impl Note {
    fn to_text(&self) -> String {
        let state = match self.state {
            State::Closed => "closed",
            State::Starting => "starting",
            State::Ready => "ready",
            State::Panicked => "panicked",
        };
        let mut text = format!("row {}\nstate {state}\n", self.row);
        if !self.reason.is_empty() {
            text += &format!("reason {}\n", self.reason);
        }
        text + if self.held { "held\n" } else { "" }
    }

    /// A damaged note counts as none.
    fn parse(text: &str) -> Note {
        let mut note = Note::default();
        for line in text.lines() {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("row", row) => note.row = row.parse().unwrap_or(0),
                ("state", "starting") => note.state = State::Starting,
                ("state", "ready") => note.state = State::Ready,
                ("state", "panicked") => note.state = State::Panicked,
                ("reason", reason) => note.reason = reason.to_owned(),
                ("held", _) => note.held = true,
                _ => {}
            }
        }
        note
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Arc<Folder>) {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(place.path()).expect("it is new");
        (place, folder)
    }

    fn begin(folder: &Arc<Folder>) -> Starts {
        Starts::begin(folder).expect("it can be read")
    }

    #[test]
    fn three_starts_that_died_before_they_were_ready_hold_the_fourth_until_it_is_lifted() {
        let (_place, folder) = folder();
        for _ in 0..3 {
            assert_eq!(begin(&folder).held(), None);
        }
        let fourth = begin(&folder);
        assert!(fourth.held().is_some_and(|why| why.contains("before they were ready")));
        fourth.ready();
        let fifth = begin(&folder);
        assert!(fifth.held().is_some(), "a kill after ready lifts nothing");
        fifth.closed();
        let sixth = begin(&folder);
        assert!(sixth.held().is_some(), "nor does a clean end");
        sixth.lift();
        sixth.ready();
        assert_eq!(begin(&folder).held(), None);
    }

    #[test]
    fn panics_count_and_kills_from_outside_break_the_row() {
        let (_place, folder) = folder();
        let panic = || {
            let start = begin(&folder);
            start.ready();
            start.panicked("minus\none");
            start.closed();
            start.held()
        };
        assert_eq!((panic(), panic()), (None, None));
        begin(&folder).ready();
        assert_eq!((panic(), panic(), panic()), (None, None, None));
        assert!(begin(&folder).held().is_some_and(|why| why.contains("minus one")));
    }
}
