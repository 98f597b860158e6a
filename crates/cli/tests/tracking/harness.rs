//! Binaries in folders of their own, servers on free ports, and how to ask them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What everything here ends within, or the test fails.
const PATIENCE: Duration = Duration::from_secs(60);
pub const STEPS: [&str; 5] =
    ["OrderPlaced", "PaymentReceived", "GoodsFetched", "GoodsShipped", "OrderCompleted"];
const SENDERS: [&str; 5] = ["Checkout", "Payment", "Inventory", "Shipping", "Shipping"];
/// 2026-03-01T09:00:00Z
pub const NINE: i64 = 1_772_355_600_000;
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;

pub fn model() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("demos/order/order-tracking.bpmn").canonicalize().unwrap()
}

pub fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).unwrap().to_string()
}

/// A CloudEvent of the story.
pub fn event(id: &str, trace: &str, kind: &str, at_ms: i64) -> Value {
    let at = STEPS.iter().position(|step| *step == kind);
    json!({
        "specversion": "1.0",
        "id": id,
        "source": at.map_or("Somebody", |at| SENDERS[at]),
        "type": kind,
        "time": time(at_ms),
        "traceid": trace,
        "data": {"orderId": format!("order-{trace}")},
    })
}

/// Each type stands for the element of its name.
pub fn types() -> Value {
    let pairs = STEPS.iter().map(|step| ((*step).to_owned(), Value::from(*step)));
    Value::Object(pairs.collect())
}

/// An order whose steps come every 20 minutes from `begin` on.
pub fn order(trace: &str, begin: i64, steps: &[&str]) -> Vec<Value> {
    let at = |n: usize| begin + n as i64 * 20 * MINUTE;
    let events = steps.iter().enumerate();
    events.map(|(n, kind)| event(&format!("{trace}-{n}"), trace, kind, at(n))).collect()
}

/// A process of these elements.
pub fn model_of(process: &str, elements: &str) -> String {
    format!(
        "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\" \
         targetNamespace=\"t\"><bpmn:process id=\"{process}\">{elements}</bpmn:process>\
         </bpmn:definitions>"
    )
}

/// An empty folder to run commands in.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Adds events to a file of JSON lines.
    pub fn add(&self, name: &str, events: &[Value]) {
        let path = self.path().join(name);
        let mut text = std::fs::read_to_string(&path).unwrap_or_default();
        events.iter().for_each(|event| text.push_str(&format!("{event}\n")));
        std::fs::write(path, text).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grevy"));
        command.args(arguments).current_dir(self.path()).env_remove("GREVY_TOKEN");
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed; its standard output.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "grevy {}\n{out}\n{err}", arguments.join(" "));
        out
    }

    /// The same, with JSON on standard output.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.run(arguments);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// Starts a command that goes on, and gives what follows `word` on its first line with it.
    pub fn start(&self, arguments: &[&str], word: &str) -> (Running, String) {
        let mut command = self.command(arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut running = Running(child);
        let mut lines = BufReader::new(running.0.stdout.take().unwrap());
        loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "{arguments:?} ended");
            if let Some((_, rest)) = line.split_once(word) {
                let rest = rest.trim().to_owned();
                // Whatever it says later must not stop it.
                std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
                return (running, rest);
            }
        }
    }

    /// A server with its data here.
    pub fn server(&self, more: &[&str]) -> Server {
        let mut arguments = vec!["--grpc-port", "0", "--data-dir", "data"];
        if !more.contains(&"--http-port") {
            arguments.extend(["--http-port", "0"]);
        }
        arguments.extend(more);
        let (running, rest) = self.start(&arguments, "REST");
        Server { running, url: rest.trim_end_matches("/v2").to_owned(), token: None }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A child process; killed when it is dropped.
pub struct Running(Child);

impl Running {
    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server and how to ask it.
pub struct Server {
    pub running: Running,
    pub url: String,
    pub token: Option<String>,
}

impl Server {
    /// Status and body of an answer.
    pub fn send(&self, method: &str, path: &str, media: &str, body: &str) -> (u16, String) {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", media);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build();
        let agent = ureq::Agent::new_with_config(config);
        let mut answer = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
        let body = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), body)
    }

    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", path, "application/json", "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    pub fn batch(&self, events: &[Value]) -> u16 {
        let body = Value::Array(events.to_vec()).to_string();
        self.send("POST", "/events", "application/cloudevents-batch+json", &body).0
    }

    /// Events on the bus, oldest first.
    pub fn events(&self) -> Vec<Value> {
        let (status, body) = self.send("GET", "/events", "application/json", "");
        assert_eq!(status, 200, "{body}");
        let lines = body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|mut line| line["event"].take()).collect()
    }

    pub fn draft(&self, process: &str, bpmn: &str, types: Value) {
        let mapping = "type: $.type\ncase: $.traceid\ntime: $.time\nid: $.id\nsender: $.source\n\
                       variables: $.data\n";
        let draft = json!({"bpmn": bpmn, "mapping": mapping, "types": types});
        let path = format!("/tracking/{process}");
        let (status, body) = self.send("PUT", &path, "application/json", &draft.to_string());
        assert_eq!(status, 204, "{body}");
    }

    pub fn publish(&self, process: &str) {
        let path = format!("/tracking/{process}/publish");
        let (status, body) = self.send("POST", &path, "application/json", "");
        assert_eq!(status, 204, "{body}");
    }
}

/// Asks again and again until it is so.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::yield_now();
    }
}
