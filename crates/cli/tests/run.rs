//! `grevy run` as a new user meets it: wrong options, jobs that nobody does, joins that wait for
//! ever, errors.

#![allow(clippy::unwrap_used)] // a panic is the report of a test

use std::io::Write;
use std::process::{Command, Stdio};

/// A process around `body`.
fn model(body: &str) -> String {
    format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\">\
         <error id=\"none\" errorCode=\"NO_STOCK\"/><message id=\"m\" name=\"paid\">\
         <extensionElements><zeebe:subscription correlationKey=\"=1\"/></extensionElements>\
         </message><process id=\"p\" isExecutable=\"true\">{body}</process></definitions>"
    )
}

fn task(id: &str, job_type: &str) -> String {
    format!(
        "<serviceTask id=\"{id}\"><extensionElements><zeebe:taskDefinition type=\"{job_type}\"/>\
         <zeebe:taskHeaders><zeebe:header key=\"depth\" value=\"7\"/></zeebe:taskHeaders>\
         </extensionElements></serviceTask>"
    )
}

fn flow(id: &str, from: &str, to: &str) -> String {
    format!("<sequenceFlow id=\"{id}\" sourceRef=\"{from}\" targetRef=\"{to}\"/>")
}

/// A task with an error boundary event, then a message.
fn order(job_type: &str) -> String {
    model(&format!(
        "<startEvent id=\"s\"/>{}<boundaryEvent id=\"b\" attachedToRef=\"check\">\
         <errorEventDefinition errorRef=\"none\"/></boundaryEvent><endEvent id=\"sold-out\"/>\
         <intermediateCatchEvent id=\"pay\"><messageEventDefinition messageRef=\"m\"/>\
         </intermediateCatchEvent><endEvent id=\"e\"/>{}{}{}{}",
        task("check", job_type),
        flow("f1", "s", "check"),
        flow("f2", "check", "pay"),
        flow("f3", "pay", "e"),
        flow("f4", "b", "sold-out"),
    ))
}

/// Exit code, standard output and standard error; `input` is what stands on standard input.
fn run(model: &str, options: &[&str], input: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.bpmn");
    std::fs::write(&file, model).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_grevy"));
    command.arg("run").arg(&file).args(options);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_join_that_waits_for_ever_is_told_with_the_flow_that_is_missing() {
    let model = model(&format!(
        "<startEvent id=\"s\"/><exclusiveGateway id=\"x\" default=\"f2\"/>{}{}\
         <parallelGateway id=\"join\"/><endEvent id=\"e\"/>{}{}\
         <sequenceFlow id=\"f3\" sourceRef=\"x\" targetRef=\"boss\"><conditionExpression>=false\
         </conditionExpression></sequenceFlow>{}{}{}",
        task("check", "check"),
        task("boss", "boss"),
        flow("f1", "s", "x"),
        flow("f2", "x", "check"),
        flow("f6", "check", "join"),
        flow("f7", "boss", "join"),
        flow("f8", "join", "e"),
    ));
    let (code, out, err) = run(&model, &["--result", "check={}"], "");
    assert_eq!(code, 4, "{out}{err}");
    let told = "At 'join' it waits for the other branches: 'f7' from 'boss' did not arrive";
    assert!(out.contains(told), "{out}");
}

#[test]
fn names_and_values_are_refused_before_anything_runs() {
    let wrong: &[(&[&str], &str)] = &[
        (&["--job", "chek=true"], "('check'), but it is 'chek'"),
        (&["--result", "chek={}"], "('check'), but it is 'chek'"),
        (&["--message", "payd"], "('paid'), but it is 'payd'"),
        (&["--message", "paid=notjson"], "--message paid=notjson"),
        (&["--result", "check=1"], "--result check=1"),
        (&["--result", "check={}", "--job", "check=true"], "both are given"),
        (&["--var", "=3"], "'=3' has no name"),
        (&["--var", "a=3", "--var", "a=4"], "once for 'a'"),
    ];
    for (options, told) in wrong {
        let (code, out, err) = run(&order("check"), options, "");
        assert_eq!((code, &*out), (2, ""), "{options:?}: {err}");
        assert!(err.contains(told), "{options:?}: {err}");
    }
    let (code, out, err) = run(
        &order("= &quot;che&quot; + &quot;ck&quot;"),
        &["--job", "chek=true", "--result", "check={}"],
        "",
    );
    assert_eq!(code, 3, "{out}{err}");
    assert!(out.contains("warning: expected --job to name a job type"), "{out}");
    assert!(out.contains("waits for message 'paid' with correlation key '1'"), "{out}");
}

#[test]
fn a_job_without_an_answer_is_not_done() {
    let (code, out, err) = run(&order("check"), &[], "");
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("job 'check' of 'check' has no answer"), "{err}");
}

