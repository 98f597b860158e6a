//! Answers to jobs: of a shell command, or of a person on the terminal.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::process::{Child, Command as Process, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use engine::command::LeasedJob;
use engine::event::NamedValue;

use crate::Failure;

/// Exit code with which a shell command throws a BPMN error.
const THROWS: i32 = 10;
/// What an answer may have: as much as a server takes.
const ANSWER_BYTES_MAX: u64 = 4 << 20;
/// Characters of a wrong answer that are shown.
const SHOWN_CHARS_MAX: usize = 200;
/// How often a command that has closed its output is asked whether it ended.
const PAUSE: Duration = Duration::from_millis(5);

/// What became of a job.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Done(Vec<NamedValue>),
    Failed(String),
    Error {
        code: String,
        message: String,
        variables: Vec<NamedValue>,
    },
    /// There is no one to ask any more.
    Nobody,
}

/// Has a shell do the job.
pub fn of_shell(command: &str, job: &LeasedJob, limit: Duration) -> Answer {
    match ended(command, job, limit) {
        Err(message) => Answer::Failed(message),
        Ok((status, text)) => match status.code() {
            Some(0) => value::object_from_json(&text).map_or_else(
                |error| {
                    Answer::Failed(format!(
                        "expected a JSON object on standard output of '{command}', but {error}: {}",
                        shown(&text)
                    ))
                },
                Answer::Done,
            ),
            Some(THROWS) => thrown(command, &text),
            Some(_) | None => {
                let told =
                    if text.is_empty() { String::new() } else { format!(": {}", shown(&text)) };
                Answer::Failed(format!("'{command}' ended with {status}{told}"))
            }
        },
    }
}

/// `CODE [MESSAGE]`, and variables below.
fn thrown(command: &str, text: &str) -> Answer {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (code, message) = words(first);
    if code.is_empty() {
        return Answer::Failed(format!(
            "expected CODE [MESSAGE] on standard output of '{command}', which ended with {THROWS} \
             to throw a BPMN error, but there is nothing"
        ));
    }
    match value::object_from_json(rest) {
        Ok(variables) => {
            Answer::Error { code: code.to_owned(), message: message.to_owned(), variables }
        }
        Err(error) => Answer::Failed(format!(
            "expected a JSON object below the error code on standard output of '{command}', but \
             {error}: {}",
            shown(rest)
        )),
    }
}

/// How the command ended, and what it printed.
fn ended(command: &str, job: &LeasedJob, limit: Duration) -> Result<(ExitStatus, String), String> {
    let headers = job.headers.iter().map(|(key, text)| (key.to_string(), (&**text).into()));
    let headers: serde_json::Map<String, serde_json::Value> = headers.collect();
    let spawned = Process::new("sh")
        .args(["-c", command])
        .env("GREVY_JOB_TYPE", &*job.job_type)
        .env("GREVY_JOB_KEY", job.key.to_string())
        .env("GREVY_PROCESS_INSTANCE_KEY", job.instance.to_string())
        .env("GREVY_ELEMENT_ID", &*job.element_id)
        .env("GREVY_HEADERS", serde_json::Value::Object(headers).to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = spawned.map_err(|error| format!("expected to start a shell, but: {error}"))?;
    let since = Instant::now();
    if let Some(mut input) = child.stdin.take() {
        let variables = json(&job.variables);
        // On a thread: a command may print before it reads, or not read at all and close its
        // input, which is its business.
        std::thread::spawn(move || input.write_all(variables.as_bytes()));
    }
    let (told, heard) = channel();
    if let Some(output) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = output.take(ANSWER_BYTES_MAX + 1).read_to_end(&mut bytes);
            told.send(read.map(|_| bytes))
        });
    }
    let bytes = match heard.recv_timeout(limit) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            return Err(too_late(&mut child, command, limit));
        }
    };
    if bytes.len() as u64 > ANSWER_BYTES_MAX {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("expected at most 4 MiB on standard output of '{command}'"));
    }
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok((status, String::from_utf8_lossy(&bytes).trim().to_owned()));
        }
        if since.elapsed() > limit {
            return Err(too_late(&mut child, command, limit));
        }
        std::thread::park_timeout(PAUSE);
    }
}

fn too_late(child: &mut Child, command: &str, limit: Duration) -> String {
    let what = if matches!(child.try_wait(), Ok(Some(_))) {
        "a process that it left behind keeps its standard output open"
    } else {
        "it still runs"
    };
    let _ = child.kill();
    let _ = child.wait();
    format!("expected '{command}' to end within {} s (--job-timeout), but {what}", limit.as_secs())
}

/// Asks on standard input, again when the answer is none.
pub fn of_person(job: &LeasedJob) -> Result<Answer, Failure> {
    let mut input = std::io::stdin().lock();
    println!("job '{}' of {} with {}", job.job_type, job.element_id, json(&job.variables));
    loop {
        if std::io::stdin().is_terminal() {
            println!(
                "result as a JSON object, empty for none, 'fail MESSAGE' to fail it, 'error CODE \
                 MESSAGE' to throw a BPMN error:"
            );
        }
        let mut line = String::new();
        let limited = (&mut input).take(ANSWER_BYTES_MAX).read_line(&mut line);
        if limited.map_err(|error| Failure(format!("expected an answer, but {error}")))? == 0 {
            return Ok(Answer::Nobody);
        }
        match said(line.trim()) {
            Ok(answer) => return Ok(answer),
            Err(why) => println!("{why}"),
        }
    }
}

/// One line of a person.
fn said(line: &str) -> Result<Answer, String> {
    let (word, rest) = words(line);
    match word {
        "fail" => Ok(Answer::Failed(rest.to_owned())),
        "error" => {
            let (code, message) = words(rest);
            if code.is_empty() {
                return Err("expected 'error CODE MESSAGE', but there is no code".to_owned());
            }
            let (code, message) = (code.to_owned(), message.to_owned());
            Ok(Answer::Error { code, message, variables: Vec::new() })
        }
        _ => value::object_from_json(line).map(Answer::Done).map_err(|error| {
            format!(
                "expected a JSON object, 'fail MESSAGE' or 'error CODE MESSAGE', but {error}: {}",
                shown(line)
            )
        }),
    }
}

/// The first word, and what follows it.
fn words(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first, rest.trim())
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn json(variables: &[NamedValue]) -> String {
    value::object_to_json(variables.iter().map(|(name, value)| (&**name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_completes_fails_or_throws_and_others_are_told_why_not() {
        assert_eq!(said(""), Ok(Answer::Done(Vec::new())));
        assert!(matches!(said("{\"a\": 1}"), Ok(Answer::Done(all)) if all.len() == 1));
        assert_eq!(said("fail no luck"), Ok(Answer::Failed("no luck".to_owned())));
        let thrown = Answer::Error {
            code: "NO_STOCK".to_owned(),
            message: "nothing left".to_owned(),
            variables: Vec::new(),
        };
        assert_eq!(said("error NO_STOCK nothing left"), Ok(thrown));
        for wrong in ["error", "failed", "1", "{", "yes"] {
            assert!(said(wrong).is_err_and(|why| why.starts_with("expected")), "{wrong}");
        }
    }
}
