//! One case or more for every rule: a snippet, the code it must give, and the element it names.

use std::collections::BTreeSet;

use model::{Diagnostic, codes};

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="t">"#;

/// A file with these children of `definitions`.
fn file(body: &str) -> String {
    format!("{HEAD}\n{body}\n</bpmn:definitions>")
}

/// A file with one executable process `p`.
fn process(body: &str) -> String {
    file(&format!("<bpmn:process id=\"p\" isExecutable=\"true\">\n{body}\n</bpmn:process>{ROOTS}"))
}

/// A process that starts at `s`, with more elements.
fn after_start(body: &str) -> String {
    process(&format!("<bpmn:startEvent id=\"s\"/>{body}"))
}

/// A process from `s` over one element with id `x` to `e`.
fn between(element: &str) -> String {
    after_start(&format!(
        "<bpmn:sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"x\"/>{element}\
         <bpmn:sequenceFlow id=\"f2\" sourceRef=\"x\" targetRef=\"e\"/><bpmn:endEvent id=\"e\"/>"
    ))
}

fn task_with(extensions: &str) -> String {
    between(&format!(
        "<bpmn:serviceTask id=\"x\"><bpmn:extensionElements>{extensions}\
         </bpmn:extensionElements></bpmn:serviceTask>"
    ))
}

const JOB: &str = "<zeebe:taskDefinition type=\"t\"/>";

/// A service task `x` with boundary events.
fn boundary(events: &str) -> String {
    between(&format!(
        "<bpmn:serviceTask id=\"x\"><bpmn:extensionElements>{JOB}</bpmn:extensionElements>\
         </bpmn:serviceTask>{events}"
    ))
}

/// What the snippets refer to.
const ROOTS: &str = r#"
<bpmn:message id="m" name="order"><bpmn:extensionElements>
  <zeebe:subscription correlationKey="=id"/></bpmn:extensionElements></bpmn:message>
<bpmn:message id="keyless" name="keyless"/>
<bpmn:message id="nameless"/>
<bpmn:error id="err" errorCode="E"/>
<bpmn:error id="bare"/>
<bpmn:error id="dynamic" errorCode="=code"/>
<bpmn:escalation id="esc" escalationCode="E"/>
<bpmn:escalation id="bareesc"/>
<bpmn:signal id="sig" name="go"/>
<bpmn:signal id="namelesssig"/>
"#;

fn problems(xml: &str) -> Vec<Diagnostic> {
    match model::parse("t.bpmn", xml.as_bytes()) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    }
}

struct Cases {
    seen: BTreeSet<&'static str>,
}

impl Cases {
    /// The snippet gives this code for this element, and nothing else.
    fn only(&mut self, code: &'static str, element: &str, xml: &str) {
        let found = problems(xml);
        let list = model::report("t.bpmn", &found);
        assert!(!found.is_empty(), "expected {code} at {element}, but nothing in {xml}");
        for d in &found {
            assert_eq!(
                (d.code, d.element.as_deref().unwrap_or("")),
                (code, element),
                "{list}{xml}"
            );
            assert!(d.message.starts_with("expected "), "{list}");
            assert!(d.message.contains(", but"), "{list}");
        }
        self.seen.insert(code);
    }

    /// The snippet gives this code among others.
    fn some(&mut self, code: &'static str, element: &str, xml: &str) {
        let found = problems(xml);
        let hit = found.iter().any(|d| d.code == code && d.element.as_deref() == Some(element));
        assert!(hit, "expected {code} at {element}:\n{}{xml}", model::report("t.bpmn", &found));
        self.seen.insert(code);
    }
}

fn accepted(xml: &str) {
    let found = problems(xml);
    assert!(found.is_empty(), "{}{xml}", model::report("t.bpmn", &found));
}

