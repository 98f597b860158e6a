//! Loops: `for`, `some`, `every` and filters.

use super::core::{bounded, shown};
use super::run::Flow;
use super::{Machine, Trouble, compare};
use crate::error::WarningKind;
use crate::limits::RANGE_ELEMENTS_MAX;
use crate::program::Op;
use std::sync::Arc;
use value::{List, Number, Range, Value};

/// An open loop.
pub(super) struct Iteration {
    source: Source,
    at: usize,
    /// The elements kept so far, if this is a filter.
    kept: Option<Vec<Value>>,
}

enum Source {
    List(Arc<List>),
    Steps {
        next: Number,
        step: Number,
        left: i64,
    },
    /// Days from one to another.
    Days {
        next: value::Date,
        step: i64,
        left: i64,
    },
}

impl Source {
    fn next(&mut self, at: usize) -> Option<Value> {
        match self {
            Source::List(list) => list.get(at).cloned(),
            Source::Steps { next, step, left } => {
                if *left == 0 {
                    return None;
                }
                *left -= 1;
                let following = next.add(step)?;
                Some(Value::Number(std::mem::replace(next, following)))
            }
            Source::Days { next, step, left } => {
                if *left == 0 {
                    return None;
                }
                *left -= 1;
                let day = *next;
                *next = day.add_days(*step).unwrap_or(day);
                Some(Value::Date(day))
            }
        }
    }
}

