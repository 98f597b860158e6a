//! The builder makes what hand-written XML says (E2), the same bytes each time (E6), and every
//! element there is.

mod common;

use common::drawing::check;
use common::meaning::same;
use common::random;
use model::{Builder, Definitions, Event, Form, ListenerEvent, TaskKind, codes};
use proptest::prelude::*;

fn built(builder: Builder) -> Definitions {
    let xml = builder.clone().xml();
    builder.build().unwrap_or_else(|p| panic!("{}\n{xml}", model::report("built", &p)))
}

#[test]
fn e2_equals_the_hand_written_model() {
    let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
        xmlns:z="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">
      <process id="hello" isExecutable="true">
        <startEvent id="start"/>
        <serviceTask id="Step1" name="First"><extensionElements><z:taskDefinition type="greet"/>
          </extensionElements></serviceTask>
        <serviceTask id="Step2"><extensionElements><z:taskDefinition type="greet" retries="5"/>
          <z:ioMapping><z:input source="=city" target="where"/></z:ioMapping>
          </extensionElements></serviceTask>
        <endEvent id="end"/>
        <sequenceFlow id="start_to_Step1" sourceRef="start" targetRef="Step1"/>
        <sequenceFlow id="Step1_to_Step2" sourceRef="Step1" targetRef="Step2"/>
        <sequenceFlow id="Step2_to_end" sourceRef="Step2" targetRef="end"/>
      </process></definitions>"#;
    let (written, _) = model::parse("hello.bpmn", xml.as_bytes()).expect("it is correct");
    let hello = || {
        Builder::process("hello")
            .start("start")
            .service_task("Step1", "greet")
            .name("First")
            .service_task("Step2", "greet")
            .retries("5")
            .input("=city", "where")
            .end("end")
    };
    same("hello", &written, &built(hello()));
    assert_eq!(built(hello()).source, built(hello()).source, "E6: the same bytes each time");
}

fn everything() -> Builder {
    Builder::process("everything")
        .process_name("Everything at once")
        .version_tag("v1")
        .start("start")
        .name("Order placed")
        .documentation("Where it begins")
        .start_on("by_message", Event::start_message("order"))
        .service_task("service", "a")
        .header("k", "v")
        .property("p", "q")
        .listener(ListenerEvent::Start, "log")
        .job_priority("7")
        .boundary("late", Event::after("PT1H"))
        .non_interrupting()
        .throw("warn", Event::escalation("slow"))
        .end_with("warned", Event::escalation("slow"))
        .at("service")
        .boundary("broken", Event::error("E1"))
        .end_with("failed", Event::error("E2"))
        .at("service")
        .compensation("undo_service", |b| b.service_task("undo", "u"))
        .at("start")
        .to("service")
        .send_task("send", "s")
        .script_task("script", "=1 + 1", "two")
        .decision_task("decide", "d", "result")
        .user_task("approve")
        .form(Form::Key("f".into()))
        .due_date("2026-01-01T00:00:00Z")
        .candidate_users("a,b")
        .job_task("old_user", TaskKind::User, "")
        .assignee("=who")
        .manual_task("manual")
        .task("undefined")
        .receive_task("receive", "answer", "=id")
        .call_activity("call", "other")
        .for_each("=items", "item")
        .collect("results", "=result")
        .until("=numberOfCompletedInstances > 3")
        .event_based("race")
        .catch("by_timer", Event::on_date("=due"))
        .exclusive("joined")
        .at("race")
        .catch("by_signal", Event::signal("go"))
        .to("joined")
        .parallel("fork")
        .sub_process("sub", |b| {
            b.start("sub_start")
                .service_task("inner", "i")
                .end("sub_end")
                .event_sub_process("on_error", |b| {
                    b.start_on("caught", Event::any_error()).end("handled")
                })
        })
        .parallel("join")
        .at("fork")
        .ad_hoc("free", "=[\"x\"]", |b| b.service_task("x", "x").apart().service_task("y", "y"))
        .to("join")
        .inclusive("which")
        .otherwise()
        .throw("jump", Event::link("far"))
        .catch("landed", Event::link("far"))
        .end_with("stop", Event::Terminate)
        .at("which")
        .when("=a")
        .flow_name("a holds")
        .catch("until", Event::condition("=b"))
        .throw("tell", Event::send_message("news", "mail"))
        .throw("publish", Event::publish_message("news", "=id"))
        .compensate("roll_back", "service")
        .end_with("all_back", Event::compensation())
        .at("which")
        .when("=c")
        .end_with("signalled", Event::signal("done"))
        .event_sub_process("again", |b| {
            b.start_on("each_day", Event::every("R/P1D")).non_interrupting().end("day_over")
        })
}

#[test]
fn every_element_is_built_written_and_drawn() {
    let definitions = built(everything());
    let process = &definitions.processes[0];
    check("everything", process, &definitions.diagram);
    let text = model::write(&definitions);
    let (again, warnings) = model::parse("again", text.as_bytes()).expect("it is correct");
    assert!(warnings.is_empty(), "{warnings:?}");
    same("everything", &definitions, &again);
    assert_eq!(&*definitions.source, text.as_bytes(), "writing keeps the bytes");
}

#[test]
fn slips_are_told() {
    let problems = Builder::process("p").start("s").at("nowhere").retries("3").build();
    let problems = problems.expect_err("there is no such element");
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.iter().all(|p| p.code == codes::REFERENCE_UNKNOWN));
    let problems = Builder::process("p").start("s").service_task("t", "").build();
    let problems = problems.expect_err("the job type is empty");
    assert_eq!(problems[0].code, codes::JOB_TYPE_MISSING);
    let tracked = Builder::process("p").not_executable().start("s").service_task("t", "").build();
    assert!(tracked.is_ok_and(|d| !d.processes[0].executable));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200, failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn random_models_round_trip_and_draw(block in random::block()) {
        let definitions = built(random::build(&block));
        check("random", &definitions.processes[0], &definitions.diagram);
        let text = model::write(&definitions);
        let (again, _) = model::parse("again", text.as_bytes()).expect("it is correct");
        same("random", &definitions, &again);
    }
}
