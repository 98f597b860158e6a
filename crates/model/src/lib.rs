//! BPMN 2.0 XML with the `zeebe:` extensions as typed definitions with diagnostics.

pub mod definitions;

pub use definitions::*;
