//! A server whose two routers are asked directly.

use api::access::Access;
use api::proto;
use api::server::{self, Config, Open, Server};
use axum::Router;
use axum::body::Body;
use axum::routing::post;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use prost::Message;
use serde_json::{Value as Json, json};
use tonic::Code;
use tower::ServiceExt;

/// start → job `work` → end.
pub const SIMPLE: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="test">
 <process id="simple" isExecutable="true"><startEvent id="start"/>
 <sequenceFlow id="a" sourceRef="start" targetRef="work"/>
 <serviceTask id="work"><extensionElements><zeebe:taskDefinition type="work"/>
 </extensionElements></serviceTask>
 <sequenceFlow id="b" sourceRef="work" targetRef="end"/><endEvent id="end"/></process>
</definitions>"#;

#[derive(Clone)]
pub struct Routers {
    rest: Router,
    grpc: Router,
}

pub struct Wire {
    pub server: Server,
    pub routers: Routers,
}

/// A server over the engine that `open` gives, maybe not yet.
pub async fn wire(partitions: u16, open: Open) -> Wire {
    let config = Config {
        grpc: ([127, 0, 0, 1], 0).into(),
        http: ([127, 0, 0, 1], 0).into(),
        tls: None,
        access: Access::default(),
        partitions,
        pinnable_clock: false,
        metrics: None,
        open,
        console: |_| None,
        pages: Router::new().route("/events", post(async || StatusCode::NO_CONTENT)),
        history: None,
    };
    let server = server::start(config).await.unwrap();
    let gateway = server.gateway().clone();
    let grpc = api::grpc::router(gateway.clone(), "http://127.0.0.1:8080/v2").await.unwrap();
    let rest = api::rest::router(gateway, None, |_| None);
    Wire { server, routers: Routers { rest, grpc } }
}

/// In memory, ready, with these files deployed.
pub async fn ready(files: &[(&str, &str)]) -> Wire {
    let wire = wire(1, Box::new(|_| grevy::Grevy::memory())).await;
    wire.server.ready().await.unwrap();
    wire.routers.deploy(files).await;
    wire
}

impl Routers {
    /// One message there, all messages back, or the status that the call ended with.
    pub async fn grpc<A: Message + Default>(
        &self,
        rpc: &str,
        message: &impl Message,
    ) -> Result<Vec<A>, (Code, String)> {
        let body = message.encode_to_vec();
        let mut frame = vec![0];
        frame.extend((body.len() as u32).to_be_bytes());
        frame.extend(body);
        let bytes = self.frame(rpc, frame).await?;
        let (mut rest, mut messages) = (&bytes[..], Vec::new());
        while let [0, a, b, c, d, behind @ ..] = rest {
            let (message, more) = behind.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
            messages.push(A::decode(message).unwrap());
            rest = more;
        }
        Ok(messages)
    }

    /// What is sent as it is, and the frames that come back.
    pub async fn frame(&self, rpc: &str, frame: Vec<u8>) -> Result<Vec<u8>, (Code, String)> {
        let path = match rpc.starts_with('/') {
            true => rpc.to_owned(),
            false => format!("/gateway_protocol.Gateway/{rpc}"),
        };
        let request =
            Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
        let answer = self.grpc.clone().oneshot(request.body(Body::from(frame)).unwrap());
        let (head, body) = answer.await.unwrap().into_parts();
        assert_eq!(head.status, StatusCode::OK, "gRPC tells what failed in its own status");
        let all = body.collect().await.unwrap();
        let trailers = all.trailers().cloned().unwrap_or_default();
        let told = |name: &str| trailers.get(name).or(head.headers.get(name)).cloned();
        let text = |name: &str| told(name).map(|v| v.to_str().unwrap().to_owned());
        let code = Code::from(text("grpc-status").unwrap().parse::<i32>().unwrap());
        if code != Code::Ok {
            return Err((code, text("grpc-message").unwrap_or_default()));
        }
        Ok(all.to_bytes().to_vec())
    }

    /// The only message of an answer.
    pub async fn one<A: Message + Default>(&self, rpc: &str, message: &impl Message) -> A {
        let mut messages = self.grpc(rpc, message).await.unwrap();
        assert_eq!(messages.len(), 1);
        messages.remove(0)
    }

    /// Why a call was refused.
    pub async fn refused(&self, rpc: &str, message: &impl Message) -> (Code, String) {
        self.grpc::<proto::TopologyResponse>(rpc, message).await.unwrap_err()
    }

    pub async fn rest(&self, method: &str, path: &str, body: Json) -> (StatusCode, Json) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = self.rest.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Json::Null))
    }

    pub async fn deploy(&self, files: &[(&str, &str)]) -> proto::DeployResourceResponse {
        let resource = |(name, text): &(&str, &str)| proto::Resource {
            name: (*name).to_owned(),
            content: text.as_bytes().to_vec(),
        };
        let resources = files.iter().map(resource).collect();
        let message = proto::DeployResourceRequest { resources, tenant_id: String::new() };
        self.one("DeployResource", &message).await
    }

    /// A new instance of `simple`.
    pub async fn create(&self) -> i64 {
        let (status, made) = self.rest("POST", "/v2/process-instances", simple()).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        made["processInstanceKey"].as_str().unwrap().parse().unwrap()
    }

    /// Leases the jobs of type `work` that are there.
    pub async fn jobs(&self) -> Vec<proto::ActivatedJob> {
        let want = proto::ActivateJobsRequest {
            r#type: "work".to_owned(),
            worker: "test".to_owned(),
            timeout: 600_000,
            max_jobs_to_activate: 100,
            request_timeout: 10_000,
            ..Default::default()
        };
        let answers = self.grpc::<proto::ActivateJobsResponse>("ActivateJobs", &want).await;
        answers.unwrap().into_iter().flat_map(|answer| answer.jobs).collect()
    }
}

pub fn simple() -> Json {
    json!({"processDefinitionId": "simple"})
}
