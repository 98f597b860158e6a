//! Decisions and expressions.

use engine::Key;
use engine::command::EvaluateDecision;
use engine::decision::{Evaluation, Given};
use engine::event::NamedValue;
use feel::Env;
use value::{Packed, Value};

use super::{Caller, Gateway};
use crate::access::Action;
use crate::failure::{Failure, Kind};
use crate::limits::EXPRESSION_FUEL_MAX;

/// The value of an expression.
pub struct Evaluated {
    pub value: Packed,
    /// Why parts of it are `null`, each with its place.
    pub warnings: Vec<String>,
}

impl Gateway {
    /// A decision that fails is an answer, not a failure.
    pub async fn evaluate_decision(
        &self,
        caller: &Caller,
        asked: EvaluateDecision,
    ) -> Result<Evaluation, Failure> {
        caller.principal.require(Action::Work)?;
        let engine = self.engine_for(caller).await?;
        let (_permit, engine) = self.room_for_new(engine, caller)?;
        let done = engine.evaluate_decision(asked).await;
        done.map_err(|error| Failure::of("EVALUATE", error))
    }

    /// Evaluates with these variables, and with those that `scope` sees below them.
    pub async fn evaluate_expression(
        &self,
        caller: &Caller,
        text: &str,
        given: Vec<NamedValue>,
        scope: Option<Key>,
    ) -> Result<Evaluated, Failure> {
        caller.principal.require(Action::Read)?;
        let engine = self.engine_for(caller).await?;
        let text = text.trim_start();
        let text = text.strip_prefix('=').unwrap_or(text).to_owned();
        let panicked = |_| Failure::new(Kind::Internal, "the evaluation panicked");
        let compiled = tokio::task::spawn_blocking(move || feel::compile(&text)).await;
        let expression = compiled.map_err(panicked)?;
        let expression = expression.map_err(|error| Failure::invalid(error.to_string()))?;
        let mut variables = match scope {
            Some(scope) => {
                let seen = engine.seen(scope, expression.reads().to_vec()).await;
                let seen = seen.map_err(|error| Failure::of("EVALUATE", error))?;
                seen.ok_or_else(|| {
                    Failure::new(
                        Kind::NotFound,
                        format!("Expected to evaluate in scope '{scope}', but there is none"),
                    )
                })?
            }
            None => Vec::new(),
        };
        variables.extend(given);
        let now = engine.clock().now();
        // It may take as long as its fuel lasts: not on a thread that others wait for.
        let done = tokio::task::spawn_blocking(move || evaluate(&expression, &variables, now));
        let done = done.await;
        done.map_err(panicked)?
    }
}

fn evaluate(
    expression: &feel::Expression,
    variables: &[NamedValue],
    now: i64,
) -> Result<Evaluated, Failure> {
    let env = Env { fuel: EXPRESSION_FUEL_MAX, ..Env::new(now, now as u64) };
    let found = expression.evaluate(&Given(variables), &env);
    let found = found.map_err(|error| Failure::invalid(error.to_string()))?;
    if matches!(found.value, Value::Function(_)) {
        return Err(Failure::invalid(
            "Expected an expression that gives a value, but it gives a function",
        ));
    }
    Ok(Evaluated {
        value: Packed::from_value(&found.value),
        warnings: found.warnings.iter().map(ToString::to_string).collect(),
    })
}
