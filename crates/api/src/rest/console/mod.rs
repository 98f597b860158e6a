//! What the page needs beyond the contract, under `/grevy/v1`: one look at everything, heat,
//! explanations, changes of variables, and the live stream. `docs/guide/console-api.md` describes
//! the shapes.

mod changes;
mod diagram;
mod explain;
mod find;
mod heat;
mod overview;
mod stream;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::gateway::Gateway;

pub use overview::Overviews;

pub fn router() -> OpenApiRouter<Gateway> {
    OpenApiRouter::new()
        .routes(routes!(stream::stream))
        .routes(routes!(overview::overview))
        .routes(routes!(heat::heat))
        .routes(routes!(diagram::diagram))
        .routes(routes!(explain::explain))
        .routes(routes!(find::instances))
        .routes(routes!(find::subscriptions))
        .routes(routes!(changes::taken_flows))
        .routes(routes!(changes::variable_changes))
        .layer(DefaultBodyLimit::max(0))
        .merge(super::search::commented())
}
