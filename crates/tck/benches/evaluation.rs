//! FEEL and DMN beside other engines: ten expressions from small to large (parse and compile, then
//! evaluate over decoded values), and decision tables of 10 to 10,000 rules.
//!
//! `feel_condition` has a budget of 150 ns (`design.md`); each `…_times_PEER` tells how many times
//! as long the other engine takes for the same evaluation in the same run, of which the project
//! wants 5 at least. Called with `--json` it prints one object a line, as `cargo xtask bench` reads
//! them; `--quick` measures less, `--alone` without the others, `--only NAME` one expression,
//! or the `tables`.

use dmn::Model;
use feel::{Env, compile};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tck::peers::{PEERS, Peer};
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
    ("loop", "sum(for entry in items, n in 1..10 return entry.price * n)"),
];

const TABLES: [usize; 4] = [10, 100, 1_000, 10_000];

fn variables() -> String {
    let item = |n: i32| {
        let available = n % 2 == 0;
        format!(r#"{{"name": "item {n}", "price": {}.5, "available": {available}}}"#, n * 3)
    };
    let items: Vec<String> = (0..20).map(item).collect();
    format!(
        r#"{{"total": 120.50, "items": [{}], "order": {{"id": "A-17", "total": 120.50,
            "express": true, "placed": "2024-06-03T10:15:00Z", "customer": {{"name": "Ada"}}}}}}"#,
        items.join(",")
    )
}

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
    let input = |name: &str, kind: &str| {
        format!(
            "<inputData id='{name}' name='{name}'>\
             <variable name='{name}' typeRef='{kind}'/></inputData>"
        )
    };
    let inputs = input("country", "string") + &input("amount", "number");
    format!(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='d' name='bench' \
         namespace='urn:grevy:bench'>{inputs}<decision id='fee' name='fee'>\
         <variable name='fee' typeRef='number'/>\
         <informationRequirement><requiredInput href='#country'/></informationRequirement>\
         <informationRequirement><requiredInput href='#amount'/></informationRequirement>\
         <decisionTable id='t' hitPolicy='UNIQUE'>\
         <input id='a'><inputExpression typeRef='string'><text>country</text></inputExpression>\
         </input><input id='b'><inputExpression typeRef='number'><text>amount</text>\
         </inputExpression></input><output id='o' typeRef='number'/>{rules}</decisionTable>\
         </decision></definitions>"
    )
}