#[test]
fn every_rule() {
    let t = &mut Cases { seen: BTreeSet::new() };
    files(t);
    ids(t);
    unsupported(t);
    structure(t);
    gateways(t);
    tasks(t);
    events(t);
    compensation(t);
    let lint = [
        codes::UNREACHABLE,
        codes::JOIN_NEVER_FIRES,
        codes::FOREIGN_EXTENSION,
        codes::CONDITION_IGNORED,
        codes::NO_END,
        codes::EXTENSION_MISPLACED,
        codes::MAPPING_STATIC,
        codes::DEFAULT_MISSING,
    ];
    // Those of decisions have their cases in `crates/cli/tests/lint.rs`.
    let all: BTreeSet<_> =
        codes::PAGES.iter().map(|p| p.code).filter(|code| code.starts_with("BPMN")).collect();
    let seen: BTreeSet<_> = t.seen.iter().copied().chain(lint).collect();
    let untested: Vec<_> = all.difference(&seen).collect();
    assert!(untested.is_empty(), "codes without a case: {untested:?}");
}

fn files(t: &mut Cases) {
    let large = format!("{HEAD}<!--{}-->", " ".repeat(model::limits::MODEL_BYTES_MAX));
    t.only(codes::FILE_TOO_LARGE, "", &large);
    let raw = model::parse("t.bpmn", b"<a>\xFF</a>").expect_err("these bytes are no text");
    assert_eq!(raw[0].code, codes::ENCODING);
    t.seen.insert(codes::ENCODING);
    t.only(codes::NOT_XML, "", "<a><b></a>");
    t.only(codes::NOT_XML, "", "");
    t.only(codes::NOT_XML, "", "{}");
    let cut = problems("<a>\n  <b>");
    assert_eq!((cut[0].position.line, cut[0].position.column), (2, 6), "{cut:?}");
    t.only(codes::DOCUMENT_TYPE, "", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>");
    t.only(codes::TOO_COMPLEX, "", &"<a>".repeat(1_000));
    t.only(codes::NOT_BPMN, "", "<definitions/>");
    t.only(codes::NO_EXECUTABLE_PROCESS, "", &file(""));
    t.only(codes::NO_EXECUTABLE_PROCESS, "", &file("<bpmn:process id='p'/>"));
    let many = after_start(&"<bpmn:serviceTask id='a'/>".repeat(600));
    assert_eq!(problems(&many).len(), model::limits::DIAGNOSTICS_MAX + 1);
    t.some_file(codes::TOO_MANY_PROBLEMS, &many);
}

impl Cases {
    fn some_file(&mut self, code: &'static str, xml: &str) {
        assert!(problems(xml).iter().any(|d| d.code == code), "no {code}");
        self.seen.insert(code);
    }
}

fn ids(t: &mut Cases) {
    let found = problems(&process("<bpmn:startEvent/>"));
    assert_eq!(found[0].code, codes::ID_MISSING);
    t.seen.insert(codes::ID_MISSING);
    t.some(codes::ID_DUPLICATE, "s", &after_start("<bpmn:endEvent id='s'/>"));
    let flow = "<bpmn:sequenceFlow id='f' sourceRef='s' targetRef='nowhere'/>";
    t.only(codes::REFERENCE_UNKNOWN, "f", &after_start(flow));
    let message = "<bpmn:messageEventDefinition messageRef='err'/>";
    let xml = between(&format!(
        "<bpmn:intermediateCatchEvent id='x'>{message}</bpmn:intermediateCatchEvent>"
    ));
    t.only(codes::REFERENCE_UNKNOWN, "x", &xml);
    let xml = file("<bpmn:process isExecutable='true'><bpmn:startEvent id='s'/></bpmn:process>");
    t.only(codes::PROCESS_ID_MISSING, "", &xml);
    let one = "<bpmn:process id='p' isExecutable='true'><bpmn:startEvent id='s'/></bpmn:process>";
    t.only(codes::PROCESS_ID_DUPLICATE, "p", &file(&one.repeat(2)));
    let long = "x".repeat(1_001);
    t.some_file(codes::ID_TOO_LONG, &process(&format!("<bpmn:startEvent id='{long}'/>")));
    let xml =
        file("<bpmn:process id='p' isExecutable='yes'><bpmn:startEvent id='s'/></bpmn:process>");
    t.some_file(codes::ATTRIBUTE_VALUE, &xml);
    t.only(codes::EXPRESSION_EXPECTED, "f1", &choice("a &gt; 1", "=b"));
    expressions(t);
}

/// A checker that dislikes question marks shows where the place comes from.
fn expressions(t: &mut Cases) {
    let dislike = |text: &str| match text.find('?') {
        Some(offset) => Err(model::ExpressionProblem {
            offset,
            message: "expected a name, but found '?'".into(),
        }),
        None => Ok(Vec::new()),
    };
    let checks = model::Checks { expression: &dislike };
    let xml = choice("\n  = a\n + ?", "=b");
    let found = model::parse_with("t.bpmn", xml.as_bytes(), &checks).expect_err("it has a '?'");
    let [only] = &found[..] else { panic!("{}", model::report("t.bpmn", &found)) };
    assert_eq!((only.code, only.element.as_deref()), (codes::EXPRESSION_SYNTAX, Some("f1")));
    assert!(only.message.starts_with("expected a name, but found '?' in the expression"));
    let place = xml.rfind('?').expect("it is there");
    let (before, line) = (&xml[..place], xml[..place].matches('\n').count() as u32 + 1);
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) as u32 + 1;
    assert_eq!((only.position.line, only.position.column), (line, column));
    let xml = task_with("<zeebe:taskDefinition type='= a ?'/>");
    let found = model::parse_with("t.bpmn", xml.as_bytes(), &checks).expect_err("it has a '?'");
    let (before, after) = xml.split_once("= a ?").expect("it is there");
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) as u32 + 1 + 4;
    assert_eq!(found[0].position.column, column, "{after}");
    t.seen.insert(codes::EXPRESSION_SYNTAX);
    let xml = task_with("<zeebe:taskDefinition type='= uper case(a)'/>");
    let (_, found) = model::parse("t.bpmn", xml.as_bytes()).expect("it parses");
    let [only] = &found[..] else { panic!("{}", model::report("t.bpmn", &found)) };
    assert_eq!((only.code, only.severity), (codes::EXPRESSION_DOUBTFUL, model::Severity::Warning));
    assert!(only.message.contains("did you mean 'upper case'"), "{only}");
    t.seen.insert(codes::EXPRESSION_DOUBTFUL);
}

