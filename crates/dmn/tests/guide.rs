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

#[test]
fn the_import_of_the_guide_is_true() {
    let text = include_str!("../../../docs/guide/dmn.md");
    let example = text.split_once("## Imports").expect("the section").1;
    let rates = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='rates' name='Rates' namespace='urn:rates'>\
                 <decision id='rate' name='rate'><variable name='rate'/>\
                 <literalExpression><text>2</text></literalExpression></decision></definitions>";
    let model = Model::read_with(block(example, "xml"), &[rates], dmn::Options::default());
    let model = model.unwrap_or_else(|error| panic!("{error}"));
    let outcome = model.evaluate("fee", &[("weight", Value::from(10))], &Env::new(0, 0));
    assert_eq!(outcome.expect("the decision").output, Ok(Value::from(20)));
}

#[test]
fn the_cells_of_the_guide_accept_what_it_says() {
    let text = include_str!("../../../docs/guide/dmn.md");
    let scope = std::sync::Arc::new(feel::Scope::default());
    let variables = [("limit", Value::from(5)), ("allowed", Value::from(vec![Value::from("a")]))];
    let cases = [
        ("-", Value::from("b"), true),
        (r#""a", "b""#, Value::from("b"), true),
        (r#""a", "b""#, Value::from("c"), false),
        ("< 10", Value::from(9), true),
        ("[1..5]", Value::from(6), false),
        (r#"not("a", "b")"#, Value::from("c"), true),
        (r#"not("a", "b")"#, Value::from("a"), false),
        ("? > limit and ? < 100", Value::from(6), true),
        ("? > limit and ? < 100", Value::from(4), false),
        (r#"contains(?, "x")"#, Value::from("axe"), true),
        ("allowed", Value::from("a"), true),
        ("allowed", Value::from("b"), false),
    ];
    for (cell, input, accepted) in cases {
        assert!(text.contains(&format!("`{cell}`")), "{cell} is not in the guide");
        let tests = feel::compile_tests(cell, &scope).unwrap_or_else(|error| panic!("{error}"));
        let found = tests.evaluate(&input, &variables, &Env::new(0, 0));
        let found = found.unwrap_or_else(|error| panic!("{error}")).value;
        assert_eq!(found, Value::from(accepted), "{cell} {input}");
    }
}
