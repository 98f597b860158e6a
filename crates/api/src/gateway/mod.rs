//! What can be asked of the server, whatever the wire: who may, whether there is room, which
//! command it becomes. gRPC and REST are two spellings of this module.

mod attention;
mod decisions;
mod deploy;
mod elements;
mod instances;
mod jobs;
mod places;
mod topology;
mod window;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use engine::event::Text;
use engine::{Cause, command::Source};
use history::Pressure as Lag;
use tokio::sync::watch;

use crate::access::{Access, Principal};
use crate::failure::{Failure, Kind};
use crate::limits::{AWAITED_MAX, JOB_STREAMS_MAX, LIVE_STREAMS_MAX, POLLS_MAX, RECOVERY_PATIENCE};
use crate::pressure::{Permit, Pressure};
use crate::readback::Readback;
use crate::rest::Overviews;
use places::Places;
use window::Windows;

pub use attention::{Attention, Review, Unattended};
pub use decisions::Evaluated;
pub use instances::Awaited;
pub use jobs::{JobFeed, Word};
pub(crate) use places::Place;
pub use topology::{Health, PartitionHealth, Topology, Work};

/// Who asks, and how the step that follows is to be marked.
#[derive(Debug, Clone)]
pub struct Caller {
    pub principal: Principal,
    /// User agent.
    pub client: Option<Text>,
    /// Header `grevy-request-id`: the same id again is the same command.
    pub request_id: Option<Text>,
    /// W3C `traceparent`.
    pub trace: Option<Text>,
    pub operation_reference: Option<u64>,
    /// Header `grevy-comment`: why, for the audit log.
    pub comment: Option<Text>,
}

/// The server's inside, shared by both listeners.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

struct Shared {
    engine: watch::Receiver<Stage>,
    access: Access,
    partitions: u16,
    /// Known with the number of partitions, which the folder has.
    pressure: OnceLock<Pressure>,
    attention: Attention,
    /// Set when the engine is ready; taken when the server stops.
    readback: RwLock<Option<Arc<Readback>>>,
    overviews: Overviews,
    pinnable_clock: bool,
    /// Where a test has stopped the clock; negative while it goes.
    pinned: AtomicI64,
    polls: Arc<Places>,
    awaited: Arc<Places>,
    streams: Arc<Places>,
    windows: Arc<Windows>,
    live_streams: Arc<Places>,
    /// Set when the server is asked to stop.
    stopping: watch::Receiver<bool>,
    advertised: (String, u16),
}

/// How far the engine has come. The listeners are open before it has read its journal.
#[derive(Clone)]
pub enum Stage {
    /// Reads its journal.
    Recovering,
    Ready(grevy::Grevy),
    /// It could not start, for this reason.
    Failed(Arc<str>),
}

/// What a gateway is made of.
pub struct Parts {
    pub engine: watch::Receiver<Stage>,
    pub access: Access,
    /// How many partitions there will be, known before the engine is ready.
    pub partitions: u16,
    pub stopping: watch::Receiver<bool>,
    /// Host and port that the topology names.
    pub advertised: (String, u16),
    /// `PUT /v2/clock` is allowed: for tests.
    pub pinnable_clock: bool,
}

impl Gateway {
    pub fn new(parts: Parts) -> Gateway {
        let shared = Shared {
            pressure: OnceLock::new(),
            engine: parts.engine,
            access: parts.access,
            partitions: parts.partitions,
            attention: Attention::default(),
            readback: RwLock::default(),
            overviews: Overviews::default(),
            pinnable_clock: parts.pinnable_clock,
            pinned: AtomicI64::new(-1),
            polls: Places::new("parked activations", POLLS_MAX),
            awaited: Places::new("calls that await a result", AWAITED_MAX),
            windows: Arc::default(),
            streams: Places::new("job streams", JOB_STREAMS_MAX),
            live_streams: Places::new("live streams", LIVE_STREAMS_MAX),
            stopping: parts.stopping,
            advertised: parts.advertised,
        };
        Gateway { shared: Arc::new(shared) }
    }

    /// How much new work each partition takes at the moment, from partition 1.
    pub fn intake_limits(&self) -> Vec<usize> {
        self.shared.pressure.get().map(Pressure::limits).unwrap_or_default()
    }

    /// Follows an engine that has become ready.
    pub fn follow(&self, engine: &grevy::Grevy) {
        self.pressure(engine);
        engine.on_incident(|_| {
            metrics::counter!("grevy_incidents_raised_total").increment(1);
        });
    }

    /// Reads from this history from now on; `None` when the server stops.
    pub fn read_from(&self, readback: Option<Arc<Readback>>) {
        *self.shared.readback.write().unwrap_or_else(PoisonError::into_inner) = readback;
    }

