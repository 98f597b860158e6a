//! Business rule task with a decision: evaluated by the engine in one step.

use std::sync::Arc;

use model::Binding;

use crate::catalog::Decision;
use crate::compile::Expr;
use crate::decide::{Done, Scoped, Step};
use crate::event::{InstanceEvent, Text};
use crate::incident::{Failure, IncidentKind};
use crate::key::Key;

impl Step<'_> {
    pub(crate) fn run_decision(
        &mut self,
        i: Key,
        element: Key,
        decision_id: &Expr,
        result_variable: &Text,
        binding: &Binding,
    ) -> Done {
        let process = self.process(i)?;
        let decision = match self.called_decision(i, element, decision_id, binding) {
            Ok(decision) => decision,
            Err(failure) => {
                self.raise(i, element, None, failure);
                return Ok(());
            }
        };
        let key = self.new_key(i);
        let scoped = Scoped { instance: Some(self.hot(i)), scope: element, before: &[] };
        let evaluation = Box::new(self.decision_outcome(key, i, &decision, &scoped));
        let (output, failure) = (evaluation.output.clone(), evaluation.failure.clone());
        let warnings = evaluation.warnings.join("; ");
        self.tell(i, InstanceEvent::DecisionEvaluated { element, evaluation });
        let result = [(result_variable.clone(), output)];
        let failed = match failure {
            Some(failed) => {
                let said = if warnings.is_empty() { warnings } else { format!(" ({warnings})") };
                Some(format!(
                    "Expected to evaluate decision '{}', but decision '{}' failed: {}{said}",
                    decision.id, failed.decision_id, failed.message
                ))
            }
            None => self.fits(i, &result).err(),
        };
        if let Some(why) = failed {
            let failure = Failure::new(IncidentKind::DecisionEvaluationError, why);
            self.raise(i, element, None, failure);
            return Ok(());
        }
        self.tell(i, InstanceEvent::ElementActivated { key: element });
        let definition = process.element(self.hot(i).elements[&element].element.no);
        self.receive(i, element, definition, &result);
        self.finish(i, element)
    }

    fn called_decision(
        &self,
        i: Key,
        element: Key,
        decision_id: &Expr,
        binding: &Binding,
    ) -> Result<Arc<Decision>, Failure> {
        let id = self.text(i, element, decision_id, "decision id")?;
        let created = &self.hot(i).created;
        let (catalog, tenant) = (self.turn.catalog, &created.tenant);
        let (found, bound) = match binding {
            Binding::Latest => (catalog.latest_decision(tenant, &id), String::new()),
            Binding::Deployment => {
                let deployment = catalog.get(created.definition).map_or(0, |d| d.deployment);
                let found = catalog.deployed_decision(tenant, &id, deployment);
                (found, " in the deployment of the process".to_owned())
            }
            Binding::VersionTag(tag) => {
                let found = catalog.tagged_decision(tenant, &id, tag);
                (found, format!(" and version tag '{tag}'"))
            }
        };
        found.cloned().ok_or_else(|| {
            let message = format!(
                "Expected to evaluate decision '{id}', but no decision found for id '{id}'{bound}"
            );
            Failure::new(IncidentKind::CalledDecisionError, message)
        })
    }
}
