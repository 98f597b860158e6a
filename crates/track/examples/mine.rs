//! `cargo run --release --example mine -- LOG [NOISE]`: counts, tree and quality of a log.

use std::path::Path;
use std::time::Instant;

use track::conform::{Net, quality};
use track::discover::{Options, discover};
use track::log::LogBuilder;
use track::mapping::{Reading, guess};
use track::source::{Item, Progress, open};

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
    println!("{:#?}\nmeasured {:?}", quality(&log, &Net::of(&tree)), start.elapsed());
    Ok(())
}
