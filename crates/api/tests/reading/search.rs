use http::StatusCode;
use serde_json::{Value as Json, json};

use crate::support::{ORDER, Rig, rig, start};

/// Every list, with a field that it can be filtered by and one that it can be sorted by.
const LISTS: &[(&str, &str, &str)] = &[
    ("/v2/process-definitions/search", "processDefinitionId", "version"),
    ("/v2/process-instances/search", "processInstanceKey", "startDate"),
    ("/v2/element-instances/search", "elementId", "startDate"),
    ("/v2/element-instances/wait-states/search", "elementId", "processInstanceKey"),
    ("/v2/variables/search", "name", "name"),
    ("/v2/jobs/search", "type", "jobKey"),
    ("/v2/incidents/search", "errorType", "creationTime"),
    ("/v2/message-subscriptions/search", "messageName", "messageName"),
    ("/v2/correlated-message-subscriptions/search", "messageName", "correlationTime"),
    ("/v2/messages/search", "messageName", "publishTime"),
    ("/v2/audit-logs/search", "operationType", "timestamp"),
    ("/v2/user-tasks/search", "assignee", "creationDate"),
    ("/v2/decision-definitions/search", "name", "version"),
    ("/v2/decision-requirements/search", "resourceName", "version"),
    ("/v2/decision-instances/search", "tenantId", "evaluationDate"),
    ("/v2/batch-operations/search", "actorId", "startDate"),
    ("/v2/batch-operation-items/search", "itemKey", "itemKey"),
    (
        "/v2/process-definitions/statistics/process-instances",
        "processDefinitionId",
        "processDefinitionId",
    ),
    ("/v2/incidents/statistics/process-instances-by-error", "errorMessage", "errorMessage"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_list_answers_pages_and_refuses_what_it_does_not_know() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    for (path, filter, sort) in LISTS {
        let found = rig.search(path, json!({})).await;
        assert!(found["items"].is_array(), "{path}: {found}");
        let page = found["page"].as_object().unwrap();
        for field in ["totalItems", "hasMoreTotalItems", "startCursor", "endCursor"] {
            assert!(page.contains_key(field), "{path} has no {field}: {found}");
        }
        rig.search(path, json!({"sort": [{"field": sort, "order": "desc"}]})).await;
        let text = rig.refused(path, json!({"filter": {"colour": "red"}})).await;
        assert!(text.contains(filter) && text.contains("'colour'"), "{path}: {text}");
        let text = rig.refused(path, json!({"sort": [{"field": "colour"}]})).await;
        assert!(text.contains(sort) && text.contains("'colour'"), "{path}: {text}");
        let text = rig.refused(path, json!({"page": {"limit": 10_001}})).await;
        assert!(text.contains("10000"), "{path}: {text}");
        let text = rig.refused(path, json!({"page": {"after": "?"}})).await;
        assert!(text.contains("cursor"), "{path}: {text}");
        let text = rig.refused(path, json!({"limit": 1})).await;
        assert!(text.contains("[filter, sort, page]"), "{path}: {text}");
        let text = rig.refused(path, json!([])).await;
        assert!(text.contains("an object"), "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_reads_its_own_writes() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    for number in 0..25 {
        let key = rig.order(&format!("o-{number}"), number).await.to_string();
        let found = rig.get(&format!("/v2/process-instances/{key}")).await;
        assert_eq!(
            (&found["state"], &found["processDefinitionId"]),
            (&json!("ACTIVE"), &json!("order"))
        );
        let wanted = json!({"filter": {"processInstanceKey": key}});
        let jobs = rig.column("/v2/jobs/search", wanted, "type").await;
        assert_eq!(jobs, ["check-stock"]);
    }
    let found = rig.search("/v2/process-instances/search", json!({"page": {"limit": 3}})).await;
    assert_eq!(found["page"]["totalItems"], 25);
    assert_eq!(found["items"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_take_operators_variables_and_or() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    for (id, amount) in [("a-1", 10), ("a-2", 60), ("b-1", 120)] {
        rig.order(id, amount).await;
    }
    let path = "/v2/process-instances/search";
    let all = json!({});
    let keys = rig.column(path, all, "processInstanceKey").await;
    for (filter, expected) in [
        (json!({"state": "active"}), 3),
        (json!({"state": {"$neq": "ACTIVE"}}), 0),
        (json!({"processInstanceKey": {"$in": [keys[0], keys[1]]}}), 2),
        (json!({"processInstanceKey": {"$notIn": [keys[0]]}}), 2),
        (json!({"processDefinitionId": {"$like": "ord*"}}), 3),
        (json!({"businessId": {"$exists": true}}), 0),
        (json!({"endDate": {"$exists": false}, "startDate": {"$gt": "2020-01-01T00:00:00Z"}}), 3),
        (json!({"startDate": {"$lt": "2020-01-01T00:00:00Z"}}), 0),
        (json!({"variables": [{"name": "orderId", "value": "\"a-1\""}]}), 1),
        (json!({"variables": [{"name": "amount", "value": {"$gte": "60"}}]}), 2),
        (json!({"variables": [{"name": "amount", "value": {"$gt": "9", "$lt": "100"}}]}), 2),
        (
            json!({"variables": [{"name": "orderId", "value": {"$like": "*a-*"}},
            {"name": "amount", "value": "60"}]}),
            1,
        ),
        (json!({"variables": [{"name": "customer", "path": "vip", "value": "true"}]}), 2),
        (
            json!({"$or": [{"variables": [{"name": "amount", "value": "10"}]},
            {"variables": [{"name": "amount", "value": "120"}]}]}),
            2,
        ),
        (json!({"$or": [{"state": "COMPLETED"}, {"processInstanceKey": keys[2]}]}), 1),
        (json!({"elementId": "check", "elementInstanceState": "ACTIVE"}), 3),
        (json!({"elementId": "paid"}), 0),
        // One element must pass both.
        (json!({"elementId": "start", "elementInstanceState": "ACTIVE"}), 0),
        (json!({"elementId": "start", "elementInstanceState": "COMPLETED"}), 3),
        (json!({"hasIncident": true}), 0),
    ] {
        let found = rig.search(path, json!({"filter": filter})).await;
        assert_eq!(found["page"]["totalItems"], expected, "{filter}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lead_forth_and_back_without_a_row_lost_or_seen_twice() {
    let rig = rig().await;
    rig.deploy(ORDER).await;
    for number in 0..7 {
        rig.order(&format!("o-{number}"), number).await;
    }
    let path = "/v2/variables/search";
    let sorted = |page: Json| json!({"filter": {"name": "orderId"}, "sort": [{"field": "value"}], "page": page});
    let all = rig.column(path, sorted(json!({"limit": 100})), "variableKey").await;
    assert_eq!(all.len(), 7);
    let from = rig.column(path, sorted(json!({"from": 5, "limit": 100})), "variableKey").await;
    assert_eq!(from, all[5..]);
    let (mut seen, mut page) = (Vec::new(), json!({"limit": 3}));
    let mut starts = Vec::new();
    loop {
        let found = rig.search(path, sorted(page.clone())).await;
        let items = found["items"].as_array().unwrap();
        if items.is_empty() {
            break;
        }
        seen.extend(items.iter().map(|item| item["variableKey"].as_str().unwrap().to_owned()));
        starts.push(found["page"]["startCursor"].clone());
        // What comes meanwhile, and before them, does not move the pages that follow.
        rig.order("later", 1).await;
        page = json!({"limit": 3, "after": found["page"]["endCursor"]});
    }
    assert_eq!(seen, all);
    let before = json!({"limit": 3, "before": starts[1]});
    assert_eq!(rig.column(path, sorted(before), "variableKey").await, all[..3]);
    let text = rig.refused(path, json!({"page": {"from": 1, "after": "x"}})).await;
    assert!(text.contains("[from, after, before]"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_can_be_read_by_its_key() {
    let rig = rig().await;
    let definition = rig.deploy(ORDER).await;
    let instance = rig.order("o-1", 10).await;
    let job = rig.work("check-stock", true).await;
    let of = json!({"filter": {"processInstanceKey": instance.to_string()}});
    let incidents = rig.search("/v2/incidents/search", of.clone()).await;
    let incident = &incidents["items"][0];
    assert_eq!(incident["errorType"], "JOB_NO_RETRIES");
    assert_eq!(
        (&incident["elementId"], &incident["jobKey"]),
        (&json!("check"), &json!(job.to_string()))
    );
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let found = rig.get(&format!("/v2/incidents/{}", text(&incident["incidentKey"]))).await;
    assert_eq!(&found, incident);
    let inside = format!("/v2/process-instances/{instance}/incidents/search");
    assert_eq!(rig.search(&inside, json!({})).await["items"], incidents["items"]);
    let element = text(&incident["elementInstanceKey"]);
    let found = rig.get(&format!("/v2/element-instances/{element}")).await;
    assert_eq!(
        (&found["elementName"], &found["hasIncident"]),
        (&json!("Check stock"), &json!(true))
    );
    let inside = format!("/v2/element-instances/{element}/incidents/search");
    assert_eq!(rig.search(&inside, json!({})).await["page"]["totalItems"], 1);
    let found = rig.get(&format!("/v2/process-definitions/{definition}")).await;
    assert_eq!((&found["name"], &found["version"]), (&json!("Order"), &json!(1)));
    let xml = rig.get(&format!("/v2/process-definitions/{definition}/xml")).await;
    assert!(xml.as_str().unwrap().contains("check-stock"));
    let variables = rig.search("/v2/variables/search", of.clone()).await;
    let variable = &variables["items"][0];
    let found = rig.get(&format!("/v2/variables/{}", text(&variable["variableKey"]))).await;
    assert_eq!((&found["name"], &found["value"]), (&variable["name"], &variable["value"]));
    let flows = rig.get(&format!("/v2/process-instances/{instance}/sequence-flows")).await;
    assert_eq!(flows["items"][0]["elementId"], "to-check");
    let line = rig.get(&format!("/v2/process-instances/{instance}/call-hierarchy")).await;
    assert_eq!(line[0]["processInstanceKey"], instance.to_string());
    let counts =
        rig.get(&format!("/v2/process-instances/{instance}/statistics/element-instances")).await;
    let check =
        counts["items"].as_array().unwrap().iter().find(|item| item["elementId"] == "check");
    assert_eq!(check.unwrap()["incidents"], 1, "{counts}");
    let path = format!("/v2/process-definitions/{definition}/statistics/element-instances");
    let counts = rig.search(&path, json!({"filter": {"hasIncident": true}})).await;
    assert!(counts["items"].as_array().unwrap().iter().any(|item| item["incidents"] == 1));
    let audit = rig.search("/v2/audit-logs/search", of).await;
    assert_eq!(audit["items"][0]["operationType"], "CREATE", "{audit}");
    for path in [
        "/v2/process-instances/7",
        "/v2/element-instances/7",
        "/v2/incidents/7",
        "/v2/variables/7",
        "/v2/process-definitions/7",
        "/v2/audit-logs/7",
        "/v2/user-tasks/7",
        "/v2/process-instances/7/sequence-flows",
        "/v2/process-definitions/7/xml",
    ] {
        let (status, found) = rig.send("GET", path, Json::Null).await;
        assert_eq!(
            (status, &found["title"]),
            (StatusCode::NOT_FOUND, &json!("NOT_FOUND")),
            "{path}"
        );
        let (status, _) = rig.send("GET", &path.replace('7', "x"), Json::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_goes_on_after_a_restart_and_misses_nothing() {
    let first = rig().await;
    first.deploy(ORDER).await;
    let instance = first.order("o-1", 10).await;
    let second = start(first.stop().await, None).await;
    second.work("check-stock", false).await;
    let of = json!({"filter": {"processInstanceKey": instance.to_string(), "state": "ACTIVE"}});
    assert_eq!(second.column("/v2/element-instances/search", of, "elementId").await, ["paid"]);
    let found = second.search("/v2/process-instances/search", json!({})).await;
    assert_eq!(found["page"]["totalItems"], 1);
}

async fn everything(rig: &Rig) -> Vec<(&'static str, Json)> {
    let mut all = Vec::new();
    for (path, ..) in LISTS {
        let mut found = rig.search(path, json!({"page": {"limit": 1000}})).await;
        if let Some(items) = found["items"].as_array_mut() {
            items.sort_by_key(Json::to_string);
        }
        all.push((*path, found));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_made_again_say_the_same() {
    let first = rig().await;
    first.deploy(ORDER).await;
    for (id, amount, fails) in [("o-1", 10, false), ("o-2", 20, true), ("o-3", 200, false)] {
        first.order(id, amount).await;
        first.work("check-stock", fails).await;
    }
    first.publish("paid", "o-1").await;
    first.publish("paid", "o-9").await;
    let before = everything(&first).await;
    let folder = first.stop().await;
    let steps = {
        let path = folder.path().join("history/history.db");
        tokio::task::spawn_blocking(move || history::rebuild(&path)).await.unwrap().unwrap()
    };
    assert!(steps > 5, "{steps}");
    let second = start(folder, None).await;
    for (before, after) in before.into_iter().zip(everything(&second).await) {
        assert_eq!(before, after);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn user_tasks_are_found_by_who_may_do_them() {
    let rig = rig().await;
    rig.deploy(
        r#"<process id="review" isExecutable="true"><startEvent id="s"/>
        <sequenceFlow id="f" sourceRef="s" targetRef="look"/>
        <userTask id="look" name="Look at it"><extensionElements><zeebe:userTask/>
        <zeebe:assignmentDefinition candidateGroups="sales, night"/>
        <zeebe:priorityDefinition priority="70"/><zeebe:ioMapping>
        <zeebe:input source="=amount * 2" target="twice"/>
        <zeebe:input source="=0" target="amount"/></zeebe:ioMapping>
        </extensionElements></userTask>
        <sequenceFlow id="g" sourceRef="look" targetRef="e"/><endEvent id="e"/></process>"#,
    )
    .await;
    let body = json!({"processDefinitionId": "review", "variables": {"amount": 7}});
    let (status, created) = rig.send("POST", "/v2/process-instances", body).await;
    assert_eq!(status, StatusCode::OK, "{created}");
    let path = "/v2/user-tasks/search";
    let found = rig.search(path, json!({"filter": {"candidateGroup": "night"}})).await;
    let task = &found["items"][0];
    assert_eq!(
        (&task["name"], &task["state"]),
        (&json!("Look at it"), &json!("CREATED")),
        "{found}"
    );
    assert_eq!((&task["priority"], &task["assignee"]), (&json!(70), &json!(null)));
    let key: i64 = task["userTaskKey"].as_str().unwrap().parse().unwrap();
    rig.engine.assign_user_task(key, Some("ann"), true, "").await.unwrap();
    let found = rig.get(&format!("/v2/user-tasks/{key}")).await;
    assert_eq!(found["assignee"], "ann");
    for (filter, expected) in [
        (json!({"candidateGroup": "day"}), 0),
        (json!({"candidateGroup": {"$like": "ni*"}}), 1),
        (json!({"candidateGroup": {"$like": "s*t"}}), 0),
        (json!({"candidateGroup": {"$neq": "night"}}), 0),
        (json!({"candidateGroup": {"$in": ["day", "sales"]}}), 1),
        (json!({"candidateGroup": {"$notIn": ["day"]}}), 1),
        (json!({"candidateUser": {"$exists": false}, "candidateGroup": {"$exists": true}}), 1),
        (json!({"localVariables": [{"name": "twice", "value": "14"}]}), 1),
        (json!({"localVariables": [{"name": "amount", "value": "7"}]}), 0),
        (json!({"localVariables": [{"name": "amount", "value": {"$exists": false}}]}), 0),
        (json!({"localVariables": [{"name": "other", "value": {"$exists": false}}]}), 1),
        (json!({"assignee": {"$in": ["ann", "bob"]}, "state": "CREATED"}), 1),
        (json!({"processInstanceVariables": [{"name": "amount", "value": {"$gt": "6"}}]}), 1),
        (json!({"processInstanceVariables": [{"name": "none", "value": {"$exists": false}}]}), 1),
        (json!({"priority": {"$lt": 70}}), 0),
    ] {
        let found = rig.search(path, json!({"filter": filter})).await;
        assert_eq!(found["page"]["totalItems"], expected, "{filter}: {found}");
    }
    // All scopes from the task up, and of two of one name the inner one.
    let of = |what: &str| format!("/v2/user-tasks/{key}/{what}/search");
    let sorted = json!({"sort": [{"field": "name"}, {"field": "value"}]});
    let pairs = async |what: &str| -> Vec<(String, String)> {
        let names = rig.column(&of(what), sorted.clone(), "name").await;
        names.into_iter().zip(rig.column(&of(what), sorted.clone(), "value").await).collect()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let inner = [pair("amount", "0"), pair("twice", "14")];
    assert_eq!(pairs("effective-variables").await, inner);
    let all = [pair("amount", "0"), pair("amount", "7"), pair("twice", "14")];
    assert_eq!(pairs("variables").await, all);
    let done = rig.search(&of("audit-logs"), json!({"filter": {"operationType": "ASSIGN"}})).await;
    assert_eq!(done["items"][0]["userTaskKey"], key.to_string(), "{done}");
    let instance = created["processInstanceKey"].as_str().unwrap();
    let told = rig.get(&format!("/grevy/v1/explain/{instance}")).await;
    assert_eq!(told["waitsFor"][0]["kind"], "user-task", "{told}");
    rig.engine.complete_user_task(key, grevy::Variables::default(), "").await.unwrap();
    assert_eq!(rig.get(&format!("/v2/user-tasks/{key}")).await["state"], "COMPLETED");
}
