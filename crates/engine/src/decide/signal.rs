//! Broadcasting signals (semantics 4.4): they reach whoever waits now, and are never kept. A
//! broadcast to many goes on in portions; who begins to wait meanwhile is not reached.

use std::sync::Arc;

use crate::command::Reply;
use crate::decide::create::Birth;
use crate::decide::job::check_name;
use crate::decide::{Done, Step, Stop};
use crate::effect::Effect;
use crate::event::{ElementNo, Event, InstanceEvent, Item, NamedValue, PartitionEvent, Text};
use crate::key::Key;
use crate::limits::{BROADCAST_PORTION, VARIABLES_BYTES_MAX};
use crate::rejection::Rejection;
use crate::state::{Lookup, SignalRow};

impl Step<'_> {
    pub(super) fn broadcast_signal(
        &mut self,
        name: &Text,
        tenant: &Text,
        variables: &[NamedValue],
    ) -> Done<Reply> {
        check_name("a signal name", name)?;
        if name.is_empty() {
            let reason = "expected a signal name, but it was empty";
            return Err(Stop::Reject(Rejection::invalid(reason)));
        }
        let bytes: usize = variables.iter().map(|(_, value)| value.len()).sum();
        if bytes > VARIABLES_BYTES_MAX {
            return Err(Stop::Reject(Rejection::invalid(format!(
                "expected variables of at most {VARIABLES_BYTES_MAX} bytes, but they have {bytes}"
            ))));
        }
        let signal = self.broadcast(name, tenant, variables.into())?;
        Ok(Reply::Published { message: signal, tenant: tenant.clone() })
    }

    /// Here and at all other partitions.
    pub(crate) fn broadcast(
        &mut self,
        name: &Text,
        tenant: &Text,
        variables: Arc<[NamedValue]>,
    ) -> Done<Key> {
        let (routes, own) = (self.turn.routes, self.state.partition);
        for to in routes.partitions().filter(|to| *to != own) {
            let (tenant, name, variables) = (tenant.clone(), name.clone(), variables.clone());
            self.send(to, Item::Signal { tenant, name, variables });
        }
        self.broadcast_here(name, tenant, variables)
    }

    pub(super) fn broadcast_here(
        &mut self,
        name: &Text,
        tenant: &Text,
        variables: Arc<[NamedValue]>,
    ) -> Done<Key> {
        let signal = self.state.next_key();
        let (tenant, name) = (tenant.clone(), name.clone());
        let (t, n, given) = (tenant.clone(), name.clone(), variables.clone());
        let event =
            PartitionEvent::SignalBroadcast { signal, tenant: t, name: n, variables: given };
        self.emit(Event::Partition(event));
        for (definition, element) in self.signal_starts(&tenant, &name) {
            self.start_by_signal(definition, element, &variables)?;
        }
        self.reach(signal);
        Ok(signal)
    }

    fn signal_starts(&self, tenant: &Text, name: &Text) -> Vec<(Key, ElementNo)> {
        let own = self.state.definitions.iter().filter(|(_, row)| row.tenant == *tenant);
        let starts = own.flat_map(|(key, row)| {
            let named = row.signal_starts.iter().filter(|(_, own)| own == name);
            named.map(|(element, _)| (*key, *element))
        });
        starts.collect()
    }

    fn start_by_signal(
        &mut self,
        definition: Key,
        element: ElementNo,
        variables: &Arc<[NamedValue]>,
    ) -> Done {
        let Some(found) = self.turn.catalog.get(definition).cloned() else { return Ok(()) };
        let Ok(process) = self.compiled(definition) else { return Ok(()) };
        let i = self.new_instance(&found, Birth::default())?;
        self.begin_on(i, &process, element, variables.clone())
    }

    /// The next portion of who waits; cold instances are asked for together.
    pub(super) fn continue_broadcast(&mut self, signal: Key) -> Done {
        let Some(row) = self.state.broadcasts.get(&signal).cloned() else { return Ok(()) };
        let reached = self.state.reached(&row).take(BROADCAST_PORTION);
        let portion: Vec<SignalRow> = reached.cloned().collect();
        let cold = portion.iter().map(|row| row.instance);
        let cold = cold.filter(|i| matches!(self.state.instance(*i), Lookup::Cold));
        let mut cold: Vec<Key> = cold.collect();
        cold.dedup();
        if !cold.is_empty() {
            return Err(Stop::Need(cold));
        }
        let mut done = 0;
        for waiting in &portion {
            if self.events.len() >= self.state.step_events {
                break;
            }
            self.receive_signal(waiting, &row.variables)?;
            done += 1;
        }
        if done == portion.len() && done < BROADCAST_PORTION {
            self.emit(Event::Partition(PartitionEvent::SignalEnded { signal }));
            return Ok(());
        }
        if let Some(last) = done.checked_sub(1).and_then(|at| portion.get(at)) {
            let sequence = last.sequence + 1;
            self.emit(Event::Partition(PartitionEvent::SignalAdvanced { signal, sequence }));
        }
        self.effects.push(Effect::WorkPending { instance: signal });
        Ok(())
    }

    fn receive_signal(&mut self, waiting: &SignalRow, variables: &[NamedValue]) -> Done {
        let i = waiting.instance;
        self.state.at = Some(i);
        let Some(instance) = self.live(i)? else { return Ok(()) };
        let wait = instance.signals().find(|(key, _)| *key == waiting.key);
        let Some((key, wait)) = wait.map(|(key, wait)| (key, wait.clone())) else { return Ok(()) };
        let Ok(process) = self.process(i) else { return Ok(()) };
        if !self.accepts(i, wait.host, wait.target, &process) || self.fits(i, variables).is_err() {
            return Ok(());
        }
        let closes = process.element(wait.target).interrupts();
        self.tell(i, InstanceEvent::SignalReceived { key, closes });
        self.trigger(i, wait.host, wait.target, variables)
    }
}
