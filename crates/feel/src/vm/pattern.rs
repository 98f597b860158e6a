//! Regular expressions whose work is paid for.
//!
//! A search is linear in the text, but a hundred thousand searches in one text need not be: each
//! may look ahead to its end. And a pattern of a few characters may become an automaton of
//! thousands of states. So the search walks the automaton itself and counts its steps and what it
//! adds to the automaton on the way; both are the same on every machine.

use super::core::{Core, Trouble};
use crate::limits::{
    PATTERN_BYTES_MAX, PATTERN_KEPT_BYTES_MAX, PATTERN_PROGRAM_BYTES_MAX, PATTERNS_KEPT_MAX,
};
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_automata::{Input, PatternID, meta};
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

/// Steps of the automaton between two payments.
const STEPS_AT_ONCE: usize = 1_024;
/// Steps, bytes that the automaton grows by, and bytes that it has at first, for one unit of fuel.
const STEPS_A_UNIT: usize = 8;
const GROWTH_A_UNIT: usize = 4;
const BYTES_A_UNIT: usize = 2;

/// A pattern in use by one evaluation.
pub(crate) struct Pattern {
    compiled: Arc<Compiled>,
    cache: Cache,
}

struct Compiled {
    source: String,
    forward: DFA,
    /// Where a match begins and what its groups are is found between known ends; few need it.
    groups: OnceLock<Option<meta::Regex>>,
    group_count: usize,
    bytes: usize,
    states: usize,
}

/// Where a search ended.
enum Found {
    Nothing,
    Until(usize),
    /// The automaton cannot tell: there are word boundaries beside letters that are not ASCII.
    Unknown,
}

thread_local! {
    /// Compiling takes longer than most searches, and conditions come again.
    static KEPT: RefCell<Vec<Arc<Compiled>>> = const { RefCell::new(Vec::new()) };
}

/// `.` matches neither line feed nor carriage return, as in XPath and Java.
fn syntax() -> syntax::Config {
    syntax::Config::new().crlf(true)
}

impl Compiled {
    fn new(source: &str) -> Result<Compiled, Refusal> {
        let too_large = |message: String| Refusal { message, is_syntax: false };
        let syntax_tree = syntax::parse_with(source, &syntax()).map_err(|error| {
            let message = error.to_string().lines().last().unwrap_or("").trim().to_owned();
            Refusal { message, is_syntax: true }
        })?;
        let limits = thompson::Config::new().nfa_size_limit(Some(PATTERN_PROGRAM_BYTES_MAX));
        let nfa = thompson::Compiler::new()
            .configure(limits)
            .build_from_hir(&syntax_tree)
            .map_err(|error| too_large(error.to_string()))?;
        let lazy = DFA::config()
            .unicode_word_boundary(true)
            .cache_capacity(PATTERN_PROGRAM_BYTES_MAX)
            .skip_cache_capacity_check(true);
        let (bytes, states) = (nfa.memory_usage(), nfa.states().len());
        let group_count = nfa.group_info().group_len(PatternID::ZERO);
        let built = DFA::builder().configure(lazy).build_from_nfa(nfa);
        let forward = built.map_err(|error| too_large(error.to_string()))?;
        let groups = OnceLock::new();
        Ok(Compiled { source: source.to_owned(), forward, groups, group_count, bytes, states })
    }

    fn groups(&self) -> Option<&meta::Regex> {
        let build = || {
            let limits = meta::Config::new().nfa_size_limit(Some(PATTERN_PROGRAM_BYTES_MAX));
            let mut builder = meta::Regex::builder();
            builder.configure(limits).syntax(syntax()).build(&self.source).ok()
        };
        self.groups.get_or_init(build).as_ref()
    }
}

fn compiled(source: &str) -> Result<Arc<Compiled>, Refusal> {
    let kept = KEPT.with_borrow_mut(|kept| {
        let at = kept.iter().position(|own| own.source == source)?;
        let found = kept.remove(at);
        kept.push(found.clone());
        Some(found)
    });
    if let Some(found) = kept {
        return Ok(found);
    }
    let made = Arc::new(Compiled::new(source)?);
    if made.bytes <= PATTERN_KEPT_BYTES_MAX {
        KEPT.with_borrow_mut(|kept| {
            if kept.len() == PATTERNS_KEPT_MAX {
                kept.remove(0);
            }
            kept.push(made.clone());
        });
    }
    Ok(made)
}

impl Core {
    /// A pattern, compiled when the evaluation first uses it. That costs the same whether an
    /// earlier one has compiled it or not. To be given back with [`Core::keep`].
    pub(crate) fn pattern(&mut self, source: &str) -> Result<Pattern, Trouble> {
        if let Some(at) = self.patterns.iter().rposition(|own| own.compiled.source == source) {
            return Ok(self.patterns.remove(at));
        }
        if source.len() > PATTERN_BYTES_MAX {
            let message = format!("expected a pattern of at most {PATTERN_BYTES_MAX} bytes");
            return Err(Trouble::argument(message));
        }
        self.spend(200 + source.len() * 50)?;
        let compiled = match compiled(source) {
            Ok(compiled) => compiled,
            Err(reason) => {
                // It may have grown up to the limit before it failed.
                let grown = if reason.is_syntax { 0 } else { PATTERN_PROGRAM_BYTES_MAX };
                self.spend(grown / BYTES_A_UNIT)?;
                return Err(Trouble::argument(format!(
                    "expected a regular expression, but '{source}': {}",
                    reason.message
                )));
            }
        };
        self.spend(compiled.bytes / BYTES_A_UNIT)?;
        let cache = compiled.forward.create_cache();
        Ok(Pattern { compiled, cache })
    }

