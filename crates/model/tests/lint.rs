#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
//! Mistakes that deploy but do not do what was meant, each with the element it names.

mod common;

use model::{Builder, Event, Severity, codes, lint};

/// Codes with their elements, in the order of the places.
fn found(xml: &str) -> Vec<(&'static str, String)> {
    lint("t.bpmn", xml.as_bytes())
        .into_iter()
        .map(|d| {
            assert_eq!(d.severity, Severity::Warning, "{d}");
            assert!(d.message.starts_with("expected ") && d.message.contains(", but"), "{d}");
            assert!(d.position.line > 0, "{d}");
            (d.code, d.element.as_deref().unwrap_or_default().to_owned())
        })
        .collect()
}

fn expect(builder: Builder, expected: &[(&str, &str)]) {
    let xml = builder.xml();
    let found = found(&xml);
    let found: Vec<(&str, &str)> = found.iter().map(|(c, e)| (*c, &**e)).collect();
    assert_eq!(found, expected, "{xml}");
}

fn process() -> Builder {
    Builder::process("p").start("s")
}

#[test]
fn clean_models_have_nothing() {
    let clean = process()
        .service_task("a", "t")
        .input("=x", "y")
        .boundary("late", Event::after("PT1H"))
        .end("given_up")
        .at("a")
        .compensation("undo_a", |b| b.service_task("undo", "u"))
        .exclusive("g")
        .when("=x")
        .throw("jump", Event::link("l"))
        .catch("land", Event::link("l"))
        .end("e1")
        .at("g")
        .otherwise()
        .sub_process("sub", |b| {
            b.start("i")
                .end("j")
                .event_sub_process("es", |b| b.start_on("k", Event::any_error()).end("m"))
        })
        .ad_hoc("free", "=[\"q\"]", |b| b.service_task("q", "q").apart().service_task("r", "r"))
        .end("e2")
        .event_sub_process("top", |b| b.start_on("n", Event::signal("go")).end("o"));
    expect(clean, &[]);
}

#[test]
fn lost_elements_are_told_once_where_they_begin() {
    let lost = process()
        .end("e")
        .apart()
        .service_task("b", "t")
        .service_task("c", "t")
        .apart()
        .sub_process("d", |b| b.start("i").end("j"));
    expect(lost, &[(codes::UNREACHABLE, "b"), (codes::UNREACHABLE, "d")]);
    let ring = process()
        .end("e")
        .apart()
        .service_task("b", "t")
        .exclusive("c")
        .when("=x")
        .to("b")
        .at("c")
        .otherwise()
        .end("f");
    expect(ring, &[(codes::UNREACHABLE, "b")]);
}

#[test]
fn a_loop_without_an_exit() {
    let ring = process().service_task("b", "t").service_task("c", "t").to("b");
    expect(ring, &[(codes::NO_END, "s")]);
}

#[test]
fn joins_that_cannot_fire() {
    let join = |b: Builder| {
        b.when("=x")
            .service_task("a", "t")
            .parallel("j")
            .end("e")
            .at("g")
            .otherwise()
            .service_task("b", "t")
            .to("j")
    };
    expect(join(process().exclusive("g")), &[(codes::JOIN_NEVER_FIRES, "j")]);
    expect(join(process().inclusive("g")), &[]);
    let both = process()
        .parallel("g")
        .service_task("a", "t")
        .parallel("j")
        .end("e")
        .at("g")
        .service_task("b", "t")
        .to("j");
    expect(both, &[]);
}

#[test]
fn gateways() {
    let choice = |b: Builder| b.exclusive("g").when("=x").end("a").at("g").when("=y").end("b");
    expect(choice(process()), &[(codes::DEFAULT_MISSING, "g")]);
    let both = process().exclusive("g").when("=x").end("a").at("g").when("=y").otherwise().end("b");
    expect(both, &[(codes::CONDITION_IGNORED, "g_to_b")]);
}

#[test]
fn mappings_and_headers() {
    let text = process()
        .script_task("b", "=1", "x")
        .service_task("a", "t")
        .input("x", "y")
        .input("https://x.example", "z")
        .end("e");
    expect(text, &[(codes::MAPPING_STATIC, "a")]);
    let plain = process().throw("a", Event::None).input("=x", "y").end("e");
    expect(plain, &[(codes::EXTENSION_MISPLACED, "a")]);
    let header = process().script_task("a", "=1", "r").header("k", "v").end("e");
    expect(header, &[(codes::EXTENSION_MISPLACED, "a")]);
}

#[test]
fn other_engines() {
    let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
      xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
      <process id="p" isExecutable="true"><startEvent id="s"/>
      <sequenceFlow id="f" sourceRef="s" targetRef="a"/>
      <userTask id="a" camunda:assignee="me"><extensionElements><camunda:formData>
        <camunda:formField id="x"/></camunda:formData></extensionElements></userTask>
      </process></definitions>"#;
    assert_eq!(found(xml), [(codes::FOREIGN_EXTENSION, "a".to_owned())]);
}

#[test]
fn errors_come_with_warnings_in_the_order_of_places() {
    let xml = process().service_task("a", "").end("e").apart().service_task("b", "t").xml();
    let all = lint("t.bpmn", xml.as_bytes());
    let codes: Vec<_> = all.iter().map(|d| d.code).collect();
    assert_eq!(codes, [codes::JOB_TYPE_MISSING, codes::UNREACHABLE]);
    let places: Vec<_> = all.iter().map(|d| (d.position.line, d.position.column)).collect();
    assert!(places.is_sorted());
}

#[test]
fn acceptance_models_are_linted() {
    for folder in ["models", "miwg"] {
        for (name, xml) in common::models(folder) {
            for problem in lint(&name, &xml) {
                println!("{name}:{problem}");
            }
        }
    }
}
