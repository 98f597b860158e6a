//! Model and figures as SVG and as one offline HTML file.
//!
//! One room draws for everyone: commands, tests, reports, tracking. [`svg`] takes a model and an
//! [`Overlay`] of figures by element id and gives one self-contained SVG text, readable on light
//! and dark backgrounds, without scripts, fonts or links.
//!
//! ```
//! use model::Builder;
//! use report::{FlowMark, Mark, Overlay};
//!
//! let model = Builder::process("p").start("s").service_task("work", "w").end("e").build();
//! let model = model.expect("it is correct");
//! let mut overlay = Overlay::default();
//! overlay.elements.insert("work".into(), Mark { tokens: 3, heat: Some(0.8), ..Mark::default() });
//! overlay.flows.insert("s_to_work".into(), FlowMark { taken: Some(120), share: Some(1.0) });
//! let picture = report::svg(&model, &overlay);
//! assert!(picture.starts_with("<svg "));
//! ```

mod draw;
mod fold;
pub mod html;
mod overlay;
mod scene;
mod text;

use model::{Definitions, Process};

pub use html::{Page, html};
pub use overlay::{Badge, FlowMark, Mark, Options, Overlay, State, Theme, Tone};

/// The picture of a file: its coordinates, or our layout where it has none.
pub fn svg(definitions: &Definitions, overlay: &Overlay) -> String {
    svg_with(definitions, overlay, &Options::default())
}

/// [`svg`] with a theme and a title.
pub fn svg_with(definitions: &Definitions, overlay: &Overlay, options: &Options) -> String {
    let scene = scene::Scene::new(definitions, options.width);
    draw::picture(&scene, overlay, options)
}

/// The picture of one process, laid out.
pub fn svg_process(process: &Process, overlay: &Overlay, options: &Options) -> String {
    let definitions = Definitions {
        source: std::sync::Arc::from([]),
        processes: vec![process.clone()],
        collaboration: Default::default(),
        artifacts: Vec::new(),
        diagram: model::layout(process),
    };
    svg_with(&definitions, overlay, options)
}
