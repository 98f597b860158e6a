//! From bytes to an XML tree: encoding, limits, places. Nothing here knows BPMN.

mod decode;
mod places;
mod scan;

pub(crate) use decode::decode;
pub(crate) use places::Places;
pub(crate) use scan::scan;
