//! Modifying a running instance (semantics 4.11): all of it or nothing. What is activated begins
//! first, so that no scope ends meanwhile; a scope of which nothing is left is terminated too.

use std::collections::BTreeSet;

use crate::command::{Activate, ModifyInstance, Move, MoveFrom, MoveWithin, Reply};
use crate::compile::Process;
use crate::decide::create::startable;
use crate::decide::{Done, Step, Stop};
use crate::event::{ElementNo, ElementRef, InstanceEvent, NamedValue, PROCESS, Role, Text, Via};
use crate::key::Key;
use crate::rejection::Rejection;
use crate::state::Phase;

impl Step<'_> {
    pub(super) fn modify_instance(&mut self, modify: &ModifyInstance) -> Done<Reply> {
        let i = modify.instance;
        let owner = self.owner(i)?.filter(|owner| *owner == i);
        let refuse = |why: String| {
            Stop::Reject(Rejection::invalid(format!(
                "Expected to modify process instance with key '{i}', but {why}"
            )))
        };
        if owner.is_none() {
            return Err(Stop::Reject(Rejection::not_found(format!(
                "Expected to modify process instance but no process instance found with key '{i}'"
            ))));
        }
        let process = self.process(i)?;
        let mut ending = modify.terminate.clone();
        for id in &modify.terminate_elements {
            let from = MoveFrom::Element(id.clone());
            ending.extend(self.sources(i, &process, &from).map_err(refuse)?);
        }
        let mut all = modify.activate.clone();
        for one in &modify.moves {
            for source in self.sources(i, &process, &one.from).map_err(refuse)? {
                all.push(self.moved(i, &process, source, one).map_err(refuse)?);
                ending.push(source);
            }
        }
        let targets = targets(&process, &all).map_err(refuse)?;
        let gone = ending.iter().find(|key| self.hot(i).element(**key).is_none());
        if let Some(key) = gone {
            return Err(refuse(format!("it has no active element instance with key '{key}'")));
        }
        self.tell(i, InstanceEvent::Modified);
        for (no, activate) in targets {
            let scope =
                self.modified_scope(i, &process, no, activate).map_err(|stop| match stop {
                    Err(why) => refuse(why),
                    Ok(stop) => stop,
                })?;
            let own = self.given(i, &process.element(no).id, activate)?;
            self.start_with(i, scope, no, &own)?;
        }
        for key in self.ending(i, &ending) {
            if self.phase(i, key).is_some() {
                self.terminate(i, key)?;
            }
        }
        Ok(Reply::Done)
    }

    /// The element instances that a move or a termination means.
    fn sources(&self, i: Key, process: &Process, from: &MoveFrom) -> Result<Vec<Key>, String> {
        let id = match from {
            MoveFrom::Key(key) => return Ok(vec![*key]),
            MoveFrom::Element(id) => id,
        };
        let no = process.number(id).filter(|no| *no != PROCESS);
        let no = no.ok_or_else(|| format!("no element was found with id '{id}'"))?;
        let own = self.hot(i).elements.iter();
        let own = own.filter(|(_, row)| row.element.no == no && row.element.role.is_outer());
        let own: Vec<Key> = own.map(|(key, _)| *key).collect();
        match own.is_empty() {
            true => Err(format!("it has no active instance of element '{id}'")),
            false => Ok(own),
        }
    }

    /// What is activated in the stead of `source`.
    fn moved(
        &self,
        i: Key,
        process: &Process,
        source: Key,
        one: &Move,
    ) -> Result<Activate, String> {
        let instance = self.hot(i);
        let Some(row) = instance.element(source).filter(|_| source != i) else {
            return Err(format!("it has no active element instance with key '{source}'"));
        };
        let ancestor = match one.within {
            MoveWithin::Direct(key) => key,
            MoveWithin::SourceParent => row.scope,
            MoveWithin::Inferred => {
                let id = &one.to.element;
                let no = process.number(id).filter(|no| *no != PROCESS);
                let no = no.ok_or_else(|| format!("no element was found with id '{id}'"))?;
                let around: BTreeSet<ElementNo> =
                    std::iter::successors(process.element(no).scope, |no| {
                        process.element(*no).scope
                    })
                    .collect();
                let mut scopes = instance.scopes(row.scope);
                let holds = |key: &Key| {
                    let row = &instance.elements[key];
                    *key == i
                        || (row.element.role != Role::Body && around.contains(&row.element.no))
                };
                scopes.find(holds).unwrap_or(i)
            }
        };
        Ok(Activate { ancestor: Some(ancestor), ..one.to.clone() })
    }

    /// As [`Step::start`], with variables of its own.
    fn start_with(&mut self, i: Key, scope: Key, no: ElementNo, own: &[NamedValue]) -> Done {
        if own.is_empty() {
            return self.start(i, scope, no, Via::None);
        }
        let key = self.new_key(i);
        let many = self.process(i)?.element(no).multi_instance.is_some();
        let element = ElementRef { no, role: if many { Role::Body } else { Role::Itself } };
        self.tell(i, InstanceEvent::ElementActivating { key, element, scope, via: Via::None });
        self.set_locals(i, key, own);
        self.activate(i, key)
    }

    /// The scope instance that an element is activated in; missing ones are made.
    fn modified_scope(
        &mut self,
        i: Key,
        process: &Process,
        no: ElementNo,
        activate: &Activate,
    ) -> Result<Key, Result<Stop, String>> {
        let Some(scope) = process.element(no).scope else { return Ok(i) };
        let within = activate.ancestor.unwrap_or(i);
        let instance = self.hot(i);
        let Some(ancestor) = instance.element(within) else {
            return Err(Err(format!("it has no active element instance with key '{within}'")));
        };
        if ancestor.element.no == scope && ancestor.element.role != Role::Body {
            return Ok(within);
        }
        let body = |row: &crate::state::ElementInstance| row.element.role == Role::Body;
        let running = instance.elements.iter().filter(|(key, row)| {
            let active = row.phase == Phase::Activated && row.trigger.is_none();
            row.element.no == scope && active && !body(row) && instance.inside(**key, within)
        });
        let running: Vec<Key> = running.map(|(key, _)| *key).collect();
        let id = &process.element(no).id;
        let holder = &process.element(scope).id;
        match running.as_slice() {
            [key] => Ok(*key),
            [] if process.element(scope).multi_instance.is_some() => Err(Err(format!(
                "element '{id}' lies in the multi-instance '{holder}': name the instance of it"
            ))),
            [] => {
                let outer = self.modified_scope(i, process, scope, activate)?;
                self.make_scope(i, process, scope, outer, activate).map_err(Ok)
            }
            _ => Err(Err(format!(
                "element '{id}' lies in '{holder}', of which {} instances are active: name the \
                 one that is meant",
                running.len()
            ))),
        }
    }

    fn make_scope(
        &mut self,
        i: Key,
        process: &Process,
        no: ElementNo,
        scope: Key,
        activate: &Activate,
    ) -> Done<Key> {
        let key = self.new_key(i);
        let element = ElementRef::new(no);
        self.tell(i, InstanceEvent::ElementActivating { key, element, scope, via: Via::None });
        let own = self.given(i, &process.element(no).id, activate)?;
        self.set_locals(i, key, &own);
        let mapped = self.map_inputs(i, key, process.element(no));
        if let Err(failure) = mapped.and_then(|()| self.open_catches(i, key, process, no)) {
            return Err(Stop::Reject(Rejection::invalid(failure.message)));
        }
        self.tell(i, InstanceEvent::ElementActivated { key });
        Ok(key)
    }

    /// Variables for the scope with this id; those for the whole instance are set on the way.
    fn given(&mut self, i: Key, id: &Text, activate: &Activate) -> Done<Vec<NamedValue>> {
        let mut own = Vec::new();
        for (scope, variables) in &activate.variables {
            self.check_fits(i, variables)?;
            match scope {
                None => self.set_locals(i, i, variables),
                Some(scope) if scope == id => own.extend(variables.iter().cloned()),
                Some(_) => {}
            }
        }
        Ok(own)
    }

    /// What is terminated: scopes of which nothing would be left stand for what is in them.
    fn ending(&self, i: Key, keys: &[Key]) -> Vec<Key> {
        let instance = self.hot(i);
        let mut all: BTreeSet<Key> = keys.iter().copied().collect();
        for key in keys {
            let mut key = *key;
            while key != i
                && let Some(scope) = instance.element(key).map(|row| row.scope)
                && instance.element(scope).is_some_and(|row| row.tokens == 0)
                && instance.children(scope).all(|(child, _)| all.contains(&child))
            {
                all.insert(scope);
                key = scope;
            }
        }
        let outer = |key: &&Key| {
            **key == i || !instance.element(**key).is_some_and(|row| all.contains(&row.scope))
        };
        all.iter().filter(outer).copied().collect()
    }
}

fn targets<'a>(
    process: &Process,
    activate: &'a [Activate],
) -> Result<Vec<(ElementNo, &'a Activate)>, String> {
    let one = |activate: &'a Activate| {
        let id = &activate.element;
        let no = process.number(id).filter(|no| *no != PROCESS);
        let no = no.ok_or_else(|| format!("no element was found with id '{id}'"))?;
        startable(process, no).map_err(|why| format!("the element with id '{id}' {why}"))?;
        Ok((no, activate))
    };
    activate.iter().map(one).collect()
}
