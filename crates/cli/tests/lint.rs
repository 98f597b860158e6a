//! `grevy lint` over files that are clean, doubtful and wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

const HEAD: &str = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
                    xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\">";

fn file(folder: &Path, name: &str, process: &str, task: &str) -> PathBuf {
    let text = format!(
        "{HEAD}<process id=\"{process}\" isExecutable=\"true\"><startEvent id=\"s\"/>\n\
         <serviceTask id=\"t\">{task}</serviceTask><endEvent id=\"e\"/>\n\
         <sequenceFlow id=\"a\" sourceRef=\"s\" targetRef=\"t\"/>\n\
         <sequenceFlow id=\"b\" sourceRef=\"t\" targetRef=\"e\"/></process></definitions>"
    );
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file of ours");
    path
}

fn lint(files: &[&Path], more: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grevy"));
    let output = command.arg("lint").args(files).args(more).output().expect("it is there");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code().expect("it ends by itself"), text)
}

#[test]
fn findings_have_places_and_the_exit_code_tells_the_worst() {
    let folder = tempfile::tempdir().expect("a folder");
    let job = "<extensionElements><zeebe:taskDefinition type=\"x\"/></extensionElements>";
    let odd = "<extensionElements><zeebe:taskDefinition type=\"x\" color=\"red\"/>\
               </extensionElements>";
    let clean = file(folder.path(), "clean.bpmn", "clean", job);
    let doubtful = file(folder.path(), "doubtful.bpmn", "doubtful", odd);
    let wrong = file(folder.path(), "wrong.bpmn", "wrong", "");
    let again = file(folder.path(), "again.bpmn", "clean", job);

    assert_eq!(lint(&[&clean], &[]), (0, String::new()));
    let (code, text) = lint(&[&clean, &doubtful], &[]);
    let place = format!("{}:2:", doubtful.display());
    assert!(code == 1 && text.starts_with(&place), "{code} {text}");
    assert!(text.contains(" warning BPMN-102 t: expected "), "{text}");
    let (code, text) = lint(&[&wrong, &doubtful], &[]);
    assert!(code == 2 && text.contains(":2:1 error BPMN-060 t: expected "), "{code} {text}");
    let (code, text) = lint(&[&clean, &again], &[]);
    assert!(code == 2 && text.contains("BPMN-014 clean"), "{code} {text}");

    let (code, text) = lint(&[&wrong], &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, json.as_array().map(Vec::len)), (2, Some(1)), "{json}");
    assert_eq!((&json[0]["code"], &json[0]["line"]), (&"BPMN-060".into(), &2.into()), "{json}");
    let (code, _) = lint(&[Path::new("no-such-file.bpmn")], &[]);
    assert_eq!(code, 2);
}

const DMN: &str = "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" \
                   xmlns:c=\"http://camunda.org/schema/1.0/dmn\"";

fn decision(namespace: &str, id: &str, import: &str, text: &str) -> String {
    format!(
        "{DMN} id=\"{namespace}\" name=\"x\" namespace=\"{namespace}\">\n{import}\
         <decision id=\"{id}\" name=\"{id}\">\n<literalExpression><text>{text}</text>\
         </literalExpression></decision></definitions>"
    )
}

#[test]
fn decisions_are_checked_with_what_they_import() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file of ours");
        path
    };
    let clean = write("clean.dmn", &decision("a", "fee", "", "1 + x"));
    let import = "<import name=\"lib\" namespace=\"a\" \
                  importType=\"https://www.omg.org/spec/DMN/20191111/MODEL/\"/>";
    let user = write("user.dmn", &decision("b", "user", import, "2"));
    let doubtful = write("doubtful.dmn", &decision("c", "doubtful", "", "uper case(x)"));
    let wrong = write("wrong.dmn", &decision("d", "wrong", "", "1 +"));
    let again = write("again.dmn", &decision("e", "fee", "", "1"));
    let bpmn = write("model.dmn", &format!("{HEAD}</definitions>"));

    assert_eq!(lint(&[&user, &clean], &[]), (0, String::new()));
    let (code, text) = lint(&[&user], &[]);
    assert!(code == 2 && text.contains(":2:1 error DMN-001 lib: "), "{text}");
    let (code, text) = lint(&[&doubtful], &[]);
    assert!(code == 1 && text.contains("did you mean 'upper case'?"), "{text}");
    let (code, text) = lint(&[&wrong], &[]);
    assert!(code == 2 && text.contains("wrong.dmn:3:29 error DMN-001"), "{text}");
    let (code, text) = lint(&[&clean, &again], &[]);
    assert!(code == 2 && text.contains("clean.dmn has fee too"), "{text}");
    let rule = |id: &str, binding: &str| {
        format!(
            "<extensionElements><zeebe:calledDecision decisionId=\"{id}\" resultVariable=\"r\" \
             bindingType=\"{binding}\"/></extensionElements>"
        )
    };
    let calling = |name: &str, id: &str, binding: &str| {
        let path = file(folder.path(), name, name, &rule(id, binding));
        let text = std::fs::read_to_string(&path).expect("it is there");
        std::fs::write(&path, text.replace("serviceTask", "businessRuleTask")).expect("ours");
        path
    };
    let other = calling("other.bpmn", "no-fee", "latest");
    let bound = calling("bound.bpmn", "no-fee", "deployment");
    assert_eq!(lint(&[&other], &[]), (0, String::new()), "it may be deployed already");
    let (code, text) = lint(&[&other, &clean], &[]);
    assert!(code == 1 && text.contains("other.bpmn:2:1 warning DMN-002 t: "), "{text}");
    let (code, text) = lint(&[&bound], &[]);
    assert!(code == 1 && text.contains("expected a decision 'no-fee' in the files"), "{text}");
    assert_eq!(lint(&[&calling("right.bpmn", "fee", "deployment"), &clean], &[]).0, 0);
    let (code, text) = lint(&[&bpmn], &[]);
    assert!(code == 2 && text.contains("a namespace of DMN"), "{text}");
}

fn decide(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grevy"));
    let output = command.arg("decide").args(arguments).output().expect("it is there");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("it ends"), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_decision_of_a_file_is_evaluated_without_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let guide = include_str!("../../../docs/guide/dmn.md");
    let model = guide.split_once("```xml\n").expect("the model").1;
    let path = folder.path().join("shipping.dmn");
    std::fs::write(&path, model.split("```").next().unwrap_or_default()).expect("a file of ours");
    let file = path.display().to_string();
    let given = ["--var", "weight=30", "--var", "customer={\"kind\": \"new\"}"];
    let (code, text, _) = decide(&[&["--file", file.as_str()], &given[..]].concat());
    assert_eq!((code, text.trim()), (0, r#"{"fee":7.9,"by":"truck"}"#));
    let (_, text, _) = decide(&[&["size", "--file", file.as_str()], &given[..]].concat());
    assert_eq!(text.trim(), "\"large\"");
    let (_, text, _) = decide(&[&["--file", file.as_str(), "--trace"], &given[..]].concat());
    let shown = "  Customer = \"new\"\n  Parcel = \"large\"\n  rule 2 large: Fee = 7.9, Carrier";
    assert!(text.contains(shown), "{text}");
    let (code, _, error) = decide(&["--file", &file, "no-such"]);
    assert!(code == 2 && error.contains("one of the decisions 'size', 'fee'"), "{code} {error}");
}
