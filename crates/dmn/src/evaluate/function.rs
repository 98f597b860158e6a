//! Business knowledge models, decision services and boxed functions as values that FEEL calls.

use super::boxed::Part;
use super::{Run, element_type};
use crate::model::{Compiled, ElementKind, Function};
use crate::types::ItemType;
use feel::{Budget, Env, EvalError, Evaluation, NativeFunction, Signature, Type, Warning};
use std::sync::Arc;
use value::Value;

fn parameter(name: &Arc<str>, wanted: Option<&ItemType>) -> (Arc<str>, Type) {
    (name.clone(), wanted.map_or(Type::Any, ItemType::structure))
}

fn signature(function: &Function) -> Arc<Signature> {
    let all = function.parameters.iter();
    let all = all.map(|(name, wanted)| parameter(name, wanted.as_deref()));
    function.signature.get_or_init(|| Arc::new(Signature::new(all))).clone()
}

fn finish(run: Run<'_>, result: Result<Value, String>) -> Result<Evaluation, EvalError> {
    let warnings = run.warnings.into_inner().into_iter().map(Warning::function).collect();
    let value = result.map_err(EvalError::function)?;
    Ok(Evaluation { value, warnings })
}

/// The function of a business knowledge model. It sees its parameters, what it requires, and
/// itself.
pub(super) fn knowledge(model: &Arc<Compiled>, at: usize) -> Value {
    let element = &model.elements[at];
    let ElementKind::Knowledge(knowledge) = &element.kind else { return Value::Null };
    let Some(function) = knowledge.function.clone() else { return Value::Null };
    let name = element.name.clone();
    let model = model.clone();
    let signature = signature(&function);
    let body = move |arguments: &[Value], env: &Env, budget: &Budget| {
        let run = Run::new(&model, &(), env, budget);
        let element = &model.elements[at];
        let names =
            run.required(&element.requires).map_err(|own| EvalError::function(own.message))?;
        let mut names = names;
        names.push((element.name.clone(), self::knowledge(&model, at)));
        let result = call(&run, &function, names, arguments);
        let wanted = element_type(&element.kind);
        let result = result.and_then(|value| run.conform(wanted, value, &element.name));
        finish(run, result)
    };
    NativeFunction::value(name, signature, [], Box::new(body))
}

/// The function of a decision service.
pub(super) fn service(model: &Arc<Compiled>, at: usize) -> Value {
    let element = &model.elements[at];
    let ElementKind::Service(service) = &element.kind else { return Value::Null };
    let shapes = service.inputs.iter().map(|input| {
        let input = &model.elements[*input];
        parameter(&input.name, element_type(&input.kind))
    });
    let signature = service.signature.get_or_init(|| Arc::new(Signature::new(shapes))).clone();
    let name = element.name.clone();
    let model = model.clone();
    let body = move |arguments: &[Value], env: &Env, budget: &Budget| {
        let mut run = Run::new(&model, &(), env, budget);
        if let ElementKind::Service(service) = &model.elements[at].kind {
            for (input, value) in service.inputs.iter().zip(arguments) {
                let wanted = element_type(&model.elements[*input].kind);
                let label = &model.elements[*input].name;
                let value =
                    run.conform(wanted, value.clone(), label).map_err(EvalError::function)?;
                run.given.insert(*input, value);
            }
        }
        let result = run.service(at).map_err(|failure| failure.message);
        finish(run, result)
    };
    NativeFunction::value(name, signature, [], Box::new(body))
}

/// A boxed function; it holds on to the values around it.
pub(super) fn boxed(
    model: &Arc<Compiled>,
    function: &Arc<Function>,
    around: Vec<(Arc<str>, Value)>,
) -> Value {
    let (model, function) = (model.clone(), function.clone());
    let signature = signature(&function);
    let held: Vec<Value> = around.iter().map(|(_, value)| value.clone()).collect();
    let run_body = move |arguments: &[Value], env: &Env, budget: &Budget| {
        let run = Run::new(&model, &(), env, budget);
        let result = call(&run, &function, around.clone(), arguments);
        finish(run, result)
    };
    NativeFunction::value(Arc::from("function"), signature, &held, Box::new(run_body))
}

fn call(
    run: &Run<'_>,
    function: &Function,
    mut names: Vec<(Arc<str>, Value)>,
    arguments: &[Value],
) -> Result<Value, String> {
    for ((name, wanted), argument) in function.parameters.iter().zip(arguments) {
        let value =
            match wanted.as_ref().map(|own| own.conform(argument.clone(), run.env, run.budget)) {
                None => argument.clone(),
                Some(Ok(value)) => value,
                Some(Err(message)) => return run.trouble(format!("argument {name}: {message}")),
            };
        names.push((name.clone(), value));
    }
    match &function.body {
        Some(body) => Part { run, names, outer: None }.evaluate(body),
        None => {
            run.warn("an external function is not called; its result is null".to_owned());
            Ok(Value::Null)
        }
    }
}
