//! Writes the models of scenarios as BPMN files, for tools that read such files:
//! `cargo run -p grevy-testing --example models -- tests/conformance/scenarios FOLDER`.

use std::error::Error;
use std::path::PathBuf;

use testing::Scenario;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("expected a folder of scenarios and one for their models".into());
    };
    std::fs::create_dir_all(&to)?;
    let mut count = 0;
    for file in std::fs::read_dir(from)? {
        let file = file?.path();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let scenario = Scenario::parse(&std::fs::read_to_string(&file)?)?;
        for (place, (model, xml)) in testing::models(&scenario)?.into_iter().enumerate() {
            std::fs::write(to.join(format!("{name}-{place}-{model}")), xml)?;
            count += 1;
        }
    }
    println!("{count} models in {}", to.display());
    Ok(())
}
