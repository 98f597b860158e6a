//! Cases that are kept, in a folder or by a running server: where `grevy track cases`, `findings`,
//! `stats` and `trace` ask, and `replay` and `publish`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use grevy::Clock;
use journal::Folder;
use serde::Serialize;
use serde_json::{Value, json};
use track::past;
use track::stats::{Deviations, Stats};
use track::traces::Trace;
use track::tracking::Tracking;

use super::keep::{folder, token};
use crate::Failure;
use crate::remote::Remote;

/// What a model that is changed does not do.
pub const LATER: &str = "cases that were read before keep the model and the deadlines that they \
                         began with; a new process id or folder reads everything again";

/// Whose cases are asked about.
#[derive(Args, Default)]
pub struct Whose {
    /// Folder in which cases are kept.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// A running server, at its REST address; its token is in GREVY_TOKEN.
    #[arg(long, value_name = "URL", conflicts_with = "data_dir")]
    server: Option<String>,
    /// The process whose cases are meant.
    #[arg(long, value_name = "ID")]
    process: Option<String>,
}

/// Where cases are kept.
pub enum Place {
    Folder { tracking: Tracking, process: Option<String> },
    Server { remote: Remote, process: Option<String> },
}

impl Whose {
    /// Opens the folder, or finds the server; `None` when neither is named.
    pub fn place(self) -> Result<Option<Place>, Failure> {
        let process = self.process;
        if let Some(url) = self.server {
            let remote = Remote::at(url, token());
            if let Some(process) = &process {
                tracked(process, &on_server(&remote)?)?;
            }
            return Ok(Some(Place::Server { remote, process }));
        }
        let Some(path) = self.data_dir else { return Ok(None) };
        // The clock stands still: to ask changes nothing.
        let still = Clock::virtual_from(0);
        let tracking = Tracking::open(Some(&there(&path)?), still, Box::new(|_| ()))?;
        if let Some(process) = &process {
            let names = tracking.look(|state| {
                state.models().map(|model| model.process.to_string()).collect::<Vec<_>>()
            })?;
            tracked(process, &names).inspect_err(|_| tracking.close())?;
        }
        Ok(Some(Place::Folder { tracking, process }))
    }

