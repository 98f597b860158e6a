//! What workers say beside variables, over REST: listeners of user tasks, leaders of ad-hoc
//! sub-processes.

use engine::command::DEFAULT_TENANT;
use http::StatusCode;
use serde_json::{Value as Json, json};

use super::support::{Rig, rig};

const REVIEW: &str = r#"<process id="review" isExecutable="true"><startEvent id="s"/>
  <sequenceFlow id="f" sourceRef="s" targetRef="look"/>
  <userTask id="look"><extensionElements><zeebe:userTask/>
  <zeebe:taskHeaders><zeebe:header key="form" value="big"/></zeebe:taskHeaders>
  <zeebe:taskListeners>
    <zeebe:taskListener eventType="creating" type="creating"/>
    <zeebe:taskListener eventType="assigning" type="assigning"/>
    <zeebe:taskListener eventType="completing" type="completing"/>
    <zeebe:taskListener eventType="canceling" type="canceling"/>
  </zeebe:taskListeners></extensionElements></userTask>
  <sequenceFlow id="g" sourceRef="look" targetRef="e"/><endEvent id="e"/></process>"#;

async fn job(rig: &Rig, job_type: &str) -> Json {
    let body = json!({"type": job_type, "timeout": 60_000, "maxJobsToActivate": 1,
        "requestTimeout": 10_000});
    let (status, jobs) = rig.send("POST", "/v2/jobs/activation", body).await;
    assert_eq!(status, StatusCode::OK, "{jobs}");
    jobs["jobs"][0].clone()
}

async fn answer(rig: &Rig, job: &Json, result: Json) -> (StatusCode, Json) {
    let path = format!("/v2/jobs/{}/completion", job["jobKey"].as_str().unwrap());
    rig.send("POST", &path, json!({"result": result})).await
}

