//! Incidents told to others: a webhook for each that is raised or resolved, at least once, in
//! order, on over restarts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use history::{Detail, Happening, META, Position, Positions, Reader, Watched};
use serde_json::{Map, Value as Json};
use tokio::sync::oneshot;

use crate::webhook::{Delivery, Target, Webhook};

const KINDS: [&str; 2] = ["incident.raised", "incident.resolved"];

/// How far each journal was told of.
const FILE: &str = "webhook.json";

/// Tells until it is dropped.
#[derive(Debug)]
pub struct Hook {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Teller {
    reader: Reader,
    webhook: Webhook,
    path: PathBuf,
    done: Positions,
}

impl Hook {
    /// Goes on where it was; a first start begins with what comes.
    ///
    /// # Errors
    /// A target that is none, a file of positions that cannot be read, no thread.
    pub fn start(reader: Reader, target: Target, folder: &Path) -> Result<Hook, String> {
        let path = folder.join(FILE);
        let done = read(&path)?.unwrap_or_else(|| reader.positions());
        let teller = Teller { reader, webhook: Webhook::start(target)?, path, done };
        teller.keep()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("history-webhook".to_owned());
        let thread = thread.spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = teller.run() => {}
                    _ = stopped => {}
                }
            });
        });
        let thread = thread.map_err(|error| error.to_string())?;
        Ok(Hook { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the webhook panicked");
        }
    }
}

impl Teller {
    async fn run(mut self) {
        loop {
            let there = self.reader.positions();
            let mut caught_up = true;
            for (partition, last) in there.iter().filter(|(partition, _)| **partition != META) {
                match self.follow(*partition).await {
                    Ok(upto) => caught_up &= upto >= *last,
                    Err(error) => {
                        tracing::error!(%error, "incidents are told later");
                        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                        caught_up = false;
                    }
                }
            }
            if caught_up {
                self.reader.changed(&there).await;
            }
        }
    }

    async fn follow(&mut self, partition: u16) -> history::Result<u64> {
        let lsn = self.done.get(&partition).copied().unwrap_or_default();
        let after = Position { partition, lsn };
        let (told, upto) = self.reader.happenings(after, &Watched::default()).await?;
        for told in told {
            let news = told.happenings.iter().filter(|one| KINDS.contains(&one.kind));
            let mut any = false;
            for one in news {
                self.tell(one).await;
                any = true;
            }
            if any {
                self.reached(partition, told.position.lsn);
            }
        }
        self.done.insert(partition, upto.lsn);
        Ok(upto.lsn)
    }

    /// Waits until the receiver has it, or it was given up.
    async fn tell(&self, one: &Happening) {
        let body = body(one);
        let id = body["id"].as_str().unwrap_or_default().to_owned();
        let (send, outcome) = oneshot::channel();
        // A thread that has stopped meanwhile does not wait for it.
        let done = Box::new(move |outcome| drop(send.send(outcome)));
        self.webhook.send(Delivery { id: id.clone(), body, done });
        if let Ok(Err(reason)) = outcome.await {
            tracing::error!(id, reason, "an incident was not told");
        }
    }

    fn reached(&mut self, partition: u16, lsn: u64) {
        self.done.insert(partition, lsn);
        if let Err(error) = self.keep() {
            tracing::error!(error, "an incident may be told twice after a restart");
        }
    }

    fn keep(&self) -> Result<(), String> {
        let partitions = self.done.iter().map(|(partition, lsn)| (partition.to_string(), *lsn));
        let text = serde_json::to_string(&partitions.collect::<BTreeMap<_, _>>());
        let fresh = self.path.with_extension("json.new");
        let failed = |error: std::io::Error| format!("{}: {error}", self.path.display());
        std::fs::write(&fresh, text.unwrap_or_default()).map_err(failed)?;
        std::fs::rename(&fresh, &self.path).map_err(failed)
    }
}

fn read(path: &Path) -> Result<Option<Positions>, String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        format!("expected positions in {}, but {error}; delete it to begin anew", path.display())
    })
}

fn body(one: &Happening) -> Json {
    let mut whole = Map::new();
    let mut put = |name: &str, value: Json| whole.insert(name.to_owned(), value);
    let mut key = 0;
    let text = |key: i64| Json::String(key.to_string());
    put("type", one.kind.into());
    put("time", history::date(one.time).into());
    put("processInstanceKey", one.instance.map(text).into());
    put("processDefinitionKey", one.definition.map(text).into());
    put("processDefinitionId", one.process_id.clone().into());
    put("elementId", one.element_id.clone().into());
    put("elementInstanceKey", one.element.map(text).into());
    for (name, value) in &one.detail {
        let value = match value {
            Detail::Key(of) => {
                key = if *name == "incidentKey" { *of } else { key };
                text(*of)
            }
            Detail::Text(text) => text.clone().into(),
            Detail::Int(number) => (*number).into(),
            Detail::Flag(flag) => (*flag).into(),
            Detail::Date(time) => history::date(*time).into(),
            Detail::Null => Json::Null,
        };
        put(name, value);
    }
    let end = one.kind.rsplit('.').next().unwrap_or_default();
    put("id", format!("incident-{key}-{end}").into());
    Json::Object(whole)
}
