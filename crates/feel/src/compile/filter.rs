//! Filters: an index, or a condition on each element.

use super::{Binding, Compiler};
use crate::ast::{Kind, NodeId};
use crate::program::Op;
use std::sync::Arc;

impl Compiler<'_> {
    /// ```text
    ///   list
    ///   [Mute; filter; Unmute; Index → end; Pop]     if the filter may be an index
    ///   FilterBegin → end; L: Next → done; filter; FilterStep → end; Jump L
    ///   done: FilterEnd
    ///   end:
    /// ```
    pub(super) fn filter(&mut self, list: NodeId, filter: NodeId) {
        self.expression(list);
        let index = self.index(filter);
        let begin = self.emit_with(Op::FilterBegin(0), -1);
        let start = self.here();
        let exit = self.emit_with(Op::Next(0), 1);
        let bound = self.bindings.len();
        self.bindings.push(Binding::Local(Arc::from("item"), self.depth - 1));
        self.bindings.push(Binding::Element(self.depth - 1));
        self.expression(filter);
        self.bindings.truncate(bound);
        let step = self.emit_with(Op::FilterStep(0), -2);
        self.emit(Op::Jump(start));
        self.land(exit);
        self.emit_with(Op::FilterEnd, 1);
        self.land(begin);
        self.land(step);
        index.into_iter().for_each(|jump| self.land(jump));
    }

    /// Evaluates the filter without an element first, if it could be an index: then one element
    /// is taken without looking at the others. What names `item` or nests filters is not tried.
    fn index(&mut self, filter: NodeId) -> Option<usize> {
        let may_be_index = match self.ast.kind(filter) {
            Kind::Number(_) => true,
            // In the standard entries of the element are meant before variables, which only the
            // element can tell (DMN 1.5, 10.3.2.5).
            _ if self.is_standard() => false,
            Kind::Negate(_) | Kind::Name(_) | Kind::Path(..) => true,
            Kind::Binary(operator, ..) => matches!(
                operator,
                crate::ast::Binary::Add
                    | crate::ast::Binary::Subtract
                    | crate::ast::Binary::Multiply
                    | crate::ast::Binary::Divide
            ),
            _ => false,
        };
        let depends_on_element = |kind: &Kind| match kind {
            Kind::Name(name) => **name == *"item",
            Kind::Filter(..) | Kind::Iteration(..) | Kind::Function(..) => true,
            _ => false,
        };
        if !may_be_index || self.ast.any(filter, depends_on_element) {
            return None;
        }
        self.emit(Op::Mute);
        let trace = std::mem::replace(&mut self.trace, false);
        self.expression(filter);
        self.trace = trace;
        self.emit(Op::Unmute);
        let index = self.emit(Op::Index(0));
        self.emit_with(Op::Pop, -1);
        Some(index)
    }
}
