//! Runs the examples of `docs/guide/feel.md`.

use feel::{Env, compile};
use value::{Packed, Value};

/// The fenced blocks of one kind.
fn blocks<'t>(text: &'t str, kind: &str) -> Vec<&'t str> {
    let open = format!("```{kind}\n");
    let parts = text.split(open.as_str()).skip(1);
    parts.map(|part| part.split("```").next().unwrap_or("")).collect()
}

#[test]
fn the_examples_of_the_guide_are_true() {
    let text = include_str!("../../../docs/guide/feel.md");
    let [json] = blocks(text, "json")[..] else { panic!("expected one block of variables") };
    let Value::Context(variables) = Packed::from_json(json).expect("JSON").to_value() else {
        panic!("expected an object of variables")
    };
    let mut examples = 0;
    for block in blocks(text, "feel") {
        let mut expression = String::new();
        for line in block.lines() {
            let Some(expected) = line.strip_prefix("--> ") else {
                expression.push_str(line);
                continue;
            };
            let compiled = compile(&expression).unwrap_or_else(|error| panic!("{error}"));
            let found = compiled.evaluate(&*variables, &Env::new(0, 0));
            let found = found.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(found.value.to_string(), expected, "{expression}");
            expression.clear();
            examples += 1;
        }
        assert!(expression.is_empty(), "an example without its value: {expression}");
    }
    assert!(examples > 50, "only {examples} examples were found");
}
