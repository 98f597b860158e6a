//! The client-credentials grant of OAuth 2 (RFC 6749, 4.4), because SDKs ask for a token by
//! default. It hands out the caller's own token, in the form of a JSON Web Token because some SDKs
//! read its claims: what a token may do is in [`crate::access`].

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use crate::access;
use crate::gateway::Gateway;

/// Tokens do not expire; clients want a number, and ask again after it.
const EXPIRES_IN_S: u32 = 3_600;

#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    id: Option<String>,
    secret: Option<String>,
}

/// `POST /oauth/token`, with a form or JSON, credentials in it or as basic authentication.
pub async fn grant(State(gateway): State<Gateway>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(mut form) = read(&headers, &body) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", "expected a form or JSON");
    };
    if let Some((id, secret)) = basic(&headers) {
        (form.id, form.secret) = (Some(id), Some(secret));
    }
    if form.grant_type.as_deref() != Some("client_credentials") {
        let text = "expected grant_type client_credentials";
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", text);
    }
    let (Some(id), Some(secret)) = (form.id, form.secret) else {
        let text = "expected client_id and client_secret";
        return refuse(StatusCode::UNAUTHORIZED, "invalid_client", text);
    };
    match gateway.access().grant(&id, &secret) {
        Ok(_) => {
            let token = json!({
                "access_token": access::as_jwt(&id, &secret, gateway.now(), EXPIRES_IN_S),
                "token_type": "Bearer",
                "expires_in": EXPIRES_IN_S,
                "scope": "",
            });
            ([(header::CACHE_CONTROL, "no-store")], Json(token)).into_response()
        }
        Err(failure) => refuse(StatusCode::UNAUTHORIZED, "invalid_client", &failure.text),
    }
}

fn refuse(status: StatusCode, error: &str, text: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": text }))).into_response()
}

fn read(headers: &HeaderMap, body: &[u8]) -> Option<Form> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
    let text = std::str::from_utf8(body).ok()?;
    let mut form = Form::default();
    if media.is_some_and(|media| media.starts_with("application/json")) {
        let object: serde_json::Value = serde_json::from_str(text).ok()?;
        for (name, value) in object.as_object()? {
            // What is no text is none of those that are read here.
            form.take(name, value.as_str().unwrap_or_default().to_owned());
        }
    } else {
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            form.take(&unescape(name)?, unescape(value)?);
        }
    }
    Some(form)
}

impl Form {
    fn take(&mut self, name: &str, value: String) {
        match name {
            "grant_type" => self.grant_type = Some(value),
            "client_id" => self.id = Some(value),
            "client_secret" => self.secret = Some(value),
            // Audience and scope are sent by every SDK and mean nothing here.
            _ => {}
        }
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest.trim()))?;
    let text = String::from_utf8(decoded.ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((unescape(id)?, unescape(secret)?))
}

/// `application/x-www-form-urlencoded`.
fn unescape(text: &str) -> Option<String> {
    percent(&text.replace('+', " "))
}

/// Bytes as `%XX` (RFC 3986).
pub(super) fn percent(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_unescaped_and_broken_ones_refused() {
        assert_eq!(unescape("a+b%3D%C3%A9").as_deref(), Some("a b=é"));
        assert_eq!(unescape("%4"), None);
        assert_eq!(unescape("%zz"), None);
        let form = read(&HeaderMap::new(), b"grant_type=client_credentials&client_id=a&x").unwrap();
        assert_eq!(form.id.as_deref(), Some("a"));
        assert!(read(&HeaderMap::new(), b"\xff").is_none());
    }
}
