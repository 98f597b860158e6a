//! `grevy token`: a fresh token and its entry of the configuration file.

use std::process::ExitCode;

use api::access::{Role, digest, fresh, hex};
use clap::Args;

use crate::Failure;

/// Makes a token. It is shown once; the configuration file keeps its SHA-256 only.
#[derive(Args)]
pub struct Token {
    /// Who will use it; also the name of basic authentication, and the client id.
    name: String,
    /// admin, worker, ingest or read.
    #[arg(long, default_value = "worker")]
    role: String,
    /// Only processes whose id starts with this can be deployed or deleted.
    #[arg(long, value_name = "PREFIX")]
    process_prefix: Option<String>,
}

impl Token {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let role = Role::parse(&self.role)?;
        if self.name.is_empty() || self.name.contains(':') {
            return Err(Failure("expected a name without ':', and not empty".to_owned()));
        }
        let token = fresh()?;
        eprintln!("Token, shown once: {token}");
        eprintln!("For the configuration file:");
        println!("[[token]]");
        println!("name = {}", serde_json::Value::from(self.name));
        println!("sha256 = \"{}\"", hex(&digest(&token)));
        println!("role = \"{}\"", role.name());
        if let Some(prefix) = self.process_prefix {
            println!("process-prefix = {}", serde_json::Value::from(prefix));
        }
        Ok(ExitCode::SUCCESS)
    }
}
