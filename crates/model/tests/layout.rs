#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
//! G6 of the scenarios: a model without coordinates becomes a readable drawing with attached
//! handlers. Nothing overlaps, no flow crosses a shape, all lines are horizontal or vertical.

mod common;

use common::drawing::check;

#[test]
fn g6_no_overlaps_in_any_acceptance_model() {
    let mut count = 0;
    for folder in ["models", "miwg", "eventlogs"] {
        for (name, xml) in common::models(folder) {
            let (definitions, _) =
                model::read(&name, &xml).unwrap_or_else(|p| panic!("{}", model::report(&name, &p)));
            for process in &definitions.processes {
                check(&name, process, &model::layout(process));
                count += 1;
            }
        }
    }
    println!("{count} processes laid out");
}
