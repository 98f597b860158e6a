//! Starts orders and pays them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::ledger::Ledger;

/// A server that may be gone at any time.
pub struct Line {
    folder: std::path::PathBuf,
    open: Option<(TcpStream, BufReader<TcpStream>)>,
}

impl Line {
    pub fn new(folder: &Path) -> Line {
        Line { folder: folder.to_owned(), open: None }
    }

    /// Asks; `None`: the server went away, the outcome is not known.
    pub fn ask(&mut self, question: &str) -> Option<String> {
        if self.open.is_none() {
            self.open = self.connect();
        }
        let answer = self.open.as_mut().and_then(|(out, answers)| {
            writeln!(out, "{question}").ok()?;
            let mut answer = String::new();
            answers.read_line(&mut answer).ok().filter(|read| *read > 0)?;
            answer.ends_with('\n').then(|| answer.trim().to_owned())
        });
        if answer.is_none() {
            self.open = None;
            std::thread::park_timeout(Duration::from_millis(5));
        }
        answer
    }

    fn connect(&self) -> Option<(TcpStream, BufReader<TcpStream>)> {
        let port: u16 = std::fs::read_to_string(self.folder.join("port")).ok()?.parse().ok()?;
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_nodelay(true).ok()?;
        Some((stream.try_clone().ok()?, BufReader::new(stream)))
    }

    pub fn stopped(&self, file: &str) -> bool {
        self.folder.join(file).exists()
    }
}

pub fn run(folder: &Path) -> ExitCode {
    let number = std::env::var("GREVY_CRASH_NUMBER").unwrap_or_default();
    let mut ledger = Ledger::open(folder, &format!("client-{number}"));
    let mut line = Line::new(folder);
    let mut order = 0u64;
    while !line.stopped("stop-clients") {
        order += 1;
        let id = format!("c{number}-{order}");
        let early = order.is_multiple_of(3);
        if early {
            publish(&mut line, &mut ledger, &id);
        }
        if let Some(answer) = line.ask(&format!("create {id}"))
            && let Some(key) = answer.strip_prefix("created ")
        {
            ledger.write(&format!("created {id} {key}"));
        }
        // Whether or not the order is known to exist: if it does, it must not wait for ever.
        if !early {
            publish(&mut line, &mut ledger, &id);
        }
    }
    ExitCode::SUCCESS
}

/// Until it is known to be there; the message id makes it one message.
fn publish(line: &mut Line, ledger: &mut Ledger, id: &str) {
    loop {
        match line.ask(&format!("publish {id}")).as_deref() {
            Some(answer) if answer.starts_with("published ") => break,
            Some("error ALREADY_EXISTS") => break,
            Some(_) | None => {}
        }
    }
    ledger.write(&format!("published {id}"));
}
