//! An instance goes on in another definition.

use std::collections::BTreeMap;

use crate::event::Migrated;
use crate::key::Key;
use crate::state::State;

impl State {
    pub(super) fn migrate(&mut self, i: Key, migrated: &Migrated) {
        let mut instance = self.hot(i).clone();
        let created = &mut instance.created;
        if created.process_id != migrated.process_id && created.business_id.is_none() {
            // It was released: the lock is of the process that the message began. That of a
            // business id goes along.
            created.lock = None;
        }
        created.definition = migrated.definition;
        created.process_id = migrated.process_id.clone();
        created.version = migrated.version;
        for row in instance.elements.values_mut() {
            row.element.no = migrated.element(row.element.no);
        }
        let tokens = std::mem::take(&mut instance.tokens).into_iter();
        let moved = tokens.map(|((scope, flow), count)| ((scope, migrated.flow(flow)), count));
        instance.tokens = moved.fold(BTreeMap::new(), |mut tokens, (at, count)| {
            *tokens.entry(at).or_insert(0) += count;
            tokens
        });
        for row in instance.timers.values_mut() {
            row.target = migrated.element(row.target);
        }
        for row in instance.subscriptions.values_mut() {
            row.target = migrated.element(row.target);
        }
        if let Some(rare) = &mut instance.rare {
            for row in rare.signals.values_mut() {
                row.target = migrated.element(row.target);
            }
            for row in rare.conditions.values_mut() {
                row.target = migrated.element(row.target);
            }
            for row in rare.compensations.values_mut() {
                row.element = migrated.element(row.element);
            }
        }
        self.replace_instance(Box::new(instance));
    }
}
