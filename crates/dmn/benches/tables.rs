//! Decision tables of 10 to 10,000 rules: a table with many rules must not take longer for it.
//!
//! Called with `--json` it prints one object a line, as `cargo xtask bench` reads them.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark has a clock")]

use dmn::Model;
use feel::Env;
use std::hint::black_box;
use std::time::{Duration, Instant};
use value::{Context, Value};

/// A table over a country and an amount: every rule has its own pair.
fn table(rules: usize) -> String {
    let rule = |n: usize| {
        let (low, high) = (n / 10 * 100, n / 10 * 100 + 100);
        format!(
            "<rule id='r{n}'><inputEntry><text>\"c{}\"</text></inputEntry><inputEntry>\
             <text>[{low}..{high})</text></inputEntry><outputEntry><text>{n}</text></outputEntry>\
             </rule>",
            n % 10
        )
    };
    let rules: String = (0..rules).map(rule).collect();
    format!(
        "<definitions namespace='http://camunda.org/schema/1.0/dmn' id='d' name='d'>\
         <decision id='fee' name='Fee'><decisionTable id='t'>\
         <input id='a'><inputExpression><text>country</text></inputExpression></input>\
         <input id='b'><inputExpression><text>amount</text></inputExpression></input>\
         <output id='o' name='fee'/>{rules}</decisionTable></decision></definitions>"
    )
}

/// The least time that one call takes among many short batches, in nanoseconds.
fn nanoseconds(quick: bool, mut call: impl FnMut()) -> f64 {
    let mut calls = 1u32;
    let batch = loop {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        if start.elapsed() > Duration::from_micros(100) {
            break calls;
        }
        calls *= 2;
    };
    let timed = |_| {
        let start = Instant::now();
        (0..batch).for_each(|_| call());
        start.elapsed().as_nanos() as f64 / f64::from(batch)
    };
    (0..if quick { 200 } else { 2_000 }).map(timed).fold(f64::INFINITY, f64::min)
}

fn main() {
    let flag = |name: &str| std::env::args().any(|argument| argument == name);
    let (json, quick) = (flag("--json"), flag("--quick"));
    let show = |name: String, figure: f64| match json {
        true => println!(r#"{{"name": "{name}", "figure": {figure:.1}, "unit": "ns"}}"#),
        false => println!("{name:<28} {figure:>12.1} ns"),
    };
    for rules in [10, 100, 1_000, 10_000] {
        let xml = table(rules);
        let model = Model::read(&xml).unwrap_or_else(|error| panic!("{error}"));
        let wanted = rules - 3;
        let mut variables = Context::new();
        variables.insert("country", Value::from(format!("c{}", wanted % 10)));
        variables.insert("amount", Value::from(wanted / 10 * 100 + 50));
        let env = Env::new(0, 0);
        let found = model.evaluate("fee", &variables, &env).map(|outcome| outcome.output);
        assert_eq!(found, Some(Ok(Value::from(wanted))));
        show(
            format!("dmn_table_{rules}"),
            nanoseconds(quick, || {
                black_box(model.evaluate("fee", black_box(&variables), &env));
            }),
        );
    }
}
