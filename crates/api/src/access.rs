//! Who calls, and what they may do: the one place that knows.
//!
//! Without tokens everybody may do everything; the server then listens on loopback only, unless
//! told otherwise. With tokens a caller shows one of them as `Bearer`, or its name and token as
//! `Basic`. Only the SHA-256 of a token is kept. That is no password hash, and need not be: tokens
//! are made by `grevy token` from 32 random bytes, so there is nothing to guess.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::failure::{Failure, Kind};

/// What a caller may do. Each role may also do what `Read` may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, deployments and operations included.
    Admin,
    /// Work on jobs and drive instances.
    Worker,
    /// Bring messages and events in.
    Ingest,
    /// Look.
    Read,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Read,
    /// Publish and correlate messages.
    Ingest,
    /// Create, cancel, set variables, resolve; everything about jobs.
    Work,
    /// Deploy and delete.
    Deploy,
    /// Clock and other operations of the cluster.
    Operate,
}

/// One entry of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub name: Arc<str>,
    pub sha256: [u8; 32],
    pub role: Role,
    /// Only processes whose id starts with it can be deployed or deleted.
    pub process_prefix: Option<Arc<str>>,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// `None` on an open server.
    pub name: Option<Arc<str>>,
    pub role: Role,
    pub process_prefix: Option<Arc<str>>,
}

/// Everybody who may call.
#[derive(Debug, Clone, Default)]
pub struct Access {
    tokens: Arc<[Token]>,
}

impl Role {
    /// Reads the name used in configuration files.
    pub fn parse(name: &str) -> Result<Role, String> {
        match name {
            "admin" => Ok(Role::Admin),
            "worker" => Ok(Role::Worker),
            "ingest" => Ok(Role::Ingest),
            "read" => Ok(Role::Read),
            other => {
                Err(format!("expected a role of admin, worker, ingest or read, but got '{other}'"))
            }
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Worker => "worker",
            Role::Ingest => "ingest",
            Role::Read => "read",
        }
    }

    fn may(self, action: Action) -> bool {
        match action {
            Action::Read => true,
            Action::Ingest => matches!(self, Role::Admin | Role::Worker | Role::Ingest),
            Action::Work => matches!(self, Role::Admin | Role::Worker),
            Action::Deploy | Action::Operate => matches!(self, Role::Admin),
        }
    }
}

impl Action {
    fn words(self) -> &'static str {
        match self {
            Action::Read => "read",
            Action::Ingest => "publish messages",
            Action::Work => "work on jobs and instances",
            Action::Deploy => "deploy or delete resources",
            Action::Operate => "operate the cluster",
        }
    }
}

impl Principal {
    /// The caller of an open server.
    pub fn anyone() -> Principal {
        Principal { name: None, role: Role::Admin, process_prefix: None }
    }

    /// Refuses what the role does not allow.
    pub fn require(&self, action: Action) -> Result<(), Failure> {
        if self.role.may(action) {
            return Ok(());
        }
        let (name, role) = (self.name.as_deref().unwrap_or("anyone"), self.role.name());
        Err(Failure::denied(format!(
            "Expected a caller that may {}, but '{name}' has the role {role}",
            action.words()
        )))
    }

    /// Refuses a process of another team.
    pub fn require_process(&self, process_id: &str) -> Result<(), Failure> {
        match &self.process_prefix {
            Some(prefix) if !process_id.starts_with(&**prefix) => Err(Failure::denied(format!(
                "Expected a process whose id starts with '{prefix}', because '{}' owns only \
                 those, but got '{process_id}'",
                self.name.as_deref().unwrap_or("anyone")
            ))),
            Some(_) | None => Ok(()),
        }
    }
}

impl Access {
    pub fn new(tokens: Vec<Token>) -> Access {
        Access { tokens: tokens.into() }
    }

