//! A browser on this machine sends what any page tells it to: no path may take it.

use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{SIMPLE, Wire, ready};

/// What the server answers to a call with these headers, over the wire: its status and body.
async fn call(wire: &Wire, head: &str, headers: &str) -> (u16, Json) {
    let mut stream = TcpStream::connect(wire.server.http).await.unwrap();
    let request =
        format!("{head} HTTP/1.1\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap_or(Json::Null))
}

/// Pages that are merged beside the API, what is open to everybody, and what is not there.
const CALLS: [&str; 6] = [
    "POST /events",
    "POST /oauth/token",
    "GET /v2/topology",
    "GET /v2/status",
    "GET /",
    "GET /no-such-path",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_path_takes_what_a_page_of_others_sends() {
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    let own = "host: localhost\r\n";
    let foreign = format!("{own}origin: https://evil.example\r\n");
    let rebound = "host: evil.example\r\nuser-agent: Mozilla/5.0\r\n";
    for head in CALLS {
        let path = head.split(' ').nth(1).unwrap();
        for headers in [&*foreign, rebound] {
            let (status, told) = call(&wire, head, headers).await;
            assert_eq!(status, 403, "{head}: {told}");
            assert_eq!((&told["title"], &told["instance"]), (&"FORBIDDEN".into(), &path.into()));
            assert!(told["detail"].as_str().unwrap().starts_with("Expected a call "), "{told}");
        }
        let (status, told) = call(&wire, head, own).await;
        assert_ne!(status, 403, "{head}: {told}");
    }
    let (status, told) = call(&wire, "POST /events", own).await;
    assert_eq!(status, 204, "{told}");
}
