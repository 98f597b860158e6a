//! Any text is a decision model or is refused; every decision of it ends.
#![no_main]

use dmn::Model;
use feel::Env;
use libfuzzer_sys::fuzz_target;
use value::{Context, Value};

fuzz_target!(|xml: &str| {
    let Ok(model) = Model::read(xml) else { return };
    let env = Env { fuel: 20_000, ..Env::new(1_700_000_000_000, 1) };
    let mut variables = Context::new();
    variables.insert("a", Value::from(7));
    for decision in model.decisions() {
        let _ = model.evaluate(decision.id, &variables, &env);
    }
});
