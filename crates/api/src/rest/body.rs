//! Bodies of requests: JSON, or nothing where an action needs nothing.

use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::failure::Failure;

/// A JSON body that must be there.
pub struct Json<T>(pub T);

/// A JSON body, or none: some clients send the content type of JSON with nothing behind it.
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = axum::response::Response;

    async fn from_request(request: Request, state: &S) -> Result<Json<T>, Self::Rejection> {
        let bytes = read(request, state).await?;
        parse(&bytes).map(Json).map_err(reply)
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = axum::response::Response;

    async fn from_request(request: Request, state: &S) -> Result<OptionalJson<T>, Self::Rejection> {
        let bytes = read(request, state).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) || &*bytes == b"null" {
            return Ok(OptionalJson(T::default()));
        }
        parse(&bytes).map(OptionalJson).map_err(reply)
    }
}

fn reply(failure: Failure) -> axum::response::Response {
    axum::response::IntoResponse::into_response(Problem(failure))
}

async fn read<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<axum::body::Bytes, axum::response::Response> {
    use axum::response::IntoResponse;
    if !is_json(request.headers()) {
        let detail = "Expected a body of application/json, but it has another content type";
        return Err((http::StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into_response());
    }
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| encoding != "identity") {
        let detail = "Expected a body as it is, but it has a content encoding";
        return Err((http::StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into_response());
    }
    axum::body::Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)
}

/// `application/json`, any `application/…+json`, or no content type at all.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(media) = headers.get(header::CONTENT_TYPE) else { return true };
    let Ok(media) = media.to_str() else { return false };
    let media = media.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let expected = |but: String| {
        Failure::invalid(format!("Expected a body that fits the operation, but {but}"))
    };
    let text = std::str::from_utf8(bytes).map_err(|_| expected("it is not UTF-8".to_owned()))?;
    if text.trim().is_empty() {
        return Err(expected("it is empty".to_owned()));
    }
    // A list would be taken for the fields in their order.
    if text.trim_start().starts_with('[') {
        return Err(expected("it is a list, not an object".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| expected(error.to_string()))
}
