//! `grevy track` with cases that are kept: a source is carried into the track machine, each record
//! once, whatever happens in between; what time makes late is found, and told.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use grevy::Clock;
use journal::Folder;
use model::Definitions;
use track::durable::kept::Keeping;
use track::feed::{Feed, Verdicts};
use track::limits::PAST_KEPT_DAYS;
use track::machine::{CaseStatus, Command, Publish, State};
use track::mapping::Mapping;
use track::picture::span;
use track::rows::{self, AlertRow, CaseCounts, CaseRow, WantedCases};
use track::source::Progress;
use track::stats::{Deviations, Open};
use track::tracking::Tracking;

use super::ask::LATER;
use crate::Failure;
use crate::events::alerts::{Courier, Places, channelled};
use crate::events::engine::publish_to;
use crate::remote::Remote;

/// Pause between looks at a source that has nothing now.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a command that is done waits for a webhook that does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Cases that are kept.
#[derive(Args)]
pub struct Keep {
    /// Folder that keeps cases, positions and alerts: run again, and it goes on where it was.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Go on with what is added to the source, until Ctrl-C.
    #[arg(long)]
    follow: bool,
    /// Take it that it is this moment (RFC 3339): deadlines up to it pass.
    #[arg(long, value_name = "TIME")]
    now: Option<jiff::Timestamp>,
    /// A case that is quiet for so long is stuck, e.g. PT30M; never takes it back.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    stuck_after: Option<String>,
    /// Raise alerts also for deadlines that had passed when their event came.
    #[arg(long)]
    alert_on_backfill: bool,
    /// Days for which traces, verdicts and figures of the folder can be read; 0 is for ever.
    #[arg(long, value_name = "DAYS", default_value_t = PAST_KEPT_DAYS)]
    keep_days: u32,
    /// Observe the records again that were rejected or expired, by the mapping as it is now.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    tell: Tell,
}

/// Who hears of alerts.
#[derive(Args)]
pub struct Tell {
    /// Post each alert to this URL.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Sign what is posted; text, or whsec_ and base64.
    #[arg(long, value_name = "SECRET", env = "GREVY_WEBHOOK_SECRET", hide_env_values = true)]
    webhook_secret: Option<String>,
    /// Publish messages that the model sends as commands on the bus of this server.
    #[arg(long, value_name = "URL")]
    commands_to: Option<String>,
    /// Send them as messages to the engine of this server; the case's id is the correlation key.
    #[arg(long, value_name = "URL")]
    messages_to: Option<String>,
}

impl Tell {
    fn places(&self) -> Places {
        use crate::events::remote_bus::RemoteBus;
        let bus = self.commands_to.as_deref().map(|url| RemoteBus::new(url, token()));
        let engine = self.messages_to.clone().map(|url| Remote::at(url, token()));
        Places {
            engine: engine.map(|at| Box::new(move |message: &_| publish_to(&at, message)) as _),
            again_after: None,
            webhook: self.webhook.clone().map(|url| (url, self.webhook_secret.clone())),
            published: bus.as_ref().map(|bus| Box::new(bus.follow(Duration::ZERO)) as _),
            bus: bus.map(|bus| Box::new(move |event| bus.publish(&event)) as _),
        }
    }
}

/// The token for other servers.
pub fn token() -> Option<String> {
    std::env::var("GREVY_TOKEN").ok().filter(|token| !token.is_empty())
}

/// Cases that are open for a run.
pub struct Running<'a> {
    keep: &'a Keep,
    tracking: Tracking,
    courier: Courier,
}

/// What cases are laid over.
pub struct Model {
    pub definitions: Definitions,
    /// Its file, where the folder has it.
    pub bpmn: Option<Arc<[u8]>>,
    /// Types that come.
    pub known: Vec<String>,
}

impl Running<'_> {
    /// The model that the folder was begun with; none in a new one.
    pub fn model(&self) -> Result<Option<Publish>, Failure> {
        let look = |state: &State| {
            let published = state.models().filter_map(|model| model.published_as());
            published.cloned().collect::<Vec<Publish>>()
        };
        let mut published = self.tracking.look(look)?;
        if let [first, second, ..] = published.as_slice() {
            let (first, second) = (&first.process, &second.process);
            return Err(Failure(format!(
                "expected --model FILE, because the folder tracks several: {first}, {second}"
            )));
        }
        Ok(published.pop())
    }

    pub fn run(self, from: &super::From, mapping: Mapping, model: &Model) -> Result<Kept, Failure> {
        self.keep.run(self, from, mapping, model)
    }
}

