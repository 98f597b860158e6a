//! Values made up from the tables: for round trips, golden bytes, benchmarks and fuzzing.

use engine::event::Text;
use engine::key::key;
use engine::{Event, Key};
use value::Packed;

use crate::codec::Message;
use crate::schema::{Choice, EVENT_TABLES};

/// Where the choices come from.
pub struct Choices<'a> {
    source: Source<'a>,
    /// Offsets are counted from this.
    pub(crate) base: Key,
}

enum Source<'a> {
    /// Everything present, every field different.
    Count(u64),
    /// As the bytes say; when they end, the simplest.
    Bytes(&'a [u8]),
}

impl<'a> Choices<'a> {
    /// Everything is present and every field has a value of its own.
    pub fn full() -> Choices<'static> {
        Choices { source: Source::Count(0), base: 0 }
    }

    /// Any value is the value of some bytes; shorter and smaller bytes give simpler values.
    pub fn from_bytes(bytes: &'a [u8]) -> Choices<'a> {
        Choices { source: Source::Bytes(bytes), base: 0 }
    }

    fn byte(&mut self) -> u8 {
        match &mut self.source {
            Source::Count(_) => 0,
            Source::Bytes(bytes) => match bytes {
                [first, rest @ ..] => {
                    *bytes = rest;
                    *first
                }
                [] => 0,
            },
        }
    }

    pub(crate) fn number(&mut self) -> u64 {
        if let Source::Count(count) = &mut self.source {
            *count += 1;
            return *count;
        }
        let wide = |bytes: [u8; 8]| u64::from_le_bytes(bytes);
        match self.byte() % 8 {
            0 | 1 => 0,
            2 | 3 => u64::from(self.byte()),
            4 => wide([self.byte(), self.byte(), 0, 0, 0, 0, 0, 0]),
            5 => u64::MAX - u64::from(self.byte()),
            6 => 1 << (self.byte() % 64),
            _ => wide(std::array::from_fn(|_| self.byte())),
        }
    }

    /// Below `count`.
    pub(crate) fn pick(&mut self, count: usize) -> usize {
        match self.source {
            Source::Count(_) => count - 1,
            Source::Bytes(_) => usize::from(self.byte()) % count,
        }
    }

    pub(crate) fn absent(&mut self) -> bool {
        matches!(self.source, Source::Bytes(_)) && self.byte().is_multiple_of(2)
    }

    pub(crate) fn length(&mut self) -> usize {
        match self.source {
            Source::Count(_) => 2,
            Source::Bytes(_) => usize::from(self.byte() % 4),
        }
    }

    pub(crate) fn key(&mut self) -> Key {
        match self.source {
            Source::Count(_) => key(1, self.number() as i64),
            Source::Bytes(_) => self.number() as Key,
        }
    }

    pub(crate) fn text(&mut self) -> Text {
        if let Source::Count(_) = self.source {
            return Text::from(format!("text{}", self.number()));
        }
        match self.byte() % 5 {
            0 => Text::default(),
            1 | 2 => Text::from(format!("t{}", self.byte())),
            3 => Text::from("zażółć 順番 🦔"),
            _ => Text::from("long ".repeat(usize::from(self.byte()))),
        }
    }

    pub(crate) fn value(&mut self) -> Packed {
        let number = self.number();
        let json = match self.pick(5) {
            0 => "null".to_owned(),
            1 => number.to_string(),
            2 => format!("\"{}\"", "x".repeat((number % 300) as usize)),
            3 => format!("[{number}.10,true,[]]"),
            _ => format!("{{\"a\":{number},\"b\":[null,{{}}]}}"),
        };
        Packed::from_json(&json).expect("the text above is JSON")
    }
}

/// Aggregate, name and tag of every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    pub aggregate: &'static str,
    pub name: &'static str,
    pub tag: u32,
}

/// All events that can be written, in the order of the tables.
pub fn event_types() -> Vec<EventType> {
    let mut types = Vec::new();
    for (aggregate, variants) in EVENT_TABLES {
        types.extend(variants.iter().map(|&(name, tag)| EventType { aggregate, name, tag }));
    }
    types
}

/// An event of that type.
///
/// # Panics
/// When the type is not one of [`event_types`].
pub fn event_of(of: EventType, choices: &mut Choices<'_>) -> Event {
    let event = match of.aggregate {
        "partition" => Choice::any_of(of.tag, choices).map(Event::Partition),
        "definition" => {
            let definition = choices.key();
            let event = Choice::any_of(of.tag, choices);
            event.map(|event| Event::Definition { definition, event })
        }
        "slot" => {
            let slot = choices.number() as u16;
            Choice::any_of(of.tag, choices).map(|event| Event::Slot { slot, event })
        }
        _ => {
            let instance = choices.key();
            choices.base = instance;
            let event = Choice::any_of(of.tag, choices);
            event.map(|event| Event::Instance { instance, event })
        }
    };
    event.expect("an event type of the tables")
}

/// Any event.
pub fn event(choices: &mut Choices<'_>) -> Event {
    let types = event_types();
    event_of(types[choices.pick(types.len())], choices)
}

/// Any cause.
pub fn cause(choices: &mut Choices<'_>) -> engine::Cause {
    engine::Cause::any(choices)
}

/// Any dictionary.
pub fn dictionary(choices: &mut Choices<'_>) -> crate::Dictionary {
    crate::Dictionary::any(choices)
}

/// Any instance; the parts need not fit each other.
pub fn instance(choices: &mut Choices<'_>) -> engine::state::Instance {
    engine::state::Instance::any(choices)
}

/// Name and tag of every event of the meta journal.
pub fn meta_event_types() -> Vec<EventType> {
    let variants = engine::meta::Event::VARIANTS.iter();
    variants.map(|&(name, tag)| EventType { aggregate: "meta", name, tag }).collect()
}

/// A meta event of that type.
///
/// # Panics
/// When the type is not one of [`meta_event_types`].
pub fn meta_event_of(of: EventType, choices: &mut Choices<'_>) -> engine::meta::Event {
    Choice::any_of(of.tag, choices).expect("an event type of the meta table")
}

/// Any step of the meta journal.
pub fn meta_step(choices: &mut Choices<'_>) -> crate::MetaStep {
    crate::MetaStep::any(choices)
}

/// Any small tables; the rows need not fit each other.
pub fn tables(choices: &mut Choices<'_>) -> engine::state::Image {
    engine::state::Image::any(choices)
}

/// Any rows of the meta machine.
pub fn deployments(choices: &mut Choices<'_>) -> engine::meta::Image {
    engine::meta::Image::any(choices)
}
