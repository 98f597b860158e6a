//! `grevy` without a command: the server.

mod console;
mod scratch;
pub mod settings;
#[cfg(feature = "track")]
mod tracking;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;

use api::readback::{Keep, NAME};
use api::server::{self, Config, Server, Tls};
use tracing_subscriber::EnvFilter;

use crate::Failure;
use crate::commands::journal;
use scratch::Scratch;
use settings::{LogFormat, Serve, Settings};

/// The folder of history inside the data folder.
pub const HISTORY: &str = "history";

/// Runs the server until Ctrl-C or SIGTERM.
pub fn run(serve: Serve) -> Result<ExitCode, Failure> {
    let settings = Settings::load(serve)?;
    log(&settings)?;
    open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // In memory nothing is kept: history lies in a folder that goes with the server.
    let scratch = (settings.history && settings.memory).then(Scratch::new).transpose()?;
    let done = runtime.block_on(async {
        let signals = signals()?;
        #[cfg(feature = "track")]
        let events = tracking::Events::new(&settings)?;
        #[cfg(feature = "track")]
        let pages = events.pages();
        #[cfg(not(feature = "track"))]
        let pages = axum::Router::new();
        let mut config = config(&settings, pages)?;
        #[cfg(feature = "track")]
        {
            let (open, told) = (config.open, events.engine());
            config.open = Box::new(move |claimed| {
                let engine = open(claimed)?;
                let mut slot = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                *slot = Some(engine.clone());
                Ok(engine)
            });
        }
        if settings.history {
            let kept = || settings.data_dir.join(HISTORY);
            let folder = scratch.as_ref().map_or_else(kept, Scratch::path);
            let webhook = settings.webhook_target();
            config.history = Some(Keep { folder, retention: settings.retention(), webhook });
        }
        let server = server::start(config).await?;
        #[cfg(feature = "track")]
        events.wake();
        // A folder that is in use is found at once: then nothing is said to run.
        server.claimed().await.map_err(|reason| refused(&settings, &reason))?;
        print(&settings, &server);
        tokio::select! {
            failed = failed(&server) => Err(refused(&settings, &failed)),
            () = signals => {
                #[cfg(feature = "track")]
                events.let_go();
                server.stop().await;
                #[cfg(feature = "track")]
                events.close().await;
                Ok(ExitCode::SUCCESS)
            }
        }
    });
    done.map_err(Failure)
}

/// A connection is an open file, and shells allow 1,024 of them where the system allows more.
fn open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, ?current, ?maximum, "the limit of open files stays as it is");
    }
}

/// Why the engine did not start, and where else there is a data folder.
fn refused(settings: &Settings, reason: &str) -> String {
    let inside =
        if settings.memory { String::new() } else { journal::look_inside(&settings.data_dir) };
    format!("{reason}{inside}")
}

/// Ends only if the engine cannot start.
async fn failed(server: &Server) -> String {
    match server.ready().await {
        Ok(()) => std::future::pending().await,
        Err(reason) => reason.to_string(),
    }
}

#[cfg(target_os = "linux")]
const SIGXFSZ: i32 = 25;

/// Both handlers are there when this returns, so that no signal is lost while the server starts.
fn signals() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let wanted = |kind| signal(kind).map_err(|error| format!("expected signals, but {error}"));
    // A file at its limit (`ulimit -f`) is a full disk then, not the end of the process.
    #[cfg(target_os = "linux")]
    let _ = wanted(SignalKind::from_raw(SIGXFSZ))?;
    let (mut interrupt, mut terminate) =
        (wanted(SignalKind::interrupt())?, wanted(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn config(settings: &Settings, pages: axum::Router) -> Result<Config, String> {
    let mut builder = grevy::Grevy::builder()
        .skip(settings.quarantine.clone())
        .unique_business_ids(settings.unique_business_ids);
    if !settings.memory {
        builder = builder.folder(&settings.data_dir);
    }
    if settings.history {
        // Nothing is trimmed before history has said how far it is.
        builder = builder.hold(NAME, 1);
    }
    if let Some(partitions) = settings.partitions {
        builder = builder.partitions(partitions);
    }
    let tls = match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(Tls { certificate: certificate.clone(), key: key.clone() })
        }
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            return Err("expected both tls-certificate and tls-key, but only one is given".into());
        }
    };
    Ok(Config {
        grpc: SocketAddr::new(settings.bind, settings.grpc_port),
        http: SocketAddr::new(settings.bind, settings.http_port),
        tls,
        access: settings.access()?,
        partitions: builder.expected_partitions(),
        pinnable_clock: settings.pinnable_clock,
        metrics: Some(server::install_metrics()?),
        console: console::file,
        open: Box::new(move |claimed| {
            let folder = builder.claim()?;
            claimed();
            folder.open()
        }),
        pages,
        history: None,
    })
}

fn print(settings: &Settings, server: &Server) {
    let scheme = if settings.tls_certificate.is_some() { "https" } else { "http" };
    match console::file("index.html") {
        Some(_) => println!("console   {scheme}://{}/", server.http),
        // Built without Node: the page to try the API is there all the same.
        None => println!("API page  {scheme}://{}/api", server.http),
    }
    println!("gRPC      {}", server.grpc);
    println!("REST      {scheme}://{}/v2", server.http);
    if settings.memory {
        println!("data      in memory: nothing is kept");
    } else {
        println!("data      {}", settings.data_dir.display());
    }
}

/// To standard error: standard output has the four lines only.
fn log(settings: &Settings) -> Result<(), Failure> {
    // The library takes a word that is no level for the name of a module, and shows that alone.
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let level = |part: &str| levels.iter().any(|level| part.eq_ignore_ascii_case(level));
    let mut parts = settings.log_level.split(',').map(str::trim);
    if let Some(part) = parts.find(|part| !part.contains('=') && !level(part)) {
        return Err(Failure(format!(
            "expected one of {} as log level, or module=level, but got '{part}'",
            levels.join(", ")
        )));
    }
    let filter = EnvFilter::try_new(&settings.log_level).map_err(|error| {
        Failure(format!("expected log levels such as 'info' or 'warn,api=debug', but {error}"))
    })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
    Ok(())
}
