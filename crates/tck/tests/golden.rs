//! Compares with what another engine made of the same expressions (`golden/feelin.jsonl`, made by
//! `differential/run.js`). Every disagreement was looked at and stands on a list with its reason.

use feel::{Env, compile};
use std::collections::BTreeMap;
use value::{Context, Number, Packed, Value};

/// Binary numbers of the other engine against our decimals.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => {
            let gap = ours.sub(theirs).map(|gap| gap.abs());
            gap.is_some_and(|gap| gap <= Number::new(1, 9))
        }
        (Value::List(ours), Value::List(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Context(ours), Value::Context(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(key, own)| theirs.get(key).is_some_and(|other| same(own, other)))
        }
        _ => ours == theirs,
    }
}

fn object(json: &str) -> Context {
    match Packed::from_json(json).expect("JSON").to_value() {
        Value::Context(context) => (*context).clone(),
        other => panic!("expected an object, but found {other}"),
    }
}

#[test]
fn disagreements_with_feelin_are_known() {
    let variables = object(include_str!("../golden/variables.json"));
    let listed = include_str!("../golden/disagreements.txt").lines();
    let listed = listed.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut known: BTreeMap<&str, &str> =
        listed.map(|line| line.split_once(" => ").expect("expression => reason")).collect();
    let mut unknown = Vec::new();
    for line in include_str!("../golden/feelin.jsonl").lines() {
        let row = object(line);
        let text = row.get("expression").and_then(Value::as_str).expect("an expression");
        let ours =
            compile(text).ok().and_then(|own| own.evaluate(&variables, &Env::new(0, 1)).ok());
        // What has no form in JSON is compared as it is written there.
        let ours = ours.map(|own| Packed::from_value(&own.value).to_value());
        let theirs = row.get("value");
        let agree = match (&ours, theirs) {
            (Some(ours), Some(theirs)) => same(ours, theirs),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if known.remove(text).is_some() == agree {
            unknown.push(format!("{text}: ours {ours:?}, theirs {theirs:?}"));
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    assert!(known.is_empty(), "listed, but not compared: {known:?}");
}