/// An exclusive gateway with two conditions.
fn choice(first: &str, second: &str) -> String {
    after_start(&format!(
        "<bpmn:sequenceFlow id='f0' sourceRef='s' targetRef='g'/><bpmn:exclusiveGateway id='g'/>\
         <bpmn:sequenceFlow id='f1' sourceRef='g' targetRef='e'>\
         <bpmn:conditionExpression>{first}</bpmn:conditionExpression></bpmn:sequenceFlow>\
         <bpmn:sequenceFlow id='f2' sourceRef='g' targetRef='e'>\
         <bpmn:conditionExpression>{second}</bpmn:conditionExpression></bpmn:sequenceFlow>\
         <bpmn:endEvent id='e'/>"
    ))
}

fn unsupported(t: &mut Cases) {
    t.only(codes::ELEMENT_UNKNOWN, "", &after_start("<bpmn:serviceTsk id='x'/>"));
    // The flows that lead there are no faults of their own.
    t.only(codes::ELEMENT_UNKNOWN, "", &between("<bpmn:serviceTsk id='x'/>"));
    t.only(codes::ELEMENT_UNSUPPORTED, "x", &between("<bpmn:complexGateway id='x'/>"));
    let inner = "<bpmn:startEvent id='i'/>";
    t.only(
        codes::ELEMENT_UNSUPPORTED,
        "x",
        &between(&format!("<bpmn:transaction id='x'>{inner}</bpmn:transaction>")),
    );
    t.only(codes::ELEMENT_UNSUPPORTED, "x", &between("<bpmn:choreographyTask id='x'/>"));
    let cancel = "<bpmn:endEvent id='x'><bpmn:cancelEventDefinition/></bpmn:endEvent>";
    let to = "<bpmn:sequenceFlow id='f' sourceRef='s' targetRef='x'/>";
    t.only(codes::EVENT_UNSUPPORTED, "x", &after_start(&format!("{to}{cancel}")));
    t.only(codes::EVENT_UNSUPPORTED, "x", &between("<bpmn:intermediateCatchEvent id='x'/>"));
    t.only(
        codes::EVENT_UNSUPPORTED,
        "s",
        &process(
            "<bpmn:startEvent id='s'><bpmn:errorEventDefinition errorRef='err'/></bpmn:startEvent>",
        ),
    );
    t.only(
        codes::EVENT_MULTIPLE,
        "s",
        &process(
            "<bpmn:startEvent id='s'><bpmn:messageEventDefinition messageRef='m'/>\
             <bpmn:signalEventDefinition signalRef='sig'/></bpmn:startEvent>",
        ),
    );
    t.only(
        codes::LOOP_UNSUPPORTED,
        "x",
        &between("<bpmn:task id='x'><bpmn:standardLoopCharacteristics/></bpmn:task>"),
    );
    t.only(
        codes::INSTANTIATE_UNSUPPORTED,
        "x",
        &between("<bpmn:receiveTask id='x' instantiate='true' messageRef='m'/>"),
    );
}

