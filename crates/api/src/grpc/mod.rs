//! `gateway_protocol.Gateway`: messages in, messages out. What a call means is in
//! [`crate::gateway`].

mod convert;
mod decisions;
mod deployments;
mod elements;
mod instances;
mod jobs;
mod message_header;
mod service;
mod status;

use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;

use crate::gateway::{Caller, Gateway};
use crate::input;
use crate::limits::GRPC_MESSAGE_BYTES_MAX;
use crate::proto::DESCRIPTORS;
use crate::proto::gateway_server::GatewayServer;

pub use message_header::plain_message;
pub use status::code;

/// The service.
#[derive(Clone)]
pub struct Service {
    gateway: Gateway,
}

/// The gateway, standard health under its name, and reflection; `rest` is where REST is.
///
/// # Errors
/// Descriptors that cannot be read, which a test rules out.
pub async fn router(gateway: Gateway, rest: &str) -> Result<Router, String> {
    let service = GatewayServer::new(Service { gateway: gateway.clone() })
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(GRPC_MESSAGE_BYTES_MAX)
        .max_encoding_message_size(GRPC_MESSAGE_BYTES_MAX);
    let (reporter, health) = tonic_health::server::health_reporter();
    let told = async move |status: ServingStatus| {
        reporter.set_service_status(GatewayServer::<Service>::NAME, status).await;
        reporter.set_service_status("", status).await;
    };
    told(ServingStatus::NotServing).await;
    tokio::spawn(async move {
        if gateway.recovered().await {
            told(ServingStatus::Serving).await;
        }
        gateway.stopped().await;
        told(ServingStatus::NotServing).await;
    });
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let wrong = |error: tonic_reflection::server::Error| error.to_string();
    let routes = Routes::new(service)
        .add_service(health)
        .add_service(reflection().build_v1().map_err(wrong)?)
        // Tools that are older ask for this one.
        .add_service(reflection().build_v1alpha().map_err(wrong)?);
    let rest = rest.to_owned();
    let only_grpc =
        axum::middleware::from_fn(move |request, next| only_grpc(rest.clone(), request, next));
    Ok(routes
        .into_axum_router()
        .layer(axum::middleware::map_response(plain_message))
        .layer(only_grpc))
}

/// What is not gRPC is not for this port, and must not look as if it had been done: to a client of
/// REST the status 200 of every gRPC answer is a success.
async fn only_grpc(rest: String, request: Request, next: Next) -> Response {
    let media = request.headers().get(http::header::CONTENT_TYPE);
    let is_grpc = media.is_some_and(|media| media.as_bytes().starts_with(b"application/grpc"));
    if is_grpc {
        return next.run(request).await;
    }
    let text =
        format!("Expected gRPC on this port, but got plain HTTP; the REST API is at {rest}\n");
    (http::StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into_response()
}

impl Service {
    /// Who calls, from the metadata.
    fn caller(&self, metadata: &MetadataMap) -> Result<Caller, tonic::Status> {
        let text = |name: &str| metadata.get(name).and_then(|value| value.to_str().ok());
        let principal = self.gateway.access().authenticate(text("authorization"));
        let comment = metadata.get("grevy-comment").map(|text| input::comment(text.as_bytes()));
        Ok(Caller {
            principal: principal.map_err(status::of)?,
            client: text("user-agent").map(Into::into),
            request_id: text("grevy-request-id").map(Into::into),
            trace: text("traceparent").map(Into::into),
            operation_reference: None,
            comment: comment.transpose().map_err(status::of)?,
        })
    }
}
