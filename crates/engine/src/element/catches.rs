//! Message subscriptions and timers of an element: opened while it is activating, closed when it
//! ends, triggered in between (semantics 4.3, 4.4, 4.10).

use model::time::{self, Cycle};

use crate::compile::{Catch, Expr, Kind, Process, TimerExpr, Trigger as CatchTrigger};
use crate::decide::{Done, Step};
use crate::event::{
    ElementNo, InstanceEvent, Item, NamedValue, PROCESS, Role, Subscriber, Text, Trigger, Via, Work,
};
use crate::incident::Failure;
use crate::key::{Key, Slot, slot_of};
use crate::state::{Phase, Subscription, Timer};

/// An evaluated timer, before it has a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Due {
    pub due: i64,
    pub left: Option<u32>,
    pub cycle: Option<Text>,
}

/// What a catch evaluates to.
pub(crate) enum Ready {
    Timer(ElementNo, Due),
    Message { target: ElementNo, name: Text, correlation_key: Text, interrupting: bool },
    Signal { target: ElementNo, name: Text },
    Condition { target: ElementNo },
}

impl Step<'_> {
    /// Evaluates every catch of the element first, so that a failure opens none of them.
    pub(crate) fn open_catches(
        &mut self,
        i: Key,
        key: Key,
        process: &Process,
        no: ElementNo,
    ) -> Result<(), Failure> {
        if self.has_catches(i, key) {
            return Ok(());
        }
        let catches = catches(process, no, self.hot(i).elements[&key].element.role);
        if catches.is_empty() {
            return Ok(());
        }
        let outer = if no == PROCESS { key } else { self.scope_of(i, key) };
        let mut ready = Vec::with_capacity(catches.len());
        for (catch, boundary) in catches {
            let scope = if boundary { outer } else { key };
            ready.extend(self.ready(i, key, scope, catch)?);
        }
        for one in ready {
            self.open(i, key, one);
        }
        Ok(())
    }

    /// The name is evaluated in the element's own scope, the key in `scope`.
    pub(crate) fn ready(
        &self,
        i: Key,
        key: Key,
        scope: Key,
        catch: &Catch,
    ) -> Result<Option<Ready>, Failure> {
        match &catch.trigger {
            CatchTrigger::Timer(timer) => {
                let due = self.due(i, key, timer)?;
                Ok(Some(Ready::Timer(catch.element, due)))
            }
            CatchTrigger::Message { name, correlation_key } => {
                let name = self.text(i, key, name, "message name")?;
                let Some(expr) = correlation_key else {
                    return Err(Failure::extract(format!(
                        "expected message '{name}' to have a correlation key, but it has none"
                    )));
                };
                let correlation_key = self.correlation_key(i, scope, expr)?;
                let (target, interrupting) = (catch.element, catch.interrupting);
                Ok(Some(Ready::Message { target, name, correlation_key, interrupting }))
            }
            CatchTrigger::Signal { name } => {
                let name = self.text(i, key, name, "signal name")?;
                Ok(Some(Ready::Signal { target: catch.element, name }))
            }
            CatchTrigger::Condition { .. } => Ok(Some(Ready::Condition { target: catch.element })),
            CatchTrigger::Error { .. }
            | CatchTrigger::Escalation { .. }
            | CatchTrigger::Compensation => Ok(None),
        }
    }

    pub(crate) fn open(&mut self, i: Key, host: Key, ready: Ready) {
        let key = self.new_key(i);
        match ready {
            Ready::Timer(target, Due { due, left, cycle }) => {
                self.tell(i, InstanceEvent::TimerArmed { key, host, target, due, left, cycle });
            }
            Ready::Condition { target } => {
                self.tell(i, InstanceEvent::ConditionAwaited { key, host, target });
                self.then(i, Work::CheckCondition { key });
            }
            Ready::Signal { target, name } => {
                self.tell(i, InstanceEvent::SignalAwaited { key, host, target, name });
            }
            Ready::Message { target, name, correlation_key, interrupting } => {
                let subscriber = self.subscriber(i, key, &name, &correlation_key, interrupting);
                let slot = self.slot(i, &correlation_key, &name);
                self.tell(
                    i,
                    InstanceEvent::SubscriptionOpening {
                        key,
                        host,
                        target,
                        name,
                        correlation_key,
                        interrupting,
                    },
                );
                if self.owns(slot) {
                    // Ours: it is open in the same step, and what is buffered follows.
                    self.open_at_slot(slot, &subscriber);
                    self.tell(i, InstanceEvent::SubscriptionOpened { key });
                } else {
                    self.send_slot(slot, Item::OpenSubscription { slot, subscriber });
                }
            }
        }
    }

    fn subscriber(
        &self,
        i: Key,
        subscription: Key,
        name: &Text,
        correlation_key: &Text,
        interrupting: bool,
    ) -> Subscriber {
        let created = &self.hot(i).created;
        Subscriber {
            subscription,
            instance: i,
            tenant: created.tenant.clone(),
            process_id: created.process_id.clone(),
            name: name.clone(),
            correlation_key: correlation_key.clone(),
            interrupting,
        }
    }

    /// Messages were refused while the instance stood still, and their slots closed what it waits
    /// for: it takes what is buffered and what comes from here on.
    pub(crate) fn subscribe_again(&mut self, i: Key) {
        let waits = self.hot(i).subscriptions.clone();
        for (key, row) in waits {
            let Subscription { name, correlation_key, interrupting, .. } = row;
            let subscriber = self.subscriber(i, key, &name, &correlation_key, interrupting);
            let slot = self.slot(i, &correlation_key, &name);
            self.send_slot(slot, Item::OpenSubscription { slot, subscriber });
        }
    }

    /// Does a subscription of the element wait for another partition?
    pub(crate) fn opening(&self, i: Key, host: Key) -> bool {
        self.has_catches(i, host)
            && self.hot(i).subscriptions.values().any(|row| row.host == host && !row.open)
    }

    fn has_catches(&self, i: Key, host: Key) -> bool {
        self.hot(i).element(host).is_some_and(|row| row.waits > 0)
    }

    /// Another partition has opened a subscription.
    pub(crate) fn subscription_opened(&mut self, i: Key, key: Key) -> Done {
        let Some(row) = self.hot(i).subscriptions.get(&key) else { return Ok(()) };
        let host = row.host;
        self.tell(i, InstanceEvent::SubscriptionOpened { key });
        let stuck = self.hot(i).incident_of(host, None).is_some();
        if self.phase(i, host) == Some(Phase::Activating) && !self.opening(i, host) && !stuck {
            self.then(i, Work::Activate { key: host });
        }
        Ok(())
    }

    /// Closes what the element waited for.
    pub(crate) fn close_catches(&mut self, i: Key, host: Key) -> Done {
        if !self.has_catches(i, host) {
            return Ok(());
        }
        let instance = self.hot(i);
        // What an element waits for has higher keys than itself, and it knows how much there is.
        let waits = instance.element(host).map_or(0, |row| row.waits as usize);
        let timers = instance.timers.range(host..).filter(|(_, row)| row.host == host);
        let timers: Vec<Key> = timers.map(|(key, _)| *key).take(waits).collect();
        let rest = waits - timers.len();
        let open = instance.subscriptions.range(host..).filter(|(_, row)| row.host == host);
        let open: Vec<(Key, Subscription)> =
            open.map(|(k, row)| (*k, row.clone())).take(rest).collect();
        for key in timers {
            self.tell(i, InstanceEvent::TimerCanceled { key });
        }
        for (key, row) in open {
            self.close_subscription(i, key, &row);
        }
        self.close_rare(i, host, |_| true);
        Ok(())
    }

    /// Waits of `host` for signals and conditions whose target is one of `which`.
    pub(crate) fn close_rare(&mut self, i: Key, host: Key, which: impl Fn(ElementNo) -> bool) {
        let Some(rare) = &self.hot(i).rare else { return };
        let own = rare.signals.range(host..);
        let own = own.filter(|(_, wait)| wait.host == host && which(wait.target));
        let signals: Vec<Key> = own.map(|(key, _)| *key).collect();
        let own = rare.conditions.range(host..);
        let own = own.filter(|(_, wait)| wait.host == host && which(wait.target));
        let conditions: Vec<Key> = own.map(|(key, _)| *key).collect();
        for key in signals {
            self.tell(i, InstanceEvent::SignalUnawaited { key });
        }
        for key in conditions {
            self.tell(i, InstanceEvent::ConditionUnawaited { key });
        }
    }

    pub(crate) fn close_subscription(&mut self, i: Key, key: Key, row: &Subscription) {
        self.tell(i, InstanceEvent::SubscriptionClosed { key });
        let slot = self.slot(i, &row.correlation_key, &row.name);
        self.send_slot(slot, Item::CloseSubscription { slot, subscription: key });
    }

    pub(crate) fn slot(&self, i: Key, correlation_key: &str, name: &str) -> Slot {
        slot_of(&self.hot(i).created.tenant, correlation_key, "", name)
    }

    /// May the host take an event for `target` now?
    pub(crate) fn accepts(&self, i: Key, host: Key, target: ElementNo, process: &Process) -> bool {
        let Some(row) = self.hot(i).element(host) else { return false };
        let boundary = matches!(process.element(target).kind, Kind::Boundary(_));
        match row.trigger.as_deref() {
            Some(Trigger::Boundary { .. }) => return false,
            Some(Trigger::EventSubProcess { .. } | Trigger::Complete) if !boundary => return false,
            Some(_) | None => {}
        }
        match row.phase {
            Phase::Activated => !(row.interrupted && in_event_sub_process(process, target)),
            Phase::Activating => boundary,
            Phase::Completing | Phase::Terminating => false,
        }
    }

    /// `target` of `host` happens.
    pub(crate) fn trigger(
        &mut self,
        i: Key,
        host: Key,
        target: ElementNo,
        variables: &[NamedValue],
    ) -> Done {
        let process = self.process(i)?;
        let element = process.element(target);
        match &element.kind {
            Kind::Boundary(catch) if catch.interrupting => {
                let trigger = Trigger::Boundary { target, variables: variables.into() };
                self.tell(i, InstanceEvent::TriggerStored { host, trigger });
                self.terminate(i, host)
            }
            Kind::Boundary(_) => {
                let scope = self.scope_of(i, host);
                self.occur(i, scope, target, variables, Via::None)
            }
            Kind::Start(Some(catch)) => {
                let interrupting = catch.interrupting;
                self.trigger_event_sub_process(i, host, target, interrupting, variables)
            }
            Kind::Catch(_) | Kind::Receive(_) => {
                let no = self.hot(i).elements[&host].element.no;
                if no == target {
                    self.receive(i, host, element, variables);
                    return self.finish(i, host);
                }
                self.leave_event_gateway(i, host, no, target, variables)
            }
            other => unreachable!("{other:?} cannot be triggered"),
        }
    }

    /// A timer of the instance is due.
    pub(crate) fn fire(&mut self, i: Key, key: Key) -> Done {
        let process = self.process(i)?;
        let Some(timer) = self.hot(i).timers.get(&key).cloned() else { return Ok(()) };
        self.tell(i, InstanceEvent::TimerFired { key });
        if !self.accepts(i, timer.host, timer.target, &process) {
            return Ok(());
        }
        self.rearm(i, &timer);
        self.trigger(i, timer.host, timer.target, &[])
    }

    fn rearm(&mut self, i: Key, timer: &Timer) {
        let Some(next) = next(timer.due, timer.left, timer.cycle.as_ref(), self.turn.now) else {
            return;
        };
        let Due { due, left, cycle } = next;
        let (host, target, key) = (timer.host, timer.target, self.new_key(i));
        self.tell(i, InstanceEvent::TimerArmed { key, host, target, due, left, cycle });
    }

    pub(crate) fn due(&self, i: Key, scope: Key, timer: &TimerExpr) -> Result<Due, Failure> {
        let (TimerExpr::Date(expr) | TimerExpr::Duration(expr) | TimerExpr::Cycle(expr)) = timer;
        let text = self.timer_text(i, scope, expr)?;
        first_due(timer, &text, self.turn.now).map_err(|why| {
            Failure::extract(format!("failed to evaluate timer '{}': {why}", expr.source()))
        })
    }

    pub(crate) fn timer_text(&self, i: Key, scope: Key, expr: &Expr) -> Result<Text, Failure> {
        let (value, warnings) = self.warned(i, scope, expr).map_err(Failure::extract)?;
        crate::decide::text_of(&value).ok_or_else(|| {
            Failure::extract(format!(
                "expected timer '{}' to be an ISO 8601 text or a temporal value, but it is \
                 {}{warnings}",
                expr.source(),
                crate::decide::describe(&value)
            ))
        })
    }
}

