//! Decisions, asked for directly, and what an expression may read of a running instance.

use std::sync::Arc;

use engine::command::{DEFAULT_TENANT, DecisionRef, EvaluateDecision};
use engine::decision::Evaluation;
use engine::event::NamedValue;
use engine::key::partition_of;
use engine::state::Lookup;
use engine::{Command, Key, Reply};

use crate::handle::{look, unexpected};
use crate::machine::Need;
use crate::{Grevy, Pending, Variables};

impl Grevy {
    /// Evaluates the latest version of a decision. A decision that fails is an answer, too: its
    /// [`Evaluation::failure`] says why.
    pub fn decide(&self, id: &str, variables: impl Into<Variables>) -> Pending<Evaluation> {
        self.evaluate_decision(EvaluateDecision {
            decision: DecisionRef::Id(id.into()),
            tenant: DEFAULT_TENANT.into(),
            variables: variables.into().into_inner(),
        })
    }

    /// Evaluates a decision. The reply means that the outcome is durable.
    pub fn evaluate_decision(&self, asked: EvaluateDecision) -> Pending<Evaluation> {
        self.ask(Command::EvaluateDecision(asked), false, |reply| match reply {
            Reply::Evaluated(evaluation) => Ok(*evaluation),
            Reply::Done
            | Reply::Created(_)
            | Reply::Published { .. }
            | Reply::Correlating { .. }
            | Reply::Correlated { .. }
            | Reply::Jobs(_)
            | Reply::Started(_)
            | Reply::Listening { .. }
            | Reply::VariablesSet { .. } => Err(unexpected()),
        })
    }

    /// What a process or element instance sees under these names; `None` if there is none of
    /// that key, or it has ended.
    pub fn seen(&self, scope: Key, names: Vec<Arc<str>>) -> Pending<Option<Vec<NamedValue>>> {
        let Some(remote) = self.shared().remote(partition_of(scope)) else {
            return Pending::ready(Ok(None));
        };
        look(remote, &self.shared().activity, move |engine| {
            let Some(owner) = engine.state.owner(scope) else { return Ok(None) };
            let instance = match engine.state.instance(owner) {
                Lookup::Hot(instance) => instance,
                Lookup::Cold => return Err(Need(vec![owner])),
                Lookup::Absent => return Ok(None),
            };
            if instance.element(scope).is_none() {
                return Ok(None);
            }
            let found = names.iter().filter_map(|name| {
                let (_, variable) = instance.variable(scope, name)?;
                Some((name.clone(), variable.value.clone()))
            });
            Ok(Some(found.collect()))
        })
    }
}
