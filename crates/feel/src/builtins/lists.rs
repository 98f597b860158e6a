//! Lists. Positions count from 1, or from the end if negative.

use super::argument::{list, refuse, whole};
use crate::vm::{
    Core, Machine, Outcome, Trouble, bounded, contains, effort, equal_in, order, rank,
};
use value::Value;

pub(super) fn list_contains(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    Ok(Value::Bool(contains(core, list, &values[1])?))
}

pub(super) fn is_empty(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    Ok(Value::Bool(list(core, values, 0)?.is_empty()))
}

/// Index of a position among `count` items.
fn index(position: i64, count: usize) -> Option<usize> {
    let index = match position {
        1.. => usize::try_from(position - 1).ok()?,
        0 => return None,
        _ => count.checked_sub(usize::try_from(position.unsigned_abs()).ok()?)?,
    };
    (index < count).then_some(index)
}

fn no_position(position: i64) -> Trouble {
    refuse(format!("expected a position in the list, but found {position}"))
}

pub(super) fn sublist(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    let position = whole(values, 1)?;
    let start = match index(position, list.len()) {
        Some(start) => start,
        None if core.is_standard() => return Err(no_position(position)),
        None => list.len(),
    };
    let rest = &list[start..];
    let taken = match values.get(2) {
        None | Some(Value::Null) => rest,
        Some(_) => {
            let length = usize::try_from(whole(values, 2)?).unwrap_or(0);
            if core.is_standard() && (length == 0 || length > rest.len()) {
                return Err(refuse("expected a length within the list"));
            }
            &rest[..length.min(rest.len())]
        }
    };
    core.spend(taken.len())?;
    Ok(Value::list(taken.to_vec()))
}

pub(super) fn append(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    let list = match &values[0] {
        Value::Null if core.is_standard() => &values[..1],
        _ => list(core, values, 0)?,
    };
    let more = match (signature, &values[1..]) {
        (1, [Value::List(items)]) => items,
        (_, more) => more,
    };
    core.spend(list.len() + more.len())?;
    bounded(Value::list([list, more].concat()))
}

pub(super) fn concatenate(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    let mut all = Vec::new();
    for at in 0..values.len() {
        let part = list(core, values, at)?;
        if signature == 1 {
            // Places in the list are no places of arguments.
            return concatenate(core, part, 0).map_err(Trouble::settled);
        }
        core.spend(part.len())?;
        all.extend_from_slice(part);
    }
    bounded(Value::list(all))
}

pub(super) fn union(core: &mut Core, values: &[Value], signature: u8) -> Outcome {
    let all = concatenate(core, values, signature)?;
    distinct_values(core, &[all], 0)
}

pub(super) fn insert_before(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    let position = whole(values, 1)?;
    let at = index(position, list.len()).ok_or_else(|| no_position(position))?;
    core.spend(list.len())?;
    let mut items = list.to_vec();
    items.insert(at, values[2].clone());
    bounded(Value::list(items))
}

pub(super) fn remove(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    let position = whole(values, 1)?;
    let at = index(position, list.len()).ok_or_else(|| no_position(position))?;
    core.spend(list.len())?;
    let mut items = list.to_vec();
    items.remove(at);
    Ok(Value::list(items))
}

pub(super) fn reverse(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    core.spend(list.len())?;
    Ok(Value::list(list.iter().rev().cloned().collect()))
}

pub(super) fn index_of(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    let mut places = Vec::new();
    for (at, item) in list.iter().enumerate() {
        core.spend(1 + effort(item, &values[1]))?;
        if equal_in(core, item, &values[1]) == Some(true) {
            places.push(Value::from(at + 1));
        }
    }
    Ok(Value::list(places))
}

/// The items in groups of equal ones, by first occurrence.
fn groups(core: &mut Core, list: &[Value]) -> Result<Vec<(Value, usize)>, Trouble> {
    // Sorting looks at each of them so many times.
    let parts: usize = list.iter().map(|item| item.weight() as usize).sum();
    core.spend(parts / 2 * (1 + list.len().checked_ilog2().unwrap_or(0) as usize))?;
    let mut places: Vec<usize> = (0..list.len()).collect();
    places.sort_by(|left, right| rank(&list[*left], &list[*right]).then(left.cmp(right)));
    let runs = places.chunk_by(|left, right| rank(&list[*left], &list[*right]).is_eq());
    let mut firsts: Vec<(usize, usize)> = runs.map(|run| (run[0], run.len())).collect();
    firsts.sort_unstable();
    Ok(firsts.into_iter().map(|(first, count)| (list[first].clone(), count)).collect())
}

