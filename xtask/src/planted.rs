//! `cargo xtask planted`: bugs planted into a copy of the engine, one after the other. The
//! generated models must find each within a thousand; a proof that they can fail.
//!
//! The copy lies in the target folder, so that the engine itself knows nothing of this.

use crate::process::{Go, command, output, watch};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A bug: one text of one file becomes another.
struct Bug {
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

/// For building the copy and looking at a thousand models.
const LIMIT: Duration = Duration::from_secs(30 * 60);

const BUGS: &[Bug] = &[
    Bug {
        name: "lost token",
        file: "element/lifecycle.rs",
        from: "for flow in &element.outgoing {",
        to: "for flow in element.outgoing.iter().take(1) {",
    },
    Bug {
        name: "join on the first token",
        file: "element/gateway/parallel.rs",
        from: "if incoming.iter().all(",
        to: "if incoming.iter().any(",
    },
    Bug {
        name: "inclusive join does not wait",
        file: "element/gateway/inclusive.rs",
        from: "if instance.children(scope).any(",
        to: "if instance.children(scope).skip(1).any(",
    },
    Bug {
        name: "new variable in the wrong scope",
        file: "element/payload.rs",
        from: "map_or(i, |(holder, _)| holder)",
        to: "map_or(scope, |(holder, _)| holder)",
    },
    Bug {
        name: "early timer",
        file: "element/catches.rs",
        from: "Ok(once(time::add_duration(now, &duration)))",
        to: "Ok(once(time::add_duration(now, &duration) - 9_000))",
    },
    Bug {
        name: "interrupting boundary event that does not interrupt",
        file: "element/catches.rs",
        from: "Kind::Boundary(catch) if catch.interrupting => {",
        to: "Kind::Boundary(catch) if catch.interrupting && target % 2 == 0 => {",
    },
    Bug {
        name: "subscription that stays open",
        file: "element/catches.rs",
        from: "open.map(|(k, row)| (*k, row.clone())).take(rest).collect();",
        to: "open.map(|(k, row)| (*k, row.clone())).take(rest.min(1)).collect();",
    },
    Bug {
        name: "event sub-process beside an interrupting one",
        file: "element/scope/event_sub_process.rs",
        from: "self.close_event_sub_processes(i, scope)?;",
        to: "let _ = Self::close_event_sub_processes;",
    },
    Bug {
        name: "completion condition is not heard",
        file: "element/scope/multi_instance.rs",
        from: "self.terminate_children(i, body);",
        to: "",
    },
    Bug {
        name: "sequential instances at once",
        file: "element/scope/multi_instance.rs",
        from: "if definition.sequential && busy {",
        to: "if definition.sequential && busy && index > 1 {",
    },
    Bug {
        name: "what is deferred is lost",
        file: "decide/step.rs",
        from: "self.tell(i, InstanceEvent::WorkDeferred { number, work });",
        to: "if !matches!(work, Work::CheckScope { .. } | Work::Terminate { .. }) {\n\
             self.tell(i, InstanceEvent::WorkDeferred { number, work }); }",
    },
];

/// Plants those that `GREVY_LAB_FROM` and `GREVY_LAB_ROUNDS` say, or all.
pub fn run(root: &Path, target: &Path) -> Result<bool, String> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let from = number("GREVY_LAB_FROM").unwrap_or(0);
    let rounds = number("GREVY_LAB_ROUNDS").unwrap_or(BUGS.len());
    let copy = target.join("planted/source");
    mirror(root, &copy)?;
    let mut found = true;
    for bug in BUGS.iter().skip(from).take(rounds) {
        let path = engine(&copy).join(bug.file);
        let sound = read(&path)?;
        let planted = plant(&sound, bug)?;
        write(&path, &planted)?;
        let ended = hunt(&copy, target);
        write(&path, &sound)?;
        let ended = ended?;
        println!("{}: {}", bug.name, if ended { "found" } else { "NOT FOUND" });
        found &= ended;
    }
    Ok(found)
}

fn hunt(copy: &Path, target: &Path) -> Result<bool, String> {
    let words = [
        "cargo",
        "test",
        "--package",
        "grevy-engine",
        "--test",
        "models",
        "--",
        "--ignored",
        "--nocapture",
        "planted",
    ];
    let mut hunt = command(copy, &words);
    hunt.env("CARGO_TARGET_DIR", target.join("planted/target"));
    let mut at = None;
    let ended = watch(hunt, LIMIT, |line| {
        let model = line.strip_prefix("planted: found by model ");
        at = at.take().or_else(|| model.and_then(|n| n.parse::<u64>().ok()));
        Go::On
    })?;
    if let Some(at) = at {
        println!("lab: models until found = {at} models");
    }
    Ok(ended.success && at.is_some())
}

fn plant(sound: &str, bug: &Bug) -> Result<String, String> {
    match sound.matches(bug.from).count() {
        1 => Ok(sound.replacen(bug.from, bug.to, 1)),
        count => Err(format!(
            "expected `{}` once in {}, where the bug \"{}\" is planted, but it is there {count} \
             times",
            bug.from, bug.file, bug.name
        )),
    }
}

fn engine(root: &Path) -> PathBuf {
    root.join("crates/engine/src")
}

/// Copies what Git knows and has changed, so that little is built again.
fn mirror(root: &Path, copy: &Path) -> Result<(), String> {
    let listed = output(command(
        root,
        &[
            "git",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "Cargo.toml",
            "Cargo.lock",
            "crates",
            "benches",
            "xtask",
            "tests",
        ],
    ))?;
    for name in listed.lines() {
        let (from, to) = (root.join(name), copy.join(name));
        let Ok(bytes) = std::fs::read(&from) else { continue };
        if std::fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        let folder = to.parent().unwrap_or(copy);
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        std::fs::write(&to, bytes).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_still_has_its_place_in_the_engine() {
        for bug in BUGS {
            let sound = read(&engine(&crate::root()).join(bug.file)).unwrap();
            plant(&sound, bug).unwrap();
        }
        const { assert!(BUGS.len() >= 10) };
    }
}
