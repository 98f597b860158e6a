//! dsntk as a peer: `answers` evaluates expressions, `times` measures expressions and decision
//! tables. The request is JSON on stdin, the answer is one JSON object a line.

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;
use dsntk_feel::{Evaluator, FeelScope};
use dsntk_model_evaluator::ModelEvaluator;
use serde_json::{Map, Value as Json, json};
use std::hint::black_box;
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let request: Json = serde_json::from_reader(std::io::stdin())?;
    match std::env::args().nth(1).as_deref() {
        Some("answers") => answers(&request),
        Some("times") => times(&request),
        other => Err(format!("expected 'answers' or 'times', but got {other:?}").into()),
    }
}

/// Its errors are none of the standard library's.
fn failure(error: impl std::fmt::Display) -> Failure {
    error.to_string().into()
}

/// Variables as a scope: JSON is FEEL, so they are read as an expression.
fn context(variables: &Json) -> Result<FeelContext, Failure> {
    let text = variables.to_string();
    dsntk_feel_evaluator::evaluate_context(&FeelScope::default(), &text).map_err(failure)
}

fn scope(variables: &Json) -> Result<FeelScope, Failure> {
    let scope = FeelScope::new();
    scope.push(context(variables)?);
    Ok(scope)
}

fn compile(scope: &FeelScope, text: &str) -> Result<Evaluator, Failure> {
    let node = dsntk_feel_parser::parse_expression(scope, text, false).map_err(failure)?;
    Ok(dsntk_feel_evaluator::prepare(&node))
}

fn answers(request: &Json) -> Result<(), Failure> {
    for expression in request["expressions"].as_array().into_iter().flatten() {
        let text = expression.as_str().unwrap_or_default();
        let scope = scope(&request["variables"])?;
        let row = match compile(&scope, text) {
            Ok(evaluator) => json!({"expression": text, "value": plain(&evaluator(&scope))}),
            Err(_) => json!({"expression": text, "failed": true}),
        };
        println!("{row}");
    }
    Ok(())
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Null(_) => Json::Null,
        Value::Boolean(truth) => json!(truth),
        Value::Number(number) => match serde_json::from_str(&number.to_string()) {
            Ok(number) => number,
            Err(_) => json!({"@": number.to_string()}),
        },
        Value::String(text) => json!(text),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Context(context) => {
            let entries = context.iter().map(|(name, own)| (name.to_string(), plain(own)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
        other => json!({"@": other.to_string()}),
    }
}

/// The least time that one call takes among many short batches, in nanoseconds, as on our side.
fn nanoseconds(rounds: u64, mut call: impl FnMut()) -> f64 {
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
    (0..rounds).map(timed).fold(f64::INFINITY, f64::min).round()
}

fn times(request: &Json) -> Result<(), Failure> {
    let rounds = request["rounds"].as_u64().unwrap_or(200);
    let variables = scope(&request["variables"])?;
    for row in request["expressions"].as_array().into_iter().flatten() {
        let (name, text) = (&row[0], row[1].as_str().unwrap_or_default());
        let evaluator = compile(&variables, text)?;
        let value = evaluator(&variables);
        if value.is_null() {
            return Err(format!("expected {text} to have a value, but it is {value}").into());
        }
        let parse = nanoseconds(rounds, || drop(black_box(compile(&variables, black_box(text)))));
        let evaluate = nanoseconds(rounds, || drop(black_box(evaluator(black_box(&variables)))));
        println!("{}", json!({"name": name, "parse": parse, "evaluate": evaluate}));
    }
    for row in request["tables"].as_array().into_iter().flatten() {
        let (name, xml) = (&row[0], row[1].as_str().unwrap_or_default());
        let read = || -> Result<_, Failure> {
            let definitions = dsntk_model::parse(xml).map_err(failure)?;
            ModelEvaluator::new(&[definitions]).map_err(failure)
        };
        let start = Instant::now();
        let model = read()?;
        let parse = start.elapsed().as_nanos() as f64;
        let input = context(&row[2])?;
        let evaluate = || model.evaluate_invocable("urn:grevy:bench", "bench", "fee", &input);
        let (found, wanted) = (evaluate().to_string(), row[3].to_string());
        if found != wanted {
            return Err(format!("{name}: expected {wanted}, but it gives {found}").into());
        }
        let evaluate = nanoseconds(rounds.min(50), || drop(black_box(evaluate())));
        println!("{}", json!({"name": name, "parse": parse, "evaluate": evaluate}));
    }
    Ok(())
}
