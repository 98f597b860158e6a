//! What the server is made of, answered also before it is ready.

use std::sync::atomic::Ordering;

use grevy::partition::Health as Found;

use super::{Caller, Gateway, Stage};
use crate::access::Action;
use crate::failure::Failure;

/// How a partition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Healthy,
    /// It recovers, or its disk is full.
    Unhealthy,
    /// It could not start.
    Dead,
}

/// One partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionHealth {
    pub partition: u16,
    pub health: Health,
}

/// One node with all partitions, until there is a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    pub host: String,
    pub port: u16,
    pub version: &'static str,
    pub partitions: Vec<PartitionHealth>,
}

impl Gateway {
    pub fn topology(&self, caller: &Caller) -> Result<Topology, Failure> {
        caller.principal.require(Action::Read)?;
        let (host, port) = self.shared.advertised.clone();
        let version = env!("CARGO_PKG_VERSION");
        Ok(Topology { host, port, version, partitions: self.partitions() })
    }

    /// Lets time stand still at `at` (ms), or go on with `None`.
    pub async fn pin_clock(&self, caller: &Caller, at: Option<i64>) -> Result<(), Failure> {
        caller.principal.require(Action::Operate)?;
        if !self.shared.pinnable_clock {
            return Err(Failure::denied(
                "Expected a server whose clock may be pinned, but it was started without \
                 --pinnable-clock",
            ));
        }
        if at.is_some_and(|at| at < 0) {
            return Err(Failure::invalid("Expected a timestamp of at least 0, but it is negative"));
        }
        for done in self.engine_for(caller).await?.pin_clock(at) {
            done.await.map_err(|error| Failure::of("PIN", error))?;
        }
        self.shared.pinned.store(at.unwrap_or(-1), Ordering::Release);
        Ok(())
    }

    /// All partitions take commands.
    pub fn is_healthy(&self) -> bool {
        self.partitions().iter().all(|row| row.health == Health::Healthy)
    }

    /// How each partition does.
    pub fn partitions(&self) -> Vec<PartitionHealth> {
        let all = |health| {
            let rows = 1..=self.shared.partitions;
            rows.map(|partition| PartitionHealth { partition, health }).collect()
        };
        match &*self.shared.engine.borrow() {
            Stage::Recovering => all(Health::Unhealthy),
            Stage::Failed(_) => all(Health::Dead),
            Stage::Ready(engine) => {
                let rows = engine.health().into_iter();
                let row = |row: grevy::PartitionHealth| PartitionHealth {
                    partition: row.partition,
                    health: health(row.health),
                };
                rows.map(row).collect()
            }
        }
    }
}

fn health(found: Found) -> Health {
    match found {
        // Timers wait for an operator; commands are taken.
        Found::Healthy | Found::Paused => Health::Healthy,
        Found::DiskFull | Found::Unavailable => Health::Unhealthy,
    }
}
