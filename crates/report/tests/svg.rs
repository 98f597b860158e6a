#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
//! Pictures are well-formed, complete, self-contained, and show what the overlay says.

use std::path::PathBuf;

use model::{Builder, Definitions, Event};
use proptest::prelude::*;
use report::{Badge, FlowMark, Mark, Options, Overlay, State, Theme, Tone, svg, svg_with};

fn models(folder: &str) -> Vec<(String, Definitions)> {
    let root = match std::env::var_os("GREVY_DATA") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/acceptance")),
    };
    let folder = root.join(folder);
    if !folder.is_dir() {
        let required = std::env::var("GREVY_DATA_REQUIRED").is_ok_and(|v| v == "1");
        assert!(!required, "GREVY_DATA_REQUIRED=1, but there is no folder {}", folder.display());
        println!("not run: no folder {}; set GREVY_DATA", folder.display());
        return Vec::new();
    }
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder can be listed")
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|path| path.extension().is_some_and(|e| e == "bpmn"))
        .map(|path| {
            let name = path.display().to_string();
            let xml = std::fs::read(&path).expect("the file can be read");
            let (definitions, _) = model::read(&name, &xml).expect("acceptance models are read");
            (name, definitions)
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn check(name: &str, picture: &str) {
    let document =
        roxmltree::Document::parse(picture).unwrap_or_else(|e| panic!("{name}: {e}\n{picture}"));
    for node in document.descendants() {
        for attribute in node.attributes() {
            let value = attribute.value();
            let numeric = ["x", "y", "width", "height", "cx", "cy", "r", "d", "viewBox"];
            if numeric.contains(&attribute.name()) {
                assert!(!value.contains("NaN") && !value.contains("inf"), "{name}: {value}");
            }
            assert!(!attribute.name().ends_with("href"), "{name}: a picture links to nothing");
        }
        assert_ne!(node.tag_name().name(), "script", "{name}");
    }
    let size = document.root_element().attribute("viewBox").unwrap_or_default();
    let size: Vec<f64> = size.split(' ').filter_map(|v| v.parse().ok()).collect();
    assert!(size.len() == 4 && size[2] > 0.0 && size[3] > 0.0, "{name}: {size:?}");
}

/// Ids of everything drawn.
fn drawn(picture: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(picture).expect("it is well-formed");
    document.descendants().filter_map(|n| n.attribute("data-id")).map(Into::into).collect()
}

#[test]
fn acceptance_models_are_drawn() {
    for folder in ["models", "miwg", "eventlogs"] {
        for (name, mut definitions) in models(folder) {
            let picture = svg(&definitions, &Overlay::default());
            check(&name, &picture);
            let ids = drawn(&picture);
            for shape in &definitions.diagram.shapes {
                let known =
                    definitions.processes.iter().any(|p| p.element(&shape.element).is_some());
                let there = ids.iter().any(|id| **id == *shape.element);
                assert!(!known || there, "{name}: {} is not drawn", shape.element);
            }
            definitions.diagram = Default::default();
            let picture = svg(&definitions, &Overlay::default());
            check(&name, &picture);
            let ids = drawn(&picture);
            for process in &definitions.processes {
                for id in process.elements.iter().map(|e| &e.id) {
                    assert!(ids.iter().any(|i| **i == **id), "{name}: {id} is not laid out");
                }
                for id in process.flows.iter().map(|f| &f.id) {
                    assert!(ids.iter().any(|i| **i == **id), "{name}: {id} is not laid out");
                }
            }
        }
    }
}

fn order() -> Definitions {
    Builder::process("order")
        .process_name("Order")
        .start("start")
        .service_task("pay", "pay")
        .name("Retrieve payment")
        .boundary("late", Event::after("P7D"))
        .name("7 days")
        .end("given_up")
        .at("pay")
        .end("done")
        .build()
        .expect("it is correct")
}

/// Class of the group of an id, with the texts in it.
fn group(picture: &str, id: &str) -> String {
    let document = roxmltree::Document::parse(picture).expect("it is well-formed");
    let found = document.descendants().find(|n| n.attribute("data-id") == Some(id));
    found.and_then(|n| n.attribute("class")).unwrap_or("absent").to_owned()
}

fn texts(picture: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(picture).expect("it is well-formed");
    let texts =
        document.descendants().filter(|n| n.has_tag_name(("http://www.w3.org/2000/svg", "text")));
    texts
        .map(|t| t.descendants().filter_map(|n| n.is_text().then(|| n.text())?).collect())
        .collect()
}

#[test]
fn the_overlay_is_shown() {
    let model = order();
    let mut overlay = Overlay::default();
    let mark = |state| Mark { state: Some(state), ..Mark::default() };
    overlay.elements.insert("start".into(), mark(State::Completed));
    overlay.elements.insert("done".into(), mark(State::Deviated));
    overlay.elements.insert(
        "pay".into(),
        Mark {
            heat: Some(1.0),
            tokens: 3,
            count: Some(12_345),
            incidents: 2,
            badges: vec![Badge { text: "p95 <3 h>".into(), tone: Tone::Warning }],
            title: Some("three \"here\"".into()),
            ..Mark::default()
        },
    );
    overlay.flows.insert("start_to_pay".into(), FlowMark { taken: Some(77), share: Some(0.5) });
    let picture = svg(&model, &overlay);
    check("order", &picture);
    assert_eq!(group(&picture, "start"), "done");
    assert_eq!(group(&picture, "done"), "off");
    assert_eq!(group(&picture, "pay"), "failed");
    assert_eq!(group(&picture, "late"), "");
    assert_eq!(group(&picture, "start_to_pay"), "taken");
    let texts = texts(&picture);
    for text in ["3", "12k", "! 2", "p95 <3 h>", "77", "7 days"] {
        assert!(texts.iter().any(|t| t == text), "{text} is missing in {texts:?}");
    }
    assert!(texts.concat().contains("Retrievepayment"), "{texts:?}");
    assert!(picture.contains("fill:hsl(4 92% 52%)"), "the hottest is red");
    assert!(picture.contains("three &quot;here&quot;"));
    overlay.fade_unmarked = true;
    let picture = svg(&model, &overlay);
    assert_eq!(group(&picture, "late"), "faded");
    assert_eq!(group(&picture, "late_to_given_up"), "faded");
    assert_eq!(group(&picture, "start_to_pay"), "taken");
}

#[test]
fn themes_and_titles() {
    let options = Options { theme: Theme::Dark, title: Some("A & B".into()), ..Options::default() };
    let picture = svg_with(&order(), &Overlay::default(), &options);
    check("dark", &picture);
    assert!(
        picture.contains("class=\"grevy dark\"") && picture.contains("aria-label=\"A &amp; B\"")
    );
    let picture = svg(&order(), &Overlay::default());
    assert!(picture.contains("class=\"grevy auto\"") && picture.contains("prefers-color-scheme"));
    assert!(picture.contains("aria-label=\"Order\""));
}

#[test]
fn figures_that_are_no_numbers() {
    let mut overlay = Overlay::default();
    for (id, value) in [("start", f64::NAN), ("pay", f64::INFINITY), ("done", -4.0)] {
        overlay.elements.insert(id.into(), Mark { heat: Some(value), ..Mark::default() });
        let mark = FlowMark { taken: None, share: Some(value) };
        overlay.flows.insert("start_to_pay".into(), mark);
        check(id, &svg(&order(), &overlay));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100, failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn names_are_only_text(name in any::<String>(), badge in any::<String>()) {
        let mut model = order();
        let process = &mut model.processes[0];
        process.name = Some(name.as_str().into());
        for element in &mut process.elements {
            element.name = Some(name.as_str().into());
        }
        for flow in &mut process.flows {
            flow.name = Some(name.as_str().into());
        }
        let mut overlay = Overlay::default();
        let badges = vec![Badge { text: badge, tone: Tone::Bad }];
        overlay.elements.insert("pay".into(), Mark { badges, ..Mark::default() });
        check(&name, &svg(&model, &overlay));
    }
}
