//! A server process of its own: the release build, free ports, a folder on the disk that is
//! measured.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tonic::transport::{Channel, Endpoint};

use crate::proto::gateway_client::GatewayClient;
use crate::proto::{DeployResourceRequest, Resource, TopologyRequest};

/// A client of one connection.
pub type Stub = GatewayClient<Channel>;

/// A server that is not there after this time will not come.
const START_MAX: Duration = Duration::from_secs(60);

/// Whatever keeps a benchmark from running.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A running server; killed when it is dropped.
pub struct Server {
    process: Child,
    /// `http://host:port` of gRPC and of REST.
    pub grpc: String,
    pub rest: String,
}

/// The server's binary: GREVY_BIN, or the release build, made now if it is not there.
pub fn binary() -> Result<PathBuf, Failed> {
    if let Some(given) = std::env::var_os("GREVY_BIN") {
        return Ok(Path::new(&given).canonicalize()?);
    }
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--release", "--quiet", "--package", "grevy-cli", "--manifest-path"]);
    // What Cargo told this program about its own package would have `ring`, and all that stands
    // on it, compiled anew each time.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&name);
        }
    }
    let built = build.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).status()?;
    if !built.success() {
        return Err("expected a release build of grevy-cli, but it failed".into());
    }
    // …/release/deps/name-of-the-bench
    let own = std::env::current_exe()?;
    let release = own.ancestors().nth(2).ok_or("expected a bench in cargo's target folder")?;
    Ok(release.join("grevy"))
}

/// A folder on the disk that is measured.
pub fn folder() -> Result<tempfile::TempDir, Failed> {
    Ok(tempfile::tempdir_in(".")?)
}

impl Server {
    /// Whether all partitions take commands.
    async fn is_healthy(&self) -> Result<bool, Failed> {
        let answer = self.connect().await?.topology(TopologyRequest {}).await?;
        let mut rows = answer.into_inner().brokers.into_iter().flat_map(|broker| broker.partitions);
        Ok(rows.all(|row| row.health == 0))
    }

    /// Waits until it has read its journal.
    pub async fn recovered(&self) -> Result<(), Failed> {
        let healthy = async {
            while !self.is_healthy().await? {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        };
        tokio::time::timeout(START_MAX, healthy).await?
    }

    /// Starts it and reads its four lines.
    pub fn start(binary: &Path, data: &Path, options: &[&str]) -> Result<Server, Failed> {
        let mut command = Command::new(binary);
        command.args(["--grpc-port", "0", "--http-port", "0", "--log-level", "error"]);
        command.arg("--data-dir").arg(data).args(options);
        let process = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn()?;
        let mut server = Server { process, grpc: String::new(), rest: String::new() };
        let lines = server.process.stdout.take().ok_or("the output is piped")?;
        for line in BufReader::new(lines).lines().take(4) {
            let line = line?;
            let told = line.split_whitespace().nth(1).unwrap_or_default();
            match line.split_whitespace().next() {
                Some("gRPC") => server.grpc = format!("http://{told}"),
                Some("REST") => server.rest = told.trim_end_matches("/v2").to_owned(),
                Some(_) | None => {}
            }
        }
        if server.grpc.is_empty() || server.rest.is_empty() {
            return Err("expected the lines of a server that starts, but it ended".into());
        }
        Ok(server)
    }

    pub async fn connect(&self) -> Result<Stub, Failed> {
        let endpoint = Endpoint::from_shared(self.grpc.clone())?.tcp_nodelay(true);
        Ok(GatewayClient::new(endpoint.connect().await?))
    }

    /// Deploys [`crate::ONE_TASK`]; a server that still recovers lets the call wait.
    pub async fn deploy(&self) -> Result<Stub, Failed> {
        let mut stub = self.connect().await?;
        let resource =
            Resource { name: "one-task.bpmn".into(), content: crate::ONE_TASK.as_bytes().into() };
        let message = DeployResourceRequest { resources: vec![resource], tenant_id: String::new() };
        stub.deploy_resource(message).await?;
        Ok(stub)
    }

    /// Memory of the process, in bytes.
    pub fn resident(&self) -> Result<f64, Failed> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.ok_or("expected the memory of a running server")?.parse::<f64>()? * 1_024.0)
    }

    /// Ends it as an operator would, and waits until it has.
    pub fn stop(mut self) -> Result<(), Failed> {
        let id = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let ended = self.process.wait()?;
        if ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}").into()) }
    }

    /// Ends it as a power cut would, but for the disk's cache.
    pub fn kill(mut self) -> Result<(), Failed> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// From exec to the first answered `Topology`: the server, its first answer says whether all
/// partitions were healthy, and ms.
pub async fn start_to_topology(binary: &Path, data: &Path) -> Result<(Server, bool, f64), Failed> {
    let since = Instant::now();
    let server = Server::start(binary, data, &[])?;
    let healthy = tokio::time::timeout(START_MAX, server.is_healthy()).await??;
    Ok((server, healthy, since.elapsed().as_secs_f64() * 1_000.0))
}
