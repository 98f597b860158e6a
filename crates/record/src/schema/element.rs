//! References to elements and flows.

use engine::event::{ElementRef, FlowNo, Role, Via};

use crate::codec::{Codec, Numbers, U32, read_numbers};
use crate::error::DecodeError;
use crate::proto::{FieldText, Schema};
#[cfg(feature = "specimen")]
use crate::specimen::Choices;
use crate::wire::{Raw, Reader, Writer};

numbers!("Role", Role {
    0 Itself,
    1 Body,
    2 Inner,
    3 AdHocInner,
});

/// Number and role of an element, in two fields: the role is nearly always absent.
pub(crate) struct Element;

impl Codec for Element {
    type Value = ElementRef;
    type Slot = (u32, Option<Role>);
    const TAGS: u32 = 2;

    fn write(value: &ElementRef, tag: u32, writer: &mut Writer<'_>) {
        U32::write(&value.no, tag, writer);
        Role::write(&value.role, tag + 1, writer);
    }

    fn is_default(_value: &ElementRef) -> bool {
        false
    }

    fn put(value: &ElementRef, tag: u32, writer: &mut Writer<'_>) {
        U32::put(&value.no, tag, writer);
        Role::put(&value.role, tag + 1, writer);
    }

    fn take(
        slot: &mut Self::Slot,
        index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        match index {
            0 => U32::take(&mut slot.0, 0, raw, reader),
            _ => Role::take(&mut slot.1, 0, raw, reader),
        }
    }

    fn finish((no, role): Self::Slot, reader: &Reader<'_>) -> Result<ElementRef, DecodeError> {
        Ok(ElementRef { no, role: Role::finish(role, reader)? })
    }

    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
        let role = format!("{name}_role");
        [U32::describe(name, tag, schema), Role::describe(&role, tag + 1, schema)].concat()
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> ElementRef {
        ElementRef { no: U32::any(choices), role: Role::any(choices) }
    }
}

/// The tokens that entering consumes, in two fields: one flow, or the list of a join.
pub(crate) struct Entered;

impl Codec for Entered {
    type Value = Via;
    type Slot = (Option<FlowNo>, Option<Vec<FlowNo>>);
    const TAGS: u32 = 2;

    fn write(value: &Via, tag: u32, writer: &mut Writer<'_>) {
        match value {
            Via::None => {}
            Via::Flow(flow) => U32::write(flow, tag, writer),
            Via::Flows(flows) => writer.packed(tag + 1, flows.iter().map(|f| u64::from(*f))),
        }
    }

    fn is_default(value: &Via) -> bool {
        *value == Via::None
    }

    fn take(
        slot: &mut Self::Slot,
        index: u32,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), DecodeError> {
        match index {
            0 => U32::take(slot.0.get_or_insert_default(), 0, raw, reader),
            _ => read_numbers(slot.1.get_or_insert_default(), raw, reader),
        }
    }

    fn finish((flow, flows): Self::Slot, _reader: &Reader<'_>) -> Result<Via, DecodeError> {
        Ok(match (flow, flows) {
            (None, None) => Via::None,
            (Some(flow), None) => Via::Flow(flow),
            (_, Some(flows)) => Via::Flows(flows.into()),
        })
    }

    fn describe(name: &str, tag: u32, schema: &mut Schema) -> Vec<FieldText> {
        let one = FieldText::new("optional", "uint32", name, tag).note("flow");
        let all = Numbers::describe(&format!("{name}_all"), tag + 1, schema);
        [vec![one], all].concat()
    }

    #[cfg(feature = "specimen")]
    fn any(choices: &mut Choices<'_>) -> Via {
        match choices.pick(3) {
            0 => Via::None,
            1 => Via::Flow(U32::any(choices)),
            // A join has at least one flow.
            _ => Via::Flows([vec![U32::any(choices)], Numbers::any(choices)].concat().into()),
        }
    }
}