fn structure(t: &mut Cases) {
    t.only(codes::START_MISSING, "p", &process("<bpmn:endEvent id='e'/>"));
    t.only(codes::START_SEVERAL_NONE, "s2", &after_start("<bpmn:startEvent id='s2'/>"));
    t.only(codes::SUB_PROCESS_START, "x", &between("<bpmn:subProcess id='x'/>"));
    let event = |inner: &str| {
        after_start(&format!(
            "<bpmn:subProcess id='x' triggeredByEvent='true'>{inner}</bpmn:subProcess>"
        ))
    };
    t.only(codes::EVENT_SUB_PROCESS_START, "x", &event(""));
    t.only(codes::EVENT_UNSUPPORTED, "i", &event("<bpmn:startEvent id='i'/>"));
    let signal = "<bpmn:startEvent id='i'><bpmn:signalEventDefinition signalRef='sig'/>\
                  </bpmn:startEvent>";
    accepted(&event(signal));
    let xml = between(&format!(
        "<bpmn:subProcess id='x' triggeredByEvent='true'>{signal}</bpmn:subProcess>"
    ));
    t.only(codes::EVENT_SUB_PROCESS_FLOWS, "x", &xml);
    let back = "<bpmn:sequenceFlow id='f9' sourceRef='x' targetRef='s'/>";
    t.only(
        codes::START_INCOMING,
        "s",
        &between(&format!(
            "<bpmn:subProcess id='x'><bpmn:startEvent id='i'/></bpmn:subProcess>{back}"
        )),
    );
    t.some(
        codes::END_OUTGOING,
        "e",
        &between(
            "<bpmn:intermediateThrowEvent id='x'/>\
             <bpmn:sequenceFlow id='f3' sourceRef='e' targetRef='x'/>",
        ),
    );
    t.only(
        codes::FLOW_CROSSES_SCOPE,
        "f3",
        &between(
            "<bpmn:subProcess id='x'><bpmn:startEvent id='i'/></bpmn:subProcess>\
             <bpmn:sequenceFlow id='f3' sourceRef='i' targetRef='e'/>",
        ),
    );
    let event = |flow: &str, host: &str| {
        boundary(&format!(
            "<bpmn:boundaryEvent id='b' attachedToRef='{host}'>\
             <bpmn:signalEventDefinition signalRef='sig'/></bpmn:boundaryEvent>{flow}"
        ))
    };
    let out = "<bpmn:sequenceFlow id='f3' sourceRef='b' targetRef='e'/>";
    accepted(&event(out, "x"));
    let into = "<bpmn:sequenceFlow id='f4' sourceRef='s' targetRef='b'/>";
    t.only(codes::BOUNDARY_INCOMING, "b", &event(&format!("{out}{into}"), "x"));
    t.only(codes::BOUNDARY_OUTGOING, "b", &event("", "x"));
    t.only(codes::BOUNDARY_ATTACHMENT, "b", &event(out, "e"));
    t.only(codes::BOUNDARY_ATTACHMENT, "b", &event(out, "nowhere"));
    let around = |what: &str| {
        after_start(&format!(
            "<bpmn:sequenceFlow id='f1' sourceRef='s' targetRef='g'/>\
             <bpmn:exclusiveGateway id='g' default='f3'/>\
             <bpmn:sequenceFlow id='f2' sourceRef='g' targetRef='x'>\
             <bpmn:conditionExpression>=a</bpmn:conditionExpression></bpmn:sequenceFlow>{what}\
             <bpmn:sequenceFlow id='f4' sourceRef='x' targetRef='g'/>\
             <bpmn:sequenceFlow id='f3' sourceRef='g' targetRef='e'/><bpmn:endEvent id='e'/>"
        ))
    };
    t.only(codes::LOOP_WITHOUT_WAIT, "x", &around("<bpmn:manualTask id='x'/>"));
    let nested = "<bpmn:subProcess id='x'><bpmn:startEvent id='i'/>\
                  <bpmn:sequenceFlow id='f5' sourceRef='i' targetRef='j'/><bpmn:task id='j'/>\
                  </bpmn:subProcess>";
    t.only(codes::LOOP_WITHOUT_WAIT, "j", &around(nested));
    let call = "<bpmn:callActivity id='x'><bpmn:extensionElements>\
                <zeebe:calledElement processId='p'/></bpmn:extensionElements></bpmn:callActivity>";
    t.only(codes::LOOP_WITHOUT_WAIT, "x", &between(call));
    accepted(&around(
        "<bpmn:serviceTask id='x'><bpmn:extensionElements>\
         <zeebe:taskDefinition type='t'/></bpmn:extensionElements></bpmn:serviceTask>",
    ));
}

