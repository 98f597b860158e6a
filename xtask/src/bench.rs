//! `cargo xtask bench`: every figure beside its budget and beside this machine's own limits.
//!
//! A benchmark is a bench target without a harness. It is called with `--json` (and `--quick`)
//! and prints one object a line: `{"name": "engine_one_task", "figure": 4.2, "unit": "us"}`; with
//! `"appended_mb_s"` beside them it says how much of the disk's append limit it used. Other lines
//! are progress. No figure gates a build: the exit code says only whether the benchmarks ran.

mod budgets;
mod machine;

use crate::process::{Go, command, output, watch};
use machine::Disk;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// A benchmark that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// A bench target of the workspace.
struct Target {
    package: String,
    name: String,
}

pub fn run(
    root: &Path,
    target: &Path,
    names: &[String],
    quick: bool,
    json: bool,
) -> Result<bool, String> {
    let targets = targets(root)?;
    if let Some(unknown) = names.iter().find(|name| targets.iter().all(|t| t.name != **name)) {
        let known: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        return Err(format!("expected one of [{}], but got `{unknown}`", known.join(", ")));
    }
    if targets.is_empty() {
        return Err("expected a bench target in the workspace, but there is none yet".to_owned());
    }
    let disk = Disk::measure(&target.join("bench"), quick)?;
    let mut figures = Vec::new();
    let mut passed = true;
    for target in targets.iter().filter(|target| names.is_empty() || names.contains(&target.name)) {
        let (found, success) = figures_of(root, target, quick)?;
        passed &= success;
        for mut figure in found {
            judge(&mut figure, &disk)?;
            figures.push(figure);
        }
    }
    let commit = output(command(root, &["git", "rev-parse", "HEAD"]))?;
    if json {
        figures.iter().for_each(|figure| println!("{figure}"));
    } else {
        table(&figures, &disk);
    }
    if !quick && !figures.is_empty() {
        let result = json!({
            "commit": commit,
            "hardware": machine::hardware(),
            "disk": disk.json(),
            "figures": figures,
        });
        let folder = root.join("benches/results");
        // Some of them leave what all of them told.
        let some: String = names.iter().map(|name| format!("-{name}")).collect();
        let path = folder.join(format!("{}{some}.json", &commit[..12.min(commit.len())]));
        let text = format!("{result:#}\n");
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, text));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
        println!("wrote {}", path.display());
    }
    Ok(passed)
}

fn targets(root: &Path) -> Result<Vec<Target>, String> {
    let words = ["cargo", "metadata", "--no-deps", "--format-version", "1"];
    let text = output(command(root, &words))?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    let mut list = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            let kinds = target["kind"].as_array().into_iter().flatten();
            if kinds.into_iter().any(|kind| kind == "bench") {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let (package, name) = (text(&package["name"]), text(&target["name"]));
                list.push(Target { package, name });
            }
        }
    }
    Ok(list)
}

/// Runs one benchmark: its figures, and whether it ended well.
fn figures_of(root: &Path, target: &Target, quick: bool) -> Result<(Vec<Value>, bool), String> {
    let mut words = vec!["cargo", "bench", "--quiet", "--package", &target.package];
    words.extend(["--bench", &target.name, "--", "--json"]);
    words.extend(quick.then_some("--quick"));
    let mut figures = Vec::new();
    let ended = watch(command(root, &words), LIMIT, |line| {
        figures.extend(figure(line));
        Go::On
    })?;
    if !ended.success {
        println!("{}: failed after {:.0} s", target.name, ended.took.as_secs_f64());
    }
    Ok((figures, ended.success))
}

/// A line that tells a figure.
fn figure(line: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(line.trim()).ok()?;
    let complete = value["name"].is_string() && value["unit"].is_string();
    (complete && value["figure"].is_number()).then_some(value)
}

/// Adds the budget, whether it is met, and the share of the disk's limit.
fn judge(figure: &mut Value, disk: &Disk) -> Result<(), String> {
    let name = figure["name"].as_str().unwrap_or_default().to_owned();
    let unit = figure["unit"].as_str().unwrap_or_default().to_owned();
    let number = figure["figure"].as_f64().unwrap_or_default();
    let budget = budgets::of(&name, &unit)?;
    figure["budget"] = budget.map_or(Value::Null, |budget| json!(budget.show(disk)));
    figure["met"] = budget.map_or(Value::Null, |budget| json!(budget.met(number, disk)));
    if let Some(appended) = figure["appended_mb_s"].as_f64() {
        figure["share"] = json!(rounded(appended / disk.append_mb_s));
    }
    Ok(())
}

fn table(figures: &[Value], disk: &Disk) {
    println!("\n{:<34} {:>12} {:<12} {:>18}  met  share", "name", "figure", "unit", "budget");
    for figure in figures {
        let text = |key: &str| figure[key].as_str().unwrap_or("–").to_owned();
        let met = match figure["met"].as_bool() {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "–",
        };
        let share = figure["share"].as_f64();
        let share = share.map_or("–".to_owned(), |share| format!("{:.0} %", share * 100.0));
        let number = rounded(figure["figure"].as_f64().unwrap_or_default());
        let (name, unit, budget) = (text("name"), text("unit"), text("budget"));
        println!("{name:<34} {number:>12} {unit:<12} {budget:>18}  {met:<3}  {share}");
    }
    let Disk { sync_p50_ms, sync_p99_ms, append_mb_s } = disk;
    println!(
        "this disk: sync of 8 KB p50 {sync_p50_ms:.2} ms, p99 {sync_p99_ms:.2} ms; \
         append {append_mb_s:.0} MB/s"
    );
}

/// Four digits that mean something.
fn rounded(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return 0.0;
    }
    let scale = 10f64.powf(3.0 - number.abs().log10().floor());
    (number * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_from_progress_and_judged() {
        assert!(figure("warming up").is_none());
        assert!(figure("{\"name\": \"x\", \"figure\": \"fast\", \"unit\": \"s\"}").is_none());
        let line =
            "{\"name\":\"engine_one_task\",\"figure\":7,\"unit\":\"us\",\"appended_mb_s\":50}";
        let mut found = figure(line).unwrap();
        let disk = Disk { sync_p50_ms: 0.1, sync_p99_ms: 0.2, append_mb_s: 200.0 };
        judge(&mut found, &disk).unwrap();
        assert_eq!(found["met"], json!(false));
        assert_eq!(found["budget"], json!("at most 5"));
        assert_eq!(found["share"], json!(0.25));
    }

    #[test]
    fn numbers_keep_four_digits() {
        assert_eq!(rounded(123_456.0), 123_500.0);
        assert_eq!(rounded(0.012_345_6), 0.012_35);
        assert_eq!(rounded(0.0), 0.0);
    }
}