#[test]
fn answers_are_read_line_by_line_and_a_wrong_one_is_asked_for_again() {
    let lines = "nonsense\nfail not yet\n{\"stock\": 4}\n";
    let (code, out, err) = run(&order("check"), &["--message", "paid"], lines);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("expected a JSON object, 'fail MESSAGE' or 'error CODE"), "{out}");
    assert!(out.contains("failed: not yet") && out.contains("{\"stock\":4}"), "{out}");
    let (code, out, err) = run(&order("check"), &[], "error NO_STOCK none left\n");
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("sold-out"), "{out}");
}

#[test]
fn a_command_throws_with_ten_and_knows_its_job() {
    let throws = "check=echo NO_STOCK none left; echo '{\"left\": 0}'; exit 10";
    let (code, out, err) = run(&order("check"), &["--job", throws], "");
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("sold-out") && out.contains("{\"left\":0}"), "{out}");
    let (code, out, _) = run(&order("check"), &["--job", "check=echo OTHER; exit 10"], "");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("UNHANDLED_ERROR_EVENT"), "{out}");
    let knows = "check=test $GREVY_JOB_KEY -gt $GREVY_PROCESS_INSTANCE_KEY && echo \
                 \"{\\\"a\\\": [\\\"$GREVY_JOB_TYPE\\\", \\\"$GREVY_ELEMENT_ID\\\", \
                 $GREVY_HEADERS]}\"";
    let (code, out, err) = run(&order("check"), &["--job", knows, "--message", "paid"], "");
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("{\"a\":[\"check\",\"check\",{\"depth\":\"7\"}]}"), "{out}");
}

#[test]
fn a_command_that_prints_nonsense_or_does_not_end_fails_its_job() {
    let (code, out, err) = run(&order("check"), &["--job", "check=echo hello"], "");
    assert_eq!(code, 1, "{out}{err}");
    assert!(out.contains("expected a JSON object on standard output of 'echo hello'"), "{out}");
    assert!(out.contains("incident: JOB_NO_RETRIES"), "{out}");
    for command in ["check=sleep 9 2>&- & echo '{}'", "check=exec >&- 2>&-; sleep 9"] {
        let (code, out, err) = run(&order("check"), &["--job", command, "--job-timeout", "1"], "");
        assert_eq!(code, 1, "{out}{err}");
        assert!(out.contains("to end within 1 s (--job-timeout)"), "{out}");
    }
}

#[test]
fn the_path_is_written_as_a_page_however_the_run_ends() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let html = page.to_str().unwrap();
    let read = || std::fs::read_to_string(&page).unwrap();
    let found = |text: &str, class: &str, id: &str| {
        text.split("<g ").any(|g| {
            let head = g.split('>').next().unwrap_or_default();
            head.contains(class) && head.contains(&format!("data-id=\"{id}\""))
        })
    };
    // Through to the end: what was not reached is faded.
    let (code, ..) = run(&order("check"), &["--html", html], "");
    assert_eq!(code, 1, "nobody does the job");
    assert!(read().contains("nobody does the job &#39;check&#39;"), "the page says why");
    let options = ["--result", "check={\"ok\": true}", "--message", "paid", "--html", html];
    let (code, out, err) = run(&order("check"), &options, "");
    assert_eq!(code, 0, "{out}\n{err}");
    let text = read();
    for (class, id) in [("taken", "f1"), ("taken", "f3"), ("faded", "f4"), ("done", "check")] {
        assert!(found(&text, class, id), "{class} {id}");
    }
    assert!(text.contains("<strong>completed</strong>"), "the outcome");
    assert!(text.contains("<td>ok</td><td>true</td>"), "the variables");
    assert!(text.contains("<td>flow-taken</td><td>f2</td>"), "the steps in their order");
    // Waiting for a message: its event is where it is.
    let (code, ..) = run(&order("check"), &options[..2], "");
    assert_eq!(code, 3);
    let (code, ..) = run(&order("check"), &[&options[..2], &["--html", html]].concat(), "");
    assert_eq!(code, 3);
    let text = read();
    assert!(found(&text, "now", "pay") && found(&text, "faded", "f3"), "it waits there");
    assert!(text.contains("waits for message"), "and is told");
}