fn gateways(t: &mut Cases) {
    accepted(&choice("=a", "=b"));
    let two = |gateway: &str| {
        after_start(&format!(
            "<bpmn:sequenceFlow id='f0' sourceRef='s' targetRef='g'/>{gateway}\
             <bpmn:sequenceFlow id='f1' sourceRef='g' targetRef='e'/>\
             <bpmn:sequenceFlow id='f2' sourceRef='g' targetRef='e'/><bpmn:endEvent id='e'/>"
        ))
    };
    t.only(codes::CONDITION_MISSING, "f2", &two("<bpmn:exclusiveGateway id='g' default='f1'/>"));
    t.only(codes::CONDITION_MISSING, "f2", &two("<bpmn:inclusiveGateway id='g' default='f1'/>"));
    accepted(&two("<bpmn:parallelGateway id='g'/>"));
    t.some(codes::DEFAULT_FLOW, "g", &two("<bpmn:exclusiveGateway id='g' default='f0'/>"));
    t.some(codes::DEFAULT_FLOW, "g", &two("<bpmn:exclusiveGateway id='g' default='nowhere'/>"));
    let misplaced = choice("=a", "=b").replace("exclusive", "parallel");
    t.some(codes::CONDITION_MISPLACED, "f1", &misplaced);
    t.some(codes::EVENT_GATEWAY_TARGET, "e", &two("<bpmn:eventBasedGateway id='g'/>"));
    t.only(codes::EVENT_GATEWAY_BRANCHES, "x", &{
        after_start(
            "<bpmn:sequenceFlow id='f0' sourceRef='s' targetRef='x'/>\
             <bpmn:eventBasedGateway id='x'/>",
        )
    });
    let receive = after_start(
        "<bpmn:sequenceFlow id='f0' sourceRef='s' targetRef='g'/><bpmn:eventBasedGateway id='g'/>\
         <bpmn:sequenceFlow id='f1' sourceRef='g' targetRef='r'/>\
         <bpmn:sequenceFlow id='f2' sourceRef='g' targetRef='c'/>\
         <bpmn:receiveTask id='r' messageRef='m'/>\
         <bpmn:intermediateCatchEvent id='c'><bpmn:timerEventDefinition><bpmn:timeDuration>PT1S\
         </bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>",
    );
    t.only(codes::EVENT_GATEWAY_TARGET, "r", &receive);
}