    /// Nobody has to show anything.
    pub fn is_open(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Who calls, by the value of `authorization`; absent and empty are the same, because some
    /// clients send an empty one when they have nothing to show.
    pub fn authenticate(&self, header: Option<&str>) -> Result<Principal, Failure> {
        if self.is_open() {
            return Ok(Principal::anyone());
        }
        let header = header.unwrap_or("").trim();
        if header.is_empty() {
            return Err(unauthenticated("there is no authorization"));
        }
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        let found = if scheme.eq_ignore_ascii_case("bearer") {
            let given = rest.trim();
            self.find(None, given).or_else(|| self.find(None, &secret_of(given)?))
        } else if scheme.eq_ignore_ascii_case("basic") {
            let decoded = STANDARD.decode(rest.trim()).unwrap_or_default();
            let text = String::from_utf8(decoded).unwrap_or_default();
            text.split_once(':').and_then(|(name, token)| self.find(Some(name), token))
        } else {
            return Err(unauthenticated("the scheme is neither Bearer nor Basic"));
        };
        found.map(principal).ok_or_else(|| unauthenticated("nobody has the one that was given"))
    }

    /// The client-credentials grant: the id is the name, the secret the token, and the token
    /// itself is handed out.
    pub fn grant(&self, id: &str, secret: &str) -> Result<Principal, Failure> {
        if self.is_open() {
            return Ok(Principal::anyone());
        }
        let found = self.find(Some(id), secret);
        found.map(principal).ok_or_else(|| unauthenticated("nobody has this id and secret"))
    }

    fn find(&self, name: Option<&str>, token: &str) -> Option<&Token> {
        let digest = digest(token);
        let named = |entry: &&Token| name.is_none_or(|name| *entry.name == *name);
        self.tokens.iter().filter(named).find(|entry| entry.sha256 == digest)
    }
}

/// A token in the form of a JSON Web Token (RFC 7519), as SDKs want one that decode what they are
/// handed. It is not signed: the secret stands where a signature would, and only it is looked at.
pub fn as_jwt(name: &str, secret: &str, now_ms: i64, expires_in_s: u32) -> String {
    let now = now_ms.div_euclid(1_000);
    let claims = serde_json::json!({
        "iss": "grevy",
        "sub": name,
        "iat": now,
        "exp": now.saturating_add(i64::from(expires_in_s)),
    });
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let head = r#"{"alg":"none","typ":"JWT"}"#;
    [part(head), part(&claims.to_string()), part(secret)].join(".")
}

/// The secret of such a token.
fn secret_of(jwt: &str) -> Option<String> {
    let mut parts = jwt.split('.');
    let secret = parts.nth(2).filter(|_| parts.next().is_none())?;
    String::from_utf8(URL_SAFE_NO_PAD.decode(secret).ok()?).ok()
}

fn principal(token: &Token) -> Principal {
    Principal {
        name: Some(token.name.clone()),
        role: token.role,
        process_prefix: token.process_prefix.clone(),
    }
}

fn unauthenticated(but: &str) -> Failure {
    Failure::new(
        Kind::Unauthenticated,
        format!("Expected a bearer token, or a name and token as basic authentication, but {but}"),
    )
}

/// What the configuration keeps of a token.
pub fn digest(token: &str) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// A fresh token; the caller shows it once and keeps its digest.
pub fn fresh() -> Result<String, String> {
    use ring::rand::SecureRandom;
    let mut bytes = [0u8; 32];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "expected random bytes of the system, but it has none".to_string())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Hexadecimal form of a digest.
pub fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the hexadecimal form of a digest.
pub fn parse_hex(text: &str) -> Result<[u8; 32], String> {
    let wrong = || format!("expected 64 hexadecimal digits of a SHA-256, but got '{text}'");
    if text.len() != 64 || !text.is_ascii() {
        return Err(wrong());
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let digits = &text[2 * index..2 * index + 2];
        *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        let token = |name: &str, secret: &str, role, prefix: Option<&str>| Token {
            name: name.into(),
            sha256: digest(secret),
            role,
            process_prefix: prefix.map(Into::into),
        };
        Access::new(vec![
            token("order", "s1", Role::Admin, Some("order")),
            token("picker", "s2", Role::Worker, None),
        ])
    }

    #[test]
    fn an_open_server_takes_an_empty_header() {
        assert_eq!(Access::default().authenticate(Some("")), Ok(Principal::anyone()));
    }

    #[test]
    fn a_token_is_taken_as_bearer_and_as_basic_by_its_name_only() {
        let access = access();
        let bearer = access.authenticate(Some("bearer s2")).unwrap();
        assert_eq!(bearer.name.as_deref(), Some("picker"));
        let basic =
            |pair: &str| access.authenticate(Some(&format!("Basic {}", STANDARD.encode(pair))));
        assert_eq!(basic("picker:s2").unwrap(), bearer);
        assert_eq!(basic("order:s2").unwrap_err().kind, Kind::Unauthenticated);
        for wrong in
            [None, Some(""), Some("Bearer"), Some("Bearer s3"), Some("Basic %%"), Some("x")]
        {
            assert_eq!(access.authenticate(wrong).unwrap_err().kind, Kind::Unauthenticated);
        }
    }

    #[test]
    fn roles_bound_what_a_caller_may_do() {
        let worker = access().authenticate(Some("Bearer s2")).unwrap();
        assert_eq!(worker.require(Action::Work), Ok(()));
        let denied = worker.require(Action::Deploy).unwrap_err();
        assert_eq!(denied.kind, Kind::PermissionDenied);
        assert!(denied.text.contains("'picker' has the role worker"), "{denied}");
    }

    #[test]
    fn m6_a_team_cannot_touch_processes_outside_its_prefix() {
        let team = access().grant("order", "s1").unwrap();
        assert_eq!(team.require_process("order-fulfilment"), Ok(()));
        assert_eq!(team.require_process("payment").unwrap_err().kind, Kind::PermissionDenied);
    }

    #[test]
    fn digests_are_read_back() {
        let digest = digest("a");
        assert_eq!(parse_hex(&hex(&digest)), Ok(digest));
        assert!(parse_hex("zz").is_err());
        assert!(parse_hex(&"é".repeat(32)).is_err());
    }
}
