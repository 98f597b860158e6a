//! What a server holds a bounded number of is refused in words when there is one too many.

use api::gateway::{Caller, JobFeed};
use api::limits::JOB_STREAMS_MAX;
use api::proto::{CompleteJobRequest, StreamActivatedJobsRequest};
use engine::command::LeaseJobs;
use http::StatusCode;
use serde_json::json;
use tonic::Code;

use crate::support::{SIMPLE, ready};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_stream_too_many_is_refused_with_a_status_until_one_closes() {
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    let gateway = wire.server.gateway();
    let caller = Caller {
        principal: gateway.access().authenticate(None).unwrap(),
        client: None,
        request_id: None,
        trace: None,
        operation_reference: None,
        comment: None,
    };
    let want = LeaseJobs {
        job_type: "work".into(),
        worker: "test".into(),
        timeout: 60_000,
        max_jobs: 1,
        fetch_variables: Vec::new(),
        tenants: vec!["<default>".into()],
    };
    let mut open: Vec<JobFeed> = Vec::new();
    for _ in 0..JOB_STREAMS_MAX {
        open.push(gateway.stream(&caller, want.clone()).await.unwrap());
    }
    let stream = StreamActivatedJobsRequest {
        r#type: "work".into(),
        worker: "late".into(),
        timeout: 60_000,
        ..Default::default()
    };
    let (code, text) = wire.routers.refused("StreamActivatedJobs", &stream).await;
    assert_eq!(code, Code::ResourceExhausted);
    let wanted = format!("Expected at most {JOB_STREAMS_MAX} job streams, but as many are open");
    assert_eq!(text, wanted);
    open.pop();
    assert!(gateway.stream(&caller, want).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_and_messages_that_are_too_large_are_refused_and_nothing_happens() {
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    wire.routers.create().await;
    let [job] = &wire.routers.jobs().await[..] else { panic!("one job") };
    let large = |bytes: usize| json!({"text": "x".repeat(bytes)}).to_string();
    let done = CompleteJobRequest {
        job_key: job.key,
        variables: large(engine::limits::VARIABLES_BYTES_MAX),
        ..Default::default()
    };
    let (code, text) = wire.routers.refused("CompleteJob", &done).await;
    assert_eq!(code, Code::InvalidArgument, "{text}");
    assert!(text.contains("xpected") && text.contains("bytes"), "{text}");
    let done = CompleteJobRequest { variables: large(17 << 20), ..done };
    let (code, text) = wire.routers.refused("CompleteJob", &done).await;
    assert_eq!(code, Code::ResourceExhausted, "{text}");
    assert!(text.starts_with("Expected a request of at most 16777216 bytes"), "{text}");
    let path = format!("/v2/jobs/{}/completion", job.key);
    let body = json!({"variables": {"text": "x".repeat(9 << 20)}});
    let (status, problem) = wire.routers.rest("POST", &path, body).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{problem}");
    // The job is still there.
    let (status, _) = wire.routers.rest("POST", &path, json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}
