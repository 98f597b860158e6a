//! The words of a scenario as commands of the engine.

use std::sync::Arc;

use engine::Command;
use engine::command::{
    Activate, ActivateAdHoc, AdHocTurn, Corrections, CreateInstance, DEFAULT_TENANT, DecisionRef,
    DefinitionRef, EvaluateConditionals, EvaluateDecision, JobResult, LeaseJobs, MigrateInstance,
    ModifyInstance, Move, MoveFrom, MoveWithin, PublishMessage, TaskChanges, TaskVerdict,
};
use engine::event::{NamedValue, Text};

use crate::Runner;

/// `name=value` words.
struct Options<'a>(&'a [&'a str]);

impl<'a> Options<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    fn duration(&self, name: &str) -> Result<Option<i64>, String> {
        self.text(name).map(milliseconds).transpose()
    }

    fn changes(&self) -> TaskChanges {
        TaskChanges {
            candidate_groups: self.text("groups").map(|_| self.list("groups")),
            candidate_users: self.text("users").map(|_| self.list("users")),
            due_date: self.text("due").map(Text::from),
            follow_up_date: self.text("follow-up").map(Text::from),
            priority: self.number("priority").map(|n| n as i32),
        }
    }

    fn list(&self, name: &str) -> Vec<Text> {
        let names = self.text(name).map(|names| names.split(',').map(Text::from).collect());
        names.unwrap_or_default()
    }
}

impl Runner {
    /// # Errors
    /// Words that are no command.
    pub(crate) fn command(
        &self,
        verb: &str,
        words: &[&str],
        variables: Vec<NamedValue>,
    ) -> Result<Command, String> {
        let options = Options(words);
        Ok(match (verb, words) {
            ("create", [process, ..]) => create(process, &options, variables),
            ("conditionals", []) => Command::EvaluateConditionals(EvaluateConditionals {
                definition: None,
                tenant: DEFAULT_TENANT.into(),
                variables,
            }),
            ("suspend", [instance]) => Command::SuspendInstance { instance: self.key(instance)? },
            ("resume", [instance]) => Command::ResumeInstance { instance: self.key(instance)? },
            ("cancel", [instance]) => Command::CancelInstance { instance: self.key(instance)? },
            ("publish", [name, key, ..]) => {
                Command::PublishMessage(message(name, key, &options, variables)?)
            }
            ("correlate", [name, key, ..]) => {
                Command::CorrelateMessage(message(name, key, &options, variables)?)
            }
            ("signal", [name]) => Command::BroadcastSignal {
                name: Text::from(*name),
                tenant: DEFAULT_TENANT.into(),
                variables,
            },
            ("modify", [instance, ..]) => self.modify(instance, &options, variables)?,
            ("migrate", [instance, process, version, pairs @ ..]) => {
                self.migrate(instance, process, version, pairs)?
            }
            ("activate", [ad_hoc, ids, rest @ ..]) => Command::ActivateAdHoc(ActivateAdHoc {
                ad_hoc: self.scope(ad_hoc)?,
                elements: ids.split(',').map(|id| (Text::from(id), variables.clone())).collect(),
                cancel_remaining: rest.contains(&"alone"),
            }),
            ("decide", [decision, ..]) => decide(decision, &options, variables),
            ("resolve", [incident]) => Command::ResolveIncident { incident: self.key(incident)? },
            ("set", [scope, ..]) => Command::SetVariables {
                scope: self.scope(scope)?,
                variables,
                local: words.contains(&"local"),
            },
            ("quarantine", [instance, ..]) => Command::Quarantine {
                instance: self.key(instance)?,
                reason: "a test".into(),
                build: "test".into(),
            },
            ("repair", [instance]) => Command::Repair { instance: self.key(instance)? },
            ("pin", [after]) => Command::PinClock { at: Some(self.now + milliseconds(after)?) },
            ("unpin", []) => Command::PinClock { at: None },
            ("lease", [job_type, ..]) => lease(job_type, &options)?,
            ("complete-task" | "assign" | "update-task", [task, rest @ ..]) => {
                self.task_command(verb, task, rest, variables)?
            }
            (_, [job, rest @ ..]) => self.job_command(verb, job, rest, variables)?,
            _ => return Err(format!("expected a command, but got '{verb}'")),
        })
    }