pub(super) fn distinct_values(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    core.spend(list.len())?;
    let groups = groups(core, list)?;
    Ok(Value::list(groups.into_iter().map(|(first, _)| first).collect()))
}

pub(super) fn duplicate_values(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    core.spend(list.len())?;
    let groups = groups(core, list)?;
    let repeated = groups.into_iter().filter(|(_, count)| *count > 1);
    Ok(Value::list(repeated.map(|(first, _)| first).collect()))
}

pub(super) fn flatten(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    let mut flat = Vec::new();
    let mut open = vec![list.iter()];
    while let Some(items) = open.last_mut() {
        core.spend(1)?;
        match items.next() {
            Some(Value::List(inner)) => open.push(inner.iter()),
            Some(item) => flat.push(item.clone()),
            None => drop(open.pop()),
        }
    }
    bounded(Value::list(flat))
}

pub(super) fn partition(core: &mut Core, values: &[Value], _signature: u8) -> Outcome {
    let list = list(core, values, 0)?;
    let size = usize::try_from(whole(values, 1)?).unwrap_or(0);
    if size == 0 {
        return Err(refuse("expected a size above 0"));
    }
    core.spend(list.len())?;
    bounded(Value::list(list.chunks(size).map(|part| Value::list(part.to_vec())).collect()))
}

/// Sorts by a function, or in natural order. Stable; a merge sort of our own, because the function
/// may fail and may contradict itself.
pub(super) fn sort(machine: &mut Machine<'_>, values: &[Value], signature: u8) -> Outcome {
    let count = list(&machine.core, values, 0)?.len();
    let precedes = match (signature, values.get(1)) {
        (1, Some(function @ Value::Function(_))) => Some(function),
        (1, Some(Value::Null)) | (0, _) => None,
        _ => return Err(refuse("expected a function as second argument")),
    };
    machine.core.spend(count)?;
    let items = list(&machine.core, values, 0)?.to_vec();
    let mut runs: Vec<Vec<Value>> = items.into_iter().map(|item| vec![item]).collect();
    if runs.is_empty() {
        return Ok(Value::list(Vec::new()));
    }
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(left) = pairs.next() {
            merged.push(match pairs.next() {
                Some(right) => merge(machine, precedes, left, right)?,
                None => left,
            });
        }
        runs = merged;
    }
    Ok(Value::list(runs.pop().unwrap_or_default()))
}

fn merge(
    machine: &mut Machine<'_>,
    precedes: Option<&Value>,
    left: Vec<Value>,
    right: Vec<Value>,
) -> Result<Vec<Value>, Trouble> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        machine.core.spend(1 + effort(first, second))?;
        let second_first = match precedes {
            None => match order(second, first) {
                Some(found) => found.is_lt(),
                None => return Err(refuse("expected values of one type with an order")),
            },
            Some(function) => {
                let verdict = machine.invoke(function, vec![first.clone(), second.clone()])?;
                match verdict {
                    Value::Bool(first_precedes) => {
                        // Equal items keep their order: only if the second precedes the first
                        // does it go ahead.
                        !first_precedes
                            && machine.invoke(function, vec![second.clone(), first.clone()])?
                                == Value::Bool(true)
                    }
                    other => {
                        let message = format!(
                            "expected the function to return a boolean, but found {}",
                            other.type_name()
                        );
                        return Err(refuse(message));
                    }
                }
            }
        };
        merged.extend(if second_first { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

pub(super) fn list_replace(machine: &mut Machine<'_>, values: &[Value], _signature: u8) -> Outcome {
    let list = list(&machine.core, values, 0)?;
    machine.core.spend(list.len())?;
    let mut items = list.to_vec();
    match &values[1] {
        Value::Number(_) => {
            let position = whole(values, 1)?;
            let at = index(position, items.len()).ok_or_else(|| no_position(position))?;
            items[at] = values[2].clone();
        }
        function @ Value::Function(_) => {
            for item in &mut items {
                let verdict = machine.invoke(function, vec![item.clone(), values[2].clone()])?;
                match verdict {
                    Value::Bool(true) => *item = values[2].clone(),
                    Value::Bool(false) => {}
                    other => {
                        let message = format!(
                            "expected the function to return a boolean, but found {}",
                            other.type_name()
                        );
                        return Err(refuse(message));
                    }
                }
            }
        }
        other => {
            let message =
                format!("expected a position or a function, but found {}", other.type_name());
            return Err(refuse(message));
        }
    }
    bounded(Value::list(items))
}
