//! Any text compiles or is refused, ends, and has a normal form that means the same.
#![no_main]

use feel::{Dialect, Env, Scope, compile_in, compile_tests};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use value::{Context, Value};

fn variables() -> Context {
    let mut variables = Context::new();
    variables.insert("a", Value::from(7));
    variables.insert("b", Value::from("text"));
    variables.insert("c", Value::from(vec![Value::from(1), Value::from("x"), Value::Null]));
    variables
}

fuzz_target!(|text: &str| {
    let env = Env { fuel: 20_000, ..Env::new(1_700_000_000_000, 1) };
    let variables = variables();
    for dialect in [Dialect::Camunda, Dialect::Standard] {
        let scope = Arc::new(Scope::new(dialect));
        if let Ok(expression) = compile_in(text, &scope) {
            let value = expression.evaluate(&variables, &env);
            drop(value.map(|evaluation| evaluation.value.to_string()));
            let normal = expression.normal_form();
            match compile_in(&normal, &scope) {
                Ok(again) => assert_eq!(again.normal_form(), normal),
                // A normal form has more parentheses and may pass the limit on nesting.
                Err(error) => assert!(error.message().contains("nesting"), "{normal}: {error}"),
            }
        }
        if let Ok(tests) = compile_tests(text, &scope) {
            let _ = tests.evaluate(&Value::from(3), &variables, &env);
        }
    }
});