fn tasks(t: &mut Cases) {
    accepted(&task_with(JOB));
    t.only(codes::JOB_TYPE_MISSING, "x", &task_with(""));
    t.only(codes::JOB_TYPE_MISSING, "x", &task_with("<zeebe:taskDefinition type=' '/>"));
    t.only(codes::JOB_RETRIES, "x", &task_with("<zeebe:taskDefinition type='t' retries='many'/>"));
    let with = |more: &str| task_with(&format!("{JOB}{more}"));
    let header = "<zeebe:taskHeaders><zeebe:header key='k'/></zeebe:taskHeaders>";
    t.only(codes::HEADER, "x", &with(header));
    let map = |attributes: &str| {
        with(&format!("<zeebe:ioMapping><zeebe:input {attributes}/></zeebe:ioMapping>"))
    };
    accepted(&map("source='=a' target='b.c'"));
    t.only(codes::MAPPING, "x", &map("source='=a' target=''"));
    t.only(codes::MAPPING, "x", &map("source='=a' target='b..c'"));
    t.only(codes::MAPPING_SOURCE, "x", &map("target='b'"));
    let listen = |attributes: &str| {
        with(&format!(
            "<zeebe:executionListeners><zeebe:executionListener {attributes}/>\
             </zeebe:executionListeners>"
        ))
    };
    accepted(&listen("eventType='start' type='l'"));
    t.only(codes::LISTENER, "x", &listen("eventType='creating' type='l'"));
    t.only(codes::JOB_TYPE_MISSING, "x", &listen("eventType='end'"));
    let gateway = choice("=a", "=b").replace(
        "<bpmn:exclusiveGateway id='g'/>",
        "<bpmn:exclusiveGateway id='g'><bpmn:extensionElements><zeebe:executionListeners>\
         <zeebe:executionListener eventType='end' type='l'/></zeebe:executionListeners>\
         </bpmn:extensionElements></bpmn:exclusiveGateway>",
    );
    t.only(codes::LISTENER, "g", &gateway);
    let many = |inner: &str| {
        between(&format!(
            "<bpmn:task id='x'><bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>\
             {inner}</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics></bpmn:task>"
        ))
    };
    accepted(&many("<zeebe:loopCharacteristics inputCollection='=items'/>"));
    t.only(codes::MULTI_INSTANCE, "x", &many(""));
    t.only(
        codes::MULTI_INSTANCE,
        "x",
        &many("<zeebe:loopCharacteristics inputCollection='=items' outputCollection='r'/>"),
    );
    t.only(codes::CALLED_ELEMENT, "x", &between("<bpmn:callActivity id='x'/>"));
    t.only(codes::DECISION, "x", &between("<bpmn:businessRuleTask id='x'/>"));
    t.only(codes::SCRIPT, "x", &between("<bpmn:scriptTask id='x'/>"));
    let script = "<bpmn:scriptTask id='x'><bpmn:extensionElements>\
                  <zeebe:script expression='1' resultVariable='r'/></bpmn:extensionElements>\
                  </bpmn:scriptTask>";
    t.only(codes::EXPRESSION_EXPECTED, "x", &between(script));
    let user = |inner: &str| {
        between(&format!(
            "<bpmn:userTask id='x'><bpmn:extensionElements><zeebe:userTask/>{inner}\
             </bpmn:extensionElements></bpmn:userTask>"
        ))
    };
    t.only(codes::FORM, "x", &user("<zeebe:formDefinition formId='a' formKey='b'/>"));
    let bound = "<zeebe:formDefinition formId='a' bindingType='newest'/>";
    t.only(codes::BINDING, "x", &user(bound));
    let tagged = "<zeebe:formDefinition formId='a' bindingType='versionTag'/>";
    t.only(codes::BINDING, "x", &user(tagged));
    t.only(codes::PRIORITY, "x", &user("<zeebe:priorityDefinition priority='101'/>"));
    t.only(codes::TIMER_VALUE, "x", &user("<zeebe:taskSchedule dueDate='tomorrow'/>"));
    accepted(&user("<zeebe:taskSchedule dueDate='=due'/>"));
    t.only(codes::AD_HOC, "x", &between("<bpmn:adHocSubProcess id='x'/>"));
    let linked = "<zeebe:linkedResources><zeebe:linkedResource resourceId='r'/>\
                  </zeebe:linkedResources>";
    t.only(codes::LINKED_RESOURCE, "x", &with(linked));
    t.only(codes::ZEEBE_UNKNOWN, "x", &with("<zeebe:taskDefinitions/>"));
    t.only(codes::ZEEBE_UNKNOWN, "x", &task_with("<zeebe:taskDefinition type='t' retry='3'/>"));
}

