//! `grevy run`: deploys a model in memory, runs one instance to its end, and tells the path.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command as Process, ExitCode, Stdio};

use clap::Args;

use crate::Failure;
use crate::single::{Single as Machine, Stopped};

/// Deploys models, starts the first process and tells the path that it takes. Nothing is kept; no
/// time is waited: a timer that is due next is due at once.
///
/// Ends with 0 when the instance completed, 1 when it has an incident, 3 when it waits for a
/// message that nobody publishes.
#[derive(Args)]
pub struct Run {
    /// BPMN files; the first executable process of the first one is started.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Process to start.
    #[arg(long, value_name = "ID")]
    process: Option<String>,
    /// A variable; VALUE is JSON, or a text if it does not look like JSON.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// A shell command that does the jobs of a type: variables as JSON on standard input, results
    /// as JSON on standard output. Exit code 0 completes the job, others fail it.
    #[arg(long = "job", value_name = "TYPE=COMMAND")]
    jobs: Vec<String>,
    /// Variables that complete the jobs of a type, as a JSON object.
    #[arg(long = "result", value_name = "TYPE=JSON")]
    results: Vec<String>,
    /// A message to publish as soon as somebody waits for it: name, or name=JSON object.
    #[arg(long = "message", value_name = "NAME[=JSON]")]
    messages: Vec<String>,
}

impl Run {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let mut machine = Machine::new();
        for file in &self.files {
            let bytes = std::fs::read(file).map_err(|error| {
                Failure(format!("expected a BPMN file at {}, but: {error}", file.display()))
            })?;
            machine.deploy(&file.to_string_lossy(), &bytes).map_err(Failure)?;
        }
        let jobs = pairs(&self.jobs, "--job TYPE=COMMAND")?;
        let results = pairs(&self.results, "--result TYPE=JSON")?;
        let mut messages: BTreeMap<String, String> = BTreeMap::new();
        for text in &self.messages {
            let (name, body) = text.split_once('=').unwrap_or((text, "{}"));
            messages.insert(name.to_owned(), body.to_owned());
        }
        machine.start(self.process.as_deref(), &variables(&self.variables)?).map_err(Failure)?;
        loop {
            match machine.go_on(|name| messages.contains_key(name)).map_err(Failure)? {
                Stopped::Job(job) => {
                    let variables = engine_json(&job.variables);
                    let done = if let Some(json) = results.get(&*job.job_type) {
                        Ok(json.clone())
                    } else if let Some(command) = jobs.get(&*job.job_type) {
                        shell(command, &variables)
                    } else {
                        ask(&job, &variables)
                    };
                    match done {
                        Ok(json) => machine.complete(&job, &json).map_err(|why| {
                            Failure(format!("the result of job '{}': {why}", job.job_type))
                        })?,
                        Err(message) => machine.fail(&job, &message).map_err(Failure)?,
                    }
                }
                Stopped::Message { name, key } => match messages.remove(&name) {
                    Some(body) => machine.publish(&name, &key, &body).map_err(|why| {
                        Failure(format!("the variables of message '{name}': {why}"))
                    })?,
                    None => {
                        println!("waits for message '{name}' with correlation key '{key}'");
                        return Ok(ExitCode::from(3));
                    }
                },
                Stopped::Incidents(incidents) => {
                    for incident in incidents {
                        println!("incident: {incident}");
                    }
                    return Ok(ExitCode::FAILURE);
                }
                Stopped::Ended { variables } => {
                    println!("variables: {variables}");
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
    }
}

fn pairs(texts: &[String], usage: &str) -> Result<BTreeMap<String, String>, Failure> {
    let one = |text: &String| {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Failure(format!("expected {usage}, but got '{text}' without a '='")))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    texts.iter().map(one).collect()
}

fn variables(texts: &[String]) -> Result<String, Failure> {
    let mut object = serde_json::Map::new();
    for (name, text) in pairs(texts, "--var NAME=VALUE")? {
        let value = match serde_json::from_str(&text) {
            Ok(value) => value,
            // Who begins like this means JSON.
            Err(error) if text.starts_with(['{', '[', '"']) => {
                return Err(Failure(format!("expected JSON in --var {name}={text}, but: {error}")));
            }
            Err(_) => serde_json::Value::String(text),
        };
        object.insert(name, value);
    }
    Ok(serde_json::Value::Object(object).to_string())
}

fn engine_json(variables: &[engine::event::NamedValue]) -> String {
    value::object_to_json(variables.iter().map(|(name, value)| (&**name, value)))
}

fn shell(command: &str, variables: &str) -> Result<String, String> {
    use std::io::Write;
    let spawned = Process::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = spawned.map_err(|error| format!("expected to start a shell, but: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A command that does not read its input closes it; that is its business.
        let _ = input.write_all(variables.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() {
        return Ok(if text.is_empty() { "{}".to_owned() } else { text });
    }
    let told = if text.is_empty() { String::new() } else { format!(": {text}") };
    Err(format!("'{command}' ended with {}{told}", output.status))
}

/// Asks on the terminal; without one the job completes without variables, and that is said.
fn ask(job: &engine::command::LeasedJob, variables: &str) -> Result<String, String> {
    use std::io::{BufRead, IsTerminal};
    if !std::io::stdin().is_terminal() {
        println!("  (job '{}' completed without variables: no --job, no --result)", job.job_type);
        return Ok("{}".to_owned());
    }
    println!("job '{}' of {} with {variables}", job.job_type, job.element_id);
    println!("result as a JSON object, empty for none, 'fail MESSAGE' to fail it:");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    match line.trim() {
        "" => Ok("{}".to_owned()),
        text => match text.strip_prefix("fail") {
            Some(message) => Err(message.trim().to_owned()),
            None => Ok(text.to_owned()),
        },
    }
}
