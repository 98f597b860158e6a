//! Problem documents (RFC 9457): the title is the code word that clients look at.

use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::failure::{Failure, Kind};
use crate::limits::{DEPLOYMENT_BODY_BYTES_MAX, REST_BODY_BYTES_MAX};

/// A failure on its way out.
#[derive(Debug)]
pub struct Problem(pub Failure);

/// What a failed call answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemDetail)]
pub struct Detail {
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// A code word.
    #[schema(example = "NOT_FOUND")]
    title: String,
    status: u16,
    /// What was expected, and what was found.
    detail: String,
    /// Path of the call.
    instance: String,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        Problem(failure)
    }
}

/// Marks a response whose body [`complete`] writes.
#[derive(Debug, Clone)]
struct Unwritten {
    title: &'static str,
    detail: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, title) = status(self.0.kind);
        let mut response = status.into_response();
        response.extensions_mut().insert(Unwritten { title, detail: self.0.text });
        if status == StatusCode::UNAUTHORIZED {
            let value = HeaderValue::from_static("Bearer, Basic realm=\"grevy\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}

/// Says more in the words of a problem.
pub(super) fn add(response: &mut Response, text: &str) {
    if let Some(unwritten) = response.extensions_mut().get_mut::<Unwritten>() {
        unwritten.detail.push_str(text);
    }
}

fn status(kind: Kind) -> (StatusCode, &'static str) {
    match kind {
        Kind::InvalidArgument => (StatusCode::BAD_REQUEST, "INVALID_ARGUMENT"),
        Kind::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        Kind::AlreadyExists => (StatusCode::CONFLICT, "ALREADY_EXISTS"),
        Kind::InvalidState => (StatusCode::CONFLICT, "INVALID_STATE"),
        Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
        Kind::ResourceExhausted => (StatusCode::SERVICE_UNAVAILABLE, "RESOURCE_EXHAUSTED"),
        Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
        Kind::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED"),
        Kind::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
        Kind::PermissionDenied => (StatusCode::FORBIDDEN, "FORBIDDEN"),
        Kind::Unimplemented => (StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED"),
    }
}

/// Writes problems with the path of their call, also those that the library found before a handler
/// was reached: no route, wrong method, body too large. Counts and measures calls.
pub async fn complete(request: Request, next: Next) -> Response {
    let path = request.uri().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = known(request.method());
    let since = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str).to_owned();
    let code = status.as_str().to_owned();
    metrics::counter!("grevy_http_requests_total",
        "method" => method, "route" => route.clone(), "status" => code)
    .increment(1);
    metrics::histogram!("grevy_http_request_seconds", "route" => route)
        .record(since.elapsed().as_secs_f64());
    if status.is_client_error() || status.is_server_error() {
        write(response, path.path().to_owned()).await
    } else {
        response
    }
}

/// Anybody can send a method of any name, and each would be a series of its own for ever.
fn known(method: &http::Method) -> &'static str {
    const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    METHODS.into_iter().find(|known| method.as_str() == *known).unwrap_or("other")
}

/// Writes the body of a problem.
pub(super) async fn write(response: Response, instance: String) -> Response {
    let (mut parts, body) = response.into_parts();
    let status = parts.status;
    let (title, detail) = match parts.extensions.remove::<Unwritten>() {
        Some(known) => (known.title.to_owned(), known.detail),
        None if has_own_body(&parts.headers) => return Response::from_parts(parts, body),
        None => (code_word(status), words(body, status).await),
    };
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(path = instance, detail, "a call failed by a bug of ours");
    }
    let detail = Detail { r#type: "about:blank", title, status: status.as_u16(), detail, instance };
    let bytes = serde_json::to_vec(&detail).unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    let media = HeaderValue::from_static("application/problem+json");
    parts.headers.insert(header::CONTENT_TYPE, media);
    Response::from_parts(parts, Body::from(bytes))
}

/// The token endpoint answers in the words of OAuth.
fn has_own_body(headers: &http::HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|media| media == "application/json")
}

/// `Method Not Allowed` → `METHOD_NOT_ALLOWED`.
fn code_word(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Error");
    reason.to_uppercase().replace([' ', '-'], "_")
}

async fn words(body: Body, status: StatusCode) -> String {
    let bytes = to_bytes(body, 4_096).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match (text.is_empty(), status) {
        (_, StatusCode::PAYLOAD_TOO_LARGE) => format!(
            "Expected at most {} MiB in the body of a command, {} MiB in a deployment, but it has \
             more",
            REST_BODY_BYTES_MAX >> 20,
            DEPLOYMENT_BODY_BYTES_MAX >> 20
        ),
        (false, _) => text,
        (true, StatusCode::NOT_FOUND) => {
            "Expected a path of the API, but there is none like it; see /openapi.json".to_owned()
        }
        (true, StatusCode::METHOD_NOT_ALLOWED) => {
            "Expected another method for this path; see /openapi.json".to_owned()
        }
        (true, other) => other.canonical_reason().unwrap_or("Error").to_owned(),
    }
}
