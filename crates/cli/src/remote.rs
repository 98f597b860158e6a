//! The server, as the commands ask it: REST, synchronous.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::Failure;
use crate::progress::Progress;

/// Bytes of an answer that a command reads.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// What a server takes at most, unless it is a deployment.
const COMMAND_BYTES_MAX: usize = 4 << 20;
/// A long poll of ten minutes and some.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(620);

/// Which server, and as whom.
#[derive(Args)]
pub struct Remote {
    /// Address of the server's REST API.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "GREVY_ADDRESS",
        value_parser = url,
        default_value = "http://127.0.0.1:8080"
    )]
    address: String,
    /// Token to show.
    #[arg(long, global = true, value_name = "TOKEN", env = "GREVY_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Certificate of the authority that signed the server's, PEM [default: Mozilla's].
    #[arg(long, global = true, value_name = "FILE", env = "GREVY_CA")]
    ca: Option<PathBuf>,
    /// Print the server's answer as JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// Status and body of an answer.
#[cfg(feature = "track")]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Remote {
    /// The server at this address.
    #[cfg(feature = "track")]
    pub fn at(address: String, token: Option<String>) -> Remote {
        Remote { address, token, ca: None, json: false }
    }

    /// Asks for something to be done elsewhere than in `/v2`; nothing is sent along.
    #[cfg(feature = "track")]
    pub fn ask_of(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.send_to("", method, path, Some("application/json"), bytes)
    }

    /// Posts under a request id, so that asking again is harmless. Any answer is one.
    #[cfg(feature = "track")]
    pub fn request(&self, path: &str, body: &Value, id: &str) -> Result<Answer, Failure> {
        let address = self.address.trim_end_matches('/').trim_end_matches("/v2");
        let url = format!("{address}{path}");
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIME_MAX))
            .build();
        let mut request = ureq::Agent::new_with_config(config)
            .post(&url)
            .header("content-type", "application/json")
            .header("grevy-request-id", id);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = request
            .send(body.to_string())
            .map_err(|error| Failure(format!("expected an answer of {url}, but {error}")))?;
        let status = answer.status().as_u16();
        let body = answer.into_body().into_with_config().limit(ANSWER_BYTES_MAX);
        Ok(Answer { status, text: body.read_to_string()? })
    }

    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send("GET", path, None, Vec::new())
    }

    /// Reads from another part of the API than `/v2`.
    pub fn get_from(&self, root: &str, path: &str) -> Result<Value, Failure> {
        self.send_to(root, "GET", path, None, Vec::new())
    }

    /// Asks another part of the API than `/v2` to do something.
    pub fn post_to(&self, root: &str, path: &str) -> Result<Value, Failure> {
        self.send_to(root, "POST", path, None, Vec::new())
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let bytes = body.to_string().into_bytes();
        self.send("POST", path, Some("application/json"), bytes)
    }

    pub fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let bytes = body.to_string().into_bytes();
        self.send("PUT", path, Some("application/json"), bytes)
    }

    pub fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let bytes = body.to_string().into_bytes();
        self.send("PATCH", path, Some("application/json"), bytes)
    }

    /// Sends a form of files, each a part named `resources`.
    pub fn upload(&self, path: &str, files: &[(String, Vec<u8>)]) -> Result<Value, Failure> {
        let mut boundary = "grevy".to_owned();
        while files.iter().any(|(_, bytes)| holds(bytes, boundary.as_bytes())) {
            boundary.push('x');
        }
        let mut body = Vec::new();
        for (name, bytes) in files {
            let name = name.replace(['"', '\r', '\n'], "_");
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"resources\"; \
                 filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
            );
            body.extend(head.as_bytes());
            body.extend(bytes);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").as_bytes());
        let media = format!("multipart/form-data; boundary={boundary}");
        self.send("POST", path, Some(&media), body)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        media: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Value, Failure> {
        self.send_to("/v2", method, path, media, body)
    }

    fn send_to(
        &self,
        root: &str,
        method: &str,
        path: &str,
        media: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Value, Failure> {
        let address = self.address.trim_end_matches('/').trim_end_matches("/v2");
        let url = format!("{address}{root}{path}");
        let mut request = ureq::http::Request::builder().method(method).uri(&url);
        request = request.header("user-agent", concat!("grevy-cli/", env!("CARGO_PKG_VERSION")));
        if let Some(media) = media {
            request = request.header("content-type", media);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let sent = body.len();
        let request = request.body(body).map_err(|error| Failure(format!("{url}: {error}")))?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIME_MAX))
            .tls_config(self.tls()?)
            .build();
        let _waiting = Progress::waiting(&format!("waiting for {url}"), self.json);
        let answer = ureq::Agent::new_with_config(config).run(request);
        let answer = answer.map_err(|error| unanswered(&url, sent, &error))?;
        let status = answer.status();
        let text =
            answer.into_body().into_with_config().limit(ANSWER_BYTES_MAX).read_to_string()?;
        let value = serde_json::from_str::<Value>(&text);
        if status.is_success() {
            // The gRPC port, or a server of somebody else, may answer with a success too.
            return match value {
                Ok(value) => Ok(value),
                Err(_) if status.as_u16() == 204 => Ok(Value::Null),
                Err(_) => Err(Failure(format!(
                    "expected Grevy's REST API at {address}, but {url} answered {status} without \
                     JSON; is this the address that the server prints as REST?"
                ))),
            };
        }
        let value = value.unwrap_or(Value::Null);
        let detail = value["detail"].as_str().unwrap_or(&text);
        Err(Failure(format!("{} ({status}): {detail}", value["title"].as_str().unwrap_or("error"))))
    }

    fn tls(&self) -> Result<TlsConfig, Failure> {
        let Some(file) = &self.ca else { return Ok(TlsConfig::default()) };
        let wrong = |error: &dyn std::fmt::Display| {
            Failure(format!("expected a PEM certificate in {}, but {error}", file.display()))
        };
        let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
        let ca = Certificate::from_pem(&pem).map_err(|error| wrong(&error))?;
        Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[ca])).build())
    }

    /// Prints the answer as JSON if that was asked for, else in words.
    pub fn tell(&self, answer: &Value, words: impl FnOnce()) {
        if self.json {
            println!("{answer:#}");
        } else {
            words();
        }
    }
}