async fn begin(rig: &Rig) -> String {
    rig.deploy(REVIEW).await;
    let body = json!({"processDefinitionId": "review", "tenantId": DEFAULT_TENANT});
    let (status, created) = rig.send("POST", "/v2/process-instances", body).await;
    assert_eq!(status, StatusCode::OK, "{created}");
    let asked = job(rig, "creating").await;
    let key = asked["userTask"]["userTaskKey"].as_str().unwrap().to_owned();
    assert_eq!(rig.get(&format!("/v2/user-tasks/{key}")).await["state"], "CREATING");
    let (status, said) = answer(rig, &asked, json!({"corrections": {"priority": 80}})).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    let task = rig.get(&format!("/v2/user-tasks/{key}")).await;
    assert_eq!((&task["state"], &task["priority"]), (&json!("CREATED"), &json!(80)));
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_completion_is_a_conflict_and_a_corrected_assignment_holds() {
    let rig = rig().await;
    let key = begin(&rig).await;
    let path = |what: &str| format!("/v2/user-tasks/{key}/{what}");

    let completion = path("completion");
    let complete = rig.send("POST", &completion, json!({"variables": {"ok": 1}}));
    let deny = async {
        let asked = job(&rig, "completing").await;
        assert_eq!(
            (&asked["kind"], &asked["listenerEventType"]),
            (&json!("TASK_LISTENER"), &json!("COMPLETING"),)
        );
        assert_eq!(asked["variables"], json!({"ok": 1}), "it sees what the completion brings");
        assert_eq!(asked["customHeaders"]["form"], "big");
        assert_eq!(asked["customHeaders"]["io.camunda.zeebe:action"], "complete");
        assert_eq!(rig.get(path("").trim_end_matches('/')).await["state"], "COMPLETING");
        let both = json!({"denied": true, "corrections": {"priority": 1}});
        assert_eq!(answer(&rig, &asked, both).await.0, StatusCode::BAD_REQUEST);
        let denied = json!({"type": "userTask", "denied": true, "deniedReason": "no signature"});
        let (status, said) = answer(&rig, &asked, denied).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    };
    let ((status, said), ()) = tokio::join!(complete, deny);
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
    assert!(said["detail"].as_str().unwrap().contains("'no signature'"), "{said}");
    let task = rig.get(path("").trim_end_matches('/')).await;
    assert_eq!((&task["state"], &task["assignee"]), (&json!("CREATED"), &json!(null)));

    let assignment = path("assignment");
    let assign = rig.send("POST", &assignment, json!({"assignee": "ann"}));
    let correct = async {
        let asked = job(&rig, "assigning").await;
        assert_eq!(asked["userTask"]["assignee"], "ann");
        assert_eq!(asked["userTask"]["changedAttributes"], json!(["assignee"]));
        let corrected = json!({"corrections": {"assignee": "bob", "dueDate": null}});
        assert_eq!(answer(&rig, &asked, corrected).await.0, StatusCode::NO_CONTENT);
    };
    let ((status, said), ()) = tokio::join!(assign, correct);
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    let task = rig.get(path("").trim_end_matches('/')).await;
    assert_eq!((&task["state"], &task["assignee"]), (&json!("CREATED"), &json!("bob")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_canceling_is_listened_to_is_canceling_until_then() {
    let rig = rig().await;
    let key = begin(&rig).await;
    let task = format!("/v2/user-tasks/{key}");
    let instance = rig.get(&task).await["processInstanceKey"].as_str().unwrap().to_owned();
    let path = format!("/v2/process-instances/{instance}/cancellation");
    assert_eq!(rig.send("POST", &path, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(rig.get(&task).await["state"], "CANCELING");
    let asked = job(&rig, "canceling").await;
    let denied = json!({"denied": true});
    assert_eq!(answer(&rig, &asked, denied).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(answer(&rig, &asked, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(rig.get(&task).await["state"], "CANCELED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_leads_an_ad_hoc_sub_process() {
    let rig = rig().await;
    rig.deploy(
        r#"<process id="agent" isExecutable="true"><startEvent id="s"/>
        <sequenceFlow id="f" sourceRef="s" targetRef="any"/>
        <adHocSubProcess id="any"><extensionElements><zeebe:taskDefinition type="leader"/>
        </extensionElements><serviceTask id="call" name="Call"><extensionElements>
        <zeebe:taskDefinition type="call"/></extensionElements></serviceTask></adHocSubProcess>
        <sequenceFlow id="g" sourceRef="any" targetRef="e"/><endEvent id="e"/></process>"#,
    )
    .await;
    let body = json!({"processDefinitionId": "agent"});
    let (status, created) = rig.send("POST", "/v2/process-instances", body).await;
    assert_eq!(status, StatusCode::OK, "{created}");
    let asked = job(&rig, "leader").await;
    assert_eq!(asked["kind"], "AD_HOC_SUB_PROCESS");
    let able = json!([{"elementId": "call", "elementName": "Call"}]);
    assert_eq!(asked["variables"]["adHocSubProcessElements"], able);
    let wrong = json!({"type": "adHocSubProcess", "activateElements": [{"elementId": "none"}]});
    assert_eq!(answer(&rig, &asked, wrong).await.0, StatusCode::BAD_REQUEST);
    let next = json!({"type": "adHocSubProcess",
        "activateElements": [{"elementId": "call", "variables": {"number": "555"}}]});
    assert_eq!(answer(&rig, &asked, next).await.0, StatusCode::NO_CONTENT);
    let call = job(&rig, "call").await;
    assert_eq!(call["variables"]["number"], "555");
    assert_eq!(answer(&rig, &call, json!({})).await.0, StatusCode::NO_CONTENT);
    let asked = job(&rig, "leader").await;
    let ends = json!({"type": "adHocSubProcess", "isCompletionConditionFulfilled": true});
    assert_eq!(answer(&rig, &asked, ends).await.0, StatusCode::NO_CONTENT);
    let instance = created["processInstanceKey"].as_str().unwrap();
    assert_eq!(rig.get(&format!("/v2/process-instances/{instance}")).await["state"], "COMPLETED");
}
