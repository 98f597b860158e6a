use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use http::{Request, StatusCode};
use serde_json::{Value as Json, json};
use tokio_stream::StreamExt;
use tower::ServiceExt;

use crate::support::{ORDER, Rig, rig};

/// A client of the stream.
struct Client {
    body: BodyDataStream,
    text: String,
}

impl Client {
    async fn open(rig: &Rig, query: &str, last: Option<&str>) -> Client {
        let mut request = Request::get(format!("/grevy/v1/stream?{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = rig.app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Client { body: answer.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event: its id, its data. Heartbeats are none.
    async fn next(&mut self) -> (String, Json) {
        let next = tokio::time::timeout(Duration::from_secs(30), self.following()).await;
        next.expect("an event comes")
    }

    async fn following(&mut self) -> (String, Json) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .map(|text| text.trim().to_owned())
                };
                if let (Some(id), Some(data)) = (field("id:"), field("data:")) {
                    return (id, serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            let chunk = self.body.next().await.unwrap().unwrap();
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    async fn until(&mut self, kind: &str) -> Vec<(String, Json)> {
        let mut seen = Vec::new();
        loop {
            let (id, data) = self.next().await;
            let done = data["type"] == kind;
            seen.push((id, data));
            if done {
                return seen;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_cut_goes_on_behind_any_event() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    let key = rig.order("o-1", 200).await;
    rig.work("check-stock", false).await;
    let whole = Client::open(&rig, "from=start", None).await.until("instance.completed").await;
    let kinds: Vec<&str> = whole.iter().map(|(_, data)| data["type"].as_str().unwrap()).collect();
    for kind in [
        "instance.created",
        "variable.set",
        "flow.taken",
        "job.created",
        "job.activated",
        "job.completed",
        "element.activated",
        "element.completed",
    ] {
        assert!(kinds.contains(&kind), "{kind} is missing in {kinds:?}");
    }
    let job = whole.iter().find(|(_, data)| data["type"] == "job.created").unwrap();
    assert_eq!(
        (&job.1["elementId"], &job.1["detail"]["jobType"]),
        (&json!("check"), &json!("check-stock"))
    );
    assert_eq!(job.1["processInstanceKey"], key.to_string());
    assert_eq!(job.1["processDefinitionId"], "order");
    for at in 0..whole.len() - 1 {
        let (id, _) = &whole[at];
        let rest = Client::open(&rig, "", Some(id)).await.until("instance.completed").await;
        let rest: Vec<_> =
            rest.into_iter().filter(|(_, data)| data["type"] != "definition.deployed").collect();
        let expected: Vec<_> = whole[at + 1..]
            .iter()
            .filter(|(_, data)| data["type"] != "definition.deployed")
            .cloned()
            .collect();
        let data = |list: &[(String, Json)]| -> Vec<(Json, Json)> {
            list.iter().map(|(_, data)| (data["type"].clone(), data["detail"].clone())).collect()
        };
        assert_eq!(data(&rest), data(&expected), "behind {id}");
    }
}

/// `parent` calls `child`, which tells of itself in the same steps.
const CALLS: &str = r#"<process id="parent" isExecutable="true"><startEvent id="s"/>
  <sequenceFlow id="f1" sourceRef="s" targetRef="call"/>
  <callActivity id="call"><extensionElements><zeebe:calledElement processId="child"/>
  </extensionElements></callActivity><sequenceFlow id="f2" sourceRef="call" targetRef="e"/>
  <endEvent id="e"/></process>
  <process id="child" isExecutable="true"><startEvent id="cs"/>
  <sequenceFlow id="c1" sourceRef="cs" targetRef="ct"/>
  <userTask id="ct"/><sequenceFlow id="c2" sourceRef="ct" targetRef="ce"/>
  <endEvent id="ce"/></process>"#;

/// An id is the same whoever reads it, and from wherever: near, or from the tables far behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_stream_goes_on_behind_any_event_near_and_far() {
    let rig = rig().await;
    rig.deploy(CALLS).await;
    let body = json!({"processDefinitionId": "parent"});
    let (status, _) = rig.send("POST", "/v2/process-instances", body).await;
    assert_eq!(status, StatusCode::OK);
    let last = "element.activated";
    let is_task = |data: &Json| data["type"] == last && data["elementId"] == "ct";
    let read = async |query: &str, from: Option<&str>| {
        let mut client = Client::open(&rig, query, from).await;
        let mut seen = Vec::new();
        loop {
            let (id, data) = client.next().await;
            let done = is_task(&data);
            if data["type"] != "definition.deployed" {
                seen.push((id, data["type"].clone(), data["elementId"].clone()));
            }
            if done {
                return seen;
            }
        }
    };
    let wanted = "processDefinitionId=child";
    let near = read(&format!("{wanted}&from=start"), None).await;
    assert!(near.len() > 3, "{near:?}");
    for behind in [0, 2_400] {
        for number in 0..behind {
            rig.publish("nobody", &number.to_string()).await;
        }
        for at in 0..near.len() - 1 {
            let rest = read(wanted, Some(&near[at].0)).await;
            assert_eq!(rest, near[at + 1..], "behind {}, {behind} further on", near[at].0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_shows_what_happens_now_and_only_what_is_wanted() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    let other = rig.order("o-0", 10).await;
    let mut all = Client::open(&rig, "types=instance.created,incident.raised", None).await;
    let mut process =
        Client::open(&rig, "processDefinitionId=order&types=instance.created", None).await;
    let mut one =
        Client::open(&rig, &format!("processInstanceKey={other}&types=job.failed"), None).await;
    let key = rig.order("o-1", 10).await.to_string();
    assert_eq!(all.next().await.1["processInstanceKey"], key);
    assert_eq!(process.next().await.1["processInstanceKey"], key);
    rig.work("check-stock", true).await;
    rig.work("check-stock", true).await;
    assert_eq!(all.next().await.1["detail"]["errorType"], "JOB_NO_RETRIES");
    assert_eq!(one.next().await.1["processInstanceKey"], other.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_stream_is_refused_with_what_is_right() {
    let rig = rig().await;
    for (query, expected) in [
        ("types=job", "variable.set"),
        ("from=yesterday", "'start' or 'now'"),
        ("from=1:99999999", "a position that was reached"),
        ("from=9:1", "a position that was reached"),
        ("processInstanceKey=x", "a key of digits"),
    ] {
        let path = format!("/grevy/v1/stream?{query}");
        let (status, found) = rig.send("GET", &path, Json::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{found}");
        assert!(found["detail"].as_str().unwrap().contains(expected), "{found}");
    }
}

/// Many screens, one reading of the tables.
#[tokio::test(flavor = "multi_thread")]
async fn streams_share_what_one_of_them_reads() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    let mut clients = Vec::new();
    for _ in 0..40 {
        clients.push(Client::open(&rig, "types=instance.created", None).await);
    }
    for number in 0..5 {
        let key = rig.order(&format!("o-{number}"), 10).await.to_string();
        for client in &mut clients {
            assert_eq!(client.next().await.1["processInstanceKey"], key);
        }
    }
    let reads = rig.server.gateway().readback().unwrap().live().reads();
    assert!((1..=80).contains(&reads), "40 streams that read by themselves take 200: {reads}");
}