    /// `migrate i1 order v2 a=a b=c`.
    fn migrate(
        &self,
        instance: &str,
        process: &str,
        version: &str,
        pairs: &[&str],
    ) -> Result<Command, String> {
        let pair = |pair: &&str| {
            let ids = pair.split_once('=').ok_or(format!("expected from=to, not '{pair}'"))?;
            Ok((Text::from(ids.0), Text::from(ids.1)))
        };
        Ok(Command::MigrateInstance(MigrateInstance {
            instance: self.key(instance)?,
            target: self.definition(process, version)?,
            only_check: false,
            mapping: pairs.iter().map(pair).collect::<Result<_, String>>()?,
        }))
    }

    /// `modify i1 activate=a,b terminate=i1/c,i1/d within=i1/sub at=a {"for": "a"}`, or
    /// `modify i1 move=a:b,i1/c:d into=parent terminate-all=e`.
    fn modify(
        &self,
        instance: &str,
        options: &Options<'_>,
        variables: Vec<NamedValue>,
    ) -> Result<Command, String> {
        let given = |id: &Text| match (options.text("at"), variables.is_empty()) {
            (_, true) => Vec::new(),
            (None, _) => vec![(None, variables.clone())],
            (Some(at), _) if *at == **id => vec![(Some(id.clone()), variables.clone())],
            (Some(at), _) => vec![(Some(Text::from(at)), variables.clone())],
        };
        let ancestor = options.text("within").map(|scope| self.scope(scope)).transpose()?;
        let activate = options.list("activate");
        let activate = activate.into_iter().map(|element| Activate {
            variables: given(&element),
            element,
            ancestor,
        });
        let terminate = options.list("terminate");
        let terminate = terminate.iter().map(|place| self.scope(place));
        let within = match (options.text("into"), ancestor) {
            (Some("parent"), _) => MoveWithin::SourceParent,
            (_, Some(key)) => MoveWithin::Direct(key),
            (_, None) => MoveWithin::Inferred,
        };
        let moves = options.list("move");
        let moves = moves.iter().map(|pair| {
            let (from, to) = pair
                .rsplit_once(':')
                .ok_or_else(|| format!("expected a move as from:to, but got {pair:?}"))?;
            let from = match from.contains('/') {
                true => MoveFrom::Key(self.scope(from)?),
                false => MoveFrom::Element(from.into()),
            };
            let element = Text::from(to);
            let to = Activate { variables: given(&element), element, ancestor: None };
            Ok(Move { from, within, to })
        });
        Ok(Command::ModifyInstance(ModifyInstance {
            instance: self.key(instance)?,
            activate: activate.collect(),
            moves: moves.collect::<Result<_, String>>()?,
            terminate: terminate.collect::<Result<_, _>>()?,
            terminate_elements: options.list("terminate-all"),
        }))
    }

    fn task_command(
        &self,
        verb: &str,
        task: &str,
        rest: &[&str],
        variables: Vec<NamedValue>,
    ) -> Result<Command, String> {
        let (options, task) = (Options(rest), self.key(task)?);
        Ok(match verb {
            "complete-task" => {
                let action = rest.first().copied().unwrap_or_default().into();
                Command::CompleteUserTask { task, variables, action }
            }
            "assign" => Command::AssignUserTask {
                task,
                assignee: rest.first().filter(|name| **name != "-").map(|name| Text::from(*name)),
                allow_override: !rest.contains(&"keep"),
                action: "".into(),
            },
            _ => Command::UpdateUserTask { task, changes: options.changes(), action: "".into() },
        })
    }

