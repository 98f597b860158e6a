//! Work of our own that cannot be done, or is very large, stops nobody else.

use std::time::Duration;

use engine::command::{DEFAULT_TENANT, LeaseJobs};
use grevy::{Event, Grevy, Model};

fn model(process: &str) -> String {
    format!(
        r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
            xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t" id="d">
          <bpmn:message id="m" name="m"/>
          <bpmn:process id="p" isExecutable="true">
            <bpmn:startEvent id="s"/>
            <bpmn:sequenceFlow id="f" sourceRef="s" targetRef="wait"/>
            <bpmn:intermediateCatchEvent id="wait"><bpmn:timerEventDefinition>
              <bpmn:timeDuration>PT1S</bpmn:timeDuration>
            </bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
            {process}
          </bpmn:process>
        </bpmn:definitions>"#
    )
}

fn other() -> Model {
    Model::process("other").start("start").catch("later", Event::after("PT3S")).end("end")
}

#[test]
fn a_timer_whose_work_is_refused_is_set_aside_and_others_fire() {
    let throw = r#"<bpmn:sequenceFlow id="g" sourceRef="wait" targetRef="tell"/>
        <bpmn:endEvent id="tell"><bpmn:messageEventDefinition messageRef="m">
          <bpmn:extensionElements><zeebe:publishMessage correlationKey="=key"/>
          </bpmn:extensionElements></bpmn:messageEventDefinition></bpmn:endEvent>"#;
    let grevy = Grevy::builder().virtual_clock().open().expect("it opens");
    grevy.deploy("p.bpmn", model(throw)).wait().expect("deployed");
    grevy.deploy_model(other()).wait().expect("deployed");
    let key = "x".repeat(1_100);
    let refused = grevy.start("p", [("key", key.as_str())]).wait().expect("created");
    let fine = grevy.run("other", ());
    grevy.advance(Duration::from_secs(4)).expect("time passes");
    assert!(fine.wait().expect("its timer fired").completed);
    grevy.cancel(refused.instance).wait().expect("it can be cancelled");
}

#[test]
fn a_step_that_would_be_larger_than_a_group_is_done_in_parts() {
    let mut tasks = r#"<bpmn:sequenceFlow id="g" sourceRef="wait" targetRef="split"/>
        <bpmn:parallelGateway id="split"/>"#
        .to_owned();
    for n in 0..12 {
        tasks += &format!(
            r#"<bpmn:sequenceFlow id="g{n}" sourceRef="split" targetRef="t{n}"/>
            <bpmn:serviceTask id="t{n}"><bpmn:extensionElements>
              <zeebe:taskDefinition type="work"/>
              <zeebe:ioMapping><zeebe:input source="=doc" target="copy"/></zeebe:ioMapping>
            </bpmn:extensionElements></bpmn:serviceTask>"#
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let open = || Grevy::builder().folder(folder.path()).virtual_clock().open().expect("it opens");
    let grevy = open();
    grevy.deploy("p.bpmn", model(&tasks)).wait().expect("deployed");
    let document = "x".repeat(2 << 20);
    grevy.start("p", [("doc", document.as_str())]).wait().expect("created");
    grevy.advance(Duration::from_secs(2)).expect("time passes");
    drop(grevy);

    let grevy = open();
    let want = LeaseJobs {
        job_type: "work".into(),
        worker: "test".into(),
        timeout: 60_000,
        max_jobs: 20,
        fetch_variables: vec!["none".into()],
        tenants: vec![DEFAULT_TENANT.into()],
    };
    let jobs = grevy.activate_jobs(want, Duration::from_secs(30)).wait().expect("leased");
    assert_eq!(jobs.len(), 12, "each task has its job");
}
