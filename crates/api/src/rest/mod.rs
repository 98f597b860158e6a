//! The REST API v2: JSON in, JSON out. What a call means is in [`crate::gateway`]; the OpenAPI
//! document is made from the handlers.

mod attention;
mod body;
mod cluster;
mod console;
mod decisions;
mod deployments;
mod document;
mod expressions;
mod files;
mod incidents;
mod jobs;
mod jobs_types;
mod later;
mod messages;
mod migration;
mod modification;
mod operations;
mod origin;
mod page;
mod problem;
mod process_instances;
mod search;
mod signals;
pub mod site;
mod token;
mod types;
mod user_tasks;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::gateway::{Caller, Gateway};
use crate::input;
use crate::limits::{DEPLOYMENT_BODY_BYTES_MAX, REST_BODY_BYTES_MAX};

#[cfg(feature = "track")]
pub(crate) use body::Json as JsonBody;
pub use console::Overviews;
pub use origin::guarded;
pub use problem::Problem;
#[cfg(feature = "track")]
pub(crate) use problem::complete;

/// The engine's time, ms since 1970: what pages count ages from.
const TIME: http::HeaderName = http::HeaderName::from_static("grevy-time");

/// Head of the document.
#[derive(OpenApi)]
#[openapi(info(
    title = "Grevy REST API",
    description = "Deploy BPMN models, run instances, work on jobs. Keys are strings; errors are \
                   problem documents whose title is a code word."
))]
struct Document;

/// Everything under `/v2`, the console, the document, the page to try it, the token endpoint.
pub fn router(gateway: Gateway, metrics: Option<PrometheusHandle>, console: site::Files) -> Router {
    let (v2, document) = documented();
    let render = move || {
        std::future::ready(metrics.as_ref().map(PrometheusHandle::render).unwrap_or_default())
    };
    let v2 = v2
        .route("/metrics", get(render))
        .fallback(later::later)
        .method_not_allowed_fallback(later::method)
        .layer(middleware::from_fn(search::behind::told))
        .layer(middleware::from_fn_with_state(gateway.clone(), authenticate))
        .layer(DefaultBodyLimit::max(REST_BODY_BYTES_MAX));
    let open = Router::new()
        .route("/v2/status", get(cluster::status))
        .route("/v2/license", get(cluster::license))
        .route("/oauth/token", axum::routing::post(token::grant))
        .merge(page::router(document))
        .merge(site::router(console));
    open.merge(v2).layer(middleware::from_fn(problem::complete)).with_state(gateway)
}

/// The document that `/openapi.json` serves.
pub fn document() -> utoipa::openapi::OpenApi {
    documented().1
}

fn documented() -> (Router<Gateway>, utoipa::openapi::OpenApi) {
    let deployments = OpenApiRouter::new()
        .routes(routes!(deployments::create_deployment))
        .layer(DefaultBodyLimit::max(DEPLOYMENT_BODY_BYTES_MAX));
    let routes = OpenApiRouter::new()
        .routes(routes!(cluster::get_topology))
        .routes(routes!(cluster::get_authentication))
        .routes(routes!(cluster::pin_clock))
        .routes(routes!(cluster::reset_clock))
        .merge(deployments)
        .routes(routes!(deployments::delete_resource))
        .routes(routes!(process_instances::create_process_instance))
        .routes(routes!(process_instances::cancel_process_instance))
        .routes(routes!(process_instances::suspend_process_instance))
        .routes(routes!(process_instances::resume_process_instance))
        .routes(routes!(modification::modify_process_instance))
        .routes(routes!(migration::migrate_process_instance))
        .routes(routes!(process_instances::create_element_instance_variables))
        .routes(routes!(decisions::evaluate_decision))
        .routes(routes!(expressions::evaluate_expression))
        .routes(routes!(jobs::activate_jobs))
        .routes(routes!(jobs::complete_job))
        .routes(routes!(jobs::fail_job))
        .routes(routes!(jobs::throw_job_error))
        .routes(routes!(jobs::update_job))
        .routes(routes!(messages::publish_message))
        .routes(routes!(messages::correlate_message))
        .routes(routes!(signals::broadcast_signal))
        .routes(routes!(signals::evaluate_conditionals))
        .routes(routes!(user_tasks::complete_user_task))
        .routes(routes!(user_tasks::assign_user_task))
        .routes(routes!(user_tasks::unassign_user_task))
        .routes(routes!(user_tasks::update_user_task))
        .routes(routes!(incidents::resolve_incident))
        .merge(files::router())
        .merge(search::router());
    let described = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(cluster::get_status))
        .routes(routes!(cluster::get_license));
    let (_, open) = OpenApiRouter::<Gateway>::new().nest("/v2", described).split_for_parts();
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .nest("/v2", routes)
        .nest("/grevy/v1", console::router().routes(routes!(migration::check_migration)))
        .routes(routes!(attention::get_job_types))
        .routes(routes!(operations::get_partitions))
        .routes(routes!(operations::resume))
        .routes(routes!(operations::repair))
        .split_for_parts();
    document.merge(open);
    #[cfg(feature = "track")]
    document.merge(crate::tracking::document());
    document::complete(&mut document);
    (router, document)
}

/// What tells how far a start is does not wait for it; other reads do, and commands wait by
/// themselves.
const AT_ONCE: [&str; 4] =
    ["/v2/topology", "/v2/authentication/me", "/metrics", "/grevy/v1/partitions"];

/// Who calls; the handlers find it among the extensions.
async fn authenticate(
    State(gateway): State<Gateway>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let principal = match gateway.access().authenticate(text("authorization")) {
        Ok(principal) => principal,
        Err(failure) => return Problem(failure).into_response(),
    };
    let comment = match headers.get("grevy-comment").map(|text| input::comment(text.as_bytes())) {
        Some(Err(failure)) => return Problem(failure).into_response(),
        Some(Ok(comment)) => Some(comment),
        None => None,
    };
    let caller = Caller {
        principal,
        client: text("user-agent").map(Into::into),
        request_id: text("grevy-request-id").map(Into::into),
        trace: text("traceparent").map(Into::into),
        operation_reference: None,
        comment,
    };
    request.extensions_mut().insert(caller);
    let path = request.uri().path();
    let reads = request.method() == http::Method::GET || path.contains("/search");
    if reads && !AT_ONCE.contains(&path) {
        gateway.patience().await;
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(TIME, gateway.now().into());
    response
}
