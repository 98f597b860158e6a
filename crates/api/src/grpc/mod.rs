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
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;

use crate::gateway::{Caller, Gateway};
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

/// The gateway, standard health under its name, and reflection.
///
/// # Errors
/// Descriptors that cannot be read, which a test rules out.
pub async fn router(gateway: Gateway) -> Result<Router, String> {
    let service = GatewayServer::new(Service { gateway: gateway.clone() })
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(GRPC_MESSAGE_BYTES_MAX)
        .max_encoding_message_size(GRPC_MESSAGE_BYTES_MAX);
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<GatewayServer<Service>>().await;
    tokio::spawn(async move {
        gateway.stopped().await;
        reporter.set_not_serving::<GatewayServer<Service>>().await;
        reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
    });
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
    let reflection_v1 = reflection.build_v1().map_err(|error| error.to_string())?;
    let routes = Routes::new(service).add_service(health).add_service(reflection_v1);
    Ok(routes.into_axum_router().layer(axum::middleware::map_response(plain_message)))
}

impl Service {
    /// Who calls, from the metadata.
    fn caller(&self, metadata: &MetadataMap) -> Result<Caller, tonic::Status> {
        let text = |name: &str| metadata.get(name).and_then(|value| value.to_str().ok());
        let principal = self.gateway.access().authenticate(text("authorization"));
        Ok(Caller {
            principal: principal.map_err(status::of)?,
            client: text("user-agent").map(Into::into),
            request_id: text("grevy-request-id").map(Into::into),
            trace: text("traceparent").map(Into::into),
            operation_reference: None,
        })
    }
}
