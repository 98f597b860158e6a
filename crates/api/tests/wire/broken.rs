//! Every rpc and every operation of the document, with frames that are cut off or are not what
//! they say, and after the server began to end: an answer that blames whom it should, never an
//! internal error. What can be sent through a client's library is in `tests/clients`.

use http::StatusCode;
use serde_json::{Value as Json, json};
use tonic::Code;

use crate::support::{Routers, SIMPLE, ready, simple};

/// All rpcs.
fn rpcs() -> Vec<&'static str> {
    let lines = include_str!("../../proto/gateway.proto").lines();
    let rpcs = lines.filter_map(|line| line.trim().strip_prefix("rpc "));
    rpcs.filter_map(|rpc| rpc.split_whitespace().next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_cut_off_or_lies_is_the_callers_fault_on_every_rpc() {
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    let frames: [&[u8]; 8] = [
        b"",
        // Half a head, a head alone, half a message, a length of 4 GiB.
        b"\0\0\0",
        b"\0\0\0\0\x05",
        b"\0\0\0\0\x64\x0a\x02ab",
        b"\0\xff\xff\xff\xffabc",
        // Said to be compressed, by nobody knows what; a flag that there is not.
        b"\x01\0\0\0\x02\x0a\0",
        b"\x07\0\0\0\x02\x0a\0",
        // Text that is not UTF-8.
        b"\0\0\0\0\x04\x0a\x02\xff\xfe",
    ];
    let rpcs = rpcs();
    assert_eq!(rpcs.len(), 22, "{rpcs:?}");
    for rpc in &rpcs {
        for frame in frames {
            let what = format!("{rpc} {frame:?}");
            match wire.routers.frame(rpc, frame.to_vec()).await {
                // A request without fields takes whatever a newer client sends.
                Ok(_) => assert!(*rpc == "Topology" && frame.ends_with(b"\xff\xfe"), "{what}"),
                Err((code, text)) => {
                    let blames =
                        [Code::InvalidArgument, Code::Unimplemented, Code::ResourceExhausted];
                    assert!(blames.contains(&code), "{what}: {code:?} {text}");
                    assert!(text.contains("xpected"), "{what}: {text}");
                }
            }
        }
    }
}

/// Operations of the document with their methods, keys filled in.
async fn operations(routers: &Routers) -> Vec<(String, String)> {
    let (_, document) = routers.rest("GET", "/openapi.json", Json::Null).await;
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let stream = &operation["responses"]["200"]["content"]["text/event-stream"];
            if stream.is_null() {
                let parts = path.split('/');
                let filled =
                    parts.map(|part| if part.starts_with('{') { "2251799813685249" } else { part });
                found.push((method.to_uppercase(), filled.collect::<Vec<_>>().join("/")));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_after_the_end_began_is_told_so_on_every_rpc_and_operation() {
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    wire.routers.create().await;
    let routers = wire.routers.clone();
    let operations = operations(&routers).await;
    wire.server.stop().await;
    let (mut away, mut other) = (0, Vec::new());
    for (method, path) in &operations {
        let body = if path == "/v2/process-instances" { simple() } else { json!({}) };
        let (status, problem) = routers.rest(method, path, body).await;
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                away += 1;
                assert_eq!(problem["title"], "UNAVAILABLE", "{method} {path}: {problem}");
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains("shutting down"), "{method} {path}: {detail}");
            }
            status if status.is_server_error() => panic!("{method} {path}: {status} {problem}"),
            // It needs no engine, or found what is wrong with the body before it asked for one.
            _ => other.push(format!("{method} {path} {status}")),
        }
    }
    assert!(away > operations.len() / 2, "{away} of {}: {other:?}", operations.len());
    for rpc in rpcs() {
        match routers.frame(rpc, vec![0, 0, 0, 0, 0]).await {
            Ok(_) => assert_eq!(rpc, "Topology"),
            Err((code, text)) => {
                let known =
                    [Code::Unavailable, Code::InvalidArgument, Code::Unimplemented, Code::NotFound];
                assert!(known.contains(&code), "{rpc}: {code:?} {text}");
                assert!(text.contains("xpected"), "{rpc}: {text}");
            }
        }
    }
}
