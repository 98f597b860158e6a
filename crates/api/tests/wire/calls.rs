//! Calls that no older client knows, over both wires: decisions, signals, modification, migration.

use api::proto::modify_process_instance_request::{
    ActivateInstruction, TerminateInstruction, VariableInstruction,
};
use api::proto::*;
use http::StatusCode;
use serde_json::{Value as Json, json};
use tonic::Code;

use crate::support::{SIMPLE, Wire, ready};

const FEE: &str = include_str!("../../../../tests/conformance/models/fee.dmn");

/// A signal starts it; `work` waits; `other` is where a modification moves to.
const ALARM: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="test">
 <signal id="s" name="alarm"/>
 <process id="alarm" isExecutable="true">
 <startEvent id="start"><signalEventDefinition signalRef="s"/></startEvent>
 <sequenceFlow id="a" sourceRef="start" targetRef="work"/>
 <serviceTask id="work"><extensionElements><zeebe:taskDefinition type="work"/>
 </extensionElements></serviceTask>
 <sequenceFlow id="b" sourceRef="work" targetRef="other"/>
 <serviceTask id="other"><extensionElements><zeebe:taskDefinition type="other"/>
 </extensionElements></serviceTask>
 <sequenceFlow id="c" sourceRef="other" targetRef="end"/><endEvent id="end"/></process>