    fn job_command(
        &self,
        verb: &str,
        job: &str,
        words: &[&str],
        variables: Vec<NamedValue>,
    ) -> Result<Command, String> {
        let options = Options(words);
        let token = options.number("token").map(|token| token as u64);
        Ok(match verb {
            "deny" => Command::CompleteJobWith {
                job: self.key(job)?,
                variables,
                result: JobResult::UserTask(TaskVerdict::Denied(words.join(" ").into())),
                token: None,
            },
            "correct" => Command::CompleteJobWith {
                job: self.key(job)?,
                variables,
                result: JobResult::UserTask(TaskVerdict::Corrected(Corrections {
                    assignee: options.text("assignee").map(Text::from),
                    changes: options.changes(),
                })),
                token,
            },
            "lead" => Command::CompleteJobWith {
                job: self.key(job)?,
                result: JobResult::AdHoc(AdHocTurn {
                    elements: words
                        .iter()
                        .filter(|word| !["ends", "alone"].contains(word))
                        .map(|id| (Text::from(*id), variables.clone()))
                        .collect(),
                    fulfilled: words.contains(&"ends"),
                    cancel_remaining: words.contains(&"alone"),
                }),
                variables: if words.contains(&"ends") { variables } else { Vec::new() },
                token: None,
            },
            "complete" => Command::CompleteJob { job: self.key(job)?, variables, token },
            "fail" => Command::FailJob {
                job: self.key(job)?,
                retries: options.number("retries").unwrap_or(0) as i32,
                message: options.text("message").unwrap_or("failed").into(),
                back_off: options.duration("backoff")?.unwrap_or(0),
                variables,
                token,
            },
            "throw" => Command::ThrowError {
                job: self.key(job)?,
                code: words.first().copied().unwrap_or_default().into(),
                message: "thrown".into(),
                variables,
                token,
            },
            "update" => Command::UpdateJob {
                job: self.key(job)?,
                retries: options.number("retries").map(|n| n as i32),
                timeout: options.duration("timeout")?,
                priority: options.number("priority").map(|n| n as i32),
            },
            "yield" => {
                let job = self.key(job)?;
                let token = token.map_or_else(|| self.token(job), Ok)?;
                Command::YieldJob { job, token }
            }
            _ => return Err(format!("expected a command, but got '{verb} {job}'")),
        })
    }
}

fn decide(decision: &str, options: &Options<'_>, variables: Vec<NamedValue>) -> Command {
    let id = decision.into();
    Command::EvaluateDecision(EvaluateDecision {
        decision: match options.text("tag") {
            Some(tag) => DecisionRef::Tag { id, version_tag: tag.into() },
            None => DecisionRef::Id(id),
        },
        tenant: DEFAULT_TENANT.into(),
        variables,
    })
}

fn create(process: &str, options: &Options<'_>, variables: Vec<NamedValue>) -> Command {
    let process_id = process.into();
    let definition = match options.text("tag") {
        Some(tag) => DefinitionRef::Tag { process_id, version_tag: tag.into() },
        None => {
            let version = options.number("version").map(|n| n as i32);
            DefinitionRef::Id { process_id, version }
        }
    };
    Command::CreateInstance(CreateInstance {
        definition,
        tenant: DEFAULT_TENANT.into(),
        variables,
        terminate_after: options.list("terminate-after"),
        start_before: options.list("before"),
        tags: Vec::new(),
        business_id: options.text("business").map(Into::into),
        unique: options.text("business").is_some(),
    })
}

fn lease(job_type: &str, options: &Options<'_>) -> Result<Command, String> {
    Ok(Command::LeaseJobs(LeaseJobs {
        job_type: job_type.into(),
        worker: options.text("worker").unwrap_or("w").into(),
        timeout: options.duration("timeout")?.unwrap_or(60_000),
        max_jobs: options.number("max").unwrap_or(10) as u32,
        fetch_variables: options.list("fetch"),
        tenants: vec![DEFAULT_TENANT.into()],
    }))
}

fn message(
    name: &str,
    key: &str,
    options: &Options<'_>,
    variables: Vec<NamedValue>,
) -> Result<PublishMessage, String> {
    Ok(PublishMessage {
        name: name.into(),
        correlation_key: match key {
            "-" => Arc::from(""),
            key => key.into(),
        },
        id: options.text("id").unwrap_or_default().into(),
        time_to_live: options.duration("ttl")?.unwrap_or(0),
        tenant: DEFAULT_TENANT.into(),
        variables,
    })
}

pub(crate) fn variables(json: Option<&str>) -> Result<Vec<NamedValue>, String> {
    json.map_or(Ok(Vec::new()), |text| {
        value::object_from_json(text).map_err(|error| format!("variables: {error}"))
    })
}

/// Milliseconds of an ISO 8601 duration of days and below.
pub(crate) fn milliseconds(text: &str) -> Result<i64, String> {
    match value::DaysDuration::parse(text) {
        Some(duration) => Ok(duration.millis()),
        None => Err(format!("expected a duration such as PT2H, but got '{text}'")),
    }
}
