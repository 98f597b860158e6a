//! Calls: of built-ins with their arguments in order, and of functions as values.

use super::Compiler;
use crate::ast::{Arguments, Kind, NodeId};
use crate::builtins::{self, BuiltIn};
use crate::error::{Warning, WarningKind};
use crate::program::{BuiltInCall, Callee, Op};
use std::sync::Arc;
use value::Value;

impl Compiler<'_> {
    pub(super) fn call(&mut self, callee: NodeId, arguments: &Arguments) {
        if let Kind::Name(name) = self.ast.kind(callee)
            && self.local(name).is_none()
            && !self.scope.has_variable(name)
        {
            if let Some(function) = builtins::find(name) {
                return self.built_in(function, arguments);
            }
            if !self.inside_filter() && !self.in_function {
                return self.unknown(name, arguments);
            }
        }
        self.expression(callee);
        self.invoke(arguments);
    }

    /// A name that is neither a built-in nor known here: a variable may hold a function.
    fn unknown(&mut self, name: &Arc<str>, arguments: &Arguments) {
        if name.contains(' ') {
            let (kind, message) = Warning::no_function(name);
            return self.fail(kind, message);
        }
        let index = self.program.callees.len() as u32;
        self.program.callees.push(Callee { name: name.clone(), end: 0 });
        let callee = self.emit_with(Op::Function(index), 1);
        self.invoke(arguments);
        self.land(callee);
    }

    fn invoke(&mut self, arguments: &Arguments) {
        match arguments {
            Arguments::Positional(all) => {
                all.iter().for_each(|id| self.expression(*id));
                self.emit_with(Op::Call(all.len() as u32), -(all.len() as i32));
            }
            Arguments::Named(all) => {
                all.iter().for_each(|(_, id)| self.expression(*id));
                let index = self.program.named_calls.len() as u32;
                self.program.named_calls.push(all.iter().map(|(name, _)| name.clone()).collect());
                self.emit_with(Op::CallNamed(index), -(all.len() as i32));
            }
        }
    }

    fn built_in(&mut self, function: &'static BuiltIn, arguments: &Arguments) {
        let (nodes, signature) = match arguments {
            Arguments::Positional(all) => {
                let Some(signature) = function.by_count(all.len()) else {
                    let message = format!(
                        "expected {}, but found {} arguments",
                        function.shapes(),
                        all.len()
                    );
                    return self.fail(WarningKind::NoFunctionFound, message);
                };
                (all.iter().copied().map(Some).collect::<Vec<_>>(), signature)
            }
            Arguments::Named(all) => {
                let given: Vec<&str> = all.iter().map(|(name, _)| &**name).collect();
                let Some(signature) = function.by_names(&given) else {
                    let given = given.join(", ");
                    let message =
                        format!("expected {}, but found arguments '{given}'", function.shapes());
                    return self.fail(WarningKind::NoFunctionFound, message);
                };
                if self.is_standard() && signature > 0 && is_renamed(function.name) {
                    let message = format!("expected the arguments of {}", function.shapes());
                    return self.fail(WarningKind::NoFunctionFound, message);
                }
                let names = function.signatures[signature as usize].names;
                let find = |name: &&str| {
                    all.iter().find(|(given, _)| **given == **name).map(|(_, id)| *id)
                };
                (names.iter().map(find).collect(), signature)
            }
        };
        if let Some(value) = self.folded(function, &nodes) {
            return self.constant(value);
        }
        for node in &nodes {
            match node {
                Some(id) => self.argument(function, *id),
                None => self.constant(Value::Null),
            }
        }
        let index = self.program.calls.len() as u32;
        let arguments = nodes.len() as u32;
        self.program.calls.push(BuiltInCall { function, arguments, signature });
        self.emit_with(Op::BuiltIn(index), 1 - arguments as i32);
    }

    /// `is defined` asks whether its argument exists; that it does not is no reason to warn.
    fn argument(&mut self, function: &BuiltIn, id: NodeId) {
        let quiet = matches!(function.name, "is defined" | "get or else");
        if quiet {
            self.emit(Op::Mute);
        }
        self.expression(id);
        if quiet {
            self.emit(Op::Unmute);
        }
    }

    /// Temporal values made of one literal, such as `date("2024-01-31")`, are made once.
    fn folded(&self, function: &BuiltIn, nodes: &[Option<NodeId>]) -> Option<Value> {
        let [Some(only)] = nodes else { return None };
        let Kind::Literal(Value::String(text)) = self.ast.kind(*only) else { return None };
        match function.name {
            "date" | "time" | "date and time" | "duration" => {
                builtins::temporal_named(function.name, text, self.scope.dialect())
            }
            _ => None,
        }
    }
}

/// Built-ins whose parameter has another name in Camunda, beside that of the standard.
fn is_renamed(name: &str) -> bool {
    matches!(name, "abs" | "even" | "odd")
}
