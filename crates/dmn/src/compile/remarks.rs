//! What is doubtful in a decision table: it is evaluated all the same.

use super::Compiler;
use crate::definitions::{self as source, Place, Text};
use crate::limits::RULES_COMPARED_MAX;
use crate::model::{BoxedKind, Cell, HitPolicy, Table, TableRule};
use crate::types::{Base, ItemType, short};
use feel::{Budget, Dialect, Env, Shape, Type};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use value::{Range, Value};

impl Compiler<'_> {
    pub(super) fn remark(&mut self, source: &source::Table, table: &Table, file: usize) {
        match table.hit_policy {
            HitPolicy::First => self.unreachable(source, &table.rules),
            HitPolicy::Unique => self.overlapping(source, table),
            HitPolicy::Any
            | HitPolicy::Priority
            | HitPolicy::RuleOrder
            | HitPolicy::OutputOrder
            | HitPolicy::Collect(_) => {}
        }
        self.shape(source, table.hit_policy);
        for (column, input) in source.inputs.iter().enumerate() {
            self.known_type(&input.expression.place, file, &input.type_ref);
            let wanted = self.meant(file, &input.type_ref);
            for (rule, own) in source.rules.iter().zip(&table.rules) {
                if let (Some(text), Some(cell)) = (rule.tests.get(column), own.tests.get(column)) {
                    self.test_that_never_holds(text, cell, wanted.as_deref());
                }
            }
        }
        for (column, output) in source.outputs.iter().enumerate() {
            let Some(wanted) = self.meant(file, &output.type_ref) else { continue };
            for (rule, own) in source.rules.iter().zip(&table.rules) {
                let (Some(text), Some(cell)) = (rule.outputs.get(column), own.outputs.get(column))
                else {
                    continue;
                };
                if let BoxedKind::Literal(expression) = &cell.kind
                    && let Some(value) = expression.literal()
                {
                    self.refused(text, &wanted, value);
                }
            }
        }
    }

    /// Clauses that cannot do what they are there for.
    fn shape(&mut self, table: &source::Table, hit_policy: HitPolicy) {
        let first =
            table.rules.first().and_then(|rule| rule.tests.first().or(rule.outputs.first()));
        let first = table.inputs.first().map(|input| &input.expression).or(first);
        let place = first.map(|text| text.place.clone()).unwrap_or_default();
        if table.rules.is_empty() || table.outputs.is_empty() {
            let missing = if table.rules.is_empty() { "rule" } else { "output" };
            self.warn(
                &place,
                format!("expected a table with at least one {missing}, but it has none"),
            );
        }
        let mut known = BTreeSet::new();
        let names = table.outputs.iter().filter_map(|output| output.name.as_deref());
        if let Some(twice) = names.filter(|name| !known.insert(*name)).last() {
            let message = format!("expected each output name once, but '{twice}' stands twice");
            self.warn(&place, message);
        }
        let ranks = matches!(hit_policy, HitPolicy::Priority | HitPolicy::OutputOrder);
        if ranks && table.outputs.iter().all(|output| output.values.is_none()) {
            let message = "expected output values, whose order is the priority, but there are none";
            self.warn(&place, message.to_owned());
        }
    }

    /// A type that the standard's reading checks must be there.
    pub(super) fn known_type(&mut self, place: &Place, file: usize, reference: &Option<String>) {
        let Some(name) = reference.as_deref().filter(|name| !name.is_empty()) else { return };
        let is_any = name.rsplit(':').next() == Some("Any");
        let is_checked = self.dialect == Dialect::Standard && !is_any;
        if is_checked && self.declared(file, reference).is_none() {
            self.warn(place, format!("expected the name of a type, but '{name}' is none"));
        }
    }

    /// The type that a clause says. With Camunda a text says nothing: it is what the modeler writes
    /// there as long as nobody chooses.
    fn meant(&self, file: usize, reference: &Option<String>) -> Option<Arc<ItemType>> {
        let chosen = self.declared(file, reference)?;
        let is_default =
            self.dialect == Dialect::Camunda && matches!(chosen.base, Base::Simple(Type::String));
        (!is_default).then_some(chosen)
    }

    /// Rules behind one that accepts everything are never looked at.
    fn unreachable(&mut self, table: &source::Table, rules: &[TableRule]) {
        let accepts_all = |rule: &TableRule| {
            rule.tests.iter().all(|cell| match cell {
                Cell::Tests { tests, .. } => tests.accepts_all(),
                Cell::Broken(_) => false,
            })
        };
        let Some(last) = rules.iter().position(accepts_all) else { return };
        let Some(behind) = table.rules.get(last + 1) else { return };
        let message = format!(
            "expected nothing behind rule {}, which accepts everything, but rule {} stands there \
             and never matches",
            last + 1,
            last + 2
        );
        self.warn_rule(behind, message);
    }

    /// Rules that accept the same inputs match together, which a table with one hit refuses. Of
    /// the rules that overlap with another each is told of once.
    fn overlapping(&mut self, source: &source::Table, table: &Table) {
        let rules = &table.rules;
        let is_independent = independent(table);
        let mut known = BTreeMap::new();
        for (at, rule) in source.rules.iter().enumerate() {
            let tests: Vec<&str> = rule.tests.iter().map(|text| text.text.as_str()).collect();
            if let Some(first) = known.insert(tests, at) {
                self.not_unique(rule, first, at, "accept the same");
                continue;
            }
            let left = &mut self.constants_left;
            if is_independent
                && at < RULES_COMPARED_MAX
                && let Some(first) =
                    rules[..at].iter().position(|other| overlap(other, &rules[at], left))
            {
                self.not_unique(rule, first, at, "overlap");
            }
        }
    }

    fn not_unique(&mut self, rule: &source::Rule, first: usize, second: usize, how: &str) {
        let message = format!(
            "expected rules that exclude each other, as the hit policy UNIQUE says, but rules {} \
             and {} {how}",
            first + 1,
            second + 1
        );
        self.warn_rule(rule, message);
    }

    /// A test of another type than its input has, or a range that ends before it starts.
    fn test_that_never_holds(&mut self, text: &Text, cell: &Cell, wanted: Option<&ItemType>) {
        let Cell::Tests { shape, .. } = cell else { return };
        let (values, ranges): (&[Value], &[Range]) = match shape {
            Shape::Values(values) => (values, &[]),
            Shape::Ranges(ranges) => (&[], ranges),
            Shape::Any | Shape::Open => return,
        };
        let is_turned = |range: &&Range| match (&range.start, &range.end) {
            (Some(start), Some(end)) => feel::order(start, end) == Some(Ordering::Greater),
            _ => false,
        };
        if let Some(range) = ranges.iter().find(is_turned) {
            let message = format!("expected a range that ends after its start, but found {range}");
            self.warn(&text.place, message);
        }
        let Some(wanted) = wanted.and_then(ItemType::plain) else { return };
        let ends = ranges.iter().flat_map(|range| range.start.iter().chain(&range.end));
        let foreign = values.iter().chain(ends).find(|value| !wanted.allows(value));
        if let Some(value) = foreign {
            let found = short(value);
            let message = format!(
                "expected a test of a {wanted}, which the input is, but {found} is a {}",
                value.type_name()
            );
            self.warn(&text.place, message);
        }
    }

    /// A constant that is none of the type of its output.
    fn refused(&mut self, text: &Text, wanted: &ItemType, value: Value) {
        let env = Env::new(0, 0);
        if let Err(message) = wanted.conform(value, &env, &Budget::new(&env)) {
            self.warn(&text.place, message);
        }
    }

    fn warn_rule(&mut self, rule: &source::Rule, message: String) {
        let first = rule.tests.first().or(rule.outputs.first());
        let place = first.map(|text| text.place.clone()).unwrap_or_default();
        self.warn(&Place { id: rule.id.as_str().into(), ..place }, message);
    }
}