</definitions>"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_evaluated_alike_over_both_wires() {
    let wire = ready(&[("fee.dmn", FEE)]).await;
    let variables = r#"{"country": "DE", "weight": 3}"#.to_owned();
    let ask =
        EvaluateDecisionRequest { decision_id: "fee".into(), variables, ..Default::default() };
    let grpc: EvaluateDecisionResponse = wire.routers.one("EvaluateDecision", &ask).await;
    assert_eq!((grpc.decision_output.as_str(), grpc.decision_version), ("5", 1));
    assert_eq!((grpc.failed_decision_id.as_str(), grpc.failure_message.as_str()), ("", ""));
    assert_eq!(grpc.decision_instance_key, grpc.decision_evaluation_key);
    let rule = &grpc.evaluated_decisions[1].matched_rules[0];
    assert_eq!((rule.rule_id.as_str(), rule.rule_index), ("near", 1));
    let by_key = EvaluateDecisionRequest {
        decision_key: grpc.decision_key,
        decision_id: String::new(),
        variables: r#"{"country": "FR", "weight": -1}"#.to_owned(),
        ..Default::default()
    };
    let failed: EvaluateDecisionResponse = wire.routers.one("EvaluateDecision", &by_key).await;
    assert_eq!(failed.failed_decision_id, "fee", "a failure is an answer: {failed:?}");
    assert!(failed.failure_message.starts_with("rule 2: any_fee: "), "{failed:?}");

    let body = json!({"decisionDefinitionId": "fee", "variables": {"country": "DE", "weight": 3}});
    let path = "/v2/decision-definitions/evaluation";
    let (status, rest) = wire.routers.rest("POST", path, body).await;
    assert_eq!(status, StatusCode::OK, "{rest}");
    assert_eq!(rest["output"], grpc.decision_output);
    assert_eq!(rest["decisionDefinitionKey"], grpc.decision_key.to_string());

    let refused = async |change: EvaluateDecisionRequest| {
        wire.routers.refused("EvaluateDecision", &change).await
    };
    let none = EvaluateDecisionRequest::default();
    let (code, text) = refused(none.clone()).await;
    assert_eq!(code, Code::InvalidArgument);
    assert!(text.ends_with("but none is given"), "{text}");
    let both =
        EvaluateDecisionRequest { decision_key: 1, decision_id: "fee".into(), ..none.clone() };
    assert_eq!(refused(both).await.0, Code::InvalidArgument);
    let unknown = EvaluateDecisionRequest { decision_id: "no".into(), ..none.clone() };
    let (code, text) = refused(unknown).await;
    assert_eq!(code, Code::NotFound);
    assert!(text.contains("but no decision found for"), "clients look for that: {text}");
    let wrong = EvaluateDecisionRequest { variables: "[]".into(), ..ask };
    assert_eq!(refused(wrong).await.0, Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_starts_an_instance_over_both_wires() {
    let wire = ready(&[("alarm.bpmn", ALARM)]).await;
    let ask = BroadcastSignalRequest {
        signal_name: "alarm".into(),
        variables: r#"{"from": "grpc"}"#.into(),
        ..Default::default()
    };
    let heard: BroadcastSignalResponse = wire.routers.one("BroadcastSignal", &ask).await;
    assert_eq!(heard.tenant_id, "<default>");
    assert!(heard.key > 0);
    let body = json!({"signalName": "alarm", "variables": {"from": "rest"}});
    let (status, told) = wire.routers.rest("POST", "/v2/signals/broadcast", body).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!(told["tenantId"], "<default>");
    assert!(told["signalKey"].as_str().unwrap().parse::<i64>().unwrap() > 0, "{told}");
    let mut from = Vec::new();
    while from.len() < 2 {
        from.extend(wire.routers.jobs().await.into_iter().map(|job| job.variables));
    }
    assert_eq!(from, [r#"{"from":"grpc"}"#, r#"{"from":"rest"}"#]);

    let blank = BroadcastSignalRequest { signal_name: " ".into(), ..Default::default() };
    let (code, text) = wire.routers.refused("BroadcastSignal", &blank).await;
    assert_eq!(code, Code::InvalidArgument, "{text}");
    let (status, _) = wire.routers.rest("POST", "/v2/signals/broadcast", json!({})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    // Nobody waits: that is no failure.
    let quiet = BroadcastSignalRequest { signal_name: "quiet".into(), ..Default::default() };
    let _: BroadcastSignalResponse = wire.routers.one("BroadcastSignal", &quiet).await;
}

/// An instance of `alarm` with its job.
async fn alarmed(wire: &Wire) -> ActivatedJob {
    let ask = BroadcastSignalRequest { signal_name: "alarm".into(), ..Default::default() };
    let _: BroadcastSignalResponse = wire.routers.one("BroadcastSignal", &ask).await;
    wire.routers.jobs().await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_modified_over_both_wires_all_or_nothing() {
    let wire = ready(&[("alarm.bpmn", ALARM)]).await;
    let job = alarmed(&wire).await;
    let end = TerminateInstruction { element_instance_key: job.element_instance_key };
    let begin = |element: &str| ActivateInstruction {
        element_id: element.into(),
        ancestor_element_instance_key: 0,
        variable_instructions: vec![VariableInstruction {
            variables: r#"{"moved": true}"#.into(),
            scope_id: String::new(),
        }],
    };
    let modify = ModifyProcessInstanceRequest {
        process_instance_key: job.process_instance_key,
        activate_instructions: vec![begin("nowhere")],
        terminate_instructions: vec![end],
        ..Default::default()
    };
    let (code, text) = wire.routers.refused("ModifyProcessInstance", &modify).await;
    assert_eq!(code, Code::InvalidArgument);
    assert!(text.contains("nowhere"), "{text}");
    let modify =
        ModifyProcessInstanceRequest { activate_instructions: vec![begin("other")], ..modify };
    let _: ModifyProcessInstanceResponse = wire.routers.one("ModifyProcessInstance", &modify).await;
    let gone = CompleteJobRequest { job_key: job.key, ..Default::default() };
    assert_eq!(wire.routers.refused("CompleteJob", &gone).await.0, Code::NotFound);

    let job = alarmed(&wire).await;
    let path = format!("/v2/process-instances/{}/modification", job.process_instance_key);
    let body = json!({
        "activateInstructions": [{"elementId": "other"}],
        "terminateInstructions": [{"elementInstanceKey": job.element_instance_key.to_string()}],
    });
    let (status, told) = wire.routers.rest("POST", &path, body.clone()).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{told}");
    let (status, told) = wire.routers.rest("POST", &path, body).await;
    assert!(status.is_client_error(), "what is to be ended has ended: {status} {told}");
    let others = json!({"type": "other", "timeout": 60000, "maxJobsToActivate": 9});
    let (_, found) = wire.routers.rest("POST", "/v2/jobs/activation", others).await;
    let jobs = found["jobs"].as_array().unwrap();
    let moved: Vec<&Json> = jobs.iter().map(|job| &job["variables"]["moved"]).collect();
    assert_eq!(moved, [&json!(true), &Json::Null], "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_migrates_over_grpc_or_says_everything_that_speaks_against_it() {
    use api::proto::migrate_process_instance_request::{MappingInstruction, MigrationPlan};
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    let key = wire.routers.create().await;
    let second = SIMPLE.replace("</process>", "<task id=\"unused\"/></process>");
    assert_ne!(second, SIMPLE);
    let deployed = wire.routers.deploy(&[("simple.bpmn", &second)]).await;
    let Some(deployment::Metadata::Process(process)) = &deployed.deployments[0].metadata else {
        panic!("{deployed:?}")
    };
    let ask = |from: &[&str]| {
        let pair = |id: &&str| MappingInstruction {
            source_element_id: (*id).to_owned(),
            target_element_id: (*id).to_owned(),
        };
        MigrateProcessInstanceRequest {
            process_instance_key: key,
            migration_plan: Some(MigrationPlan {
                target_process_definition_key: process.process_definition_key,
                mapping_instructions: from.iter().map(pair).collect(),
            }),
            operation_reference: None,
        }
    };
    let refused = async |ask: MigrateProcessInstanceRequest| {
        wire.routers.refused("MigrateProcessInstance", &ask).await
    };
    let nothing = MigrateProcessInstanceRequest { process_instance_key: key, ..ask(&[]) };
    let (code, text) =
        refused(MigrateProcessInstanceRequest { migration_plan: None, ..nothing }).await;
    assert_eq!(code, Code::InvalidArgument, "{text}");
    let (code, text) = refused(ask(&[])).await;
    assert_eq!(code, Code::FailedPrecondition, "{text}");
    assert!(text.contains("no mapping is given for its active element"), "{text}");
    let (code, text) = refused(ask(&["nowhere"])).await;
    assert_eq!(code, Code::InvalidArgument, "{text}");
    let nobody = MigrateProcessInstanceRequest { process_instance_key: 4711, ..ask(&[]) };
    assert_eq!(refused(nobody).await.0, Code::NotFound);
    let jobs = wire.routers.jobs().await;
    let element = jobs[0].element_id.clone();
    let _: MigrateProcessInstanceResponse =
        wire.routers.one("MigrateProcessInstance", &ask(&[&element])).await;
    let done = CompleteJobRequest { job_key: jobs[0].key, ..Default::default() };
    let _: CompleteJobResponse = wire.routers.one("CompleteJob", &done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_version_brings_says_so() {
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    for path in ["/v2/documents", "/v2/batch-operations/1/suspension"] {
        let (status, problem) = wire.routers.rest("POST", path, json!({})).await;
        assert_eq!(status, StatusCode::NOT_IMPLEMENTED, "{problem}");
        assert_eq!(
            (&problem["title"], &problem["instance"]),
            (&"NOT_IMPLEMENTED".into(), &path.into())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_suspended_and_resumed() {
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    let key = wire.routers.create().await;
    let jobs = wire.routers.jobs().await;
    let ask = |what: &str| format!("/v2/process-instances/{key}/{what}");
    let post = async |what: &str| wire.routers.rest("POST", &ask(what), json!({})).await;
    assert_eq!(post("resumption").await.0, StatusCode::CONFLICT);
    assert_eq!(post("suspension").await.0, StatusCode::NO_CONTENT);
    assert_eq!(post("suspension").await.0, StatusCode::CONFLICT);
    let done = CompleteJobRequest { job_key: jobs[0].key, ..Default::default() };
    let (code, text) = wire.routers.refused("CompleteJob", &done).await;
    assert_eq!(code, Code::FailedPrecondition, "{text}");
    assert!(text.contains("is suspended"), "{text}");
    assert_eq!(post("resumption").await.0, StatusCode::NO_CONTENT);
    let _: CompleteJobResponse = wire.routers.one("CompleteJob", &done).await;
    assert_eq!(post("suspension").await.0, StatusCode::NOT_FOUND);
}

const CONDITIONAL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><process id="full" isExecutable="true">
    <startEvent id="s"><conditionalEventDefinition><condition>=stock &gt; 10</condition>
    </conditionalEventDefinition></startEvent><serviceTask id="t"><extensionElements>
    <zeebe:taskDefinition type="work"/></extensionElements></serviceTask><serviceTask id="u">
    <extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
    <sequenceFlow id="a" sourceRef="s" targetRef="t"/>
    <sequenceFlow id="b" sourceRef="t" targetRef="u"/></process></definitions>"#;

#[tokio::test(flavor = "multi_thread")]
async fn conditions_start_instances_and_tokens_move() {
    let wire = ready(&[("conditional.bpmn", CONDITIONAL)]).await;
    let ask = |stock: i32| EvaluateConditionalRequest {
        variables: format!("{{\"stock\": {stock}}}"),
        ..Default::default()
    };
    let none: EvaluateConditionalResponse = wire.routers.one("EvaluateConditional", &ask(5)).await;
    assert_eq!(none.process_instances.len(), 0);
    let one: EvaluateConditionalResponse = wire.routers.one("EvaluateConditional", &ask(11)).await;
    let key = one.process_instances[0].process_instance_key;
    let body = json!({"variables": {"stock": 12}});
    let (status, told) = wire.routers.rest("POST", "/v2/conditionals/evaluation", body).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert_eq!(told["processInstances"].as_array().map(Vec::len), Some(1), "{told}");

    let path = format!("/v2/process-instances/{key}/modification");
    let body = json!({"moveInstructions": [{
        "sourceElementInstruction": {"sourceType": "byId", "sourceElementId": "t"},
        "targetElementId": "u",
        "ancestorScopeInstruction": {"ancestorScopeType": "sourceParent"}}]});
    let (status, told) = wire.routers.rest("POST", &path, body).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{told}");
    let body = json!({"terminateInstructions": [{"elementId": "u"}]});
    let (status, told) = wire.routers.rest("POST", &path, body.clone()).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{told}");
    assert_eq!(wire.routers.rest("POST", &path, body).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_instruction_ends_an_instance() {
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    wire.routers.create().await;
    let jobs = wire.routers.jobs().await;
    let after = jobs[0].element_id.clone();
    let body = |after: &str| {
        let instruction = json!({"type": "TERMINATE_PROCESS_INSTANCE", "afterElementId": after});
        json!({"processDefinitionId": jobs[0].bpmn_process_id,
            "runtimeInstructions": [instruction]})
    };
    let path = "/v2/process-instances";
    assert_eq!(wire.routers.rest("POST", path, body("no")).await.0, StatusCode::BAD_REQUEST);
    let (status, told) = wire.routers.rest("POST", path, body(&after)).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let key = told["processInstanceKey"].as_str().expect("a key").to_owned();
    let job = wire.routers.jobs().await.remove(0);
    assert_eq!(job.process_instance_key.to_string(), key);
    let done = CompleteJobRequest { job_key: job.key, ..Default::default() };
    let _: CompleteJobResponse = wire.routers.one("CompleteJob", &done).await;
    let path = format!("/v2/process-instances/{key}/cancellation");
    assert_eq!(wire.routers.rest("POST", &path, json!({})).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_health_and_reflection_are_there() {
    let wire = ready(&[("simple.bpmn", SIMPLE)]).await;
    let name = b"gateway_protocol.Gateway";
    let mut check = vec![0, 0, 0, 0, name.len() as u8 + 2, 0x0a, name.len() as u8];
    check.extend(name);
    for check in [vec![0, 0, 0, 0, 0], check] {
        let told = wire.routers.frame("/grpc.health.v1.Health/Check", check).await.unwrap();
        assert_eq!(told, [0, 0, 0, 0, 2, 8, 1], "status 1 is SERVING");
    }
    // What services there are (`list_services` is field 7).
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let told = wire.routers.frame(path, vec![0, 0, 0, 0, 3, 0x3a, 1, b'*']).await.unwrap();
    let told = String::from_utf8_lossy(&told).into_owned();
    for service in ["gateway_protocol.Gateway", "grpc.health.v1.Health"] {
        assert!(told.contains(service), "{told}");
    }
}