/// Refuses what would end in an error of some library below.
fn url(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with(['/', ':']) => Ok(text.to_owned()),
        Some(_) | None if text.is_empty() => {
            Err("expected http://HOST:PORT, but it is empty".to_owned())
        }
        Some(_) | None => Err(format!("expected http://HOST:PORT, but got '{text}'")),
    }
}

/// Why there is no answer. A server that is sent too much answers and hangs up, and the answer may
/// be lost with what it did not read.
fn unanswered(url: &str, sent: usize, error: &ureq::Error) -> Failure {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    let hung_up = matches!(error, ureq::Error::Io(error)
        if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset));
    if hung_up && sent > COMMAND_BYTES_MAX {
        return Failure(format!(
            "expected a request that the server takes, but it has {sent} bytes: a command may have \
             4 MiB, a deployment 8 MiB"
        ));
    }
    let text = error.to_string();
    let advice = if text.contains("CaUsedAsEndEntity") {
        "the certificate says that it is an authority's; make one with basicConstraints CA:FALSE"
    } else if text.contains("certificate") {
        "--ca names the certificate that the server's was signed with"
    } else if text.contains("invalid HTTP version") {
        "does the server speak TLS, that is https://?"
    } else {
        "is the server running?"
    };
    Failure(format!("expected an answer of {url}, but {text}; {advice}"))
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A JSON object of an option: as it stands, or `@FILE`.
pub fn object(text: &str) -> Result<Value, Failure> {
    let read;
    let json = match text.strip_prefix('@') {
        Some(path) => {
            read = std::fs::read_to_string(path)
                .map_err(|error| Failure(format!("{path}: {error}")))?;
            &read
        }
        None => text,
    };
    match serde_json::from_str(json) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Failure("expected a JSON object, but got another JSON value".to_owned())),
        Err(error) => Err(Failure(format!("expected a JSON object, but {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        for right in ["http://localhost:9", "https://grevy.example", "http://[::1]:8080/v2"] {
            assert_eq!(url(right).as_deref(), Ok(right));
        }
        for wrong in ["", "localhost:9", "http://", "http://:80", "ftp://a"] {
            assert!(url(wrong).is_err_and(|why| why.contains("http://HOST:PORT")), "{wrong}");
        }
    }

    #[test]
    fn variables_are_objects() {
        assert!(object("{\"a\": 1}").is_ok());
        for wrong in ["1", "{", "@/does/not/exist"] {
            assert!(object(wrong).is_err(), "{wrong}");
        }
        assert!(holds(b"a--grevy", b"grevy") && !holds(b"ab", b"grevy"));
    }
}
