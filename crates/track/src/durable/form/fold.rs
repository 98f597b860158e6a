//! Folds of long cases to protobuf and back.

use prost::Message;

use crate::machine::Fold;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Settled {
    #[prost(uint64, tag = "1")]
    pub(super) case: u64,
    #[prost(uint32, tag = "2")]
    pub(super) from: u32,
    #[prost(message, repeated, tag = "3")]
    pub(super) folds: Vec<FoldForm>,
}

/// The place and the time of each token, in two rows.
#[derive(Clone, PartialEq, Message)]
pub(super) struct FoldForm {
    #[prost(uint32, tag = "1")]
    steps: u32,
    #[prost(uint32, tag = "2")]
    upto: u32,
    #[prost(uint32, repeated, tag = "3")]
    places: Vec<u32>,
    #[prost(sint64, repeated, tag = "4")]
    since_ms: Vec<i64>,
}

pub(super) fn fold_form(fold: &Fold) -> FoldForm {
    let (places, since_ms) = fold.marking.iter().copied().unzip();
    FoldForm { steps: fold.steps, upto: fold.upto, places, since_ms }
}

pub(super) fn fold(form: FoldForm) -> Fold {
    let marking = form.places.into_iter().zip(form.since_ms).collect();
    Fold { steps: form.steps, upto: form.upto, marking }
}
