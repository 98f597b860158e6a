//! Event sub-process: interrupting ones end everything else in their scope first and then begin;
//! the others run beside it, any number of times (semantics 4.4).

use crate::decide::{Done, Step};
use crate::event::{ElementNo, ElementRef, InstanceEvent, NamedValue, Trigger, Via};
use crate::key::Key;

impl Step<'_> {
    /// `start` is the start event of the event sub-process, `scope` what holds it.
    pub(crate) fn trigger_event_sub_process(
        &mut self,
        i: Key,
        scope: Key,
        start: ElementNo,
        interrupting: bool,
        variables: &[NamedValue],
    ) -> Done {
        if !interrupting {
            return self.start_event_sub_process(i, scope, start, variables);
        }
        let trigger = Trigger::EventSubProcess { target: start, variables: variables.into() };
        self.close_event_sub_processes(i, scope)?;
        self.tell(i, InstanceEvent::TriggerStored { host: scope, trigger });
        self.terminate_children(i, scope);
        self.check_scope(i, scope)
    }

    /// The payload is local to the event sub-process.
    pub(crate) fn start_event_sub_process(
        &mut self,
        i: Key,
        scope: Key,
        start: ElementNo,
        variables: &[NamedValue],
    ) -> Done {
        let process = self.process(i)?;
        let no = process.element(start).scope.expect("a start event that waits lies in its scope");
        let key = self.new_key(i);
        let element = ElementRef::new(no);
        self.tell(i, InstanceEvent::ElementActivating { key, element, scope, via: Via::None });
        self.set_locals(i, key, variables);
        self.activate(i, key)
    }

    /// The siblings of an interrupting event sub-process close; boundary events of the scope stay.
    fn close_event_sub_processes(&mut self, i: Key, scope: Key) -> Done {
        let process = self.process(i)?;
        let inside = |target: ElementNo| {
            matches!(process.element(target).kind, crate::compile::Kind::Start(_))
        };
        let instance = self.hot(i);
        let timers = instance.timers.iter();
        let timers = timers.filter(|(_, row)| row.host == scope && inside(row.target));
        let timers: Vec<Key> = timers.map(|(key, _)| *key).collect();
        let open = instance.subscriptions.iter();
        let open = open.filter(|(_, row)| row.host == scope && inside(row.target));
        let open: Vec<_> = open.map(|(key, row)| (*key, row.clone())).collect();
        for key in timers {
            self.tell(i, InstanceEvent::TimerCanceled { key });
        }
        for (key, row) in open {
            self.close_subscription(i, key, &row);
        }
        self.close_rare(i, scope, inside);
        Ok(())
    }
}
