//! Beginning elements of an ad-hoc sub-process by command.

use crate::command::{ActivateAdHoc, Reply};
use crate::compile::Kind;
use crate::decide::{Done, Step, Stop};
use crate::element::begins_in;
use crate::event::{PROCESS, Role};
use crate::rejection::Rejection;

impl Step<'_> {
    pub(super) fn activate_ad_hoc(&mut self, activate: &ActivateAdHoc) -> Done<Reply> {
        let key = activate.ad_hoc;
        let refuse = |why: String| {
            Stop::Reject(Rejection::invalid(format!(
                "Expected to activate elements of ad-hoc sub-process '{key}', but {why}"
            )))
        };
        let owner = self.owner(key)?;
        let row = owner.and_then(|i| Some((i, self.hot(i).element(key)?.element)));
        let Some((i, element)) = row.filter(|(_, element)| element.no != PROCESS) else {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to activate elements of ad-hoc sub-process '{key}', but there is none"
            ))));
        };
        let process = self.process(i)?;
        let is_ad_hoc = matches!(process.element(element.no).kind, Kind::AdHoc(_));
        if !is_ad_hoc || !matches!(element.role, Role::Itself | Role::Inner) {
            return Err(refuse("it is another element".to_owned()));
        }
        if !self.goes_on(i, key) {
            return Err(refuse("it is about to end".to_owned()));
        }
        let found = activate
            .elements
            .iter()
            .map(|(id, variables)| Ok((begins_in(&process, element.no, id)?, variables)));
        let found = found.collect::<Result<Vec<_>, String>>().map_err(refuse)?;
        // What is there now; what begins below has higher keys and is not among it.
        let now = self.hot(i).children(key).filter(|_| activate.cancel_remaining);
        let ending: Vec<_> = now.map(|(child, _)| child).collect();
        for (no, variables) in &found {
            self.check_fits(i, variables)?;
            self.begin_in_ad_hoc(i, key, element.no, *no, variables);
        }
        for child in ending {
            self.terminate(i, child)?;
        }
        Ok(Reply::Done)
    }
}
