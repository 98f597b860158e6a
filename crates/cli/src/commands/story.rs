//! The services of the story, one hidden command each: something to watch.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::put;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Failure;
use crate::events::remote_bus::RemoteBus;
use crate::events::story::{self, Fault, Service};

/// Where the events are.
#[derive(Args)]
struct Bus {
    /// Address of the server that has the bus.
    #[arg(
        long,
        value_name = "URL",
        env = "GREVY_ADDRESS",
        default_value = "http://127.0.0.1:8080"
    )]
    bus: String,
    #[arg(long, value_name = "TOKEN", env = "GREVY_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl Bus {
    fn open(self) -> RemoteBus {
        RemoteBus::new(&self.bus, self.token)
    }
}

/// Reacts to events of the story with its own, until it is ended.
#[derive(Args)]
pub struct React {
    #[command(flatten)]
    bus: Bus,
    /// Say nothing to every so many events: a service that loses messages.
    #[arg(long, value_name = "N", default_value_t = 0)]
    silent_every: u64,
}

impl React {
    pub fn run(self, service: &Service) -> Result<ExitCode, Failure> {
        let bus = self.bus.open();
        println!("{} reacts", service.name);
        story::serve(service, &bus, Fault { silent_every: self.silent_every })
    }
}

/// The shop: PUT /api/cart/order?customerId=NAME places an order and answers its trace id.
#[derive(Args)]
pub struct Checkout {
    #[command(flatten)]
    bus: Bus,
    /// Port of the shop; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8_091)]
    port: u16,
}

struct Shop {
    bus: RemoteBus,
    orders: AtomicU64,
}

impl Checkout {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let shop = Arc::new(Shop { bus: self.bus.open(), orders: AtomicU64::new(0) });
        let pages = axum::Router::new().route("/api/cart/order", put(place)).with_state(shop);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port);
        runtime.block_on(async {
            let (stop, stopping) = tokio::sync::watch::channel(false);
            let (address, served) = api::server::serve(address, pages, stopping).await?;
            println!("shop http://{address}/api/cart/order");
            served.await?;
            drop(stop);
            Ok(ExitCode::SUCCESS)
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cart {
    #[serde(default)]
    customer_id: String,
}

async fn place(
    State(shop): State<Arc<Shop>>,
    Query(cart): Query<Cart>,
) -> Result<Json<Value>, (StatusCode, String)> {
    let failed = |reason| (StatusCode::BAD_GATEWAY, reason);
    let trace: String = api::access::fresh().map_err(failed)?.chars().take(22).collect();
    let number = shop.orders.fetch_add(1, Ordering::Relaxed) + 1;
    let event = story::order_placed(&trace, number, &cart.customer_id);
    let published = tokio::task::spawn_blocking(move || shop.bus.publish(&event)).await;
    published.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    Ok(Json(json!({ "traceId": trace })))
}
