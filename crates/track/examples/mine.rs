//! `cargo run --release --example mine -- LOG [NOISE [OUT]]`: counts, tree and quality of a log;
//! with OUT also OUT.bpmn and OUT.html.

use std::path::Path;
use std::time::Instant;

use track::chart::{Binding, Chart};
use track::conform::quality;
use track::discover::{Options, discover};
use track::log::LogBuilder;
use track::mapping::{Reading, guess};
use track::source::{Item, Progress, open};
use track::{export, picture, stats::Stats};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("expected the path of a log")?;
    let noise = arguments.next().map_or(Ok(0.0), |text| text.parse())?;
    let start = Instant::now();
    let (_, mut source) = open(Path::new(&path), false)?;
    let mut items = Vec::new();
    while source.poll(0, 10_000, &mut items)? == Progress::More {}
    let mapping = guess(&items)?.mapping;
    let mut log = LogBuilder::default();
    for item in &items {
        if let Item::Record(record) = item
            && let Reading::Event(event) = mapping.read(record)
        {
            log.observe(&event)?;
        }
    }
    let log = log.finish();
    println!(
        "read {:?}: {} events, {} variants",
        start.elapsed(),
        log.events(),
        log.variants.len()
    );
    let start = Instant::now();
    let tree = discover(&log, Options { noise })?;
    println!("discovered {:?}\n{}", start.elapsed(), tree.show(&log.activities));
    let start = Instant::now();
    let quality = quality(&log, &tree);
    println!("{quality:#?}\nmeasured {:?}", start.elapsed());
    let Some(out) = arguments.next() else { return Ok(()) };
    let start = Instant::now();
    let process = export::process(&tree, &log.activities, "discovered", export::Purpose::Tracking);
    let known = log.activities.iter().cloned().collect();
    let binding = Binding { known: Some(known), ..Binding::default() };
    let chart = Chart::new(&process, &binding)?;
    let definitions = export::definitions(process);
    std::fs::write(format!("{out}.bpmn"), model::write(&definitions))?;
    let page = picture::page(&picture::Subject {
        title: "Discovered process",
        source: &path,
        log: &log,
        stats: &Stats::new(&log, Some(86_400_000)),
        definitions: &definitions,
        chart: &chart,
        now_ms: 0,
        stuck_after_ms: None,
        kept: None,
        tree: Some(&tree),
        quality: Some(quality),
    });
    std::fs::write(format!("{out}.html"), report::html(&page))?;
    println!("drawn {:?}", start.elapsed());
    Ok(())
}
