#![allow(clippy::disallowed_methods)] // A test reads files; the crate does not.
//! No input panics, whatever was done to it, and limits answer in time.

mod common;

use std::sync::OnceLock;

use model::{Builder, Diagnostic, codes, limits};
use proptest::prelude::*;

/// Everything that reads bytes, and everything that works on what was read.
fn feed(xml: &[u8]) {
    let problems = |list: &[Diagnostic]| {
        assert!(list.len() <= limits::DIAGNOSTICS_MAX + 1);
        let _ = model::report("x.bpmn", list);
    };
    match model::parse("x.bpmn", xml) {
        Ok((definitions, warnings)) => {
            problems(&warnings);
            let text = model::write(&definitions);
            let again = model::parse("x.bpmn", text.as_bytes());
            // With coordinates a file may be larger than is read.
            let limited = text.len() > limits::MODEL_BYTES_MAX;
            if let (false, Err(found)) = (limited, again) {
                panic!("what was accepted is written and refused: {found:?}\n{text}");
            }
        }
        Err(found) => {
            assert!(found.iter().any(Diagnostic::is_error), "refused without an error");
            problems(&found);
        }
    }
    if let Ok((definitions, _)) = model::read("x.bpmn", xml) {
        for process in &definitions.processes {
            model::layout(process);
        }
        model::write(&definitions);
    }
    let _ = model::lint("x.bpmn", xml);
}

fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let own = Builder::process("p")
            .start("s")
            .service_task("a", "t")
            .boundary("b", model::Event::after("PT1H"))
            .end("c")
            .at("a")
            .sub_process("d", |b| b.start("i").end("j"))
            .end("e")
            .xml()
            .into_bytes();
        let models = common::models("models").into_iter().chain(common::models("miwg"));
        // Large files would only make the run longer.
        let small = models.map(|(_, xml)| xml).filter(|xml| xml.len() < 60_000);
        std::iter::once(own).chain(small).collect()
    })
}

#[derive(Debug, Clone)]
enum Change {
    /// Cuts a part out.
    Cut(usize, usize),
    /// Copies a part to another place.
    Copy(usize, usize, usize),
    /// Puts in a word.
    Insert(usize, &'static str),
    /// Changes a byte.
    Byte(usize, u8),
    /// Exchanges the values of two attributes or bodies.
    Swap(usize, usize),
}

const WORDS: &[&str] = &[
    "\"",
    "<",
    ">",
    "/>",
    "=",
    "&amp;",
    "&x;",
    "<!DOCTYPE a>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    " isExecutable=\"true\"",
    "PT7D",
    "=a +",
    "R/PT0S",
    "\u{0}",
    "é",
    " id=\"a\"",
    "<bpmn:subProcess id=\"zz\">",
    "</bpmn:subProcess>",
    " triggeredByEvent=\"true\"",
    " attachedToRef=\"a\"",
    " default=\"a\"",
    " sourceRef=\"a\"",
    " isForCompensation=\"true\"",
];

fn change() -> impl Strategy<Value = Change> {
    let place = any::<usize>;
    prop_oneof![
        (place(), 1..200_usize).prop_map(|(at, len)| Change::Cut(at, len)),
        (place(), 1..400_usize, place()).prop_map(|(at, len, to)| Change::Copy(at, len, to)),
        (place(), prop::sample::select(WORDS)).prop_map(|(at, word)| Change::Insert(at, word)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (place(), place()).prop_map(|(a, b)| Change::Swap(a, b)),
        (place(), place()).prop_map(|(a, b)| Change::Swap(a, b)),
    ]
}

fn apply(xml: &mut Vec<u8>, change: &Change) {
    let length = xml.len().max(1);
    match *change {
        Change::Cut(at, len) => {
            let at = at % length;
            let end = (at + len).min(xml.len());
            xml.drain(at.min(end)..end);
        }
        Change::Copy(at, len, to) => {
            let at = at % length;
            let part = xml[at.min(xml.len())..(at + len).min(xml.len())].to_vec();
            let to = to % length;
            xml.splice(to..to, part);
        }
        Change::Insert(at, word) => {
            let at = at % length;
            xml.splice(at..at, word.bytes());
        }
        Change::Byte(at, byte) => {
            if let Some(found) = xml.get_mut(at % length) {
                *found = byte;
            }
        }
        Change::Swap(a, b) => swap(xml, a, b),
    }
}

/// Keeps the file well-formed, so that the parser behind the XML parser is met.
fn swap(xml: &mut Vec<u8>, a: usize, b: usize) {
    let text = String::from_utf8_lossy(xml).into_owned();
    let mut parts: Vec<String> = text.split('"').map(Into::into).collect();
    let values = parts.len() / 2;
    if values > 3 {
        // Past the declaration and its encoding.
        parts.swap(2 * (a % (values - 2)) + 5, 2 * (b % (values - 2)) + 5);
        *xml = parts.join("\"").into_bytes();
    }
}

proptest! {
    // More with PROPTEST_CASES.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn mutated_models(seed in any::<usize>(), changes in prop::collection::vec(change(), 1..6)) {
        let seeds = seeds();
        let mut xml = seeds[seed % seeds.len()].clone();
        for change in &changes {
            apply(&mut xml, change);
        }
        feed(&xml);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        feed(&bytes);
    }
}

fn wrap(body: &str) -> String {
    format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"><process id=\"p\" \
         isExecutable=\"true\">{body}</process></definitions>"
    )
}

