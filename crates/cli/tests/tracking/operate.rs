//! Incidents and errors by hand, as the guide says.

use crate::harness::Place;

#[test]
fn an_incident_is_repaired_with_commands_and_one_that_comes_again_is_told() {
    let place = Place::new();
    let server = place.server(&[]);
    let grevy = |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--address", &server.url]);
        place.run(&all)
    };
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/examples/stock.bpmn");
    grevy(&["deploy", model]);
    let instance = grevy(&["create", "stock", "--variables", "{\"wanted\": 3}"]);
    let job = || grevy(&["jobs", "activate", "check-stock"]);
    let key = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
    grevy(&["jobs", "throw", &key(&job()), "--code", "NO_STOCK", "--message", "none left"]);
    let incidents = || grevy(&["incidents"]);
    assert!(incidents().contains("UNHANDLED_ERROR_EVENT"), "{}", incidents());
    let told = grevy(&["resolve", &key(&incidents())]);
    assert!(!told.contains("the cause remains"), "{told}");
    grevy(&["jobs", "complete", &key(&job()), "--variables", "{\"inStock\": \"many\"}"]);
    let still = place.output(&["resolve", &key(&incidents()), "--address", &server.url]);
    assert_eq!(still.status.code(), Some(1), "a script sees it too");
    let told = String::from_utf8_lossy(&still.stdout);
    let again = key(&incidents());
    assert!(told.contains(&format!("new incident {again} CONDITION_ERROR at decide")), "{told}");
    grevy(&["set-variables", instance.trim(), "--variables", "{\"inStock\": 5}"]);
    let told = grevy(&["resolve", &again]);
    assert!(!told.contains("the cause remains"), "{told}");
    assert_eq!(incidents().trim(), "no open incidents");
    let refused = place.output(&["resolve", "12345", "--address", &server.url]);
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(text.contains("no such key was"), "{text}");
}

#[test]
fn a_port_in_use_is_told_with_its_option_and_a_failed_start_once() {
    let place = Place::new();
    let server = place.server(&[]);
    let port = server.url.rsplit(':').next().unwrap();
    let start = |port: &str, data: &str| {
        let ports = ["--http-port", port, "--grpc-port", "0", "--data-dir", data];
        let output = place.output(&ports);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let text = start(port, "other");
    assert!(text.contains("another port with --http-port"), "{text}");
    let text = start("0", "data");
    assert_eq!(text.matches("FOLDER_LOCKED").count(), 1, "{text}");
}