fn events(t: &mut Cases) {
    let catch = |definition: &str| {
        between(&format!(
            "<bpmn:intermediateCatchEvent id='x'>{definition}</bpmn:intermediateCatchEvent>"
        ))
    };
    let throw = |definition: &str| {
        between(&format!(
            "<bpmn:intermediateThrowEvent id='x'>{definition}</bpmn:intermediateThrowEvent>"
        ))
    };
    let message = |id: &str| format!("<bpmn:messageEventDefinition messageRef='{id}'/>");
    accepted(&catch(&message("m")));
    t.only(codes::MESSAGE_MISSING, "x", &catch("<bpmn:messageEventDefinition/>"));
    t.only(codes::MESSAGE_NAME_MISSING, "x", &catch(&message("nameless")));
    t.only(codes::CORRELATION_KEY_MISSING, "x", &catch(&message("keyless")));
    accepted(&process(&format!(
        "<bpmn:startEvent id='s'>{}</bpmn:startEvent>",
        message("keyless")
    )));
    t.only(
        codes::MESSAGE_NAME_TWICE,
        "s2",
        &process(&format!(
            "<bpmn:startEvent id='s'>{0}</bpmn:startEvent><bpmn:startEvent id='s2'>{0}\
             </bpmn:startEvent>",
            message("m")
        )),
    );
    let own = between(&format!(
        "<bpmn:receiveTask id='x' messageRef='m'/><bpmn:boundaryEvent id='b' attachedToRef='x'>{}\
         </bpmn:boundaryEvent><bpmn:sequenceFlow id='f3' sourceRef='b' targetRef='e'/>",
        message("m")
    ));
    t.only(codes::MESSAGE_NAME_TWICE, "b", &own);
    let publish = "<bpmn:extensionElements><zeebe:publishMessage correlationKey='=id'/>{}\
                   </bpmn:extensionElements>";
    accepted(&throw(&format!("{}{}", publish.replace("{}", ""), message("m"))));
    t.only(codes::PUBLISH, "x", &throw(&format!("{}{}", publish.replace("{}", JOB), message("m"))));
    let timer =
        |inner: &str| format!("<bpmn:timerEventDefinition>{inner}</bpmn:timerEventDefinition>");
    t.only(codes::TIMER_MISSING, "x", &catch(&timer("")));
    let both = "<bpmn:timeDate>=a</bpmn:timeDate><bpmn:timeDuration>=b</bpmn:timeDuration>";
    t.only(codes::TIMER_MISSING, "x", &catch(&timer(both)));
    t.only(codes::TIMER_VALUE, "x", &catch(&timer("<bpmn:timeDuration>PT7D</bpmn:timeDuration>")));
    let seven = problems(&catch(&timer("<bpmn:timeDuration>PT7D</bpmn:timeDuration>")));
    assert!(seven[0].message.contains("write P7D"), "{seven:?}");
    let cycle = timer("<bpmn:timeCycle>R/PT1S</bpmn:timeCycle>");
    t.only(codes::TIMER_KIND, "x", &catch(&cycle));
    let at = |cancel: bool| {
        boundary(&format!(
            "<bpmn:boundaryEvent id='b' attachedToRef='x' cancelActivity='{cancel}'>{cycle}\
             </bpmn:boundaryEvent><bpmn:sequenceFlow id='f3' sourceRef='b' targetRef='e'/>"
        ))
    };
    t.only(codes::TIMER_KIND, "b", &at(true));
    accepted(&at(false));
    let start =
        |inner: &str| process(&format!("<bpmn:startEvent id='s'>{inner}</bpmn:startEvent>"));
    accepted(&start(&cycle));
    let span = timer("<bpmn:timeDuration>PT1S</bpmn:timeDuration>");
    t.only(codes::TIMER_KIND, "s", &start(&span));
    codes_and_signals(t);
    t.only(codes::CONDITIONAL_EVENT, "x", &catch("<bpmn:conditionalEventDefinition/>"));
    let to = "<bpmn:sequenceFlow id='f' sourceRef='s' targetRef='x'/>";
    let link = "<bpmn:intermediateThrowEvent id='x'><bpmn:linkEventDefinition name='l'/>\
                </bpmn:intermediateThrowEvent>";
    t.only(codes::LINK, "x", &after_start(&format!("{to}{link}")));
}