#[test]
fn deep_nesting_is_refused() {
    let deep = |n: usize| {
        let open: String = (0..n).map(|i| format!("<subProcess id='s{i}'>")).collect();
        wrap(&format!("<startEvent id='s'/>{open}{}", "</subProcess>".repeat(n)))
    };
    let problems = model::parse("x", deep(limits::SCOPE_DEPTH_MAX + 2).as_bytes());
    let problems = problems.expect_err("it is too deep");
    assert!(problems.iter().any(|p| p.code == codes::TOO_COMPLEX), "{problems:?}");
    feed(deep(limits::SCOPE_DEPTH_MAX).as_bytes());
    feed(deep(limits::XML_DEPTH_MAX * 2).as_bytes());
}

#[test]
fn many_elements_are_refused_or_read_in_time() {
    let many = |n: usize| -> String { (0..n).map(|i| format!("<task id='t{i}'/>")).collect() };
    let over = wrap(&format!("<startEvent id='s'/>{}", many(limits::ELEMENTS_MAX)));
    let problems = model::parse("x", over.as_bytes()).expect_err("there are too many");
    assert!(problems.iter().any(|p| p.code == codes::TOO_COMPLEX), "{:?}", problems.first());
    let chain: String = (1..1_000)
        .map(|i| format!("<sequenceFlow id='f{i}' sourceRef='t{}' targetRef='t{i}'/>", i - 1))
        .collect();
    feed(wrap(&format!("<startEvent id='s'/>{}{chain}", many(1_000))).as_bytes());
    let fan: String = (1..400)
        .map(|i| format!("<sequenceFlow id='f{i}' sourceRef='t0' targetRef='t{i}'/>"))
        .collect();
    feed(wrap(&format!("<startEvent id='s'/>{}{fan}", many(400))).as_bytes());
}

/// Sizes at which anything quadratic would be noticed at once.
#[test]
fn nothing_grows_with_the_square() {
    let n = 3_000;
    let scopes: String = (0..n)
        .map(|i| format!("<subProcess id='x{i}'><startEvent id='y{i}'/></subProcess>"))
        .collect();
    feed(wrap(&format!("<startEvent id='s'/>{scopes}")).as_bytes());
    let handlers: String = (0..n)
        .map(|i| {
            format!(
                "<manualTask id='x{i}'/><manualTask id='h{i}' isForCompensation='true'/>\
                 <boundaryEvent id='b{i}' attachedToRef='x{i}'><compensateEventDefinition/>\
                 </boundaryEvent><association id='a{i}' sourceRef='b{i}' targetRef='h{i}'/>"
            )
        })
        .collect();
    feed(wrap(&format!("<startEvent id='s'/>{handlers}")).as_bytes());
    let messages: String = (0..n)
        .map(|i| {
            format!(
                "<intermediateThrowEvent id='x{i}'><linkEventDefinition name='l{i}'/>\
                 </intermediateThrowEvent><intermediateCatchEvent id='y{i}'>\
                 <linkEventDefinition name='l{i}'/></intermediateCatchEvent>"
            )
        })
        .collect();
    feed(wrap(&format!("<startEvent id='s'/>{messages}")).as_bytes());
    let processes: String = (0..n)
        .map(|i| {
            format!("<process id='p{i}' isExecutable='true'><startEvent id='s{i}'/></process>")
        })
        .collect();
    let file = format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\">{processes}\
         </definitions>"
    );
    feed(file.as_bytes());
}
