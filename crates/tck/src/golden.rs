//! What our engine makes of `golden/expressions.txt`, and how it compares with other engines.

use crate::peers::Peer;
use feel::{Dialect, Env, Scope, compile_in};
use std::sync::Arc;
use value::{Context, Number, Packed, Value};

const EXPRESSIONS: &str = include_str!("../golden/expressions.txt");
const VARIABLES: &str = include_str!("../golden/variables.json");
const DISAGREEMENTS: &str = include_str!("../golden/disagreements.txt");

/// One expression a line; lines that begin with `#` are remarks.
pub fn expressions() -> impl Iterator<Item = &'static str> {
    EXPRESSIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn object(json: &str) -> Context {
    match Packed::from_json(json).map(|packed| packed.to_value()) {
        Ok(Value::Context(context)) => (*context).clone(),
        other => panic!("expected a JSON object, but found {other:?}"),
    }
}

/// Our value of an expression; `None` if it is none or has no value.
fn value(text: &str, dialect: Dialect) -> Option<Value> {
    let expression = compile_in(text, &Arc::new(Scope::new(dialect))).ok()?;
    let variables = object(VARIABLES);
    expression.evaluate(&variables, &Env::new(0, 1)).ok().map(|evaluation| evaluation.value)
}

/// Every expression with our value, one a line: the content of a golden file.
pub fn ours(dialect: Dialect) -> String {
    let line = |text: &str| match value(text, dialect) {
        Some(value) => format!("{text} --> {value}\n"),
        None => format!("{text} --> refused\n"),
    };
    expressions().map(line).collect()
}

/// Binary numbers of the other engine against our decimals, and its text of what JSON has no form
/// for against ours.
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
        (ours, Value::Context(theirs)) => {
            let shown = ours.to_string();
            let inner = shown.strip_prefix("@\"").and_then(|rest| rest.strip_suffix('"'));
            let text = theirs.get("@").and_then(Value::as_str);
            theirs.len() == 1 && text == Some(inner.unwrap_or(&shown))
        }
        _ => ours == theirs,
    }
}

/// What became of a comparison.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Expressions on which both agree.
    pub agreed: usize,
    /// Disagreements on the list.
    pub listed: usize,
    /// Disagreements that are not on the list, and lines of the list that are none.
    pub unlisted: Vec<String>,
}

/// Evaluates all expressions with another engine and compares.
///
/// # Errors
/// Why the other engine could not be run.
pub fn compare(peer: Peer) -> Result<Comparison, String> {
    let dialect = match peer {
        Peer::Feelin => Dialect::Camunda,
        Peer::Dsntk => Dialect::Standard,
    };
    let texts: Vec<Value> = expressions().map(Value::from).collect();
    let texts = Packed::from_value(&Value::from(texts)).to_json();
    let request = format!("{{\"variables\": {VARIABLES}, \"expressions\": {texts}}}");
    let prefix = format!("{}: ", peer.name());
    let lines = DISAGREEMENTS.lines().filter_map(|line| line.strip_prefix(&prefix));
    let mut known: Vec<&str> =
        lines.filter_map(|line| line.rsplit_once(" => ")).map(|(text, _)| text).collect();
    let mut comparison = Comparison::default();
    for line in peer.ask("answers", &request)? {
        let row = object(&line);
        let text = row.get("expression").and_then(Value::as_str).unwrap_or_default();
        let ours = value(text, dialect);
        let theirs = row.get("value");
        let agree = match (&ours, theirs) {
            (Some(ours), Some(theirs)) => same(ours, theirs),
            (None, None) => true,
            // An expression that we refuse may be one that they answer with null.
            (None, Some(theirs)) => theirs.is_null(),
            (Some(ours), None) => ours.is_null(),
        };
        let listed = known.iter().position(|own| *own == text).map(|at| known.remove(at)).is_some();
        match (agree, listed) {
            (true, false) => comparison.agreed += 1,
            (false, true) => comparison.listed += 1,
            (agree, _) => {
                let show = |value: Option<&Value>| value.map_or("refused".into(), Value::to_string);
                let (ours, theirs) = (show(ours.as_ref()), show(theirs));
                let what = if agree { "is listed, but agrees" } else { "disagrees" };
                comparison.unlisted.push(format!("{text}: {what}: ours {ours}, theirs {theirs}"));
            }
        }
    }
    let left = known.iter().map(|text| format!("{text}: is listed, but was not compared"));
    comparison.unlisted.extend(left);
    Ok(comparison)
}
