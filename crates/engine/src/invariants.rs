//! What must hold between steps, whatever happened. Tests and the simulator ask after each step;
//! production does not.

use crate::compile::Process;
use crate::event::PROCESS;
use crate::state::{Instance, JobState, Phase, Residence, State};

impl State {
    /// Every violation, as text; empty for a sound state.
    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (key, residence) in self.instances() {
            if let Residence::Hot(instance) = residence {
                let mut say = |text: String| found.push(format!("instance {key}: {text}"));
                instance.check_counts(&mut say);
                instance.check_references(&mut say);
                self.check_indices(instance, &mut say);
            }
        }
        for key in &self.incidents {
            if self.owner(*key).is_none() {
                found.push(format!("incident {key} is open, but its instance is gone"));
            }
        }
        for queue in self.jobs.values() {
            for row in queue {
                if matches!(self.instance(row.instance), crate::state::Lookup::Absent) {
                    found.push(format!("job {} is available, but its instance is gone", row.job));
                }
            }
        }
        found
    }

    fn check_indices(&self, instance: &Instance, say: &mut impl FnMut(String)) {
        for key in instance.incidents.keys().filter(|key| !self.incidents.contains(key)) {
            say(format!("incident {key} is not found by its key"));
        }
        if instance.is_held() {
            return;
        }
        for (key, job) in &instance.jobs {
            let indexed = match &job.state {
                JobState::Activatable { .. } => {
                    self.jobs.values().flatten().any(|row| row.job == *key)
                }
                JobState::Activated { .. } | JobState::Failed { available_at: Some(_) } => {
                    self.wakes.iter().any(|wake| wake.key == *key)
                }
                JobState::Failed { available_at: None } | JobState::ErrorThrown => {
                    instance.incidents.values().any(|row| row.job == Some(*key))
                }
            };
            if !indexed {
                say(format!("nothing will ever wake job {key} in state {:?}", job.state));
            }
        }
        for (key, timer) in &instance.timers {
            if !self.wakes.iter().any(|wake| wake.key == *key && wake.due == timer.due) {
                say(format!("timer {key} is not armed"));
            }
        }
        for (key, wait) in instance.signals() {
            if !self.signals.iter().any(|row| row.key == key && row.sequence == wait.sequence) {
                say(format!("no broadcast would find wait {key} for signal {}", wait.name));
            }
        }
        let begun = instance.element(instance.key).is_some_and(|r| r.phase != Phase::Activating);
        if begun && !instance.deferred.is_empty() && !self.pending.contains(&instance.key) {
            say("deferred work is not pending".to_owned());
        }
    }
}

impl Instance {
    fn check_counts(&self, say: &mut impl FnMut(String)) {
        for (key, row) in &self.elements {
            let children = self.children(*key).count() as u32;
            if children != row.children {
                say(format!("element {key} counts {} children, but has {children}", row.children));
            }
            let range = (*key, 0)..=(*key, u32::MAX);
            let tokens: u32 = self.tokens.range(range).map(|(_, count)| *count).sum();
            if tokens != row.tokens {
                say(format!("element {key} counts {} tokens, but has {tokens}", row.tokens));
            }
            let timers = self.timers.values().filter(|timer| timer.host == *key).count();
            let open = self.subscriptions.values().filter(|row| row.host == *key).count();
            let signals = self.signals().filter(|(_, wait)| wait.host == *key).count();
            let rare = self.rare.as_ref();
            let conditions = rare.into_iter().flat_map(|rare| rare.conditions.values());
            let conditions = conditions.filter(|wait| wait.host == *key).count();
            let waits = timers + open + signals + conditions;
            if waits as u32 != row.waits {
                say(format!("element {key} counts {} waits, but has {waits}", row.waits));
            }
        }
        let bytes: usize =
            self.variables.values().flatten().map(|(_, variable)| variable.value.len()).sum();
        if bytes != self.bytes {
            say(format!("counts {} bytes of variables, but has {bytes}", self.bytes));
        }
    }

    fn check_references(&self, say: &mut impl FnMut(String)) {
        for (key, row) in &self.elements {
            if *key != self.key && !self.elements.contains_key(&row.scope) {
                say(format!("element {key} lies in scope {} that is gone", row.scope));
            }
            if row.job.is_some_and(|job| !self.jobs.contains_key(&job)) {
                say(format!("element {key} waits for a job that is gone"));
            }
        }
        let hosts = self.jobs.values().map(|job| job.element);
        let hosts = hosts.chain(self.timers.values().map(|timer| timer.host));
        let hosts = hosts.chain(self.subscriptions.values().map(|row| row.host));
        let hosts = hosts.chain(self.incidents.values().map(|row| row.element));
        for host in hosts.chain(self.variables.keys().copied()) {
            if !self.elements.contains_key(&host) {
                say(format!("something belongs to element {host} that is gone"));
            }
        }
    }

    /// Everything that is active can go on: it has an arm, an incident, children or tokens.
    pub fn stuck(&self, process: &Process) -> Vec<String> {
        let mut found = Vec::new();
        let failed = |key| self.incidents.values().any(|row| row.element == key);
        for (key, row) in &self.elements {
            let moves = row.children > 0
                || row.job.is_some()
                || row.waits > 0
                || failed(*key)
                || self.called(*key).is_some()
                || self.task_of(*key).is_some_and(|task| self.wish(task).is_none())
                || self.compensations().any(|(_, row)| row.throw == Some(*key));
            let deferred = !self.deferred.is_empty();
            if !moves && !deferred && !self.is_held() {
                let place = match row.element.no {
                    PROCESS if row.tokens > 0 => continue,
                    PROCESS => "the process".to_owned(),
                    no => process.id_of(no).to_string(),
                };
                found.push(format!("{place} ({key}) waits for nothing in {:?}", row.phase));
            }
        }
        found
    }
}
