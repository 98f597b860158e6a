//! `grevy run`: deploys a model in memory, runs one instance to its end, and tells the path.

mod answer;
mod offers;
mod picture;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use engine::command::LeasedJob;

use crate::Failure;
use crate::single::{Single as Machine, Stopped};
use answer::Answer;
use offers::Offers;
pub use picture::Walk;

/// Deploys models, starts the first process and tells the path that it takes. Nothing is kept; no
/// time is waited: a timer that is due next is due at once.
///
/// Ends with 0 when the instance completed, 1 when it has an incident or a job that nobody does,
/// 2 on bad input, 3 when it waits for a message that nobody publishes, 4 when it waits for what
/// cannot come here: the other branches of a join, a user task, a signal, a condition.
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
    /// as JSON on standard output. Exit code 0 completes the job; 10 throws a BPMN error, with
    /// CODE [MESSAGE] on the first line of standard output and variables as JSON below; others
    /// fail the job. GREVY_JOB_TYPE, GREVY_JOB_KEY, GREVY_PROCESS_INSTANCE_KEY, GREVY_ELEMENT_ID
    /// and GREVY_HEADERS (JSON) are in its environment.
    #[arg(long = "job", value_name = "TYPE=COMMAND")]
    jobs: Vec<String>,
    /// Seconds that one shell command may take; then it is ended, and the job failed.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    job_timeout: u32,
    /// Variables that complete the jobs of a type, as a JSON object.
    #[arg(long = "result", value_name = "TYPE=JSON")]
    results: Vec<String>,
    /// A message to publish as soon as somebody waits for it: name, or name=JSON object. Given
    /// again, it is published again.
    #[arg(long = "message", value_name = "NAME[=JSON]")]
    messages: Vec<String>,
    /// Write the path over the model as one offline file, however the run ends.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Run {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let variables = offers::variables(&self.variables)?;
        let mut offers = Offers::read(&self.jobs, &self.results, &self.messages)?;
        let mut machine = Machine::new();
        let mut files = Vec::new();
        for file in &self.files {
            let bytes = std::fs::read(file).map_err(|error| {
                Failure(format!("expected a BPMN file at {}, but: {error}", file.display()))
            })?;
            files.push((file.to_string_lossy().into_owned(), bytes));
        }
        machine.deploy(files).map_err(Failure)?;
        for warning in offers.check(machine.models())? {
            println!("warning: {warning}");
        }
        machine.start(self.process.as_deref(), &variables).map_err(Failure)?;
        let limit = Duration::from_secs(self.job_timeout.into());
        let ended = go(&mut machine, &mut offers, limit);
        if let Some(path) = &self.html {
            let outcome = match &ended {
                Ok(Ended { outcome, .. }) => outcome,
                Err(Failure(reason)) => reason,
            };
            if let Some(page) = machine.page(outcome) {
                std::fs::write(path, report::html(&page))
                    .map_err(|error| Failure(format!("--html: {}: {error}", path.display())))?;
            }
        }
        ended.map(|ended| ended.code)
    }
}

/// How a run ended.
struct Ended {
    code: ExitCode,
    outcome: String,
}

impl Ended {
    fn new(code: ExitCode, outcome: impl Into<String>) -> Ended {
        Ended { code, outcome: outcome.into() }
    }
}

/// Goes on until the instance has ended, or waits for what does not come.
fn go(machine: &mut Machine, offers: &mut Offers, limit: Duration) -> Result<Ended, Failure> {
    loop {
        match machine.go_on(|name| offers.has_message(name)).map_err(Failure)? {
            Stopped::Job(job) => {
                if !work(machine, offers, &job, limit)? {
                    eprintln!(
                        "error: job '{}' of '{}' has no answer: expected --job, --result or a \
                         line on standard input",
                        job.job_type, job.element_id
                    );
                    let waits = format!("nobody does the job '{}'", job.job_type);
                    return Ok(Ended::new(ExitCode::FAILURE, waits));
                }
            }
            Stopped::Message { name, key } => match offers.take_message(&name) {
                Some(body) => machine
                    .publish(&name, &key, body)
                    .map_err(|why| Failure(format!("the variables of message '{name}': {why}")))?,
                None => {
                    println!("waits for message '{name}' with correlation key '{key}'");
                    return Ok(Ended::new(
                        ExitCode::from(3),
                        format!("waits for message '{name}'"),
                    ));
                }
            },
            Stopped::Incidents(incidents) => {
                for incident in &incidents {
                    println!("incident: {incident}");
                }
                return Ok(Ended::new(ExitCode::FAILURE, "incident"));
            }
            Stopped::Stuck(waits) => {
                for wait in &waits {
                    println!("{wait}");
                }
                return Ok(Ended::new(ExitCode::from(4), "waits"));
            }
            Stopped::Ended { variables } => {
                println!("variables: {variables}");
                return Ok(Ended::new(ExitCode::SUCCESS, "completed"));
            }
        }
    }
}

/// Has the job done and tells the engine how it went; `false` if nobody does it.
fn work(
    machine: &mut Machine,
    offers: &Offers,
    job: &LeasedJob,
    limit: Duration,
) -> Result<bool, Failure> {
    let answer = if let Some(variables) = offers.results.get(&*job.job_type) {
        Answer::Done(variables.clone())
    } else if let Some(command) = offers.jobs.get(&*job.job_type) {
        answer::of_shell(command, job, limit)
    } else {
        answer::of_person(job)?
    };
    match answer {
        Answer::Done(variables) => {
            if let Err(why) = machine.complete(job, variables) {
                machine.fail(job, &why).map_err(Failure)?;
            }
        }
        Answer::Failed(message) => machine.fail(job, &message).map_err(Failure)?,
        Answer::Error { code, message, variables } => {
            machine.throw(job, &code, &message, variables).map_err(Failure)?;
        }
        Answer::Nobody => return Ok(false),
    }
    Ok(true)
}
