//! Handing out jobs: one event a job, all in one group (engine-rules 7).

use std::sync::Arc;

use crate::command::{LeaseJobs, LeasedJob, LeasedJobs, Reply};
use crate::decide::job::check_name;
use crate::decide::{Done, Step, Stop};
use crate::event::{InstanceEvent, JobKind, NamedValue, PROCESS, Text};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;
use crate::limits::{ACTIVATION_BYTES_MAX, ACTIVATION_JOBS_MAX};
use crate::rejection::Rejection;
use crate::state::{Available, Instance, Job, Lookup, Queue};

impl Step<'_> {
    pub(super) fn lease_jobs(&mut self, lease: &LeaseJobs) -> Done<Reply> {
        check(lease)?;
        let most = lease.max_jobs.min(ACTIVATION_JOBS_MAX) as usize;
        let candidates = self.candidates(lease, most)?;
        let more = candidates.len() > most;
        let mut leased = LeasedJobs { jobs: Vec::with_capacity(candidates.len()), more };
        let mut bytes = 0;
        for row in candidates.into_iter().take(most) {
            let Some((job, size)) = self.leased(row, lease)? else { continue };
            if size > ACTIVATION_BYTES_MAX {
                self.withhold(row, size);
            } else if bytes + size > ACTIVATION_BYTES_MAX {
                leased.more = true;
                break;
            } else {
                bytes += size;
                let (key, worker) = (row.job, lease.worker.clone());
                let (deadline, token) = (job.deadline, job.token);
                let event = InstanceEvent::JobLeased { key, worker, deadline, token };
                self.tell(row.instance, event);
                leased.jobs.push(job);
            }
        }
        Ok(Reply::Jobs(leased))
    }

    /// The best jobs of all tenants asked for, one more than `most` if there is one.
    fn candidates(&self, lease: &LeaseJobs, most: usize) -> Done<Vec<Available>> {
        let mut all: Vec<Available> = Vec::new();
        for tenant in &lease.tenants {
            let queue = Queue { tenant: tenant.clone(), job_type: lease.job_type.clone() };
            all.extend(self.state.available(&queue).take(most + 1));
        }
        if lease.tenants.len() > 1 {
            all.sort();
            all.truncate(most + 1);
        }
        let instances = all.iter().take(most).map(|row| row.instance);
        let mut cold: Vec<Key> =
            instances.filter(|i| matches!(self.state.instance(*i), Lookup::Cold)).collect();
        cold.dedup();
        if cold.is_empty() { Ok(all) } else { Err(Stop::Need(cold)) }
    }

    fn leased(&mut self, row: Available, lease: &LeaseJobs) -> Done<Option<(LeasedJob, usize)>> {
        let i = row.instance;
        self.state.at = Some(i);
        let process = match self.process(i) {
            Ok(process) => process,
            Err(Stop::Need(keys)) => return Err(Stop::Need(keys)),
            Err(Stop::Reject(rejection)) => {
                // Its definition is parked: it stands aside instead of blocking the others.
                self.set_aside(i, rejection);
                return Ok(None);
            }
        };
        let instance = self.hot(i);
        let Some(job) = instance.jobs.get(&row.job) else { return Ok(None) };
        let Some(host) = instance.element(job.element) else { return Ok(None) };
        let no = host.element.no;
        let task = match job.kind {
            JobKind::TaskListener => self.listened_task(i, job.element).map(Box::new),
            _ => None,
        };
        let own = match (job.kind, &task) {
            (JobKind::BpmnElement | JobKind::AdHocSubProcess, _) if no != PROCESS => {
                process.element(no).headers.clone()
            }
            (_, Some(task)) => {
                process.element(no).headers.iter().cloned().chain(task.headers()).collect()
            }
            _ => Arc::from([]),
        };
        let variables = self.fetched(i, job, &lease.fetch_variables);
        let size = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
        let created = &instance.created;
        let leased = LeasedJob {
            key: row.job,
            job_type: job.job_type.clone(),
            instance: i,
            root_instance: created.root_instance,
            process_id: created.process_id.clone(),
            version: created.version,
            definition: created.definition,
            element_id: process.id_of(no).clone(),
            element: job.element,
            headers: headers(instance, row.job, own),
            worker: lease.worker.clone(),
            retries: job.retries,
            priority: job.priority,
            deadline: self.turn.now.saturating_add(lease.timeout),
            token: (self.state.epoch() << 40) | (self.state.availability & ((1 << 40) - 1)),
            variables,
            tenant: created.tenant.clone(),
            kind: job.kind,
            listener_event: job.listener_event,
            task,
            tags: created.tags.clone(),
            business_id: created.business_id.clone(),
        };
        Ok(Some((leased, size)))
    }

    fn fetched(&self, i: Key, job: &Job, names: &[Text]) -> Vec<NamedValue> {
        let instance = self.hot(i);
        // Listeners see what an operation on their task brings before it is there.
        let wish = instance.task_of(job.element).and_then(|task| instance.wish(task));
        let brought = wish.map_or(&[][..], |wish| &wish.variables);
        let mut seen: Vec<NamedValue> = match names {
            [] => brought.to_vec(),
            _ => brought.iter().filter(|(name, _)| names.contains(name)).cloned().collect(),
        };
        if names.is_empty() {
            let held = instance.visible(job.element).into_iter();
            seen.extend(held.filter(|(name, _)| !brought.iter().any(|(new, _)| new == name)));
            return seen;
        }
        let held = names.iter().filter(|name| !brought.iter().any(|(new, _)| new == *name));
        seen.extend(held.filter_map(|name| {
            let (_, variable) = instance.variable(job.element, name)?;
            Some((name.clone(), variable.value.clone()))
        }));
        seen
    }

    /// A job that fits no answer stands aside with an incident instead of blocking the others.
    fn withhold(&mut self, row: Available, size: usize) {
        let i = row.instance;
        let element = self.hot(i).jobs[&row.job].element;
        self.tell(i, InstanceEvent::JobWithheld { key: row.job });
        let failure = Failure::new(
            IncidentKind::MessageSizeExceeded,
            format!(
                "expected the variables of job '{}' to have at most {ACTIVATION_BYTES_MAX} bytes, \
                 but they have {size}; let its worker fetch fewer variables, or make them smaller",
                row.job
            ),
        );
        self.raise(i, element, Some(row.job), failure);
    }
}

/// Those of the job itself come behind those of its element.
fn headers(instance: &Instance, job: Key, own: Arc<[(Text, Text)]>) -> Arc<[(Text, Text)]> {
    let more = instance.rare.as_ref().and_then(|rare| rare.headers.get(&job));
    match more {
        Some(more) => own.iter().chain(more.iter()).cloned().collect(),
        None => own,
    }
}

fn check(lease: &LeaseJobs) -> Done {
    check_name("a job type", &lease.job_type)?;
    check_name("a worker name", &lease.worker)?;
    let problem = if lease.job_type.trim().is_empty() {
        Some(("type", "to be present", "it was blank".to_owned()))
    } else if lease.timeout < 1 {
        Some(("timeout", "to be greater than zero", format!("it was '{}'", lease.timeout)))
    } else if lease.max_jobs < 1 {
        let got = format!("it was '{}'", lease.max_jobs);
        Some(("maxJobsToActivate", "to be greater than zero", got))
    } else {
        None
    };
    match problem {
        None => Ok(()),
        Some((what, expected, got)) => Err(Stop::Reject(Rejection::invalid(format!(
            "Expected to activate job batch with {what} {expected}, but {got}"
        )))),
    }
}
