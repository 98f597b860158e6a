//! The order story: three models, their services as workers in this process, a stream of orders.

mod ledger;
mod services;
mod summary;

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use grevy::{Clock, Ended, Grevy, Pending};

use crate::Failure;
use ledger::Ledger;

/// The data folder of the engine, in that of the demo.
const ENGINE: &str = "engine";

/// What the command line asked for.
pub struct Options {
    pub folder: PathBuf,
    pub fresh: bool,
    pub orders: u32,
    pub rate: u32,
    pub factor: u32,
    pub partitions: Option<u16>,
}

const MODELS: [(&str, &str); 3] = [
    ("order.bpmn", include_str!("../../../../demos/order/order.bpmn")),
    ("payment.bpmn", include_str!("../../../../demos/order/payment.bpmn")),
    ("customer.bpmn", include_str!("../../../../demos/order/customer.bpmn")),
];

/// Without a fast clock the long waits take days: the demo ends when nothing else has moved for
/// this long.
const QUIET: Duration = Duration::from_secs(5);

/// Plays the story until its orders have ended.
pub fn play(options: Options) -> Result<ExitCode, Failure> {
    prepare(&options)?;
    let mut builder = Grevy::builder().folder(options.folder.join(ENGINE));
    if let Some(partitions) = options.partitions {
        builder = builder.partitions(partitions);
    }
    if options.factor > 1 {
        let origin = origin(&options.folder)?;
        builder = builder.clock(Clock::Scaled { origin, factor: options.factor });
    }
    let grevy = builder.open()?;
    if let Some(reason) = grevy.held() {
        eprintln!("{reason} --data-dir {}", options.folder.join(ENGINE).display());
    }
    let mut ledger = Ledger::open(&options.folder.join("orders.log"))?;
    introduce(&options, &ledger);
    for (name, text) in MODELS {
        grevy.deploy(name, text).wait()?;
    }
    let _workers = services::start(&grevy);
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    ctrlc::set_handler(move || asked.store(true, Ordering::Release))?;
    let mut watch = Watch::default();
    watch.adopt(&grevy, &mut ledger)?;
    let begun = Instant::now();
    let mut placed = begun;
    let mut progress = summary::Progress::default();
    let gap = Duration::from_secs(1) / options.rate;
    loop {
        let all = options.orders > 0 && ledger.placed() >= options.orders;
        if !all && placed.elapsed() >= gap {
            placed += gap;
            watch.place(&grevy, &mut ledger)?;
            continue;
        }
        watch.look(&mut ledger)?;
        if all && ledger.running() == 0 || stop.load(Ordering::Acquire) {
            break;
        }
        if all && options.factor == 1 && ledger.quiet_for() > QUIET {
            break;
        }
        progress.show(&grevy, &ledger, false);
        breathe();
    }
    progress.show(&grevy, &ledger, true);
    let code = summary::print(&grevy, &ledger, &options, begun.elapsed())?;
    grevy.close();
    Ok(code)
}

/// The loop looks at everything anew, and need not do so more often.
#[expect(clippy::disallowed_methods, reason = "it paces the drawing and waits for nothing")]
fn breathe() {
    std::thread::sleep(Duration::from_millis(5));
}

fn introduce(options: &Options, ledger: &Ledger) {
    println!("grevy demo · process {} · data in {}", std::process::id(), options.folder.display());
    println!("kill me (kill -9 {}), then run me again: nothing is lost", std::process::id());
    if ledger.placed() > 0 {
        println!(
            "resumed: {} orders placed before, {} of them completed",
            ledger.placed(),
            ledger.placed() - ledger.running()
        );
    }
    match options.factor {
        1 => println!("the clock is real: waits of hours and days stay open (--fast-clock)"),
        factor => println!("the clock runs {factor} times as fast"),
    }
}

/// A folder that is ours or empty; `--fresh` empties one that is ours.
fn prepare(options: &Options) -> Result<(), Failure> {
    let folder = &options.folder;
    let marker = folder.join("demo");
    let ours = marker.exists();
    let empty = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(at(folder, &error)),
    };
    if !ours && !empty {
        return Err(Failure(format!(
            "expected {} to be empty or a folder of an earlier demo, but it holds something else; \
             name another one with --data-dir",
            folder.display()
        )));
    }
    if options.fresh && ours {
        // Locked meanwhile: a demo that still runs would lose what it acknowledges.
        let engine = folder.join(ENGINE);
        let lock = engine.is_dir().then(|| journal::Folder::open(&engine)).transpose();
        let _lock = lock.map_err(grevy::Error::from)?;
        std::fs::remove_dir_all(folder).map_err(|error| at(folder, &error))?;
    }
    std::fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    if !marker.exists() {
        let text = format!("{} {}\n", now(), options.factor);
        std::fs::write(&marker, text).map_err(|error| at(&marker, &error))?;
    }
    Ok(())
}

/// When the first run began: a fast clock goes on from there, whatever happened between.
fn origin(folder: &Path) -> Result<i64, Failure> {
    let marker = folder.join("demo");
    let text = std::fs::read_to_string(&marker).map_err(|error| at(&marker, &error))?;
    let first = text.split(' ').next().and_then(|word| word.trim().parse().ok());
    first.ok_or_else(|| {
        Failure(format!("expected a time in ms in {}, but it says {text:?}", marker.display()))
    })
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn at(path: &Path, error: &std::io::Error) -> Failure {
    Failure(format!("{}: {error}", path.display()))
}

/// Orders whose end is awaited.
#[derive(Default)]
struct Watch {
    rows: Vec<(String, Pending<Ended>)>,
}

impl Watch {
    fn place(&mut self, grevy: &Grevy, ledger: &mut Ledger) -> Result<(), Failure> {
        let order = ledger.next_order();
        let created = grevy.start("order", services::order(&order)).wait()?;
        ledger.place(&order)?;
        self.rows.push((order, grevy.await_result(created.instance)));
        Ok(())
    }

    /// Orders that an earlier run left running are watched again; those that ended between their
    /// last line in the ledger and the kill are noted.
    fn adopt(&mut self, grevy: &Grevy, ledger: &mut Ledger) -> Result<(), Failure> {
        let mut after = 0;
        loop {
            let keys = grevy.instances(after).wait()?;
            let Some(last) = keys.last() else { break };
            after = *last;
            for key in keys {
                let Some(instance) = grevy.instance(key).wait()? else { continue };
                if &*instance.process_id == "order" {
                    let order = instance.variables.text("orderId");
                    ledger.place(&order)?;
                    self.rows.push((order, grevy.await_result(key)));
                }
            }
        }
        let running: Vec<&String> = self.rows.iter().map(|(order, _)| order).collect();
        ledger.end_all_but(&running)
    }

    /// Notes what has ended since.
    fn look(&mut self, ledger: &mut Ledger) -> Result<(), Failure> {
        let mut context = Context::from_waker(Waker::noop());
        let mut open = Vec::new();
        for (order, mut pending) in std::mem::take(&mut self.rows) {
            match Pin::new(&mut pending).poll(&mut context) {
                Poll::Pending => open.push((order, pending)),
                Poll::Ready(Ok(ended)) => ledger.end(&order, services::outcome(&ended))?,
                Poll::Ready(Err(_)) => ledger.end(&order, "completed")?,
            }
        }
        self.rows = open;
        Ok(())
    }
}
