//! An exporter: writes down what the verdict needs of each durable step, and lets the log be
//! trimmed behind itself. It goes on after a kill where its file ends.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::event::{Event, InstanceEvent, SlotEvent};
use grevy::Grevy;

/// Under which it holds the log.
pub const NAME: &str = "copy";

/// The copy of one partition.
pub struct Copy {
    ending: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), String>>,
}

impl Copy {
    /// Copies what is durable by now, and ends.
    pub fn end(self) -> Result<(), String> {
        self.ending.store(true, Ordering::Release);
        self.thread.join().map_err(|_| "the copy panicked".to_owned())?
    }
}

pub fn start(grevy: &Grevy, folder: &Path) -> Vec<Copy> {
    let start = |partition| {
        let ending = Arc::new(AtomicBool::new(false));
        let (grevy, folder, told) = (grevy.clone(), folder.to_owned(), Arc::clone(&ending));
        let thread = std::thread::spawn(move || {
            let copied = copy(&grevy, &folder, partition, &told);
            if let Err(error) = &copied {
                println!("COPY of partition {partition}: {error}");
            }
            copied
        });
        Copy { ending, thread }
    };
    (1..=2).map(start).collect()
}

fn copy(grevy: &Grevy, folder: &Path, partition: u16, end: &AtomicBool) -> Result<(), String> {
    let path = folder.join(format!("copy-{partition}"));
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    // A kill cuts a line, or leaves a step without its end.
    let whole = text.rfind("upto ").and_then(|at| Some(at + text[at..].find('\n')? + 1));
    let whole = whole.or_else(|| {
        let before = text[..text.rfind("upto ")?].rfind("upto ")?;
        Some(before + text[before..].find('\n')? + 1)
    });
    let text = &text[..whole.unwrap_or(0)];
    let last = text.lines().next_back().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let mut from: u64 = last.unwrap_or(0) + 1;
    let file = File::options().create(true).append(true).open(&path);
    let mut file = file.map_err(|e| e.to_string())?;
    file.set_len(text.len() as u64).map_err(|e| e.to_string())?;
    let counts = folder.join(format!("count-{partition}-{}", std::process::id()));
    let mut steps = grevy.steps(partition, from).map_err(|e| e.to_string())?;
    loop {
        let ending = end.load(Ordering::Acquire);
        let upto = grevy.durable(partition).map_err(|e| e.to_string())?;
        while let Some(next) = steps.next(Duration::from_millis(5)).map_err(|e| e.to_string())? {
            let mut lines = String::new();
            next.step.events.iter().for_each(|event| tell(event, next.step.time, &mut lines));
            lines += &format!("upto {} {}\n", next.lsn, next.epoch);
            file.write_all(lines.as_bytes()).map_err(|e| e.to_string())?;
            from = next.lsn + 1;
            grevy.hold(partition, NAME, from).map_err(|e| e.to_string())?;
            if from > upto {
                break;
            }
        }
        let health = grevy.checkpoint_health()[usize::from(partition) - 1];
        let text = format!("cold {}\nmended {}\n", health.read, health.mended);
        std::fs::write(&counts, text).map_err(|e| e.to_string())?;
        if ending && from > upto {
            return Ok(());
        }
    }
}

fn tell(event: &Event, time: i64, out: &mut String) {
    use InstanceEvent as E;
    let line = match event {
        Event::Instance { instance, event } => match event {
            E::Created(_) => format!("created {instance}"),
            E::Completed => format!("completed {instance}"),
            E::JobCreated { key, .. } => format!("job {key}"),
            E::JobCompleted { key } => format!("job-completed {key}"),
            E::SubscriptionCorrelated { .. } => format!("correlated {instance}"),
            E::TimerArmed { key, due, .. } => format!("armed {key} {due}"),
            E::TimerFired { key } => format!("fired {key} {time}"),
            _ => return,
        },
        Event::Slot { event: SlotEvent::Published { id, .. }, .. } => format!("message {id}"),
        Event::Slot { .. } | Event::Definition { .. } | Event::Partition(_) => return,
    };
    out.push_str(&line);
    out.push('\n');
}
