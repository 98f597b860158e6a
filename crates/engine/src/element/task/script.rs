//! Script task with a FEEL expression: evaluated by the engine in one step.

use value::{Packed, Value};

use crate::compile::Expr;
use crate::decide::{Done, Step};
use crate::event::{InstanceEvent, Text};
use crate::incident::Failure;
use crate::key::Key;

impl Step<'_> {
    pub(crate) fn run_script(
        &mut self,
        i: Key,
        key: Key,
        expression: &Expr,
        result_variable: &Text,
    ) -> Done {
        let process = self.process(i)?;
        let value = match self.value(i, key, expression) {
            Ok(Value::Function(_)) => Err("expected the script to give a value, but it gives a \
                                           function"
                .to_owned()),
            other => other,
        };
        let packed = match value {
            Ok(value) => Packed::from_value(&value),
            Err(why) => {
                self.raise(i, key, None, Failure::extract(why));
                return Ok(());
            }
        };
        let result = [(result_variable.clone(), packed)];
        if let Err(why) = self.fits(i, &result) {
            self.raise(i, key, None, Failure::extract(why));
            return Ok(());
        }
        self.tell(i, InstanceEvent::ElementActivated { key });
        let element = process.element(self.hot(i).elements[&key].element.no);
        self.receive(i, key, element, &result);
        self.finish(i, key)
    }
}