/// The variables for which a table of so many rules finds one of the last, and which.
fn wanted(rules: usize) -> (String, usize) {
    let rule = rules - 3;
    let (country, amount) = (rule % 10, rule / 10 * 100 + 50);
    (format!(r#"{{"country": "c{country}", "amount": {amount}}}"#), rule)
}

fn object(json: &str) -> Context {
    match Packed::from_json(json).map(|packed| packed.to_value()) {
        Ok(Value::Context(context)) => (*context).clone(),
        other => panic!("expected a context, but found {other:?}"),
    }
}

/// The time that one call takes, in nanoseconds: the least of many short batches, which is what
/// the machine can do while nothing else runs on it.
fn nanoseconds(rounds: u32, mut call: impl FnMut()) -> f64 {
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
    (0..rounds).map(timed).fold(f64::INFINITY, f64::min)
}

/// Prints figures, and keeps those that others are compared with.
struct Board {
    json: bool,
    rounds: u32,
    only: Option<String>,
    evaluations: BTreeMap<String, f64>,
}

impl Board {
    fn show(&self, name: &str, figure: f64, unit: &str) {
        match self.json {
            true => {
                println!(r#"{{"name": "{name}", "figure": {figure:.1}, "unit": "{unit}"}}"#);
            }
            false => println!("{name:<36} {figure:>12.1} {unit}"),
        }
    }

    fn ours(&mut self, name: &str, parse: f64, evaluate: f64) {
        self.show(name, evaluate, "ns");
        self.show(&format!("{name}_compile"), parse, "ns");
        self.evaluations.insert(name.to_owned(), evaluate);
    }

    fn expressions(&mut self, variables: &Context) {
        let env = Env::new(0, 0);
        for (name, text) in EXPRESSIONS {
            if self.only.as_ref().is_some_and(|only| only != name) {
                continue;
            }
            let expression = compile(text).unwrap_or_else(|error| panic!("{error}"));
            let check = expression.evaluate(variables, &env);
            let check = check.unwrap_or_else(|error| panic!("{error}"));
            assert!(check.warnings.is_empty() && !check.value.is_null(), "{check:?}");
            let evaluate = nanoseconds(self.rounds, || {
                black_box(expression.evaluate(black_box(variables), &env)).ok();
            });
            let parse = nanoseconds(self.rounds, || {
                black_box(compile(black_box(text))).ok();
            });
            self.ours(&format!("feel_{name}"), parse, evaluate);
        }
    }

    fn tables(&mut self) {
        let env = Env::new(0, 0);
        for rules in TABLES {
            let xml = table(rules);
            let start = Instant::now();
            let model = Model::read(&xml).unwrap_or_else(|error| panic!("{error}"));
            let parse = start.elapsed().as_nanos() as f64;
            let (variables, rule) = wanted(rules);
            let variables = object(&variables);
            let found = model.evaluate("fee", &variables, &env).map(|outcome| outcome.output);
            assert_eq!(found, Some(Ok(Value::from(rule))));
            let evaluate = nanoseconds(self.rounds, || {
                black_box(model.evaluate("fee", black_box(&variables), &env));
            });
            self.ours(&format!("dmn_table_{rules}"), parse, evaluate);
        }
    }

    /// What another engine takes on this machine, now, and how many times that is what ours takes.
    fn beside(&self, peer: Peer, request: &str) {
        let lines = match peer.ask("times", request) {
            Ok(lines) => lines,
            Err(why) => return println!("{}: not run: {why}", peer.name()),
        };
        for line in lines {
            let row = object(&line);
            let number = |key: &str| row.get(key).and_then(Value::as_number).map(|n| n.to_f64());
            let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
            let (Some(parse), Some(evaluate)) = (number("parse"), number("evaluate")) else {
                continue;
            };
            self.show(&format!("{name}_{}", peer.name()), evaluate, "ns");
            self.show(&format!("{name}_compile_{}", peer.name()), parse, "ns");
            if let Some(ours) = self.evaluations.get(name) {
                self.show(&format!("{name}_times_{}", peer.name()), evaluate / ours, "times");
            }
        }
    }
}

/// What the others are asked to measure.
fn request(variables: &str, rounds: u32) -> String {
    let quoted = |text: &str| Packed::from_value(&Value::from(text)).to_json();
    let expressions: Vec<String> = EXPRESSIONS
        .iter()
        .map(|(name, text)| format!("[{}, {}]", quoted(&format!("feel_{name}")), quoted(text)))
        .collect();
    let mut tables = Vec::new();
    for rules in TABLES {
        let (variables, rule) = wanted(rules);
        let (name, xml) = (quoted(&format!("dmn_table_{rules}")), quoted(&table(rules)));
        tables.push(format!("[{name}, {xml}, {variables}, {rule}]"));
    }
    let (expressions, tables) = (expressions.join(","), tables.join(","));
    format!(
        r#"{{"rounds": {rounds}, "variables": {variables}, "expressions": [{expressions}],
            "tables": [{tables}]}}"#
    )
}

fn main() {
    let flag = |name: &str| std::env::args().any(|argument| argument == name);
    let rounds = if flag("--quick") { 300 } else { 3_000 };
    let only = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    let alone = flag("--alone") || only.is_some();
    let mut board = Board { json: flag("--json"), rounds, only, evaluations: BTreeMap::new() };
    let variables = variables();
    board.expressions(&object(&variables));
    if board.only.as_ref().is_none_or(|only| only == "tables") {
        board.tables();
    }
    if !alone {
        let request = request(&variables, rounds / 10);
        PEERS.into_iter().for_each(|peer| board.beside(peer, &request));
    }
}
