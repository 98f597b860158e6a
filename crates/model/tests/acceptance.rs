#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
//! The public models that are not part of this repository: each is read or refused with a clear
//! diagnostic.

mod common;

use common::models;

#[test]
fn executable_models_are_accepted() {
    for (name, xml) in models("models") {
        let outcome = model::parse(&name, &xml);
        if name == "reject-empty-job-type.bpmn" {
            let problems = outcome.expect_err("an empty job type is refused");
            let text = model::report(&name, &problems);
            assert!(text.contains(model::codes::JOB_TYPE_MISSING), "{text}");
            assert!(text.contains("- Element: "), "{text}");
            continue;
        }
        let (definitions, warnings) =
            outcome.unwrap_or_else(|problems| panic!("{}", model::report(&name, &problems)));
        assert!(definitions.processes.iter().any(|p| p.executable), "{name}");
        assert!(!definitions.diagram.shapes.is_empty(), "{name}");
        for warning in warnings {
            println!("{name}: {warning}");
        }
    }
}

#[test]
fn interchange_models_are_accepted_or_refused() {
    for (name, xml) in models("miwg") {
        match model::parse(&name, &xml) {
            Ok((definitions, _)) => assert!(!definitions.processes.is_empty(), "{name}"),
            Err(problems) => {
                assert!(problems.iter().any(model::Diagnostic::is_error), "{name}");
                println!("{}", model::report(&name, &problems));
            }
        }
        let (definitions, _) =
            model::read(&name, &xml).unwrap_or_else(|p| panic!("{}", model::report(&name, &p)));
        let elements: usize = definitions.processes.iter().map(|p| p.elements.len()).sum();
        assert!(elements > 0 && !definitions.diagram.shapes.is_empty(), "{name}");
    }
}
