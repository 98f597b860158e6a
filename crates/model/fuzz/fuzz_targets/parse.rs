//! `cargo fuzz run parse`: bytes as a model file. What is accepted must be accepted again after it
//! has been written.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|xml: &[u8]| {
    if let Ok((definitions, _)) = model::parse("fuzz.bpmn", xml) {
        let text = model::write(&definitions);
        assert!(model::parse("fuzz.bpmn", text.as_bytes()).is_ok());
    }
    if let Ok((definitions, _)) = model::read("fuzz.bpmn", xml) {
        for process in &definitions.processes {
            model::layout(process);
        }
    }
    let _ = model::lint("fuzz.bpmn", xml);
});
