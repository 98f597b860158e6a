//! Joins that some flows have reached and others have not, each in its own scope: instances of one
//! sub-process do not wait for each other's tokens.

use std::collections::{BTreeMap, BTreeSet};

use engine::Key;
use engine::event::{InstanceEvent as E, Via};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::trail::events;
use super::{Wait, What, rows};
use crate::batch::Step;
use crate::error::Result;
use crate::names::{self, ELEMENT_TYPES};

pub(super) async fn joins(
    connection: &mut SqliteConnection,
    instance: Key,
    steps: &[Step],
) -> Result<Vec<Wait>> {
    let flows = flows(connection, instance).await?;
    let tokens = Tokens::of(steps);
    // By scope and gateway.
    let mut waiting: BTreeMap<(Key, u32), i64> = BTreeMap::new();
    for ((scope, flow), (_, time)) in &tokens.arrived {
        let Some(flow) = flows.get(flow).filter(|flow| flow.join != Join::None) else { continue };
        let since = waiting.entry((*scope, flow.target)).or_insert(*time);
        *since = (*since).max(*time);
    }
    let mut waits = Vec::new();
    for ((scope, gateway), since) in waiting {
        let into = || flows.iter().filter(|(_, flow)| flow.target == gateway);
        let Some((_, first)) = into().next() else { continue };
        let mut missing: Vec<&Flow> = into()
            .filter(|(no, _)| !tokens.arrived.contains_key(&(scope, **no)))
            .map(|(_, flow)| flow)
            .collect();
        // An inclusive one waits for what can still come. What comes from a boundary event is not
        // seen from the flows.
        let coming = |flow: &&Flow| tokens.can_reach(scope, flow.source, gateway, &flows);
        if first.join == Join::Inclusive && missing.iter().any(coming) {
            missing.retain(coming);
        }
        if missing.is_empty() {
            continue;
        }
        let names = missing.iter().map(|flow| (flow.id.clone(), flow.from.clone())).collect();
        waits.push(Wait {
            element_id: first.to.clone(),
            since: Some(since),
            at_gateway: false,
            what: What::Join { missing: names },
        });
    }
    Ok(waits)
}

/// A flow of the model.
struct Flow {
    id: String,
    source: u32,
    /// Name of the source, or its id.
    from: String,
    target: u32,
    /// Id of the target.
    to: String,
    /// What the target is.
    join: Join,
}

#[derive(Clone, Copy, PartialEq)]
enum Join {
    None,
    Parallel,
    Inclusive,
}

async fn flows(connection: &mut SqliteConnection, instance: Key) -> Result<BTreeMap<u32, Flow>> {
    let text = "SELECT f.no, f.id, f.source, COALESCE(s.name, s.id, ''), f.target, g.id, g.type \
        FROM process_instance i JOIN flow f ON f.definition = i.definition \
        JOIN element g ON g.definition = f.definition AND g.no = f.target \
        LEFT JOIN element s ON s.definition = f.definition AND s.no = f.source \
        WHERE i.key = ? AND i.state = 0";
    let mut flows = BTreeMap::new();
    for row in rows(connection, text, instance).await? {
        let number = |at: usize| -> Result<u32> {
            Ok(u32::try_from(row.try_get::<i64, _>(at)?).unwrap_or_default())
        };
        let join = match names::name(ELEMENT_TYPES, row.try_get(6)?) {
            "PARALLEL_GATEWAY" => Join::Parallel,
            "INCLUSIVE_GATEWAY" => Join::Inclusive,
            _ => Join::None,
        };
        let flow = Flow {
            id: row.try_get(1)?,
            source: number(2)?,
            from: row.try_get(3)?,
            target: number(4)?,
            to: row.try_get(5)?,
            join,
        };
        flows.insert(number(0)?, flow);
    }
    Ok(flows)
}

/// What an instance holds at the moment.
#[derive(Default)]
struct Tokens {
    /// Tokens that nothing has consumed, by scope and flow, with the time of the last.
    arrived: BTreeMap<(Key, u32), (i64, i64)>,
    /// Active elements with their scope and number.
    active: BTreeMap<Key, (Key, u32)>,
}

impl Tokens {
    fn of(steps: &[Step]) -> Tokens {
        let mut tokens = Tokens::default();
        for (time, event) in events(steps) {
            if let E::FlowTaken { scope, flow } = event {
                let token = tokens.arrived.entry((*scope, *flow)).or_default();
                *token = (token.0 + 1, time);
            }
            if let E::ElementActivating { scope, via, .. } | E::ElementPassed { scope, via, .. } =
                event
            {
                tokens.consume(*scope, via);
            }
            if let E::ElementActivating { key, element, scope, .. } = event {
                tokens.active.insert(*key, (*scope, element.no));
            }
            if let E::ElementCompleted { key } | E::ElementTerminated { key } = event {
                tokens.active.remove(key);
                tokens.arrived.retain(|(scope, _), _| scope != key);
            }
        }
        tokens
    }

    fn consume(&mut self, scope: Key, via: &Via) {
        let flows = match via {
            Via::None => &[],
            Via::Flow(flow) => std::slice::from_ref(flow),
            Via::Flows(flows) => &flows[..],
        };
        for flow in flows {
            if let Some((count, _)) = self.arrived.get_mut(&(scope, *flow)) {
                *count -= 1;
                if *count <= 0 {
                    self.arrived.remove(&(scope, *flow));
                }
            }
        }
    }

    /// Can something in the scope still come to an element, not through the gateway itself?
    fn can_reach(
        &self,
        scope: Key,
        element: u32,
        gateway: u32,
        flows: &BTreeMap<u32, Flow>,
    ) -> bool {
        let (mut seen, mut open) = (BTreeSet::from([gateway]), vec![element]);
        while let Some(element) = open.pop() {
            if !seen.insert(element) {
                continue;
            }
            if self.active.values().any(|at| *at == (scope, element)) {
                return true;
            }
            for (no, flow) in flows.iter().filter(|(_, flow)| flow.target == element) {
                if self.arrived.contains_key(&(scope, *no)) {
                    return true;
                }
                open.push(flow.source);
            }
        }
        false
    }
}
