//! A connection that comes back, and a ledger that is synced line by line.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// Between two attempts to connect; the node may be starting.
const PAUSE: Duration = Duration::from_millis(20);

/// One connection to whatever node the port file names.
pub struct Caller {
    port_file: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Caller {
    pub fn new(port_file: &str) -> Caller {
        Caller { port_file: port_file.to_owned(), stream: None }
    }

    /// `None`: the node went away while it was asked; it may or may not have happened.
    pub fn ask(&mut self, request: &Value) -> Option<Value> {
        if self.stream.is_none() {
            self.stream = self.connect();
        }
        let answer = self.stream.as_mut().and_then(|stream| {
            let mut line = String::new();
            writeln!(stream.get_mut(), "{request}").ok()?;
            let read = stream.read_line(&mut line).ok()?;
            (read > 0).then(|| serde_json::from_str(&line).ok()).flatten()
        });
        if answer.is_none() {
            self.stream = None;
            std::thread::sleep(PAUSE);
        }
        answer
    }

    fn connect(&self) -> Option<BufReader<TcpStream>> {
        let port: u16 = std::fs::read_to_string(&self.port_file).ok()?.trim().parse().ok()?;
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        Some(BufReader::new(stream))
    }
}

/// What was acknowledged, as the outside world knows it.
pub struct Ledger(File);

impl Ledger {
    pub fn open(path: &str) -> Result<Ledger, String> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.map(Ledger).map_err(|error| format!("{path}: {error}"))
    }

    /// A line with the time in ms in front.
    pub fn note(&mut self, line: &str) -> Result<(), String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let written = writeln!(self.0, "{now} {line}").and_then(|()| self.0.sync_data());
        written.map_err(|error| error.to_string())
    }
}
