//! What every operation of the document has in common, so that no handler says it again: how
//! failures look, and which of them any call of its kind can meet.

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::security::{
    ClientCredentials, Flow, Http, HttpAuthScheme, OAuth2, Scopes, SecurityRequirement,
    SecurityScheme,
};
use utoipa::openapi::{Content, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder};

/// Problem documents, RFC 9457.
const PROBLEM: &str = "application/problem+json";

/// Operations that refuse a part of what they may be asked, because it comes later.
const PARTLY: &[&str] = &[
    "completeJob",
    "correlateMessage",
    "createProcessInstance",
    "deleteResource",
    "modifyProcessInstance",
    "publishMessage",
];

/// Answered whoever calls.
const OPEN: &[&str] = &["getStatus", "getLicense"];

/// Completes the responses of all operations, and says how callers show who they are.
pub fn complete(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        operations(item).for_each(failures);
    }
    let components = document.components.get_or_insert_default();
    let scheme = |scheme| SecurityScheme::Http(Http::new(scheme));
    components.add_security_scheme("bearer", scheme(HttpAuthScheme::Bearer));
    components.add_security_scheme("basic", scheme(HttpAuthScheme::Basic));
    let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth/token", Scopes::new()));
    components.add_security_scheme("oauth", SecurityScheme::OAuth2(OAuth2::new([flow])));
    let none = std::iter::empty::<String>;
    // One of them, or none: a server without tokens asks for nothing.
    let ways = ["bearer", "basic", "oauth"].map(|name| SecurityRequirement::new(name, none()));
    document.security = Some(ways.into_iter().chain([SecurityRequirement::default()]).collect());
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn failures(operation: &mut Operation) {
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let place = |wanted: &ParameterIn| {
        parameters.iter().any(|own| matches!(own, RefOr::T(own) if own.parameter_in == *wanted))
    };
    let (in_path, in_query) = (place(&ParameterIn::Path), place(&ParameterIn::Query));
    let body = operation.request_body.is_some();
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let wanted = [
        ("400", in_path || in_query || body, "The request is at fault"),
        ("401", !OPEN.contains(&id), "Nobody that is known"),
        ("403", true, "Not allowed"),
        ("404", in_path, "There is none"),
        ("413", body, "Too large"),
        ("415", body, "Of another content type"),
        ("501", PARTLY.contains(&id), "A part that comes with a later version"),
        ("503", true, "Not now; again later"),
    ];
    let responses = &mut operation.responses.responses;
    for (status, _, text) in wanted.into_iter().filter(|(_, wanted, _)| *wanted) {
        let response = || ResponseBuilder::new().description(text).build().into();
        responses.entry(status.to_owned()).or_insert_with(response);
    }
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.as_str() >= "400") {
        if let RefOr::T(response) = response {
            problem(response);
        }
    }
}

fn problem(response: &mut Response) {
    let detail = Ref::from_schema_name("ProblemDetail");
    response.content.clear();
    let content = RefOr::T(Content::new(Some(detail)));
    response.content.insert(PROBLEM.to_owned(), content);
}
