//! What the server is made of, answered also before it is ready.

use std::sync::atomic::Ordering;

use engine::PartitionId;
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

/// What a partition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Goes,
    /// Timers, deferred work and dispatch wait for [`Gateway::resume`].
    Paused,
    DiskFull,
    /// It folds its log.
    Recovering,
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

    /// Lets timers, deferred work and dispatch go on.
    pub async fn resume(&self, caller: &Caller) -> Result<(), Failure> {
        caller.principal.require(Action::Operate)?;
        self.engine_for(caller).await?.resume();
        Ok(())
    }

    /// All partitions take commands.
    pub fn is_healthy(&self) -> bool {
        self.partitions().iter().all(|row| row.health == Health::Healthy)
    }

    /// How each partition does, in the words of the topology.
    pub fn partitions(&self) -> Vec<PartitionHealth> {
        let rows = self.working().into_iter();
        rows.map(|(partition, work)| PartitionHealth { partition, health: work.health() }).collect()
    }

    /// What each partition does.
    pub fn work(&self, caller: &Caller) -> Result<Vec<(PartitionId, Work)>, Failure> {
        caller.principal.require(Action::Read)?;
        Ok(self.working())
    }

    fn working(&self) -> Vec<(PartitionId, Work)> {
        let all = |work| (1..=self.shared.partitions).map(|partition| (partition, work)).collect();
        match &*self.shared.engine.borrow() {
            Stage::Recovering => all(Work::Recovering),
            Stage::Failed(_) => all(Work::Dead),
            Stage::Ready(engine) => {
                let rows = engine.health().into_iter();
                rows.map(|row| (row.partition, Work::of(row.health))).collect()
            }
        }
    }
}

impl Work {
    fn of(found: Found) -> Work {
        match found {
            Found::Healthy => Work::Goes,
            Found::Paused => Work::Paused,
            Found::DiskFull => Work::DiskFull,
            Found::Unavailable => Work::Recovering,
        }
    }

    fn health(self) -> Health {
        match self {
            // Timers wait for an operator; commands are taken.
            Work::Goes | Work::Paused => Health::Healthy,
            Work::DiskFull | Work::Recovering => Health::Unhealthy,
            Work::Dead => Health::Dead,
        }
    }
}
