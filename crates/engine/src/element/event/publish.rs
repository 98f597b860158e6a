//! Message throw and end events that publish by themselves (`zeebe:publishMessage`): an extension
//! beside the documented job. What the event has as locals goes along.

use model::time;

use crate::compile::Publish;
use crate::decide::{Done, Step};
use crate::event::{InstanceEvent, Item, Text};
use crate::incident::Failure;
use crate::key::{Key, slot_of};

impl Step<'_> {
    pub(crate) fn publish_message(&mut self, i: Key, key: Key, publish: &Publish) -> Done {
        let item = match self.thrown(i, key, publish) {
            Ok(item) => item,
            Err(failure) => {
                self.raise(i, key, None, failure);
                return Ok(());
            }
        };
        let Item::Publish { tenant, name, correlation_key, id, .. } = &item else {
            unreachable!("it was made above")
        };
        let slot = slot_of(tenant, correlation_key, id, name);
        self.tell(i, InstanceEvent::ElementActivated { key });
        self.send_slot(slot, item);
        self.finish(i, key)
    }

    fn thrown(&self, i: Key, key: Key, publish: &Publish) -> Result<Item, Failure> {
        let name = self.text(i, key, &publish.name, "message name")?;
        let correlation_key = self.correlation_key(i, key, &publish.correlation_key)?;
        let id: Text = match &publish.message_id {
            Some(expr) => self.correlation_key(i, key, expr)?,
            None => "".into(),
        };
        let time_to_live = match &publish.time_to_live {
            None => 0,
            Some(expr) => {
                let text = self.timer_text(i, key, expr)?;
                let duration = time::parse_duration(&text).map_err(|error| {
                    Failure::extract(format!(
                        "expected time to live '{}' to be a duration: {error}",
                        expr.source()
                    ))
                })?;
                time::add_duration(self.turn.now, &duration) - self.turn.now
            }
        };
        let tenant = self.hot(i).created.tenant.clone();
        let variables = self.locals(i, key).into();
        Ok(Item::Publish { tenant, name, correlation_key, id, time_to_live, variables })
    }
}
