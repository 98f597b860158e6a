//! Function definitions.

use super::{Binding, Compiler};
use crate::ast::{Kind, NodeId};
use crate::program::{Op, Prototype};
use crate::types::Type;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Compiler<'_> {
    /// Captures every name that the body uses, variables included: the function may be called
    /// after the evaluation that made it. In its frame the captured values come first, then the
    /// arguments.
    pub(super) fn function(&mut self, parameters: &[(Arc<str>, Type)], body: Option<NodeId>) {
        let captured = body.map_or(Vec::new(), |body| self.captured(parameters, body));
        let jump = self.emit(Op::Jump(0));
        let entry = self.here();
        if let Some(body) = body {
            self.body(parameters, &captured, body);
        }
        self.land(jump);
        // Captured names are read where the function is made; a missing one is null in it.
        self.emit(Op::Mute);
        for capture in &captured {
            match capture {
                Capture::Name(name) => self.name(name),
                Capture::Slot(slot) => drop(self.emit_with(Op::Local(*slot), 1)),
            }
        }
        self.emit(Op::Unmute);
        let index = self.program.prototypes.len() as u32;
        self.program.prototypes.push(Prototype {
            parameters: parameters.iter().map(|(name, _)| name.clone()).collect(),
            types: parameters.iter().map(|(_, named)| named.clone()).collect(),
            entry: body.map(|_| entry),
            captures: captured.len() as u32,
        });
        self.emit_with(Op::Closure(index), 1 - captured.len() as i32);
    }

    fn body(&mut self, parameters: &[(Arc<str>, Type)], captured: &[Capture], body: NodeId) {
        let outer_bindings = std::mem::take(&mut self.bindings);
        let outer_depth = std::mem::replace(&mut self.depth, 0);
        let outer_input = self.input.take();
        let outer_function = std::mem::replace(&mut self.in_function, true);
        for capture in captured {
            match capture {
                Capture::Name(name) => self.bindings.push(Binding::Local(name.clone(), self.depth)),
                Capture::Slot(slot) if Some(*slot) == outer_input => self.input = Some(self.depth),
                Capture::Slot(_) => self.bindings.push(Binding::Element(self.depth)),
            }
            self.depth += 1;
        }
        for (name, _) in parameters {
            self.bindings.push(Binding::Local(name.clone(), self.depth));
            self.depth += 1;
        }
        self.expression(body);
        self.emit(Op::Return);
        self.bindings = outer_bindings;
        self.depth = outer_depth;
        self.input = outer_input;
        self.in_function = outer_function;
    }

    /// Names used in the body that are not its parameters, then the elements of filters around it
    /// and the input of a unary test. Names bound inside the body may be among them: capturing one
    /// too many is harmless.
    fn captured(&self, parameters: &[(Arc<str>, Type)], body: NodeId) -> Vec<Capture> {
        let mut names = BTreeSet::new();
        let mut uses_input = false;
        let mut open = vec![body];
        while let Some(next) = open.pop() {
            match self.ast.kind(next) {
                Kind::Name(name) => drop(names.insert(name.clone())),
                Kind::Input => uses_input = true,
                _ => {}
            }
            self.ast.children(next, |child| open.push(child));
        }
        let is_free = |name: &Arc<str>| {
            let is_parameter = parameters.iter().any(|(own, _)| own == name);
            let is_built_in = crate::builtins::find(name).is_some()
                && self.local(name).is_none()
                && !self.scope.has_variable(name);
            !is_parameter && !is_built_in
        };
        let mut captured: Vec<Capture> = Vec::new();
        let slots = self.bindings.iter().filter_map(|binding| match binding {
            Binding::Element(slot) => Some(Capture::Slot(*slot)),
            Binding::Local(..) => None,
        });
        captured.extend(slots);
        captured.extend(names.into_iter().filter(is_free).map(Capture::Name));
        captured.extend(self.input.filter(|_| uses_input).map(Capture::Slot));
        captured
    }
}

enum Capture {
    Name(Arc<str>),
    Slot(u32),
}
