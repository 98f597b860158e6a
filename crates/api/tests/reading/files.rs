//! Forms and other files over REST.

use http::StatusCode;
use serde_json::{Value as Json, json};

use crate::decisions::deploy;
use crate::support::rig;

const LINKED: &str = include_str!("../../../../tests/conformance/models/linked.bpmn");
const FORM: &str = include_str!("../../../../tests/conformance/models/pick_changed.form");
const SCRIPT: &str = include_str!("../../../../tests/conformance/models/label.rpa");

#[tokio::test(flavor = "multi_thread")]
async fn forms_are_deployed_linked_and_read() {
    let rig = rig().await;
    let linked = LINKED.replace(
        r#"<bpmn:startEvent id="s" />"#,
        r#"<bpmn:startEvent id="s"><bpmn:extensionElements><zeebe:formDefinition formId="pick" />
        </bpmn:extensionElements></bpmn:startEvent>"#,
    );
    let files =
        [("linked.bpmn", &*linked), ("pick.form", FORM), ("label.rpa", SCRIPT), ("label.txt", "x")];
    let (status, deployed) = deploy(&rig, &files).await;
    assert_eq!(status, StatusCode::OK, "{deployed}");
    let entries = deployed["deployments"].as_array().unwrap();
    let (form, script) = (&entries[1]["form"], &entries[2]["resource"]);
    assert_eq!((&form["formId"], &form["version"]), (&json!("pick"), &json!(1)));
    assert_eq!(script["resourceId"], "label-script");
    assert_eq!(entries[3]["resource"]["resourceId"], "label.txt");
    let (key, script) =
        (form["formKey"].as_str().unwrap(), script["resourceKey"].as_str().unwrap());

    let read = rig.get(&format!("/v2/forms/{key}")).await;
    let expected = json!({"tenantId": "<default>", "formId": "pick", "schema": FORM, "version": 1,
        "formKey": key});
    assert_eq!(read, expected);
    let definition = entries[0]["processDefinition"]["processDefinitionKey"].as_str().unwrap();
    assert_eq!(rig.get(&format!("/v2/process-definitions/{definition}/form")).await, expected);
    let body = json!({"processDefinitionKey": definition});
    let (status, _) = rig.send("POST", "/v2/process-instances", body).await;
    assert_eq!(status, StatusCode::OK);
    let tasks = rig.search("/v2/user-tasks/search", json!({})).await;
    let tasks = tasks["items"].as_array().unwrap();
    assert_eq!(tasks.len(), 2, "{tasks:?}");
    for task in tasks {
        assert_eq!(task["formKey"], key);
        let own = format!("/v2/user-tasks/{}/form", task["userTaskKey"].as_str().unwrap());
        assert_eq!(rig.get(&own).await, expected);
    }

    let read = rig.get(&format!("/v2/resources/{script}")).await;
    assert_eq!((&read["resourceName"], &read["versionTag"]), (&json!("label.rpa"), &Json::Null));
    let content = rig.get(&format!("/v2/resources/{script}/content")).await;
    assert_eq!(content["id"], "label-script");
    let plain = entries[3]["resource"]["resourceKey"].as_str().unwrap();
    let (status, _) = rig.send("GET", &format!("/v2/resources/{plain}/content"), Json::Null).await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
    let bytes = rig.get(&format!("/v2/resources/{plain}/content/binary")).await;
    assert_eq!(bytes, "x");
    let (status, _) = rig.send("GET", &format!("/v2/forms/{script}"), Json::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    // A task that began with a form goes on with it.
    let path = format!("/v2/resources/{key}/deletion");
    assert_eq!(rig.send("POST", &path, Json::Null).await.0, StatusCode::OK);
    assert_eq!(rig.send("POST", &path, Json::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(rig.get(&format!("/v2/forms/{key}")).await["formId"], "pick");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_none_is_refused_with_the_reason() {
    let rig = rig().await;
    for (text, why) in [
        ("", "expected a file with content, but it is empty"),
        ("{", "expected JSON with an object, but"),
        ("[]", "expected JSON with an object, but it is a list"),
        ("{}", "expected an 'id', but it has none"),
        (r#"{"id": 7}"#, "expected a text as 'id', but it is 7"),
        (r#"{"id": "a", "versionTag": true}"#, "expected a text as 'versionTag', but it is true"),
    ] {
        let (status, told) = deploy(&rig, &[("pick.form", text)]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{text}: {told}");
        assert!(told["detail"].as_str().unwrap().contains(why), "{text}: {told}");
    }
    let twice = [("a.form", FORM), ("b.form", FORM)];
    let (_, told) = deploy(&rig, &twice).await;
    assert!(told["detail"].as_str().unwrap().contains("Duplicated form id"), "{told}");
}
