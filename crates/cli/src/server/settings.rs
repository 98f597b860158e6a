//! Settings of the server: flags, then environment, then the configuration file, then defaults.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::access::{Access, Role, Token, parse_hex};
use api::webhook::{Retry, Target};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// The file that is read when it is there and no other is named.
const FILE: &str = "grevy.toml";
/// Days for which the past of tracking is kept where nobody says so.
const TRACKING_DAYS: u32 = 30;
/// Tokens of one file.
const TOKENS_MAX: usize = 1_000;

/// Options of the server. Each has an environment variable and a name in the configuration file.
#[derive(Args, Default)]
pub struct Serve {
    /// Configuration file [default: grevy.toml, if it is there]
    #[arg(long, value_name = "FILE", env = "GREVY_CONFIG")]
    pub config: Option<PathBuf>,
    /// Port of the gRPC gateway; 0 takes a free one [default: 26500]
    #[arg(long, value_name = "PORT", env = "GREVY_GRPC_PORT")]
    pub grpc_port: Option<u16>,
    /// Port of REST and pages; 0 takes a free one [default: 8080]
    #[arg(long, value_name = "PORT", env = "GREVY_HTTP_PORT")]
    pub http_port: Option<u16>,
    /// Address to listen on; others than loopback need tokens, or --open [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", env = "GREVY_BIND")]
    pub bind: Option<IpAddr>,
    /// Folder that keeps everything [default: ./data]
    #[arg(long, value_name = "FOLDER", env = "GREVY_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Keep nothing
    #[arg(long, env = "GREVY_MEMORY", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new())]
    pub memory: Option<bool>,
    /// Partitions; a folder keeps its number, which may be raised [default: 1]
    #[arg(long, value_name = "COUNT", env = "GREVY_PARTITIONS")]
    pub partitions: Option<u16>,
    /// Certificate chain, PEM; with it both listeners speak TLS
    #[arg(long, value_name = "FILE", env = "GREVY_TLS_CERTIFICATE")]
    pub tls_certificate: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE", env = "GREVY_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Let everybody in who reaches the address, without tokens
    #[arg(long, env = "GREVY_OPEN", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new())]
    pub open: Option<bool>,
    /// Let tests stop the clock (PUT /v2/clock)
    #[arg(long, env = "GREVY_PINNABLE_CLOCK", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new())]
    pub pinnable_clock: Option<bool>,
    /// Post incidents, and alerts of tracking, to this URL
    #[arg(long, value_name = "URL", env = "GREVY_WEBHOOK")]
    pub webhook: Option<String>,
    /// Keep history: what pages and searches read [default: true]
    #[arg(long, env = "GREVY_HISTORY", num_args = 0..=1, default_missing_value = "true",
        value_parser = clap::builder::BoolishValueParser::new())]
    pub history: Option<bool>,
    /// Forget instances that ended so many days ago [default: never]
    #[arg(long, value_name = "DAYS", env = "GREVY_HISTORY_DAYS")]
    pub history_days: Option<u32>,
    /// Days for which traces, verdicts and figures of tracked cases can be read; 0 is for ever
    /// [default: 30]
    #[arg(long, value_name = "DAYS", env = "GREVY_TRACKING_DAYS")]
    pub tracking_days: Option<u32>,
    /// Refuse a business id that another active instance of the process has [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
        env = "GREVY_UNIQUE_BUSINESS_IDS")]
    pub unique_business_ids: Option<bool>,
    /// Leave out the events of this process instance: the way to start when the journal cannot be
    /// folded because of it. May be given several times
    #[arg(long, value_name = "KEY")]
    pub quarantine: Vec<i64>,
    /// Levels, such as `info` or `warn,api=debug` [default: info]
    #[arg(long, value_name = "LEVELS", env = "GREVY_LOG")]
    pub log_level: Option<String>,
    /// Shape of log lines [default: text]
    #[arg(long, value_name = "SHAPE", env = "GREVY_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// Shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    grpc_port: Option<u16>,
    http_port: Option<u16>,
    bind: Option<IpAddr>,
    data_dir: Option<PathBuf>,
    memory: Option<bool>,
    partitions: Option<u16>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    open: Option<bool>,
    pinnable_clock: Option<bool>,
    unique_business_ids: Option<bool>,
    webhook: Option<String>,
    webhook_secret: Option<String>,
    history: Option<bool>,
    history_days: Option<u32>,
    tracking_days: Option<u32>,
    /// Days by process id; they win over the others.
    #[serde(default)]
    history_process_days: BTreeMap<String, u32>,
    log_level: Option<String>,
    log_format: Option<LogFormat>,
    #[serde(default)]
    token: Vec<TokenEntry>,
}

