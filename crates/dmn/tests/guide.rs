//! Runs the example of `docs/guide/dmn.md`.

use dmn::Model;
use feel::Env;
use std::fmt::Write;
use value::{Packed, Value};

fn block<'t>(text: &'t str, kind: &str) -> &'t str {
    let open = format!("```{kind}\n");
    let inner = text.split_once(open.as_str()).expect("a block").1;
    inner.split("```").next().unwrap_or("").trim()
}

#[test]
fn the_example_of_the_guide_is_true() {
    let text = include_str!("../../../docs/guide/dmn.md");
    let model = Model::read(block(text, "xml")).unwrap_or_else(|error| panic!("{error}"));
    let variables = Packed::from_json(block(text, "json")).expect("JSON").to_value();
    let Value::Context(variables) = variables else { panic!("expected an object") };
    let outcome = model.evaluate("fee", &*variables, &Env::new(0, 0)).expect("the decision");
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
    let output = outcome.output.expect("a value");
    assert_eq!(output.to_string(), block(text, "feel"));
    let mut shown = String::new();
    for decision in &outcome.evaluated {
        writeln!(shown, "{} {} {}", decision.id, decision.kind.code(), decision.output).ok();
        for input in &decision.inputs {
            writeln!(shown, "  {} = {}", input.name, input.value).ok();
        }
        for rule in &decision.rules {
            let outputs = rule.outputs.iter().map(|own| format!("{} = {}", own.name, own.value));
            let outputs: Vec<String> = outputs.collect();
            writeln!(shown, "  rule {} {}: {}", rule.index, rule.id, outputs.join(", ")).ok();
        }
    }
    assert_eq!(shown.trim(), block(text, "text"));
}