/// What a run came to.
pub struct Kept {
    pub verdicts: Verdicts,
    pub counts: CaseCounts,
    /// Those that deviate, and those that are stuck.
    pub deviating: Vec<CaseRow>,
    pub stuck: Vec<CaseRow>,
    pub alerts: Vec<AlertRow>,
    /// A case that is quiet for so long is stuck, as the folder has it.
    pub stuck_after_ms: Option<i64>,
    /// Those that may not end where they are, the quietest first, and the moment that it is.
    pub open: Vec<Open>,
    pub now_ms: i64,
    /// What deviates, as the cases that are kept say it.
    pub deviations: Deviations,
    pub tracking: Tracking,
}

impl Keep {
    /// Whether cases are to be kept, or only looked at once.
    pub fn wanted(&self) -> bool {
        self.data_dir.is_some() || self.follow || self.now.is_some() || self.stuck_after.is_some()
    }

    /// Whether the source may go on for ever.
    pub fn follows(&self) -> bool {
        self.follow
    }

    /// The moment that it is.
    pub fn now_ms(&self) -> i64 {
        self.now.unwrap_or_else(jiff::Timestamp::now).as_millisecond()
    }

    /// How long a case may be quiet, where that is said.
    fn stuck_after(&self) -> Result<Option<Option<i64>>, Failure> {
        let given = self.stuck_after.as_deref().map(Publish::stuck_after).transpose();
        given.map_err(|reason| Failure(format!("--stuck-after: {reason}")))
    }

    /// Opens the folder, and goes on telling of alerts that nobody heard of yet.
    pub fn open(&self, from: &super::From) -> Result<Running<'_>, Failure> {
        if from.file()? == Path::new("-") {
            return Err(Failure(
                "expected a file or a URL whose cases are to be kept, but got standard input, \
                 whose positions mean nothing in the next run"
                    .into(),
            ));
        }
        self.stuck_after()?;
        let folder = self.data_dir.as_deref().map(folder).transpose()?;
        let clock = match self.now {
            Some(now) => Clock::virtual_from(now.as_millisecond()),
            None => Clock::Real,
        };
        let (outlet, effects) = channelled();
        let tracking =
            Tracking::open_kept(folder.as_ref(), clock, outlet, Keeping::days(self.keep_days))?;
        let courier = Courier::start(&tracking, effects, self.tell.places())?;
        Ok(Running { keep: self, tracking, courier })
    }

    /// Carries the source, fires what is due, tells of alerts.
    fn run(
        &self,
        running: Running<'_>,
        from: &super::From,
        mapping: Mapping,
        model: &Model,
    ) -> Result<Kept, Failure> {
        let Running { tracking, courier, .. } = running;
        let process = self.publish(&tracking, &mapping, model)?;
        let stop = Arc::new(AtomicBool::new(false));
        if self.follow {
            let asked = Arc::clone(&stop);
            ctrlc::set_handler(move || asked.store(true, Ordering::Release))?;
            println!("{process} follows {}", from.file()?.display());
        }
        if self.again {
            let source = from.open(self.follow)?;
            let mut feed = Feed::open(&tracking, &process, mapping.clone(), source)?;
            feed.again(tracking.clock().now())?;
            tell_verdicts("again", &feed.verdicts);
        }
        let source = from.open(self.follow)?;
        let mut feed = Feed::resume(&tracking, &process, mapping, source)?;
        while !stop.load(Ordering::Acquire) {
            match feed.carry(tracking.clock().now())? {
                Progress::More => {}
                Progress::Idle if self.follow => std::thread::park_timeout(LOOK_EVERY),
                Progress::Idle | Progress::End => break,
            }
        }
        tracking.advance_to(self.now.map_or(0, |now| now.as_millisecond()));
        wait_until(&tracking, |state, now_ms| state.next_due().is_none_or(|due| due > now_ms))?;
        wait_until(&tracking, |state, _| state.pending_alerts().count() == 0)?;
        drop(courier);
        let verdicts = feed.verdicts;
        let known = process.clone();
        let (counts, deviating, stuck, alerts, stuck_after_ms) = tracking.look(move |state| {
            let deviating = WantedCases { deviating: true, ..WantedCases::default() };
            let status = Some(CaseStatus::Stuck);
            let stuck = WantedCases { status, ..WantedCases::default() };
            let (deviating, stuck) = (rows::cases(state, &deviating), rows::cases(state, &stuck));
            let published = state.model(&known).and_then(|model| model.published_as());
            let stuck_after_ms = published.and_then(|publish| publish.stuck_after_ms);
            (rows::counts(state, None), deviating, stuck, rows::alerts(state), stuck_after_ms)
        })?;
        let (open, deviations) =
            tracking.look(|state| (rows::open(state), track::stats::kept(state, None)))?;
        Ok(Kept {
            verdicts,
            counts,
            deviating,
            stuck,
            alerts,
            stuck_after_ms,
            open,
            now_ms: self.now_ms(),
            deviations,
            tracking,
        })
    }

    /// Publishes the model unless it is the one that is published.
    fn publish(
        &self,
        tracking: &Tracking,
        mapping: &Mapping,
        model: &Model,
    ) -> Result<Arc<str>, Failure> {
        let Some(process) = model.definitions.processes.first() else {
            return Err(Failure("expected a process in the model, but there is none".into()));
        };
        let fresh = || Arc::from(model::write(&model.definitions).into_bytes());
        let bpmn: Arc<[u8]> = model.bpmn.clone().unwrap_or_else(fresh);
        let mut known = model.known.clone();
        if known.is_empty() || self.follow {
            // What is still to come is not in the sample.
            known.extend(track::chart::expected(&bpmn, &process.id)?);
            known.sort();
            known.dedup();
        }
        let id = process.id.clone();
        let named = id.clone();
        let there = tracking
            .look(move |state| state.model(&named).and_then(|m| m.published_as()).cloned())?;
        // Who does not say it again has not taken it back.
        let kept = there.as_ref().and_then(|there| there.stuck_after_ms);
        let publish = Publish {
            process: id.clone(),
            bpmn,
            known: known.clone(),
            mapping: Arc::from(mapping.to_yaml(&[])),
            stuck_after_ms: self.stuck_after()?.unwrap_or(kept),
            alert_on_backfill: self.alert_on_backfill,
            ..Publish::default()
        };
        match there {
            Some(there) if publish == (Publish { known: known.clone(), ..there.clone() }) => {
                tracking.command(Command::Learn { process: id.clone(), known })?;
            }
            Some(there) => {
                let other = there.bpmn != publish.bpmn;
                tracking.command(Command::Publish(publish))?;
                if other {
                    println!("the model has changed: {LATER}");
                }
            }
            None => {
                tracking.command(Command::Publish(publish))?;
            }
        }
        Ok(id)
    }
}

