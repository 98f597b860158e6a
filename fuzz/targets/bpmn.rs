//! Any bytes are a model or are refused. What is accepted is accepted again after it was written.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|xml: &[u8]| {
    if let Ok((definitions, _)) = model::parse("fuzz.bpmn", xml) {
        let text = model::write(&definitions);
        assert!(model::parse("fuzz.bpmn", text.as_bytes()).is_ok(), "{text}");
    }
    if let Ok((definitions, _)) = model::read("fuzz.bpmn", xml) {
        for process in &definitions.processes {
            model::layout(process);
        }
    }
    let _ = model::lint("fuzz.bpmn", xml);
});
