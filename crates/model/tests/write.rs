#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
//! What is written reads back as the same processes.

mod common;

use common::meaning::same;

#[test]
fn acceptance_models_survive() {
    for (name, xml) in common::models("models") {
        let Ok((before, warnings)) = model::parse(&name, &xml) else { continue };
        let text = model::write(&before);
        let (after, again) = model::parse(&name, text.as_bytes())
            .unwrap_or_else(|p| panic!("{}\n{text}", model::report(&name, &p)));
        same(&name, &before, &after);
        assert!(again.len() <= warnings.len(), "{name}: {again:?}");
        assert_eq!(before.collaboration.participants.len(), after.collaboration.participants.len());
        assert_eq!(model::write(&after), text, "{name}: writing again gives other bytes");
    }
}

#[test]
fn interchange_models_survive() {
    for (name, xml) in common::models("miwg") {
        let (before, _) =
            model::read(&name, &xml).unwrap_or_else(|p| panic!("{}", model::report(&name, &p)));
        let text = model::write(&before);
        let (after, _) = model::read(&name, text.as_bytes())
            .unwrap_or_else(|p| panic!("{}\n{text}", model::report(&name, &p)));
        same(&name, &before, &after);
    }
}

#[test]
fn a_model_without_coordinates_gets_them() {
    for (name, xml) in common::models("models") {
        let Ok((mut before, _)) = model::parse(&name, &xml) else { continue };
        before.diagram = Default::default();
        let (after, _) = model::parse(&name, model::write(&before).as_bytes())
            .unwrap_or_else(|p| panic!("{}", model::report(&name, &p)));
        let elements: usize = after.processes.iter().map(|p| p.elements.len()).sum();
        assert!(after.diagram.shapes.len() >= elements, "{name}");
        let flows: usize = after.processes.iter().map(|p| p.flows.len()).sum();
        assert!(after.diagram.edges.len() >= flows, "{name}");
    }
}

#[test]
fn a_file_without_coordinates_gets_them_and_keeps_its_bytes() {
    let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="diagram">
  <!-- kept -->
  <process id="p" isExecutable="true">
    <startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/><endEvent id="e"/>
  </process>
</definitions>
"#;
    let text = model::laid_out("p.bpmn", xml.as_bytes()).expect("it had none");
    let end = xml.rfind("</").expect("a root");
    assert!(text.starts_with(&xml[..end]) && text.ends_with(&xml[end..]), "{text}");
    let (read, _) = model::read("p.bpmn", text.as_bytes()).expect("readable");
    assert_eq!((read.diagram.shapes.len(), read.diagram.edges.len()), (2, 1));
    assert!(!text[end..].contains("id=\"diagram\""), "an id twice: {text}");
    assert!(model::laid_out("p.bpmn", text.as_bytes()).is_none(), "it has one now");
    assert!(model::laid_out("p.bpmn", b"<definitions").is_none(), "not readable");
}