    /// Takes new work in, or says that there is too much: of commands under way, or of steps that
    /// history has not written yet. New instances wait first; what ends work never does.
    fn admit(
        &self,
        engine: &grevy::Grevy,
        starts: bool,
        partition: u16,
    ) -> Result<Permit<'_>, Failure> {
        self.follows(starts)?;
        self.pressure(engine).admit(partition)
    }

    fn pressure(&self, engine: &grevy::Grevy) -> &Pressure {
        self.shared.pressure.get_or_init(|| Pressure::new(engine.partition_count()))
    }

    /// History is not too far behind.
    fn follows(&self, starts: bool) -> Result<(), Failure> {
        let readback = self.shared.readback.read().unwrap_or_else(PoisonError::into_inner);
        let held = match readback.as_ref().map_or(Lag::Open, |readback| readback.pressure()) {
            Lag::Open => false,
            Lag::ThrottleStarts => starts,
            Lag::StopIntake => true,
        };
        if held {
            metrics::counter!("grevy_intake_refused_total").increment(1);
            let text = "Expected to take new work in, but history is too far behind; try again, \
                        slower";
            return Err(Failure::new(Kind::ResourceExhausted, text));
        }
        Ok(())
    }

    /// History.
    ///
    /// # Errors
    /// UNAVAILABLE: not ready, or started without.
    pub fn readback(&self) -> Result<Arc<Readback>, Failure> {
        self.engine()?;
        let found = self.shared.readback.read().unwrap_or_else(PoisonError::into_inner).clone();
        found.ok_or_else(|| {
            let text = "Expected a server with history, but this one was started without";
            Failure::new(Kind::Unavailable, text)
        })
    }

    /// What answers searches.
    ///
    /// # Errors
    /// As [`Gateway::readback`].
    pub fn reader(&self) -> Result<history::Reader, Failure> {
        Ok(self.readback()?.reader())
    }

    /// Room for a live stream, until it is dropped.
    pub(crate) fn live_stream(&self) -> Result<Place, Failure> {
        self.shared.live_streams.take()
    }

    /// The last overview that the page was shown.
    pub(crate) fn overviews(&self) -> &Overviews {
        &self.shared.overviews
    }

    /// Time as the engine has it, ms since 1970: what has waited how long is told by it. A clock
    /// that was stopped before this server started goes here until it is stopped again.
    pub fn now(&self) -> i64 {
        let pinned = self.shared.pinned.load(Ordering::Acquire);
        if pinned >= 0 {
            return pinned;
        }
        let own = self.engine().ok().map(|engine| engine.clock().now());
        let own = own.unwrap_or_else(|| jiff::Timestamp::now().as_millisecond());
        // Its time never goes back, also not where a faster clock wrote the folder before.
        self.reader().map_or(own, |reader| own.max(reader.latest()))
    }

    pub fn access(&self) -> &Access {
        &self.shared.access
    }

    /// Job types that wait while nobody asks for them.
    pub fn attention(&self) -> &Attention {
        &self.shared.attention
    }

    /// The engine, once it has read its journal.
    pub fn engine(&self) -> Result<grevy::Grevy, Failure> {
        let unavailable = |but: &str| {
            Err(Failure::new(
                Kind::Unavailable,
                format!("Expected a server that takes commands, but {but}"),
            ))
        };
        match &*self.shared.engine.borrow() {
            Stage::Ready(_) if *self.shared.stopping.borrow() => unavailable("it is shutting down"),
            Stage::Ready(engine) => Ok(engine.clone()),
            Stage::Recovering => unavailable("it is still reading its journal"),
            Stage::Failed(reason) => unavailable(reason),
        }
    }

    /// Whether everybody on this machine may call, and nobody else.
    pub(crate) fn is_local(&self) -> bool {
        let address = self.shared.advertised.0.parse::<std::net::IpAddr>();
        self.shared.access.is_open() && address.is_ok_and(|address| address.is_loopback())
    }

    /// Waits a while for an engine that still reads its journal, because most clients give up at
    /// the first UNAVAILABLE.
    pub(crate) async fn patience(&self) {
        let mut stage = self.shared.engine.clone();
        if matches!(*stage.borrow(), Stage::Recovering) {
            let known = stage.wait_for(|stage| !matches!(stage, Stage::Recovering));
            // What it has become, or that it still recovers, is said by who asks for it.
            let _ = tokio::time::timeout(RECOVERY_PATIENCE, known).await;
        }
    }

    /// The engine, marking what it does with who asked; with patience.
    pub(crate) async fn engine_for(&self, caller: &Caller) -> Result<grevy::Grevy, Failure> {
        self.patience().await;
        Ok(self.engine()?.caused_by(caller.cause()))
    }

    /// Waits until the engine is there; `false` when it could not start, or the server stops.
    pub(crate) async fn recovered(&self) -> bool {
        let mut stage = self.shared.engine.clone();
        tokio::select! {
            known = stage.wait_for(|stage| !matches!(stage, Stage::Recovering)) => {
                known.is_ok_and(|stage| matches!(*stage, Stage::Ready(_)))
            }
            () = self.stopped() => false,
        }
    }

    /// Ends when the server is asked to stop; long polls and streams end with it.
    pub async fn stopped(&self) {
        let mut stopping = self.shared.stopping.clone();
        // The sender is gone only when the server is.
        let _ = stopping.wait_for(|stop| *stop).await;
    }
}

impl Caller {
    /// How the journal marks the step.
    pub fn cause(&self) -> Cause {
        Cause {
            source: Source::Api,
            principal: self.principal.name.clone(),
            client: self.client.clone(),
            operation_reference: self.operation_reference,
            request_id: self.request_id.clone(),
            trace: self.trace.clone(),
            source_position: None,
            comment: self.comment.clone(),
        }
    }
}