/// Whether each input may have any value, whatever the others have.
fn independent(table: &Table) -> bool {
    let mut known = BTreeSet::new();
    table.inputs.iter().all(|input| match &input.expression.kind {
        BoxedKind::Literal(expression) => {
            expression.reads().iter().all(|name| known.insert(name.clone()))
        }
        _ => false,
    })
}

/// Whether there are inputs that both rules are sure to accept, as far as work is left.
fn overlap(left: &TableRule, right: &TableRule, work: &mut usize) -> bool {
    left.tests.iter().zip(&right.tests).all(|(left, right)| match (left, right) {
        (Cell::Tests { shape: left, .. }, Cell::Tests { shape: right, .. }) => {
            let needed = size(left).saturating_mul(size(right));
            *work = work.saturating_sub(needed);
            *work > 0 && share(left, right)
        }
        (Cell::Broken(_), _) | (_, Cell::Broken(_)) => false,
    })
}

fn size(shape: &Shape) -> usize {
    match shape {
        Shape::Values(values) => values.len(),
        Shape::Ranges(ranges) => ranges.len(),
        Shape::Any | Shape::Open => 1,
    }
}

fn share(left: &Shape, right: &Shape) -> bool {
    match (left, right) {
        (Shape::Open, _) | (_, Shape::Open) => false,
        (Shape::Any, other) | (other, Shape::Any) => match other {
            Shape::Ranges(ranges) => ranges.iter().any(has_values),
            Shape::Any | Shape::Values(_) | Shape::Open => true,
        },
        (Shape::Values(left), Shape::Values(right)) => {
            left.iter().any(|one| right.iter().any(|other| feel::equal(one, other) == Some(true)))
        }
        (Shape::Values(values), Shape::Ranges(ranges))
        | (Shape::Ranges(ranges), Shape::Values(values)) => values
            .iter()
            .any(|value| ranges.iter().any(|range| feel::is_in(value, range) == Some(true))),
        (Shape::Ranges(left), Shape::Ranges(right)) => {
            left.iter().any(|one| right.iter().any(|other| meet(one, other)))
        }
    }
}

/// A range that is not turned, nor `(5..5)`.
fn has_values(range: &Range) -> bool {
    ends_behind(range, range)
}

fn meet(left: &Range, right: &Range) -> bool {
    has_values(left) && has_values(right) && ends_behind(left, right) && ends_behind(right, left)
}

/// Whether a range ends at or behind the start of another.
fn ends_behind(range: &Range, other: &Range) -> bool {
    let (Some(end), Some(start)) = (&range.end, &other.start) else { return true };
    match feel::order(end, start) {
        Some(Ordering::Greater) => true,
        Some(Ordering::Equal) => range.end_included && other.start_included,
        Some(Ordering::Less) | None => false,
    }
}