    /// Keeps a pattern for its next use in this evaluation.
    pub(crate) fn keep(&mut self, pattern: Pattern) {
        if self.patterns.len() == PATTERNS_KEPT_MAX {
            self.patterns.remove(0);
        }
        self.patterns.push(pattern);
    }
}

/// Why a pattern is refused.
struct Refusal {
    message: String,
    is_syntax: bool,
}

impl Pattern {
    /// Groups, with the whole match as the first.
    pub(crate) fn group_count(&self) -> usize {
        self.compiled.group_count
    }

    pub(crate) fn is_match(&mut self, core: &mut Core, text: &str) -> Result<bool, Trouble> {
        match self.walk(core, text, 0, true)? {
            Found::Nothing => Ok(false),
            Found::Until(_) => Ok(true),
            Found::Unknown => {
                let Some(regex) = self.compiled.groups() else { return Ok(false) };
                self.pay_unseen(core, text.len())?;
                Ok(regex.is_match(text))
            }
        }
    }

    /// Shows every match to `visit`, from left to right, none overlapping another.
    pub(crate) fn each(
        &mut self,
        core: &mut Core,
        text: &str,
        mut visit: impl FnMut(&mut Core, &Captures) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let compiled = self.compiled.clone();
        let Some(regex) = compiled.groups() else { return Ok(()) };
        let mut captures = regex.create_captures();
        let mut at = 0;
        let mut last_end = None;
        while at <= text.len() {
            let end = match self.walk(core, text, at, false)? {
                Found::Nothing => return Ok(()),
                Found::Until(end) if text.is_char_boundary(end) => end,
                Found::Until(_) | Found::Unknown => text.len(),
            };
            // The match that the whole text has is the one that the text up to its end has.
            self.pay_unseen(core, end - at)?;
            regex.search_captures(&Input::new(text).range(at..end), &mut captures);
            let Some(found) = captures.get_match() else { return Ok(()) };
            at = found.end();
            if found.is_empty() {
                at += text[found.end()..].chars().next().map_or(1, char::len_utf8);
                // Nothing, right behind a match, is no match of its own.
                if last_end == Some(found.end()) {
                    continue;
                }
            }
            last_end = Some(found.end());
            core.spend(4)?;
            visit(core, &captures)?;
        }
        Ok(())
    }

    /// Walks from `from` to where the leftmost match ends, or to where any match is sure.
    fn walk(
        &mut self,
        core: &mut Core,
        text: &str,
        from: usize,
        earliest: bool,
    ) -> Result<Found, Trouble> {
        let (dfa, cache) = (&self.compiled.forward, &mut self.cache);
        let input = Input::new(text).range(from..);
        let Ok(mut state) = dfa.start_state_forward(cache, &input) else {
            return Ok(Found::Unknown);
        };
        let mut found = Found::Nothing;
        let mut grown = growth(cache);
        for (block, bytes) in text.as_bytes()[from..].chunks(STEPS_AT_ONCE).enumerate() {
            let mut steps = 0;
            let mut is_over = false;
            for byte in bytes {
                let Ok(next) = dfa.next_state(cache, state, *byte) else {
                    return Ok(Found::Unknown);
                };
                state = next;
                steps += 1;
                if !state.is_tagged() {
                    continue;
                }
                if state.is_quit() {
                    return Ok(Found::Unknown);
                }
                // A match shows one byte after its end.
                if state.is_match() {
                    found = Found::Until(from + block * STEPS_AT_ONCE + steps - 1);
                }
                is_over = state.is_dead() || (earliest && state.is_match());
                if is_over {
                    break;
                }
            }
            let now = growth(cache);
            core.spend(steps / STEPS_A_UNIT + (now - grown) / GROWTH_A_UNIT)?;
            grown = now;
            if is_over {
                return Ok(found);
            }
        }
        match dfa.next_eoi_state(cache, state) {
            Ok(last) if last.is_match() => Ok(Found::Until(text.len())),
            Ok(_) => Ok(found),
            Err(_) => Ok(Found::Unknown),
        }
    }

    /// Pays for a search that is not watched: each state of the automaton at each byte, at worst.
    fn pay_unseen(&self, core: &mut Core, bytes: usize) -> Result<(), Trouble> {
        core.spend(1 + bytes.saturating_mul(1 + self.compiled.states / 16) / STEPS_A_UNIT)
    }
}

/// Bytes that the automaton has ever grown by.
fn growth(cache: &Cache) -> usize {
    cache.clear_count() * PATTERN_PROGRAM_BYTES_MAX + cache.memory_usage()
}
