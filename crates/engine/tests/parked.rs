//! A definition that a newer build no longer compiles is parked: its instances stand aside, and
//! everybody else goes on.

mod support;

use std::sync::Arc;

use engine::state::Lookup;
use engine::{Reply, meta};
use support::World;

fn process(id: &str) -> String {
    format!(
        "<process id=\"{id}\" isExecutable=\"true\"><startEvent id=\"s\"/>\
         <serviceTask id=\"t\"><extensionElements><zeebe:taskDefinition type=\"job\"/>\
         </extensionElements></serviceTask><endEvent id=\"e\"/>\
         <sequenceFlow id=\"a\" sourceRef=\"s\" targetRef=\"t\"/>\
         <sequenceFlow id=\"b\" sourceRef=\"t\" targetRef=\"e\"/></process>"
    )
}

#[test]
fn a_lease_passes_over_instances_of_a_parked_definition() {
    let mut world = World::new(1, false);
    world.deploy(&process("bad"));
    world.deploy(&process("good"));
    let bad = [world.create("bad", "{}"), world.create("bad", "{}")];
    let good = world.create("good", "{}");
    let definition = world.catalog.definitions().find(|row| &*row.process_id == "bad").cloned();
    let definition = definition.expect("it was deployed");
    let broken = meta::ProcessDeployed {
        key: definition.key,
        deployment: definition.deployment,
        process_id: definition.process_id.clone(),
        version: definition.version,
        version_tag: None,
        tenant: definition.tenant.clone(),
        resource: definition.resource.clone(),
        digest: definition.digest,
        bytes: Arc::from(&b"<broken"[..]),
        elements: vec![],
        flows: vec![],
    };
    world.catalog.add(&meta::Event::ProcessDeployed(Box::new(broken)), definition.position);
    let Reply::Jobs(leased) = world.lease("job", 10) else { panic!("jobs were asked for") };
    let instances: Vec<_> = leased.jobs.iter().map(|job| job.instance).collect();
    assert_eq!(instances, [good]);
    for key in bad {
        let Lookup::Hot(instance) = world.state.instance(key) else { panic!("{key} is gone") };
        assert!(instance.quarantine.is_some(), "{key} is offered again and again");
    }
    let Reply::Jobs(leased) = world.lease("job", 10) else { panic!("jobs were asked for") };
    assert!(leased.jobs.is_empty());
}
