//! Any text compiles or is refused, ends, and has a normal form that means the same.
#![no_main]

use feel::{Dialect, Env, Scope, compile_in, compile_tests};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use value::Value;

fuzz_target!(|text: &str| {
    let env = Env { fuel: 50_000, ..Env::new(0, 1) };
    for dialect in [Dialect::Camunda, Dialect::Standard] {
        let scope = Arc::new(Scope::new(dialect));
        if let Ok(expression) = compile_in(text, &scope) {
            let _ = expression.evaluate(&(), &env);
            let normal = expression.normal_form();
            let again = compile_in(&normal, &scope).expect("a normal form compiles");
            assert_eq!(again.normal_form(), normal);
        }
        if let Ok(tests) = compile_tests(text, &scope) {
            let _ = tests.evaluate(&Value::from(1), &(), &env);
        }
    }
});