/// The folder of tracking; what a server keeps is in a folder of its own below its data.
pub fn folder(path: &Path) -> Result<Arc<Folder>, Failure> {
    if path.to_string_lossy().contains("://") {
        let path = path.display();
        return Err(Failure(format!(
            "--data-dir: expected a folder, but got {path}: a server is named by --server"
        )));
    }
    let below = path.join("tracking");
    let path = if below.is_dir() { &below } else { path };
    Ok(Folder::open(path)?)
}

/// Waits for what the loop or a webhook still does; not for ever.
fn wait_until(tracking: &Tracking, done: fn(&State, i64) -> bool) -> Result<(), Failure> {
    let until = Instant::now() + PATIENCE;
    let now_ms = tracking.clock().now();
    while Instant::now() < until && !tracking.look(move |state| done(state, now_ms))? {
        std::thread::park_timeout(Duration::from_millis(5));
    }
    Ok(())
}

pub fn tell_verdicts(what: &str, verdicts: &Verdicts) {
    let parts: Vec<String> =
        verdicts.by_name.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    println!("{what}: {} records{parts}", verdicts.records);
}

/// Says how many cases may not end where they are, and which has been quiet the longest.
pub fn tell_open(open: &[Open], now_ms: i64) {
    let Some(first) = open.first() else { return };
    let Open { case, last_step, last_ms, .. } = first;
    let quiet = span(now_ms.saturating_sub(*last_ms).max(0));
    let (count, are) = (open.len(), if open.len() == 1 { "case is" } else { "cases are" });
    println!("{count} {are} not at an end; {case} is quiet the longest, {quiet} after {last_step}");
}

impl Kept {
    /// Says what is open, what is wrong, and who was told.
    pub fn tell(&self) -> ExitCode {
        tell_verdicts("observed", &self.verdicts);
        let CaseCounts { cases, deviating, by_status } = &self.counts;
        let statuses = ["completed", "resting", "open", "stuck", "early", "expired"];
        let found: Vec<String> = statuses
            .iter()
            .filter_map(|status| Some(format!("{} {status}", by_status.get(status)?)))
            .collect();
        println!("{cases} cases: {}", found.join(", "));
        tell_open(&self.open, self.now_ms);
        println!("{deviating} of {cases} cases deviate");
        for case in self.deviating.iter().take(10) {
            for finding in &case.findings {
                println!("  {}: {} {}", case.case, finding.kind, finding.step);
            }
        }
        for case in self.stuck.iter().take(10) {
            let step = case.last_step.as_deref().unwrap_or("nothing");
            println!(
                "  {} is stuck after {step}, expected {}",
                case.case,
                case.expected.join(" or ")
            );
        }
        for alert in self.alerts.iter().rev().take(10) {
            let sent = if alert.delivered { "" } else { ", not delivered yet" };
            println!("  alert {}: {} of case {}{sent}", alert.number, alert.name, alert.case);
        }
        ExitCode::SUCCESS
    }
}