/// Everything that `no` waits for from its activation on, and whether it is a boundary event. Of a
/// multi-instance the body has the boundary events, each instance the rest.
pub(crate) fn catches(process: &Process, no: ElementNo, role: Role) -> Vec<(&Catch, bool)> {
    let mut all: Vec<(&Catch, bool)> = Vec::new();
    if no != PROCESS {
        let element = process.element(no);
        match &element.kind {
            _ if !role.acts() => {}
            Kind::Catch(catch) | Kind::Receive(catch) => all.push((catch, false)),
            Kind::EventBased(targets) => all.extend(targets.iter().map(|(_, c)| (c, false))),
            _ => {}
        }
        if role.is_outer() {
            all.extend(element.boundaries.iter().map(|catch| (catch, true)));
        }
    }
    if role.acts() {
        all.extend(process.inside(no).event_sub_processes.iter().map(|esp| (&esp.start, false)));
    }
    all
}

fn in_event_sub_process(process: &Process, target: ElementNo) -> bool {
    matches!(process.element(target).kind, Kind::Start(_))
}

/// When a timer is due for the first time.
pub(crate) fn first_due(timer: &TimerExpr, text: &str, now: i64) -> Result<Due, String> {
    let once = |due| Due { due, left: Some(0), cycle: None };
    match timer {
        TimerExpr::Date(_) => time::parse_date(text).map(once).map_err(|e| e.to_string()),
        TimerExpr::Duration(_) => {
            let duration = time::parse_duration(text).map_err(|e| e.to_string())?;
            Ok(once(time::add_duration(now, &duration)))
        }
        TimerExpr::Cycle(_) => {
            let cycle = time::parse_cycle(text).map_err(|e| e.to_string())?;
            arm(&cycle, text, now).ok_or_else(|| format!("cycle '{text}' never comes due"))
        }
    }
}

/// The first due time of a cycle.
pub(crate) fn arm(cycle: &Cycle, text: &str, now: i64) -> Option<Due> {
    let (count, due) = match cycle {
        Cycle::Repeat { count: Some(0), .. } => return None,
        Cycle::Repeat { count, start: Some(start), .. } => (*count, *start),
        Cycle::Repeat { count, start: None, every } => (*count, time::add_duration(now, every)),
        Cycle::Cron(_) => (None, time::next_due(cycle, now, now)?),
    };
    Some(Due { due, left: count.map(|n| n - 1), cycle: Some(text.into()) })
}

/// The due time after one that has just fired.
pub(crate) fn next(due: i64, left: Option<u32>, cycle: Option<&Text>, now: i64) -> Option<Due> {
    let text = cycle?;
    let left = match left {
        Some(0) => return None,
        Some(left) => Some(left - 1),
        None => None,
    };
    let cycle = time::parse_cycle(text).ok()?;
    let due = time::next_due(&cycle, due, now)?;
    Some(Due { due, left, cycle: Some(text.clone()) })
}