    /// The same; without a name the folder `./data`.
    pub fn place_or_data(mut self) -> Result<Place, Failure> {
        if self.server.is_none() {
            self.data_dir.get_or_insert_with(|| PathBuf::from("./data"));
        }
        self.place()?.ok_or_else(|| Failure("expected --data-dir or --server".to_owned()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::Folder { tracking, .. } = self {
            tracking.close();
        }
    }
}

/// A folder in which cases are kept. A question makes none.
fn there(path: &Path) -> Result<Arc<Folder>, Failure> {
    let named = path.to_string_lossy().contains("://");
    let kept = [path.join("track"), path.join("tracking").join("track")];
    if !named && !kept.iter().any(|journal| journal.is_dir()) {
        let path = path.display();
        return Err(Failure(format!(
            "--data-dir: expected a folder in which cases are kept, but {path} is none"
        )));
    }
    folder(path)
}

/// The process that is meant on a server: named, or the only one.
fn meant(remote: &Remote, process: &Option<String>) -> Result<String, Failure> {
    if let Some(process) = process {
        return Ok(encoded(process));
    }
    let names = on_server(remote)?;
    match &names[..] {
        [only] => Ok(encoded(only)),
        [] => Err(Failure("expected a tracked process on the server, but there is none".into())),
        _ => Err(Failure(format!("expected --process, one of {}", names.join(", ")))),
    }
}

/// The processes that a server tracks.
fn on_server(remote: &Remote) -> Result<Vec<String>, Failure> {
    let known = remote.get_from("", "/tracking")?;
    let rows = known.as_array().into_iter().flatten();
    Ok(rows.filter_map(|row| Some(row["process"].as_str()?.to_owned())).collect())
}

/// A name that is mistyped must not look as if nothing were wrong.
fn tracked(process: &str, names: &[String]) -> Result<(), Failure> {
    if names.iter().any(|name| name == process) {
        return Ok(());
    }
    let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(Failure(format!(
        "--process: expected a process that is tracked there ({known}), but got {process}"
    )))
}

/// A name as part of an address.
pub fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes().fold(String::new(), |mut out, byte| {
        match plain(byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

/// What is asked, as the part of an address behind the question mark.
pub fn query(pairs: &[(&str, Option<String>)]) -> String {
    let given = pairs.iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let parts: Vec<String> =
        given.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

impl Place {
    pub fn get(&self, what: &str) -> Result<Value, Failure> {
        let Place::Server { remote, process } = self else { return Ok(Value::Null) };
        remote.get_from("", &format!("/tracking/{}/{what}", meant(remote, process)?))
    }

    pub fn findings(&self) -> Result<Deviations, Failure> {
        Ok(match self {
            Place::Folder { tracking, process } => {
                let process = process.clone();
                tracking.look(move |state| track::stats::kept(state, process.as_deref()))?
            }
            Place::Server { .. } => serde_json::from_value(self.get("findings")?)?,
        })
    }

    /// `target` is the promise about whole cases, ISO 8601.
    pub fn stats(&self, target: Option<&str>) -> Result<Stats, Failure> {
        Ok(match self {
            Place::Folder { tracking, process } => {
                let log = past::log(tracking, process.as_deref())?.finish();
                let target = target.map(track::mapping::duration_ms).transpose();
                Stats::new(&log, target.map_err(Failure)?)
            }
            Place::Server { .. } => {
                let asked = query(&[("target", target.map(str::to_owned))]);
                serde_json::from_value(self.get(&format!("stats{asked}"))?)?
            }
        })
    }

    pub fn trace(&self, id: &str) -> Result<Option<Trace>, Failure> {
        Ok(match self {
            Place::Folder { tracking, .. } => past::traces(tracking, Some(id))?.trace(id),
            Place::Server { remote, .. } => {
                let found = remote.get_from("", &format!("/traces/{}", encoded(id)))?;
                Some(serde_json::from_value(found)?)
            }
        })
    }
}

/// Which server, and which of its processes.
#[derive(Args)]
pub struct OnServer {
    /// The running server, at its REST address; its token is in GREVY_TOKEN.
    #[arg(
        long,
        value_name = "URL",
        env = "GREVY_ADDRESS",
        default_value = "http://127.0.0.1:8080"
    )]
    server: String,
    /// The process that is meant.
    #[arg(long, value_name = "ID")]
    process: Option<String>,
}

/// Observes rejected and expired records on a server again, by the mapping that is published now.
///
/// For cases in a folder: grevy track FILE --data-dir FOLDER --again.
#[derive(Args)]
pub struct Replay {
    #[command(flatten)]
    on: OnServer,
}

impl Replay {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let remote = Remote::at(self.on.server, token());
        let process = meant(&remote, &self.on.process)?;
        remote.ask_of("POST", &format!("/tracking/{process}/replay"), None)?;
        println!("{process}: rejected records were observed again");
        Ok(ExitCode::SUCCESS)
    }
}

/// Lets a server follow its bus by a model and a mapping.
#[derive(Args)]
pub struct Publish {
    /// The BPMN file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// How events are read.
    #[arg(long, value_name = "FILE", default_value = "mapping.yaml")]
    mapping: PathBuf,
    /// A case that is quiet for so long is stuck, e.g. PT30M; never takes the rule back. Without it
    /// the rule stays as it was.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    stuck_after: Option<String>,
    /// Raise alerts also for what had passed when its event came, or when the rule was made;
    /// =false takes that back. Without it, as it was.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    alert_on_backfill: Option<bool>,
    /// Only keep it as a draft.
    #[arg(long)]
    draft: bool,
    #[command(flatten)]
    on: OnServer,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Draft {
    bpmn: String,
    mapping: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stuck_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert_on_backfill: Option<bool>,
}

impl Publish {
    pub fn run(self) -> Result<ExitCode, Failure> {
        if let Some(text) = &self.stuck_after {
            let wrong = |reason| Failure(format!("--stuck-after: {reason}"));
            track::machine::Publish::stuck_after(text).map_err(wrong)?;
        }
        let remote = Remote::at(self.on.server, token());
        let read = |path: &PathBuf| {
            let named = |error| Failure(format!("{}: {error}", path.display()));
            std::fs::read_to_string(path).map_err(named)
        };
        let process = match self.on.process {
            Some(process) => process,
            None => {
                let definitions = super::lay::read(&self.model)?;
                let first = definitions.processes.first().map(|process| process.id.to_string());
                first.ok_or_else(|| Failure("expected a process in the model".to_owned()))?
            }
        };
        let draft = Draft {
            bpmn: read(&self.model)?,
            mapping: read(&self.mapping)?,
            stuck_after: self.stuck_after,
            alert_on_backfill: self.alert_on_backfill,
        };
        let path = format!("/tracking/{}", encoded(&process));
        remote.ask_of("PUT", &path, Some(&json!(draft)))?;
        if self.draft {
            println!("{process}: kept as a draft");
            return Ok(ExitCode::SUCCESS);
        }
        let before = remote.get_from("", &path)?["version"].clone();
        remote.ask_of("POST", &format!("{path}/publish"), None)?;
        println!("{process}: published; everything on the bus was observed");
        if !before.is_null() {
            println!("{process}: {LATER}");
        }
        Ok(ExitCode::SUCCESS)
    }
}
