//! The OpenAPI document and a page to try it; no script comes from anywhere else.

use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use http::header;

use crate::gateway::Gateway;

const PAGE: &str = include_str!("../../assets/api.html");
const SCRIPT: &str = include_str!("../../assets/api.js");
const STYLE: &str = include_str!("../../assets/api.css");

/// Only what this server serves may run or be asked for.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub fn router(document: utoipa::openapi::OpenApi) -> Router<Gateway> {
    let document: Arc<str> = document.to_json().unwrap_or_default().into();
    let json = [(header::CONTENT_TYPE, "application/json")];
    let script = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    let style = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    Router::new()
        .route("/openapi.json", get(move || async move { (json, document.to_string()) }))
        .route("/api", get(move || async move { (policy, Html(PAGE)) }))
        .route("/api.js", get(move || async move { (script, SCRIPT) }))
        .route("/api.css", get(move || async move { (style, STYLE) }))
}