/// Who may call; `grevy token` makes one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TokenEntry {
    name: String,
    sha256: String,
    role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_prefix: Option<String>,
}

/// What is in effect.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Settings {
    pub grpc_port: u16,
    pub http_port: u16,
    pub bind: IpAddr,
    pub data_dir: PathBuf,
    pub memory: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    pub open: bool,
    pub pinnable_clock: bool,
    pub unique_business_ids: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// For this start only.
    #[serde(skip)]
    pub quarantine: Vec<i64>,
    /// Shown by nobody.
    #[serde(skip)]
    pub webhook_secret: Option<String>,
    pub history: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_days: Option<u32>,
    pub tracking_days: u32,
    pub log_level: String,
    pub log_format: LogFormat,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub history_process_days: BTreeMap<String, u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token: Vec<TokenEntry>,
}

impl Settings {
    /// Reads the file, if there is one, and lays environment and flags over it.
    pub fn load(serve: Serve) -> Result<Settings, Failure> {
        let named = serve.config.clone();
        let path = named.as_deref().unwrap_or(Path::new(FILE));
        let file = match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| Failure(format!("{}: {error}", path.display())))?,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                File::default()
            }
            Err(error) => return Err(Failure(format!("{}: {error}", path.display()))),
        };
        let settings = Settings::merge(serve, file);
        settings.check()?;
        Ok(settings)
    }

    fn merge(serve: Serve, file: File) -> Settings {
        Settings {
            grpc_port: serve.grpc_port.or(file.grpc_port).unwrap_or(26_500),
            http_port: serve.http_port.or(file.http_port).unwrap_or(8_080),
            bind: serve.bind.or(file.bind).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            data_dir: serve.data_dir.or(file.data_dir).unwrap_or_else(|| "./data".into()),
            memory: serve.memory.or(file.memory).unwrap_or(false),
            partitions: serve.partitions.or(file.partitions),
            tls_certificate: serve.tls_certificate.or(file.tls_certificate),
            tls_key: serve.tls_key.or(file.tls_key),
            open: serve.open.or(file.open).unwrap_or(false),
            pinnable_clock: serve.pinnable_clock.or(file.pinnable_clock).unwrap_or(false),
            unique_business_ids: serve
                .unique_business_ids
                .or(file.unique_business_ids)
                .unwrap_or(false),
            quarantine: serve.quarantine,
            webhook: serve.webhook.or(file.webhook),
            webhook_secret: std::env::var("GREVY_WEBHOOK_SECRET").ok().or(file.webhook_secret),
            history: serve.history.or(file.history).unwrap_or(true),
            history_days: serve.history_days.or(file.history_days),
            tracking_days: serve.tracking_days.or(file.tracking_days).unwrap_or(TRACKING_DAYS),
            history_process_days: file.history_process_days,
            log_level: serve.log_level.or(file.log_level).unwrap_or_else(|| "info".to_owned()),
            log_format: serve.log_format.or(file.log_format).unwrap_or(LogFormat::Text),
            token: file.token,
        }
    }

    fn check(&self) -> Result<(), Failure> {
        if !self.bind.is_loopback() && self.token.is_empty() && !self.open {
            return Err(Failure(format!(
                "expected tokens in the configuration file, because {} can be reached from other \
                 machines, but there are none; 'grevy token NAME' makes one, --open lets \
                 everybody in",
                self.bind
            )));
        }
        if self.token.len() > TOKENS_MAX {
            let count = self.token.len();
            return Err(Failure(format!("expected at most {TOKENS_MAX} tokens, but got {count}")));
        }
        let mut names: Vec<&str> = self.token.iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        if let Some([name, _]) = names.array_windows().find(|[one, other]| one == other) {
            let text = format!("expected one token for each name, but '{name}' has several");
            return Err(Failure(text));
        }
        if self.open && !self.token.is_empty() {
            let text = "expected either tokens, or open, which lets everybody in without, but got \
                        both";
            return Err(Failure(text.to_owned()));
        }
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            let text = "expected both tls-certificate and tls-key, but only one is given";
            return Err(Failure(text.to_owned()));
        }
        if self.partitions == Some(0) {
            return Err(Failure("expected at least one partition, but got 0".to_owned()));
        }
        self.access().map(drop).map_err(Failure)
    }

    /// Who is told of incidents.
    pub fn webhook_target(&self) -> Option<Target> {
        let (url, secret) = (self.webhook.clone()?, self.webhook_secret.clone());
        Some(Target { url, secret, retry: Retry::default() })
    }

    /// How long history is kept; 0 days is for ever.
    pub fn retention(&self) -> history::Retention {
        let age = |days: u32| (days > 0).then(|| Duration::from_secs(u64::from(days) * 86_400));
        let process = |(id, days): (&String, &u32)| (id.clone(), age(*days));
        history::Retention {
            age: self.history_days.and_then(age),
            processes: self.history_process_days.iter().map(process).collect(),
        }
    }

    /// Who may call.
    pub fn access(&self) -> Result<Access, String> {
        let token = |entry: &TokenEntry| {
            let of = |error: String| format!("token '{}': {error}", entry.name);
            if entry.name.is_empty() || entry.name.contains(':') {
                // Basic authentication ends the name there.
                return Err(of("expected a name without ':', and not empty".to_owned()));
            }
            Ok(Token {
                name: entry.name.as_str().into(),
                sha256: parse_hex(&entry.sha256).map_err(of)?,
                role: Role::parse(&entry.role).map_err(of)?,
                process_prefix: entry.process_prefix.as_deref().map(Into::into),
            })
        };
        Ok(Access::new(self.token.iter().map(token).collect::<Result<_, String>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let file: File = toml::from_str("http-port = 1\ngrpc-port = 2\nmemory = true").unwrap();
        let serve = Serve { http_port: Some(0), ..Serve::default() };
        let settings = Settings::merge(serve, file);
        assert_eq!((settings.http_port, settings.grpc_port, settings.memory), (0, 2, true));
        assert_eq!(settings.data_dir, Path::new("./data"));
    }

    #[test]
    fn a_misspelt_setting_is_refused_with_its_place() {
        let error = toml::from_str::<File>("http_port = 1").unwrap_err().to_string();
        assert!(error.contains("http_port") && error.contains("line 1"), "{error}");
    }

    #[test]
    fn an_address_that_others_reach_needs_tokens_or_the_word() {
        let bind = Some(IpAddr::from([0, 0, 0, 0]));
        let closed = Settings::merge(Serve { bind, ..Serve::default() }, File::default());
        assert!(closed.check().is_err_and(|Failure(text)| text.contains("--open")));
        let serve = Serve { bind, open: Some(true), ..Serve::default() };
        assert!(Settings::merge(serve, File::default()).check().is_ok());
    }

    #[test]
    fn tokens_are_read_with_their_role() {
        let text = format!(
            "[[token]]\nname = 'order'\nsha256 = '{}'\nrole = 'admin'\nprocess-prefix = 'order-'",
            "ab".repeat(32)
        );
        let settings = Settings::merge(Serve::default(), toml::from_str(&text).unwrap());
        assert!(!settings.access().unwrap().is_open());
        let wrong = text.replace("admin", "king");
        let settings = Settings::merge(Serve::default(), toml::from_str(&wrong).unwrap());
        assert!(settings.access().unwrap_err().contains("token 'order'"));
    }
}
