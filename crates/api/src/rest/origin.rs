//! Pages of others: a browser on the same machine reaches a server on loopback, and sends what any
//! page tells it to. It says where that page comes from, and under which name it knows the server.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::Uri;
use http::uri::Authority;

use super::problem::{self, Problem};
use crate::failure::{Failure, Kind};

/// The same pages behind a guard that no path leads around. `local`: the server is open to this
/// machine, and to nobody else.
pub fn guarded(pages: Router, local: bool) -> Router {
    pages.layer(middleware::from_fn_with_state(local, guard))
}

async fn guard(State(local): State<bool>, request: Request, next: Next) -> Response {
    match checked(local, &request) {
        Ok(()) => next.run(request).await,
        Err(failure) => {
            let path = request.uri().path().to_owned();
            problem::write(Problem(failure).into_response(), path).await
        }
    }
}

fn checked(local: bool, request: &Request) -> Result<(), Failure> {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    // Only a browser can be led astray by the names of others.
    let browser = text("user-agent").is_some_and(|agent| agent.starts_with("Mozilla/"));
    check(local && browser, request.uri(), text("host"), text("origin"))
}

/// Refuses what a page of another origin sends, and, on loopback, what came under a name that is
/// not of this machine (DNS rebinding).
fn check(local: bool, uri: &Uri, host: Option<&str>, origin: Option<&str>) -> Result<(), Failure> {
    let denied = |text: String| Err(Failure::new(Kind::PermissionDenied, text));
    let named = uri.authority().cloned().or_else(|| host?.parse::<Authority>().ok());
    let own = named.as_ref().map(Authority::host);
    if let Some(own) = own.filter(|own| local && !is_loopback(own)) {
        return denied(format!(
            "Expected a call of localhost, because the server is open to this machine alone, but \
             it names the host '{own}'; with tokens it listens to any name"
        ));
    }
    let Some(origin) = origin else { return Ok(()) };
    let from = origin.parse::<Uri>().ok().and_then(|uri| uri.authority().cloned());
    let same = match (from.as_ref().map(Authority::host), own) {
        (Some(from), Some(own)) => from == own || (is_loopback(from) && is_loopback(own)),
        (None, _) | (_, None) => false,
    };
    if same {
        return Ok(());
    }
    denied(format!("Expected a call from a page of this server, but the page is of '{origin}'"))
}

fn is_loopback(host: &str) -> bool {
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    let address = plain.parse::<std::net::IpAddr>();
    plain.eq_ignore_ascii_case("localhost")
        || plain.to_ascii_lowercase().ends_with(".localhost")
        || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(local: bool, host: &str, origin: Option<&str>) -> bool {
        check(local, &Uri::from_static("/v2/topology"), Some(host), origin).is_ok()
    }

    #[test]
    fn pages_of_others_are_refused_and_clients_are_not() {
        assert!(passes(true, "127.0.0.1:8080", None));
        assert!(passes(true, "[::1]:8080", None));
        assert!(passes(true, "localhost:8080", Some("http://localhost:8080")));
        assert!(passes(true, "localhost:8080", Some("http://127.0.0.1:5173")), "a page being made");
        assert!(!passes(true, "localhost:8080", Some("http://evil.example")));
        assert!(!passes(true, "localhost:8080", Some("null")));
        assert!(!passes(true, "evil.example:8080", None), "rebound to loopback");
        assert!(passes(false, "grevy.example", Some("https://grevy.example")));
        assert!(!passes(false, "grevy.example", Some("https://evil.example")));
        assert!(check(true, &Uri::from_static("/"), None, None).is_ok(), "HTTP/1.0");
    }
}
