//! The tables of tidy: arrows, fences, absences and exceptions, each with its reason.

use super::{Finding, Rule};

/// The crates that are a function of their input.
pub const CORE: &[&str] = &["value", "feel", "dmn", "model", "engine"];

pub const CORE_CLIPPY: &[&str] = &[
    "crates/value/clippy.toml",
    "crates/feel/clippy.toml",
    "crates/dmn/clippy.toml",
    "crates/model/clippy.toml",
    "crates/engine/clippy.toml",
];

/// Crate → what it may use of ours, from the bottom up. A new crate is a new row.
pub const ARROWS: &[(&str, &[&str])] = &[
    ("value", &[]),
    ("feel", &["value"]),
    ("dmn", &["value", "feel"]),
    ("model", &["value", "feel", "dmn"]),
    ("engine", &["value", "feel", "dmn", "model"]),
    ("record", &["value", "model", "engine"]),
    ("journal", &[]),
    ("grevy", &["value", "feel", "dmn", "model", "engine", "record", "journal"]),
    ("track", &["value", "feel", "model", "engine", "record", "journal", "grevy", "report"]),
    ("history", &["value", "model", "engine", "record"]),
    ("report", &["value", "model"]),
    ("kafka", &["value", "feel", "model", "record", "journal", "grevy", "track"]),
    (
        "testing",
        &["value", "feel", "dmn", "model", "engine", "record", "journal", "grevy", "report"],
    ),
    (
        "api",
        &[
            "value", "feel", "dmn", "model", "engine", "record", "journal", "grevy", "track",
            "history", "report",
        ],
    ),
    ("client", &["value"]),
    (
        "cli",
        &[
            "value", "feel", "dmn", "model", "engine", "record", "journal", "grevy", "track",
            "history", "report", "kafka", "api", "client", "testing",
        ],
    ),
    ("tck", &["value", "feel", "dmn", "model", "engine", "grevy", "testing", "report"]),
    (
        "sim",
        &[
            "value", "feel", "dmn", "model", "engine", "record", "journal", "grevy", "track",
            "testing",
        ],
    ),
    (
        "benches",
        &[
            "value", "feel", "dmn", "model", "engine", "record", "journal", "grevy", "track",
            "history", "api", "client", "testing",
        ],
    ),
    ("xtask", &[]),
];

/// A package that only some crates may depend on.
pub struct Fence {
    pub package: &'static str,
    pub crates: &'static [&'static str],
    pub reason: &'static str,
}

const WIRE: &[&str] = &["api", "client", "cli", "benches"];
const RUNTIME: &[&str] =
    &["grevy", "track", "history", "kafka", "testing", "api", "client", "cli", "sim", "benches"];
const WIRE_REASON: &str = "only the borders know wire formats";

pub const FENCES: &[Fence] = &[
    Fence { package: "tonic", crates: WIRE, reason: WIRE_REASON },
    Fence { package: "axum", crates: WIRE, reason: WIRE_REASON },
    Fence { package: "hyper", crates: WIRE, reason: WIRE_REASON },
    Fence {
        package: "rdkafka",
        crates: &["kafka"],
        reason: "one crate links C for Kafka, so that a build without it needs no C",
    },
    Fence {
        package: "sqlx",
        crates: &["history"],
        reason: "one crate speaks SQL; the engine's truth is the log",
    },
    Fence { package: "tokio", crates: RUNTIME, reason: "the core and the log know no async" },
    Fence {
        package: "prost",
        crates: &["record", "grevy", "track", "history", "kafka", "api", "client", "benches"],
        reason: "the durable form is made in record; the core knows no encoding",
    },
];

/// Packages that no build may contain; deny.toml has the same list for cargo-deny.
pub const PACKAGES_REFUSED: &[(&str, &str)] = &[
    ("openssl", "TLS is rustls with ring"),
    ("openssl-sys", "TLS is rustls with ring"),
    ("native-tls", "it brings OpenSSL on Linux"),
    ("aws-lc-rs", "it needs cmake and a C toolchain; ring does not"),
    ("aws-lc-sys", "it needs cmake and a C toolchain; ring does not"),
];

/// A name that a crate's code may not contain, as a whole word outside strings and comments.
pub struct Absent {
    pub name: &'static str,
    crates: &'static [&'static str],
    /// Whether `crates` lists where the name is refused, or the only places that may use it.
    refused: bool,
    pub reason: &'static str,
}

impl Absent {
    pub fn applies_to(&self, owner: &str) -> bool {
        self.crates.contains(&owner) == self.refused
    }
}

