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