fn codes_and_signals(t: &mut Cases) {
    let end = |definition: &str| {
        after_start(&format!(
            "<bpmn:sequenceFlow id='f' sourceRef='s' targetRef='x'/>\
             <bpmn:endEvent id='x'>{definition}</bpmn:endEvent>"
        ))
    };
    accepted(&end("<bpmn:errorEventDefinition errorRef='err'/>"));
    accepted(&end("<bpmn:errorEventDefinition errorRef='dynamic'/>"));
    t.only(codes::ERROR_CODE, "x", &end("<bpmn:errorEventDefinition/>"));
    t.only(codes::ERROR_CODE, "x", &end("<bpmn:errorEventDefinition errorRef='bare'/>"));
    t.only(codes::ESCALATION_CODE, "x", &end("<bpmn:escalationEventDefinition/>"));
    let bare = "<bpmn:escalationEventDefinition escalationRef='bareesc'/>";
    t.only(codes::ESCALATION_CODE, "x", &end(bare));
    t.only(codes::SIGNAL_NAME, "x", &end("<bpmn:signalEventDefinition/>"));
    t.only(codes::SIGNAL_NAME, "x", &end("<bpmn:signalEventDefinition signalRef='namelesssig'/>"));
    let catching = |id: &str, definition: &str| {
        format!(
            "<bpmn:boundaryEvent id='{id}' attachedToRef='x'>{definition}</bpmn:boundaryEvent>\
             <bpmn:sequenceFlow id='f{id}' sourceRef='{id}' targetRef='e'/>"
        )
    };
    let dynamic = "<bpmn:errorEventDefinition errorRef='dynamic'/>";
    t.only(codes::ERROR_CODE, "b", &boundary(&catching("b", dynamic)));
    let coded = "<bpmn:errorEventDefinition errorRef='err'/>";
    let all = "<bpmn:errorEventDefinition/>";
    accepted(&boundary(&format!("{}{}", catching("b", coded), catching("c", all))));
    t.only(
        codes::CATCH_TWICE,
        "c",
        &boundary(&format!("{}{}", catching("b", coded), catching("c", coded))),
    );
}

fn compensation(t: &mut Cases) {
    let with = |marker: &str, association: &str, more: &str| {
        boundary(&format!(
            "<bpmn:boundaryEvent id='b' attachedToRef='x'><bpmn:compensateEventDefinition/>\
             </bpmn:boundaryEvent><bpmn:task id='h' {marker}/>{association}{more}"
        ))
    };
    let marker = "isForCompensation='true'";
    let drawn = "<bpmn:association id='a' sourceRef='b' targetRef='h'/>";
    accepted(&with(marker, drawn, ""));
    t.some(codes::COMPENSATION_HANDLER, "b", &with(marker, "", ""));
    t.only(codes::COMPENSATION_HANDLER, "b", &with("", drawn, ""));
    let flow = "<bpmn:sequenceFlow id='f3' sourceRef='h' targetRef='e'/>";
    t.only(codes::COMPENSATION_HANDLER, "h", &with(marker, drawn, flow));
    let throw = |activity: &str| {
        between(&format!(
            "<bpmn:intermediateThrowEvent id='x'><bpmn:compensateEventDefinition \
             activityRef='{activity}'/></bpmn:intermediateThrowEvent><bpmn:task id='y'/>"
        ))
    };
    t.only(codes::COMPENSATION_ACTIVITY, "x", &throw("y"));
    t.only(codes::COMPENSATION_ACTIVITY, "x", &throw("nowhere"));
}
