//! Ten expressions from small to large: parse and compile, then evaluate over decoded values.
//!
//! `feel_condition` has a budget of 150 ns (`design.md`). Where `npm install` was run in
//! `crates/tck/differential`, feelin is timed on the same expressions in the same run.
//!
//! Called with `--json` it prints one object a line, as `cargo xtask bench` reads them; `--quick`
//! measures less.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark has a clock")]

use feel::{Env, compile};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use value::{Context, Packed, Value};

const EXPRESSIONS: [(&str, &str); 10] = [
    ("variable", "total"),
    ("path", "order.customer.name"),
    ("condition", "order.total > 100 and count(items) > 0"),
    ("arithmetic", "(order.total * 1.19 - 5.50) / 3"),
    ("text", r#""Order " + order.id + " of " + order.customer.name"#),
    ("if", r#"if order.total > 1000 then "slow" else if order.express then "fast" else "x""#),
    ("filter", "items[price > 20 and available].name"),
    ("dates", r#"date and time(order.placed) + duration("P3D") > @"2024-06-01T00:00:00Z""#),
    ("context", "{net: sum(items.price), tax: net * 0.19, gross: net + tax, n: count(items)}"),
    ("loop", "sum(for item in items, n in 1..10 return item.price * n)"),
];

fn variables() -> Context {
    let item = |n: i32| {
        let available = n % 2 == 0;
        format!(r#"{{"name": "item {n}", "price": {}.5, "available": {available}}}"#, n * 3)
    };
    let items: Vec<String> = (0..20).map(item).collect();
    let json = format!(
        r#"{{"total": 120.50, "items": [{}], "order": {{"id": "A-17", "total": 120.50,
            "express": true, "placed": "2024-06-03T10:15:00Z", "customer": {{"name": "Ada"}}}}}}"#,
        items.join(",")
    );
    match Packed::from_json(&json).map(|packed| packed.to_value()) {
        Ok(Value::Context(context)) => (*context).clone(),
        other => panic!("expected a context, but found {other:?}"),
    }
}

/// The time that one call takes, in nanoseconds: the least of many short batches, which is what
/// the machine can do while nothing else runs on it.
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
    let rounds = if quick { 300 } else { 3_000 };
    let timed = |_| {
        let start = Instant::now();
        (0..batch).for_each(|_| call());
        start.elapsed().as_nanos() as f64 / f64::from(batch)
    };
    (0..rounds).map(timed).fold(f64::INFINITY, f64::min)
}

fn main() {
    let flag = |name: &str| std::env::args().any(|argument| argument == name);
    let (json, quick) = (flag("--json"), flag("--quick"));
    let show = |name: String, figure: f64| match json {
        true => println!(r#"{{"name": "{name}", "figure": {figure:.1}, "unit": "ns"}}"#),
        false => println!("{name:<28} {figure:>10.1} ns"),
    };
    let (variables, env) = (variables(), Env::new(0, 0));
    for (name, text) in EXPRESSIONS {
        let expression = compile(text).unwrap_or_else(|error| panic!("{error}"));
        let check = expression.evaluate(&variables, &env).unwrap_or_else(|error| panic!("{error}"));
        assert!(check.warnings.is_empty() && !check.value.is_null(), "{check:?}");
        show(
            format!("feel_{name}"),
            nanoseconds(quick, || {
                black_box(expression.evaluate(black_box(&variables), &env)).ok();
            }),
        );
        show(
            format!("feel_{name}_compile"),
            nanoseconds(quick, || {
                black_box(compile(black_box(text))).ok();
            }),
        );
    }
    feelin();
}

/// What another engine takes, on this machine, now.
fn feelin() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tck/differential");
    if !folder.join("node_modules").is_dir() {
        return println!("feelin: not run; 'npm install' in crates/tck/differential gets it");
    }
    match Command::new("node").arg("bench.js").current_dir(folder).output() {
        Ok(output) => print!("{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => println!("feelin: not run; node: {error}"),
    }
}
