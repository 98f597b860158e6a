#![allow(clippy::disallowed_methods)] // An example for the command line reads files.
//! `cargo run -p grevy-report --example draw -- [--layout] [--figures] FILE.bpmn > FILE.svg`
//!
//! `--layout` forgets the coordinates of the file; `--figures` lays made-up figures over it.

use model::Diagram;
use report::{Badge, FlowMark, Mark, Options, Overlay, State, Theme, Tone};

fn main() -> Result<(), String> {
    let (flags, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|a| a.starts_with("--"));
    let [file] = &files[..] else { return Err("expected one file".into()) };
    let xml = std::fs::read(file).map_err(|e| format!("{file}: {e}"))?;
    let (mut definitions, _) =
        model::read(file, &xml).map_err(|problems| model::report(file, &problems))?;
    let has = |flag: &str| flags.iter().any(|f| f == flag);
    if has("--layout") {
        definitions.diagram = Diagram::default();
    }
    let mut overlay = Overlay::default();
    if has("--figures") {
        figures(&definitions, &mut overlay);
        overlay.fade_unmarked = has("--fade");
    }
    let theme = if has("--dark") { Theme::Dark } else { Theme::Light };
    print!(
        "{}",
        report::svg_with(&definitions, &overlay, &Options { theme, ..Options::default() })
    );
    Ok(())
}

fn figures(definitions: &model::Definitions, overlay: &mut Overlay) {
    for process in &definitions.processes {
        for (at, element) in process.elements.iter().enumerate().filter(|(at, _)| at % 4 != 3) {
            let mut mark = Mark { count: Some(37 * (at as u64 + 1)), ..Mark::default() };
            match at % 5 {
                0 => mark.heat = Some(at as f64 / process.elements.len() as f64),
                1 => mark.tokens = at as u64 + 1,
                2 => mark.incidents = 2,
                3 => mark.state = Some(State::Completed),
                _ => mark.badges.push(Badge { text: "p95 3 h".into(), tone: Tone::Warning }),
            }
            overlay.elements.insert(element.id.clone(), mark);
        }
        for (at, flow) in process.flows.iter().enumerate().filter(|(at, _)| at % 2 == 0) {
            let share = Some(at as f64 / process.flows.len() as f64);
            let taken = Some(100 * at as u64);
            overlay.flows.insert(flow.id.clone(), FlowMark { taken, share });
        }
    }
}