impl Machine<'_> {
    pub(super) fn iterate(&mut self, op: Op) -> Result<Flow, Trouble> {
        match op {
            Op::ResultsBegin => self.results.push(Arc::default()),
            Op::ResultsDrop => drop(self.results.pop()),
            Op::ResultsPush => {
                let value = self.pop();
                self.add_result(value)?;
            }
            Op::Partial => {
                let partial = self.results.last().cloned().unwrap_or_default();
                self.push(Value::List(partial));
            }
            Op::ResultsEnd => {
                let list = self.results.pop().unwrap_or_default();
                self.push(Value::List(list));
            }
            Op::Abandon(count) => {
                self.iterations.truncate(self.iterations.len() - count as usize);
            }
            Op::IterateValues(target) => {
                let values = self.pop();
                return self.open_values(values, target);
            }
            Op::IterateSteps(target) => {
                let (start, end) = self.pop_two();
                return self.open_steps(&start, &end, target);
            }
            Op::Next(target) => return Ok(self.next_element(target)),
            Op::SomeStep { verdict } => return self.quantify(verdict, false),
            Op::EveryStep { verdict } => return self.quantify(verdict, true),
            Op::FilterBegin(target) => return self.open_filter(target),
            Op::FilterStep(target) => return Ok(self.filter_step(target)),
            Op::FilterEnd => {
                let kept = self.iterations.pop().and_then(|open| open.kept).unwrap_or_default();
                let kept = bounded(Value::list(kept))?;
                self.push(kept);
            }
            Op::Index(target) => return Ok(self.index(target)),
            _ => {}
        }
        Ok(Flow::Next)
    }

    fn add_result(&mut self, value: Value) -> Result<(), Trouble> {
        let Some(results) = self.results.last_mut() else { return Ok(()) };
        // `partial` shares the list while the body runs; a body that keeps it pays for a copy.
        if Arc::get_mut(results).is_none() {
            self.core.spend(results.len())?;
        }
        let list = Arc::make_mut(results);
        list.push(value);
        if list.weight() > crate::limits::VALUE_WEIGHT_MAX
            || list.depth() > crate::limits::VALUE_DEPTH_MAX
        {
            bounded(Value::List(results.clone()))?;
        }
        Ok(())
    }

    /// What cannot be iterated: warns and goes to where the loops are left with `null`.
    fn refuse(&mut self, value: &Value, target: u32) -> Flow {
        let message = format!("Expected list but found '{}'", shown(value));
        self.core.warn_here(WarningKind::InvalidType, message);
        Flow::Jump(target)
    }

    fn open(&mut self, source: Source) -> Flow {
        self.iterations.push(Iteration { source, at: 0, kept: None });
        Flow::Next
    }

    fn open_values(&mut self, values: Value, target: u32) -> Result<Flow, Trouble> {
        match values {
            Value::List(list) => Ok(self.open(Source::List(list))),
            Value::Range(range) if self.core.is_standard() => self.open_range(&range, target),
            Value::Null => Ok(self.refuse(&values, target)),
            other if self.core.is_standard() => {
                Ok(self.open(Source::List(Arc::new(List::new(vec![other])))))
            }
            other => Ok(self.refuse(&other, target)),
        }
    }

    fn open_range(&mut self, range: &Range, target: u32) -> Result<Flow, Trouble> {
        let (Some(start), Some(end)) = (&range.start, &range.end) else {
            return Ok(self.refuse(&Value::from(range.clone()), target));
        };
        let (mut start, mut end) = (start.clone(), end.clone());
        match (&start, &end) {
            (Value::Number(low), Value::Number(high)) => {
                let one = Number::ONE;
                let low = if range.start_included { Some(low.clone()) } else { low.add(&one) };
                let high = if range.end_included { Some(high.clone()) } else { high.sub(&one) };
                start = low.map_or(Value::Null, Value::Number);
                end = high.map_or(Value::Null, Value::Number);
            }
            (Value::Date(low), Value::Date(high)) => {
                let low = if range.start_included { Some(*low) } else { low.add_days(1) };
                let high = if range.end_included { Some(*high) } else { high.add_days(-1) };
                start = low.map_or(Value::Null, Value::Date);
                end = high.map_or(Value::Null, Value::Date);
            }
            _ => {}
        }
        if compare::order(&start, &end).is_some_and(std::cmp::Ordering::is_gt) {
            return Ok(self.open(Source::List(Arc::default())));
        }
        self.open_steps(&start, &end, target)
    }

    fn open_steps(&mut self, start: &Value, end: &Value, target: u32) -> Result<Flow, Trouble> {
        let too_many =
            || Trouble::limit(format!("expected a range of at most {RANGE_ELEMENTS_MAX} elements"));
        match (start, end) {
            (Value::Number(start), Value::Number(end)) => {
                let upwards = start <= end;
                let step = if upwards { Number::ONE } else { Number::ONE.neg() };
                let span = end.sub(start).ok_or_else(too_many)?.abs();
                let span = span.round(0, value::Rounding::Down).and_then(|span| span.to_i64());
                let left = span.filter(|span| *span < RANGE_ELEMENTS_MAX).ok_or_else(too_many)?;
                Ok(self.open(Source::Steps { next: start.clone(), step, left: left + 1 }))
            }
            (Value::Date(start), Value::Date(end)) if self.core.is_standard() => {
                let span = end.epoch_days() - start.epoch_days();
                let left = span.abs();
                if left >= RANGE_ELEMENTS_MAX {
                    return Err(too_many());
                }
                let step = if span < 0 { -1 } else { 1 };
                Ok(self.open(Source::Days { next: *start, step, left: left + 1 }))
            }
            (Value::Number(_), other) | (other, _) => Ok(self.refuse(other, target)),
        }
    }

    fn next_element(&mut self, target: u32) -> Flow {
        let Some(open) = self.iterations.last_mut() else { return Flow::Jump(target) };
        match open.source.next(open.at) {
            Some(element) => {
                open.at += 1;
                self.push(element);
                Flow::Next
            }
            None => {
                // A filter stays open for `FilterEnd`, which takes what it kept.
                if open.kept.is_none() {
                    self.iterations.pop();
                }
                Flow::Jump(target)
            }
        }
    }

    fn quantify(&mut self, verdict: u32, is_every: bool) -> Result<Flow, Trouble> {
        let value = self.pop();
        let slot = self.base + verdict as usize;
        let before = std::mem::take(&mut self.stack[slot]);
        let after = compare::combine(is_every, &before, &value);
        self.stack[slot] = match after {
            Ok(value) => value,
            Err(Trouble::Warn(kind, message)) => {
                self.core.warn_here(kind, message);
                Value::Null
            }
            Err(raise) => return Err(raise),
        };
        Ok(Flow::Next)
    }

    /// `null` has no elements to filter; any other value that is no list is a list of itself in
    /// the standard, and nothing to filter in Camunda.
    fn open_filter(&mut self, target: u32) -> Result<Flow, Trouble> {
        let list = match self.pop() {
            Value::List(list) => list,
            Value::Null if self.core.is_standard() => {
                self.push(Value::Null);
                return Ok(Flow::Jump(target));
            }
            other if self.core.is_standard() => Arc::new(List::new(vec![other])),
            other => {
                self.push(Value::Null);
                return Ok(self.refuse(&other, target));
            }
        };
        let source = Source::List(list);
        self.iterations.push(Iteration { source, at: 0, kept: Some(Vec::new()) });
        Ok(Flow::Next)
    }

    /// A number is an index into the whole list; `true` keeps the element.
    fn filter_step(&mut self, target: u32) -> Flow {
        let (element, verdict) = self.pop_two();
        let Some(open) = self.iterations.last_mut() else { return Flow::Next };
        match verdict {
            Value::Bool(true) => open.kept.get_or_insert_default().push(element),
            Value::Number(index) if open.at == 1 => {
                let Some(open) = self.iterations.pop() else { return Flow::Next };
                let Source::List(list) = open.source else { return Flow::Next };
                self.push(element_at(&list, &index));
                return Flow::Jump(target);
            }
            _ => {}
        }
        Flow::Next
    }

    fn index(&mut self, target: u32) -> Flow {
        let Value::Number(index) = self.top() else { return Flow::Next };
        let index = index.clone();
        let below = self.stack.len().checked_sub(2).map(|at| &self.stack[at]);
        let found = match below {
            Some(Value::List(list)) => element_at(list, &index),
            Some(Value::Null) | None => Value::Null,
            Some(other) if self.core.is_standard() => {
                element_at(&List::new(vec![other.clone()]), &index)
            }
            Some(_) => Value::Null,
        };
        self.pop_two();
        self.push(found);
        Flow::Jump(target)
    }
}

/// The element with that index: from 1 on, or from the end if negative.
fn element_at(list: &List, index: &Number) -> Value {
    let position = index.to_i64().and_then(|index| match index {
        1.. => usize::try_from(index - 1).ok(),
        0 => None,
        _ => {
            usize::try_from(index.unsigned_abs()).ok().and_then(|back| list.len().checked_sub(back))
        }
    });
    position.and_then(|at| list.get(at)).cloned().unwrap_or_default()
}
