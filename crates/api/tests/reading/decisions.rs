//! Decisions and expressions over REST.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value as Json, json};

use crate::support::{ORDER, Rig, rig};

const FEE: &str = include_str!("../../../../tests/conformance/models/fee.dmn");
const EVALUATION: &str = "/v2/decision-definitions/evaluation";

pub async fn deploy(rig: &Rig, files: &[(&str, &str)]) -> (StatusCode, Json) {
    let part = |(name, text): &(&str, &str)| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"resources\"; filename=\"{name}\"\r\n\
             \r\n{text}\r\n"
        )
    };
    let body = files.iter().map(part).collect::<String>() + "--x--\r\n";
    let request = Request::post("/v2/deployments")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .unwrap();
    rig.call(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_deployed_and_evaluated() {
    let rig = rig().await;
    let (status, deployed) = deploy(&rig, &[("fee.dmn", FEE)]).await;
    assert_eq!(status, StatusCode::OK, "{deployed}");
    let entries = deployed["deployments"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    let (fee, file) = (&entries[0]["decisionDefinition"], &entries[2]["decisionRequirements"]);
    assert_eq!((&fee["decisionDefinitionId"], &fee["version"]), (&json!("fee"), &json!(1)));
    assert_eq!(file["decisionRequirementsName"], "Fees");
    assert_eq!(entries[0]["processDefinition"], Json::Null);
    let (_, again) = deploy(&rig, &[("fee.dmn", FEE)]).await;
    assert_eq!(again["deployments"], deployed["deployments"]);

    let body = json!({"decisionDefinitionId": "fee", "variables": {"country": "DE", "weight": 3}});
    let (status, found) = rig.send("POST", EVALUATION, body).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    assert_eq!(found["output"], "5");
    assert_eq!(found["failureMessage"], Json::Null);
    assert_eq!(found["warnings"], json!([]));
    let evaluated = found["evaluatedDecisions"].as_array().unwrap();
    let ids: Vec<&Json> = evaluated.iter().map(|own| &own["decisionDefinitionId"]).collect();
    assert_eq!(ids, ["zone", "fee"]);
    let key = found["decisionEvaluationKey"].as_str().unwrap();
    assert_eq!(evaluated[1]["decisionEvaluationInstanceKey"], format!("{key}-2"));
    let inputs = json!([
        {"inputId": "fee_zone", "inputName": "Zone", "inputValue": "\"near\""},
        {"inputId": "fee_weight", "inputName": "Weight", "inputValue": "3"},
    ]);
    assert_eq!(evaluated[1]["evaluatedInputs"], inputs);
    let output = json!({"outputId": "fee_fee", "outputName": "Fee", "outputValue": "5",
        "ruleId": "near", "ruleIndex": 1});
    let rules = json!([{"ruleId": "near", "ruleIndex": 1, "evaluatedOutputs": [output]}]);
    assert_eq!(evaluated[1]["matchedRules"], rules);

    let by_key = json!({"decisionDefinitionKey": fee["decisionDefinitionKey"],
        "variables": {"country": "FR", "weight": -1}});
    let (status, failed) = rig.send("POST", EVALUATION, by_key).await;
    assert_eq!(status, StatusCode::OK, "{failed}");
    assert_eq!(failed["failedDecisionDefinitionId"], "fee");
    assert!(
        failed["failureMessage"].as_str().unwrap().starts_with("rule 2: any_fee: "),
        "{failed}"
    );
}

/// What is deployed and what was evaluated, by clients and by processes, is found again.
#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_found_deployed_and_evaluated() {
    let rig = rig().await;
    let (_, deployed) = deploy(&rig, &[("fee.dmn", FEE)]).await;
    let entries = deployed["deployments"].as_array().unwrap();
    let (fee, file) = (&entries[0]["decisionDefinition"], &entries[2]["decisionRequirements"]);
    let newer = FEE.replace("<text>5</text>", "<text>6</text>");
    deploy(&rig, &[("fee.dmn", &newer)]).await;
    let path = "/v2/decision-definitions/search";
    let fees =
        rig.column(path, json!({"filter": {"decisionDefinitionId": "fee"}}), "version").await;
    assert_eq!(fees, ["1", "2"]);
    let latest = json!({"filter": {"isLatestVersion": true}, "sort": [{"field": "name"}]});
    assert_eq!(rig.column(path, latest, "version").await, ["2", "2"]);
    let key = fee["decisionDefinitionKey"].as_str().unwrap();
    let found = rig.get(&format!("/v2/decision-definitions/{key}")).await;
    assert_eq!(
        (&found["decisionRequirementsName"], &found["decisionRequirementsVersion"]),
        (&json!("Fees"), &json!(1))
    );
    let requirements = file["decisionRequirementsKey"].as_str().unwrap();
    for of in
        [format!("decision-definitions/{key}"), format!("decision-requirements/{requirements}")]
    {
        assert_eq!(rig.get(&format!("/v2/{of}/xml")).await, FEE);
    }
    let found = rig.get(&format!("/v2/decision-requirements/{requirements}")).await;
    assert_eq!(found["resourceName"], "fee.dmn");

    // A client asks; a process asks; one fails.
    let body = json!({"decisionDefinitionKey": key, "variables": {"country": "DE", "weight": 3}});
    let (_, asked) = rig.send("POST", EVALUATION, body).await;
    let bad = json!({"decisionDefinitionKey": key, "variables": {"country": "FR", "weight": -1}});
    rig.send("POST", EVALUATION, bad).await;
    rig.deploy(
        r#"<process id="ship" isExecutable="true"><startEvent id="s"/>
        <sequenceFlow id="f" sourceRef="s" targetRef="rate"/>
        <businessRuleTask id="rate"><extensionElements>
        <zeebe:calledDecision decisionId="fee" resultVariable="fee"/></extensionElements>
        </businessRuleTask><sequenceFlow id="g" sourceRef="rate" targetRef="e"/>
        <endEvent id="e"/></process>"#,
    )
    .await;
    let body = json!({"processDefinitionId": "ship", "variables": {"country": "DE", "weight": 2}});
    let (_, created) = rig.send("POST", "/v2/process-instances", body).await;
    let instance = created["processInstanceKey"].as_str().unwrap();

    let path = "/v2/decision-instances/search";
    let of = json!({"filter": {"processInstanceKey": instance},
        "sort": [{"field": "decisionEvaluationInstanceKey"}]});
    let found = rig.search(path, of).await;
    assert_eq!(found["page"]["totalItems"], 2, "{found}");
    let (zone, fee) = (&found["items"][0], &found["items"][1]);
    assert_eq!(
        (&zone["decisionDefinitionId"], &zone["result"]),
        (&json!("zone"), &json!("\"near\""))
    );
    assert_eq!((&fee["result"], &fee["state"]), (&json!("6"), &json!("EVALUATED")));
    assert_eq!(fee["decisionDefinitionVersion"], 2);
    assert!(fee["elementInstanceKey"].is_string() && fee["processDefinitionKey"].is_string());
    let id = fee["decisionEvaluationInstanceKey"].as_str().unwrap();
    let whole = rig.get(&format!("/v2/decision-instances/{id}")).await;
    assert_eq!(
        whole["evaluatedInputs"][1],
        json!({
            "inputId": "fee_weight", "inputName": "Weight", "inputValue": "2"
        })
    );
    assert_eq!(whole["matchedRules"][0]["ruleId"], "near");
    assert_eq!(whole["matchedRules"][0]["evaluatedOutputs"][0]["outputValue"], "6");
    let told = rig.get(&format!("/grevy/v1/explain/{instance}")).await;
    let text = told["text"].as_str().unwrap();
    let expected = "At 'rate' the decision 'fee' (version 2) gave 6.\n  'zone' gave \"near\".\n  'fee': \
                    Zone = \"near\", Weight = 2 matched rule 1: Fee = 6.";
    assert!(text.contains(expected), "{text}");
    let decided = &told["decisions"][0]["evaluatedDecisions"][1];
    assert_eq!(decided["matchedRules"][0]["ruleIndex"], 1, "{told}");
    let of = json!({"filter": {"decisionEvaluationKey": asked["decisionEvaluationKey"]}});
    assert_eq!(rig.column(path, of, "processInstanceKey").await, ["null", "null"]);
    let failed = rig.search(path, json!({"filter": {"state": "FAILED"}})).await;
    assert_eq!(failed["page"]["totalItems"], 1, "{failed}");
    let why = failed["items"][0]["evaluationFailure"].as_str().unwrap();
    assert!(why.starts_with("rule 2: any_fee"), "{why}");
    let audit = json!({"filter": {"operationType": "EVALUATE"}});
    assert_eq!(rig.column("/v2/audit-logs/search", audit, "entityType").await, ["DECISION"; 2]);
    for (id, status) in [("7-1", StatusCode::NOT_FOUND), ("seven", StatusCode::BAD_REQUEST)] {
        let (found, _) = rig.send("GET", &format!("/v2/decision-instances/{id}"), Json::Null).await;
        assert_eq!(found, status, "{id}");
    }
    let deletion = format!("/v2/resources/{requirements}/deletion");
    let (status, told) = rig.send("POST", &deletion, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let fees = json!({"filter": {"decisionDefinitionId": "fee"}});
    let versions = rig.column("/v2/decision-definitions/search", fees, "version").await;
    assert_eq!(versions, ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_decision_is_said() {
    let rig = rig().await;
    let (status, found) = rig.send("POST", EVALUATION, json!({"decisionDefinitionId": "no"})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(found["detail"].as_str().unwrap().contains("but no decision found for id 'no'"));
    let neither = rig.refused(EVALUATION, json!({})).await;
    assert!(neither.contains("but none is given"), "{neither}");
    // A broken file takes the others of its deployment with it.
    let broken = FEE.replace("weight &gt; 0", "weight &gt;");
    let (status, refused) = deploy(&rig, &[("fee.dmn", FEE), ("other.dmn", &broken)]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("'other.dmn'") && detail.contains("any_fee"), "{detail}");
    let (status, _) = rig.send("POST", EVALUATION, json!({"decisionDefinitionId": "fee"})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_is_evaluated_with_given_variables_and_those_of_a_scope() {
    const PATH: &str = "/v2/expression/evaluation";
    let rig = rig().await;
    let body = json!({"expression": "=x + 1.10", "variables": {"x": 1}});
    let (status, found) = rig.send("POST", PATH, body).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    assert_eq!(found["result"].to_string(), "2.1");
    assert_eq!(found["warnings"], json!([]));
    let (_, found) = rig.send("POST", PATH, json!({"expression": "missing"})).await;
    assert_eq!(found["result"], Json::Null);
    let warning = "No variable found with name 'missing' (line 1, column 1)";
    assert_eq!(found["warnings"], json!([{"message": warning}]));
    let wrong = rig.refused(PATH, json!({"expression": "1 +"})).await;
    assert!(wrong.ends_with("(line 1, column 4)"), "{wrong}");
    let endless = json!({"expression": "count(for a in 1..1000000 return for b in 1..9 return b)"});
    let endless = rig.refused(PATH, endless).await;
    assert!(endless.contains("too many steps"), "{endless}");

    rig.deploy(ORDER).await;
    let key = rig.order("o-1", 70).await;
    let body = json!({"expression": "=orderId + \" \" + customer.name", "scopeKey": key.to_string(),
        "variables": {"orderId": "mine"}});
    let (status, found) = rig.send("POST", PATH, body).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    assert_eq!(found["result"], "mine Ann");
    let body = json!({"expression": "=x", "scopeKey": "17"});
    let (status, _) = rig.send("POST", PATH, body).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

/// A result that is too large is not put together before it is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_too_large_is_a_failure() {
    let rig = rig().await;
    let decision = |text: &str| {
        format!(
            "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" id=\"d\" name=\"D\" \
             namespace=\"http://camunda.org/schema/1.0/dmn\"><decision id=\"large\" name=\"large\">\
             <literalExpression><text>{text}</text></literalExpression></decision></definitions>"
        )
    };
    let line = "x".repeat(64);
    let lines = format!("for i in 1..60000 return \"{line}\"");
    for (text, of) in [("for i in 1..1500000 return i", "parts"), (&*lines, "bytes")] {
        let (status, found) = deploy(&rig, &[("large.dmn", &decision(text))]).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        let body = json!({"decisionDefinitionId": "large"});
        let (status, found) = rig.send("POST", EVALUATION, body).await;
        assert_eq!((status, &found["output"]), (StatusCode::OK, &json!("null")), "{found}");
        let why = found["failureMessage"].as_str().unwrap();
        assert!(why.contains("of at most 2097152 bytes") && why.ends_with(of), "{why}");
    }
}
