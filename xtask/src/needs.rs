//! What suites need besides Rust: found, or fetched with the ordinary package clients.
//!
//! Nothing is fetched for a suite that is not run, and what was fetched is said. What cannot be
//! had makes its suites "not run", by name; that fails in CI.

use crate::process::{available, command, output, show};
use std::path::{Path, PathBuf};

/// One thing that a suite needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "a need is here before the first suite that has it")]
pub enum Need {
    /// The public acceptance suites in `../shared/acceptance`.
    Data,
    Node,
    /// The packages of this folder's lock file.
    Npm(&'static str),
    /// Python with these packages, in an environment of its own.
    Python(&'static [&'static str]),
    Java,
    Maven,
    Go,
    Chromium,
    /// The built web console.
    Console,
    Postgres,
}

/// A need that is met: what was done for it, and what the suite is told.
#[derive(Debug, Default)]
pub struct Met {
    pub done: Option<String>,
    pub environment: Option<(&'static str, PathBuf)>,
}

/// Where the facts and the acceptance data are, if they are here at all.
pub fn shared(root: &Path) -> PathBuf {
    match std::env::var_os("GREVY_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => root.join("../shared"),
    }
}

/// Where the acceptance data is, if it is here at all.
pub fn acceptance(root: &Path) -> PathBuf {
    match std::env::var_os("GREVY_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => shared(root).join("acceptance"),
    }
}

impl Need {
    /// Looks, then fetches; the error says what is missing and what would help.
    pub fn meet(self, root: &Path, target: &Path) -> Result<Met, String> {
        match self {
            Need::Data => data(root),
            Need::Node => program("node", &["nodejs", "npm"]),
            Need::Npm(folder) => npm(&root.join(folder)),
            Need::Python(packages) => python(&target.join("needs/python"), packages),
            Need::Java => program("java", &["default-jdk-headless"]),
            Need::Maven => program("mvn", &["maven"]),
            Need::Go => program("go", &["golang-go"]),
            Need::Chromium => chromium(),
            Need::Console => console(root, target),
            Need::Postgres => postgres(),
        }
    }
}

fn data(root: &Path) -> Result<Met, String> {
    let folder = acceptance(root);
    if folder.is_dir() {
        return Ok(Met { done: None, environment: Some(("GREVY_DATA", folder)) });
    }
    let place = folder.display();
    Err(format!(
        "expected the acceptance data in {place}, but it is not there; see CONTRIBUTING.md"
    ))
}

fn program(name: &str, packages: &[&str]) -> Result<Met, String> {
    if available(name).is_some() {
        return Ok(Met::default());
    }
    let done = apt(packages)?;
    let found = available(name).ok_or_else(|| format!("{done}, but there is no `{name}` still"))?;
    Ok(Met { done: Some(format!("{done}: {}", found.display())), environment: None })
}

/// Installs Debian packages where this user may; says how to where it may not.
fn apt(packages: &[&str]) -> Result<String, String> {
    let list = packages.join(" ");
    let remedy = format!("install it: apt-get install {list}");
    if available("apt-get").is_none() {
        return Err(format!("expected apt-get, but this system has none; {remedy}"));
    }
    let root = output(command(Path::new("/"), &["id", "-u"])).is_ok_and(|id| id == "0");
    let install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"];
    let mut words: Vec<&str> = if root { Vec::new() } else { vec!["sudo", "-n"] };
    let prefix = words.len();
    words.extend(install);
    words.extend(packages);
    let try_install = || output(command(Path::new("/"), &words)).is_ok();
    if try_install() {
        return Ok(format!("installed {list} with apt-get"));
    }
    // A fresh machine has no package lists yet.
    let mut update = words[..prefix].to_vec();
    update.extend(["apt-get", "update", "-qq"]);
    output(command(Path::new("/"), &update)).map_err(|error| format!("{error}; {remedy}"))?;
    match output(command(Path::new("/"), &words)) {
        Ok(_) => Ok(format!("installed {list} with apt-get")),
        Err(error) => Err(format!("{error}; {remedy}")),
    }
}

fn npm(folder: &Path) -> Result<Met, String> {
    let node = program("npm", &["nodejs", "npm"])?;
    let stamp = folder.join("node_modules/.package-lock.json");
    let modified = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    let lock = modified(&folder.join("package-lock.json"));
    if lock.is_none() {
        return Err(format!("expected {}/package-lock.json, but there is none", folder.display()));
    }
    if modified(&stamp) >= lock {
        return Ok(node);
    }
    if !show(folder, &["npm", "ci", "--no-audit", "--no-fund"])? {
        return Err(format!("npm ci failed in {}", folder.display()));
    }
    Ok(Met { done: Some(format!("npm ci in {}", folder.display())), environment: None })
}

fn python(folder: &Path, packages: &[&str]) -> Result<Met, String> {
    program("python3", &["python3", "python3-venv"])?;
    let python = folder.join("bin/python");
    let at = folder.to_string_lossy();
    let mut done = None;
    if !python.exists() && !show(Path::new("/"), &["python3", "-m", "venv", &at])? {
        apt(&["python3-venv"])?;
        if !show(Path::new("/"), &["python3", "-m", "venv", &at])? {
            return Err(format!("python3 -m venv {at} failed"));
        }
    }
    let stamp = folder.join("grevy-packages");
    let wanted = packages.join(" ");
    if std::fs::read_to_string(&stamp).is_ok_and(|had| had.contains(&wanted)) {
        return Ok(Met { done, environment: Some(("GREVY_PYTHON", python)) });
    }
    if !packages.is_empty() {
        let program = python.to_string_lossy();
        let mut words = vec![&*program, "-m", "pip", "install", "--quiet"];
        words.extend(packages);
        if !show(Path::new("/"), &words)? {
            return Err(format!("pip install {wanted} failed"));
        }
        done = Some(format!("pip install {wanted} in {at}"));
    }
    let had = std::fs::read_to_string(&stamp).unwrap_or_default();
    let written = std::fs::write(&stamp, format!("{had}{wanted}\n"));
    written.map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(Met { done, environment: Some(("GREVY_PYTHON", python)) })
}

fn chromium() -> Result<Met, String> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let find = || names.iter().find_map(|name| available(name));
    let mut done = None;
    if find().is_none() {
        done = Some(apt(&["chromium", "fonts-dejavu-core"])?);
    }
    let found = find().ok_or("expected chromium after its installation, but there is none")?;
    Ok(Met { done, environment: Some(("GREVY_CHROMIUM", found)) })
}

fn console(root: &Path, target: &Path) -> Result<Met, String> {
    match crate::console::build(root, target)? {
        true => Ok(Met::default()),
        false => Err("the console could not be built".to_owned()),
    }
}

/// The programs of a PostgreSQL server; each suite starts one of its own, on a free port.
fn postgres() -> Result<Met, String> {
    let find = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let folders = versions.filter_map(Result::ok).map(|version| version.path().join("bin"));
        folders.filter(|folder| folder.join("initdb").is_file()).max()
    };
    let mut done = None;
    if find().is_none() {
        done = Some(apt(&["postgresql"])?);
    }
    let found = find().ok_or("expected PostgreSQL after its installation, but there is none")?;
    Ok(Met { done, environment: Some(("GREVY_POSTGRES_BIN", found)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_data_is_named_with_its_place() {
        let error = Need::Data.meet(Path::new("/nowhere"), Path::new("/nowhere")).unwrap_err();
        assert!(error.contains("/nowhere") && error.contains("CONTRIBUTING.md"), "{error}");
    }

    #[test]
    fn a_program_that_is_here_costs_nothing() {
        let met = program("cargo", &["no-such-package"]).unwrap();
        assert!(met.done.is_none() && met.environment.is_none());
    }
}
