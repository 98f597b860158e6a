//! Durable steps from the engine to history: a thread per journal that reads and hands over.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::event::Event;
use engine::{Key, PartitionId};
use grevy::Grevy;
use history::{Batch, Gap, History, META, MetaStep, Seed, SeedPart, Step};

/// Steps that are handed over at once.
const STEPS_MAX: usize = 1_000;

/// The name under which the journal is kept for history.
pub const NAME: &str = "history";

/// How long a thread waits for steps before it looks whether it should end.
const PATIENCE: Duration = Duration::from_millis(250);

/// How long a thread waits for room in the queue.
const PAUSE: Duration = Duration::from_millis(5);

/// Feeds history until it is dropped.
#[derive(Debug)]
pub struct Feed {
    ending: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// What one thread works with.
struct Line {
    engine: Grevy,
    history: Arc<History>,
    ending: Arc<AtomicBool>,
}

/// Up to which position each instance was told of.
type Told = HashMap<Key, u64>;

/// Was it not told of already?
fn is_news(told: &Told, event: &Event, lsn: u64) -> bool {
    let of = match event {
        Event::Instance { instance, .. } => *instance,
        Event::Partition(_) | Event::Definition { .. } | Event::Slot { .. } => 0,
    };
    told.get(&of).is_none_or(|upto| lsn > *upto)
}

impl Feed {
    /// Goes on behind what history has of each journal.
    ///
    /// # Errors
    /// A thread that cannot be started.
    pub fn start(engine: &Grevy, history: &Arc<History>) -> Result<Feed, String> {
        let mut feed = Feed { ending: Arc::default(), threads: Vec::new() };
        for partition in 1..=engine.partition_count() {
            let from = feed.next(history, partition);
            engine.hold(partition, NAME, from).map_err(|error| error.to_string())?;
            let name = format!("history-feed-{partition}");
            feed.spawn(name, engine, history, move |line| line.steps(partition))?;
        }
        feed.spawn("history-feed-meta".to_owned(), engine, history, |line| line.deployments())?;
        Ok(feed)
    }

    fn next(&self, history: &History, partition: PartitionId) -> u64 {
        history.positions().get(&partition).copied().unwrap_or_default() + 1
    }

    fn spawn(
        &mut self,
        name: String,
        engine: &Grevy,
        history: &Arc<History>,
        run: impl FnOnce(&Line) -> Result<(), String> + Send + 'static,
    ) -> Result<(), String> {
        let (engine, history, ending) = (engine.clone(), history.clone(), self.ending.clone());
        let line = Line { engine, history, ending };
        let run = move || {
            if let Err(error) = run(&line) {
                tracing::error!(error, "history is no longer fed");
            }
        };
        let thread = std::thread::Builder::new().name(name).spawn(run);
        self.threads.push(thread.map_err(|error| error.to_string())?);
        Ok(())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that feeds history panicked");
            }
        }
    }
}

impl Line {
    fn ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    fn done(&self, partition: PartitionId) -> u64 {
        self.history.positions().get(&partition).copied().unwrap_or_default()
    }

    fn steps(&self, partition: PartitionId) -> Result<(), String> {
        let text = |error: grevy::Error| error.to_string();
        let from = self.done(partition) + 1;
        let mut told = Told::new();
        let mut source = match self.engine.steps(partition, from) {
            Err(grevy::Error::Journal(journal::Error::Trimmed { first, .. })) => {
                let source = self.engine.steps(partition, first).map_err(text)?;
                told = self.seed(partition, from, first)?;
                source
            }
            found => found.map_err(text)?,
        };
        while !self.ending() {
            let mut batch = Batch { partition, steps: Vec::new() };
            let mut last = 0;
            let mut patience = PATIENCE;
            while batch.steps.len() < STEPS_MAX
                && let Some(found) = source.next(patience).map_err(text)?
            {
                let (lsn, step) = (found.lsn, found.step);
                let (time, cause, mut events) = (step.time, step.cause, step.events);
                if !told.is_empty() {
                    events.retain(|event| is_news(&told, event, lsn));
                }
                batch.steps.push(Step { lsn, time, cause, events });
                (patience, last) = (Duration::ZERO, lsn);
            }
            told.retain(|_, upto| *upto > last);
            self.offer(|| self.history.export(batch.clone()))?;
            self.engine.hold(partition, NAME, self.done(partition) + 1).map_err(text)?;
        }
        Ok(())
    }

    /// Where the journal begins later than history ends, because it was trimmed while history was
    /// away or behind, what is alive is told from the state. Returns how far each instance is told
    /// of; 0 is what belongs to none.
    fn seed(&self, partition: PartitionId, from: u64, first: u64) -> Result<Told, String> {
        tracing::warn!(partition, from, first, "history lacks steps; it is told what is alive");
        let time = self.engine.clock().now();
        let gap = Gap { partition, first_lsn: from, last_lsn: first - 1, time };
        let offer =
            |part: SeedPart| self.offer(|| self.history.seed(Seed { gap, part: part.clone() }));
        offer(SeedPart::Begin)?;
        let (mut told, mut after) = (Told::new(), 0);
        loop {
            let page = self.engine.told(partition, after).wait().map_err(|it| it.to_string())?;
            if after == 0 {
                told.insert(0, page.upto);
            }
            offer(SeedPart::Told(page.events))?;
            told.extend(page.instances.iter().map(|instance| (*instance, page.upto)));
            match page.instances.last() {
                Some(last) => after = *last,
                None => break,
            }
        }
        offer(SeedPart::End)?;
        tracing::info!(partition, instances = told.len() - 1, "history was told what is alive");
        Ok(told)
    }

    fn deployments(&self) -> Result<(), String> {
        let text = |error: grevy::Error| error.to_string();
        let from = self.done(META) + 1;
        // Deployments are never trimmed.
        let mut source = self.engine.meta_steps(from).map_err(text)?;
        while !self.ending() {
            let Some(found) = source.next(PATIENCE).map_err(text)? else { continue };
            let (lsn, step) = (found.lsn, found.step);
            let (time, cause, events) = (step.time, step.cause, step.events);
            let step = MetaStep { lsn, time, cause, events };
            self.offer(|| self.history.export_meta(vec![step.clone()]))?;
        }
        Ok(())
    }

    /// Tries until there is room: this is how intake stops.
    fn offer(&self, take: impl Fn() -> history::Result<()>) -> Result<(), String> {
        loop {
            match take() {
                Ok(()) => return Ok(()),
                Err(error) if error.is_full() && !self.ending() => std::thread::park_timeout(PAUSE),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}
