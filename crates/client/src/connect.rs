//! Connecting.

use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

use crate::Error;
use crate::limits::{MESSAGE_BYTES_MAX, STREAM_WINDOW_BYTES};
use crate::proto::gateway_client::GatewayClient;

pub(crate) type Stub = GatewayClient<InterceptedService<Channel, Show>>;

/// A connection to a server; clones share it.
#[derive(Clone)]
pub struct Client {
    pub(crate) stub: Stub,
}

/// How to connect.
#[derive(Debug, Clone)]
pub struct Connect {
    address: String,
    token: Option<String>,
    authority: Option<Vec<u8>>,
}

/// Shows the token with each call.
#[derive(Clone)]
pub struct Show(Option<MetadataValue<Ascii>>);

impl Interceptor for Show {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

impl Client {
    /// Connects without a token. `address` is `http://host:port`, or `https://` for TLS.
    pub async fn connect(address: impl Into<String>) -> Result<Client, Error> {
        Client::at(address).connect().await
    }

    /// More choices.
    pub fn at(address: impl Into<String>) -> Connect {
        Connect { address: address.into(), token: None, authority: None }
    }
}

impl Connect {
    /// Shows this token with each call.
    pub fn token(mut self, token: impl Into<String>) -> Connect {
        self.token = Some(token.into());
        self
    }

    /// Trusts servers whose certificate this authority signed (PEM), and no others.
    pub fn authority(mut self, pem: impl Into<Vec<u8>>) -> Connect {
        self.authority = Some(pem.into());
        self
    }

    /// Makes the client. The server may still be away: calls are tried again.
    pub async fn connect(self) -> Result<Client, Error> {
        let wrong = |error: &dyn std::fmt::Display| {
            Error::invalid(format!("expected an address such as http://host:26500, but {error}"))
        };
        let secure = self.address.starts_with("https://");
        let mut endpoint = Endpoint::from_shared(self.address).map_err(|error| wrong(&error))?;
        if secure {
            let tls = match self.authority {
                Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
                None => ClientTlsConfig::new().with_webpki_roots(),
            };
            endpoint = endpoint.tls_config(tls).map_err(|error| wrong(&error))?;
        }
        let endpoint = endpoint
            .user_agent(concat!("grevy-client/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| wrong(&error))?
            .tcp_nodelay(true)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_while_idle(true);
        let token = self.token.map(|token| MetadataValue::try_from(format!("Bearer {token}")));
        let token = token.transpose().map_err(|_| {
            Error::invalid("expected a token of visible ASCII, but it has other characters")
        })?;
        let stub = GatewayClient::with_interceptor(endpoint.connect_lazy(), Show(token))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Client { stub })
    }
}
