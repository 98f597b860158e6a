//! What a worker says beside variables, from either wire: what a task listener denies or corrects,
//! and what is next in an ad-hoc sub-process.

use engine::command::{AdHocTurn, Corrections, JobResult, TaskChanges, TaskVerdict};
use engine::event::NamedValue;

use crate::failure::Failure;
use crate::input;

/// The type of what the worker of an ad-hoc sub-process says.
pub const AD_HOC: &str = "adHocSubProcess";

/// As it came in; what is absent is not said.
#[derive(Debug, Default)]
pub struct Given {
    /// "userTask", also when absent, or "adHocSubProcess".
    pub kind: Option<String>,
    pub denied: bool,
    pub reason: Option<String>,
    pub corrections: Option<Corrected>,
    /// Ids of elements to activate, each with variables of its own.
    pub elements: Vec<(String, Vec<NamedValue>)>,
    pub fulfilled: bool,
    pub cancel_remaining: bool,
}

/// An empty text or list takes away what is there.
#[derive(Debug, Default)]
pub struct Corrected {
    pub assignee: Option<String>,
    pub due_date: Option<String>,
    pub follow_up_date: Option<String>,
    pub candidate_users: Option<Vec<String>>,
    pub candidate_groups: Option<Vec<String>>,
    pub priority: Option<i32>,
}

/// `None` when the worker says no more than that the job is done.
pub fn verdict(given: Given) -> Result<Option<JobResult>, Failure> {
    if given.kind.as_deref() == Some(AD_HOC) {
        return ad_hoc(given).map(Some);
    }
    if let Some(kind) = given.kind.as_deref().filter(|kind| !matches!(*kind, "" | "userTask")) {
        return Err(Failure::invalid(format!(
            "Expected a result of type userTask or {AD_HOC}, but got type '{kind}'"
        )));
    }
    let corrections = match given.corrections {
        Some(corrected) => Some(corrected.read()?).filter(|all| *all != Corrections::default()),
        None => None,
    };
    match (given.denied, corrections) {
        (true, Some(_)) => Err(Failure::invalid(
            "Expected a result that denies or one that corrects, but it does both",
        )),
        (true, None) => {
            let reason = given.reason.unwrap_or_default();
            Ok(Some(JobResult::UserTask(TaskVerdict::Denied(reason.into()))))
        }
        (false, Some(corrections)) => {
            Ok(Some(JobResult::UserTask(TaskVerdict::Corrected(corrections))))
        }
        (false, None) => Ok(None),
    }
}

fn ad_hoc(given: Given) -> Result<JobResult, Failure> {
    input::list("activateElements", &given.elements)?;
    let one = |(id, own): (String, Vec<NamedValue>)| Ok((input::name("elementId", &id)?, own));
    Ok(JobResult::AdHoc(AdHocTurn {
        elements: given.elements.into_iter().map(one).collect::<Result<_, Failure>>()?,
        fulfilled: given.fulfilled,
        cancel_remaining: given.cancel_remaining,
    }))
}

impl Corrected {
    fn read(self) -> Result<Corrections, Failure> {
        let names = |what, given: Option<Vec<String>>| {
            given.map(|given| input::names(what, &given)).transpose()
        };
        let assignee = self.assignee.as_deref();
        Ok(Corrections {
            assignee: assignee.map(|name| input::optional_name("assignee", name)).transpose()?,
            changes: TaskChanges {
                candidate_groups: names("candidateGroups", self.candidate_groups)?,
                candidate_users: names("candidateUsers", self.candidate_users)?,
                due_date: self.due_date.map(Into::into),
                follow_up_date: self.follow_up_date.map(Into::into),
                priority: self.priority,
            },
        })
    }
}
