//! Figures that are laid over a model.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What is shown beside the bare model, by id. Ids that the model does not have are ignored.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// By id of a flow node, participant or lane.
    pub elements: BTreeMap<Arc<str>, Mark>,
    /// By id of a sequence flow or message flow.
    pub flows: BTreeMap<Arc<str>, FlowMark>,
    /// Fades every element and flow that has no mark, so that a path stands out.
    pub fade_unmarked: bool,
}

/// Figures of one element.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mark {
    /// From 0 (cold) to 1 (hot), as a colour of the shape.
    pub heat: Option<f64>,
    /// Instances that are here now.
    pub tokens: u64,
    /// Instances that passed, at the lower right.
    pub count: Option<u64>,
    /// Open incidents, at the upper right.
    pub incidents: u64,
    pub state: Option<State>,
    /// More figures, from the upper left on: `p95 3 h`, `✓`, `late`.
    pub badges: Vec<Badge>,
    /// Shown when the pointer rests on the element.
    pub title: Option<String>,
}

/// A short text on a coloured pill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    pub text: String,
    pub tone: Tone,
}

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    Neutral,
    Info,
    Good,
    Warning,
    Bad,
}

/// What became of an element in one instance, or in a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    Completed,
    Active,
    Failed,
    /// Ended from outside.
    Terminated,
    /// A finding: expected, but it did not happen, or happened wrongly.
    Deviated,
}

/// Figures of one flow.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FlowMark {
    /// How often it was taken; shown on the flow. A mark without one only colours it.
    pub taken: Option<u64>,
    /// From 0 to 1, as the width of the line.
    pub share: Option<f64>,
}

/// How a picture looks.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub theme: Theme,
    /// Wider pictures without pools are folded into rows of about this width, in pixels.
    pub width: Option<f64>,
    /// Read out by screen readers; the model's name when absent.
    pub title: Option<String>,
}

/// The reader's own setting, or one of them for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}
