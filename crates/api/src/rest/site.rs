//! The web console: files that the binary carries, at addresses that a colleague can open.

use std::borrow::Cow;

use axum::Router;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};

use crate::gateway::Gateway;

/// The bytes of a built file, by its path below the console's folder. It has none where the console
/// was not built: then a plain page says how to get it.
pub type Files = fn(&str) -> Option<Cow<'static, [u8]>>;

/// Every view is an address of its own, and all of them are the same page.
const VIEWS: &[&str] = &[
    "/",
    "/processes",
    "/processes/{key}",
    "/instances/{key}",
    "/incidents",
    "/flows/{process}",
    "/flows/{process}/{case}",
    "/trace/{id}",
];

/// Nothing comes from elsewhere and nothing goes there. Fonts and small pictures of the diagram
/// viewer are in its style sheet, as data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' \
                      data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const ABSENT: &str = include_str!("../../assets/no-console.html");

/// The name of a file has a hash of what is in it.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub fn router(files: Files) -> Router<Gateway> {
    let mut router = Router::new().route(
        "/assets/{name}",
        get(move |Path(name): Path<String>, headers: HeaderMap| async move {
            asset(files, &name, &headers)
        }),
    );
    for view in VIEWS {
        router =
            router.route(view, get(move |headers: HeaderMap| async move { page(files, &headers) }));
    }
    router
}

fn page(files: Files, headers: &HeaderMap) -> Response {
    let policy = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    match found(files, "index.html", headers) {
        Some(page) => (policy, page).into_response(),
        None => (policy, Html(ABSENT)).into_response(),
    }
}

/// They lie side by side: a name that leads elsewhere is none of them.
fn asset(files: Files, name: &str, headers: &HeaderMap) -> Response {
    let cache = [(header::CACHE_CONTROL, FOR_EVER), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    let file = match name.contains(['/', '\\']) {
        true => None,
        false => found(files, &format!("assets/{name}"), headers),
    };
    match file {
        Some(file) => (cache, file).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Packed where the browser takes it: the build leaves a packed copy beside each file.
fn found(files: Files, path: &str, headers: &HeaderMap) -> Option<Response> {
    let kind = [(header::CONTENT_TYPE, kind(path)), (header::VARY, "accept-encoding")];
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    if accepted.is_some_and(|value| value.contains("gzip"))
        && let Some(bytes) = files(&format!("{path}.gz"))
    {
        let packed = [(header::CONTENT_ENCODING, "gzip")];
        return Some((kind, packed, bytes.into_owned()).into_response());
    }
    let bytes = files(path)?;
    Some((kind, bytes.into_owned()).into_response())
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
