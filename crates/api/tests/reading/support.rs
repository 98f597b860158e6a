//! A server with history, asked without a socket.

use std::time::Duration;

use api::access::Access;
use api::readback::Keep;
use api::server::{self, Config, Server};
use api::webhook::Target;
use axum::Router;
use axum::body::Body;
use engine::command::LeaseJobs;
use grevy::Grevy;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value as Json, json};
use tower::ServiceExt;

pub struct Rig {
    pub server: Server,
    pub app: Router,
    pub engine: Grevy,
    pub folder: tempfile::TempDir,
}

/// check → in stock? → wait for the payment | tell that it is out of stock.
pub const ORDER: &str = r#"
  <message id="m-paid" name="paid"><extensionElements>
    <zeebe:subscription correlationKey="=orderId"/></extensionElements></message>
  <process id="order" name="Order" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="to-check" sourceRef="start" targetRef="check"/>
    <serviceTask id="check" name="Check stock"><extensionElements>
      <zeebe:taskDefinition type="check-stock" retries="1"/></extensionElements></serviceTask>
    <sequenceFlow id="to-stock" sourceRef="check" targetRef="stock"/>
    <exclusiveGateway id="stock" default="out"/>
    <sequenceFlow id="in" sourceRef="stock" targetRef="paid">
      <conditionExpression>=amount &lt; 100</conditionExpression></sequenceFlow>
    <sequenceFlow id="out" sourceRef="stock" targetRef="sorry"/>
    <intermediateCatchEvent id="paid"><messageEventDefinition messageRef="m-paid"/>
    </intermediateCatchEvent>
    <sequenceFlow id="to-done" sourceRef="paid" targetRef="done"/>
    <endEvent id="done"/>
    <endEvent id="sorry"/>
  </process>"#;

pub async fn rig() -> Rig {
    let folder = tempfile::tempdir().unwrap();
    start(folder, None).await
}

pub async fn start(folder: tempfile::TempDir, webhook: Option<Target>) -> Rig {
    start_with(folder, webhook, |builder| builder).await
}

/// As `start`, with an engine that is set up otherwise.
pub async fn start_with(
    folder: tempfile::TempDir,
    webhook: Option<Target>,
    change: fn(grevy::Builder) -> grevy::Builder,
) -> Rig {
    let data = folder.path().join("data");
    let history = folder.path().join("history");
    let keep = Keep { folder: history, retention: Default::default(), webhook };
    let config = Config {
        grpc: ([127, 0, 0, 1], 0).into(),
        http: ([127, 0, 0, 1], 0).into(),
        tls: None,
        access: Access::default(),
        partitions: 2,
        pinnable_clock: false,
        metrics: None,
        open: Box::new(move |_| change(Grevy::builder().folder(data).partitions(2)).open()),
        console: |_| None,
        pages: Router::new(),
        history: Some(keep),
    };
    let server = server::start(config).await.unwrap();
    server.ready().await.unwrap();
    let gateway = server.gateway().clone();
    let engine = gateway.engine().unwrap();
    let app = api::rest::router(gateway, None, |_| None);
    Rig { server, app, engine, folder }
}

impl Rig {
    /// Ends the server and keeps its folder.
    pub async fn stop(self) -> tempfile::TempDir {
        let Rig { server, app, engine, folder } = self;
        drop((app, engine));
        server.stop().await;
        folder
    }

    pub async fn call(&self, request: Request<Body>) -> (StatusCode, Json) {
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let behind = answer.headers().get("grevy-history-behind").cloned();
        assert_eq!(behind, None, "history keeps up in a test");
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (status, serde_json::from_slice(&bytes).unwrap_or(Json::String(text)))
    }

    pub async fn send(&self, method: &str, path: &str, body: Json) -> (StatusCode, Json) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        self.call(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// What a search finds.
    pub async fn search(&self, path: &str, body: Json) -> Json {
        let (status, found) = self.send("POST", path, body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{path} {body}: {found}");
        found
    }

    /// One field of each of the items that a search finds.
    pub async fn column(&self, path: &str, body: Json, field: &str) -> Vec<String> {
        let found = self.search(path, body).await;
        let items = found["items"].as_array().unwrap();
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        items.iter().map(|item| text(&item[field])).collect()
    }

    pub async fn get(&self, path: &str) -> Json {
        let (status, found) = self.call(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{path}: {found}");
        found
    }

    /// The detail of a refused call.
    pub async fn refused(&self, path: &str, body: Json) -> String {
        let (status, found) = self.send("POST", path, body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}: {found}");
        assert_eq!(found["title"], "INVALID_ARGUMENT");
        assert_eq!(found["instance"], path);
        found["detail"].as_str().unwrap().to_owned()
    }

    pub async fn deploy(&self, body: &str) -> i64 {
        let xml = format!(
            "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
             targetNamespace=\"test\" \
             xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\">{body}</definitions>"
        );
        let deployed = self.engine.deploy("order.bpmn", xml).await.unwrap();
        deployed.processes[0].definition
    }

    pub async fn order(&self, id: &str, amount: i64) -> i64 {
        let body = json!({
            "processDefinitionId": "order",
            "variables": {"orderId": id, "amount": amount, "customer": {"name": "Ann", "vip": amount > 50}},
        });
        let (status, created) = self.send("POST", "/v2/process-instances", body).await;
        assert_eq!(status, StatusCode::OK, "{created}");
        created["processInstanceKey"].as_str().unwrap().parse().unwrap()
    }

    /// Leases a job and says how it went.
    pub async fn work(&self, job_type: &str, fails: bool) -> i64 {
        let want = LeaseJobs {
            job_type: job_type.into(),
            worker: "tester".into(),
            timeout: 60_000,
            max_jobs: 1,
            fetch_variables: Vec::new(),
            tenants: vec!["<default>".into()],
        };
        let jobs = self.engine.activate_jobs(want, Duration::from_secs(10)).await.unwrap();
        let job = jobs[0].key;
        let (path, body) = match fails {
            false => ("completion", json!({"variables": {"checked": true}})),
            true => ("failure", json!({"retries": 0, "errorMessage": "no connection to shelf 17"})),
        };
        let (status, told) = self.send("POST", &format!("/v2/jobs/{job}/{path}"), body).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{told}");
        // A subscription opens at the partition of its key.
        tokio::task::block_in_place(|| self.engine.settle());
        job
    }

    pub async fn publish(&self, name: &str, key: &str) {
        let body =
            json!({"name": name, "correlationKey": key, "timeToLive": 60_000, "variables": {}});
        let (status, told) = self.send("POST", "/v2/messages/publication", body).await;
        assert_eq!(status, StatusCode::OK, "{told}");
    }
}