const fn refused(name: &'static str, crates: &'static [&'static str], why: &'static str) -> Absent {
    Absent { name, crates, refused: true, reason: why }
}

const fn only(name: &'static str, crates: &'static [&'static str], why: &'static str) -> Absent {
    Absent { name, crates, refused: false, reason: why }
}

const NO_CLOCK: &str = "time comes with the command";
const NO_IO: &str = "what the world must do is an effect";

pub const ABSENT: &[Absent] = &[
    refused("tokio", CORE, "the core knows no async"),
    refused("SystemTime", CORE, NO_CLOCK),
    refused("time::Instant", CORE, NO_CLOCK),
    refused("std::fs", CORE, NO_IO),
    refused("std::net", CORE, NO_IO),
    refused("std::thread", CORE, "one loop owns the state"),
    refused("prost", CORE, "the durable form is made in record"),
    refused("serde_json", &["engine"], "variables are bytes until an expression reads them"),
    refused("model", &["journal"], "the log knows no BPMN"),
    refused("engine", &["journal"], "the log knows no BPMN"),
    refused("bpmn", &["journal"], "the log knows no BPMN"),
    refused("roxmltree", &["engine", "journal", "grevy"], "only model and dmn read XML"),
    only("tonic", WIRE, WIRE_REASON),
    only("axum", WIRE, WIRE_REASON),
    only("rdkafka", &["kafka"], "one crate links C for Kafka"),
    only("sqlx", &["history"], "one crate speaks SQL"),
];

pub const TYPE_SUFFIXES_REFUSED: &[&str] =
    &["Manager", "Helper", "Helpers", "Util", "Utils", "Impl", "Data"];

pub const FILE_NAMES_REFUSED: &[&str] =
    &["util", "utils", "helper", "helpers", "manager", "common", "misc"];

/// Hosts of package registries, put together here so that this file does not name them.
pub fn registry_hosts() -> Vec<String> {
    let hosts = [
        ["crates", "io"],
        ["registry.npmjs", "org"],
        ["npmjs", "com"],
        ["pypi", "org"],
        ["files.pythonhosted", "org"],
        ["repo.maven.apache", "org"],
        ["repo1.maven", "org"],
        ["proxy.golang", "org"],
        ["registry-1.docker", "io"],
    ];
    hosts.iter().map(|parts| parts.join(".")).collect()
}

/// Marks of unfinished work, put together here for the same reason.
pub fn unfinished() -> Vec<String> {
    [["to", "do!("], ["unimple", "mented!("], ["FIX", "ME"]].iter().map(|p| p.concat()).collect()
}

/// The crate that a path's product code belongs to; `None` for tests, examples and the rest.
pub fn owner(path: &str) -> Option<&str> {
    if is_test(path) {
        return None;
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["crates", name, "src", ..] | ["crates", name, "Cargo.toml" | "build.rs"] => Some(name),
        [name @ ("xtask" | "sim" | "benches"), ..] => Some(name),
        _ => None,
    }
}

/// Tests may be as long as they need to be.
pub fn is_test(path: &str) -> bool {
    let folder = ["tests/", "testdata/", "generated/"];
    let inside = |name: &&str| path.starts_with(*name) || path.contains(&format!("/{name}"));
    folder.iter().any(inside)
        || path.ends_with("/tests.rs")
        || path.ends_with("_tests.rs")
        || [".test.ts", ".test.tsx", ".spec.ts"].iter().any(|end| path.ends_with(end))
}

/// A place where a rule does not hold.
struct Exception {
    /// A path, or the start of one if it ends with a slash.
    path: &'static str,
    rule: Rule,
    /// The reason is for the reader; a line without one is not an exception but a hole.
    #[allow(dead_code, reason = "the reason is for the reader of this table")]
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        path: "Cargo.lock",
        rule: Rule::Word,
        reason: "cargo writes the address of its index into it",
    },
    Exception {
        path: "crates/engine/src/apply/",
        rule: Rule::FunctionLines,
        reason: "one match with an arm an event: the compiler proves it total only as a whole",
    },
    Exception {
        path: "crates/track/src/machine/apply.rs",
        rule: Rule::FunctionLines,
        reason: "one match with an arm an event, as in the engine",
    },
    Exception {
        path: "crates/history/src/fold/instance.rs",
        rule: Rule::FunctionLines,
        reason: "one match with an arm an event, as in the engine",
    },
    Exception {
        path: "crates/history/src/fold/audit.rs",
        rule: Rule::FunctionLines,
        reason: "one match with an arm an event, as in the engine",
    },
    Exception {
        path: "crates/engine/src/text.rs",
        rule: Rule::FunctionLines,
        reason: "one match with an arm an event: a table of texts",
    },
];

pub fn excepted(finding: &Finding) -> bool {
    EXCEPTIONS
        .iter()
        .any(|exception| exception.rule == finding.rule && exception.covers(finding.path.as_str()))
}

impl Exception {
    fn covers(&self, path: &str) -> bool {
        path == self.path || (self.path.ends_with('/') && path.starts_with(self.path))
    }
}

/// Exceptions that no file needs any more.
#[cfg(test)]
pub fn unused(tree: &[String]) -> Vec<&'static str> {
    let needed = |e: &&Exception| !tree.iter().any(|path| e.covers(path));
    EXCEPTIONS.iter().filter(needed).map(|exception| exception.path).collect()
}
