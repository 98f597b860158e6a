//! Large instances in small steps: what multiplies is carried out in portions.

mod support;

use engine::state::Lookup;
use engine::{Command, Key};
use support::World;

/// A step stops soon after `STEP_EVENTS_MAX`.
const STEP_EVENTS: usize = 1_400;

fn world(body: &str) -> World {
    let mut world = World::new(1, false);
    world.deploy(&format!(
        "<process id=\"p\" isExecutable=\"true\"><startEvent id=\"s\"/>{body}<endEvent id=\"e\"/>\
         <sequenceFlow id=\"a\" sourceRef=\"s\" targetRef=\"t\"/>\
         <sequenceFlow id=\"b\" sourceRef=\"t\" targetRef=\"e\"/></process>"
    ));
    world.checks = false;
    world
}

fn each(tag: &str, inside: &str, extension: &str) -> String {
    format!(
        "<{tag} id=\"t\"><extensionElements>{extension}</extensionElements>{inside}\
         <multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics \
         inputCollection=\"=for i in 1..count return i\" inputElement=\"item\" \
         outputCollection=\"results\" outputElement=\"=item * 2\"/></extensionElements>\
         </multiInstanceLoopCharacteristics></{tag}>"
    )
}

fn ended(world: &World, instance: Key) -> bool {
    matches!(world.state.instance(instance), Lookup::Absent)
}

#[test]
fn ten_thousand_jobs() {
    let mut world = world(&each("serviceTask", "", "<zeebe:taskDefinition type=\"job\"/>"));
    let instance = world.create("p", "{\"count\":10000}");
    let Lookup::Hot(row) = world.state.instance(instance) else { panic!("it waits") };
    let mut jobs: Vec<Key> = row.jobs.keys().copied().collect();
    assert_eq!(jobs.len(), 10_000);
    let last = jobs.pop().expect("the last job");
    for job in jobs {
        assert!(world.complete(job));
    }
    assert!(!ended(&world, instance), "the last instance is still active");
    assert!(world.complete(last));
    assert!(ended(&world, instance), "all instances have completed");
    assert!(world.largest <= STEP_EVENTS, "a step had {} events", world.largest);
}

#[test]
fn ten_thousand_jobs_are_cancelled_in_portions() {
    let mut world = world(&each("serviceTask", "", "<zeebe:taskDefinition type=\"job\"/>"));
    let instance = world.create("p", "{\"count\":10000}");
    world.ask(&Command::CancelInstance { instance }).expect("it can be cancelled");
    assert!(ended(&world, instance), "nothing is left of it");
    assert!(world.largest <= STEP_EVENTS, "a step had {} events", world.largest);
    assert_eq!(world.state.queues().count(), 0, "no job is left");
}

#[test]
fn ten_thousand_sub_processes_without_a_wait() {
    let inside = "<startEvent id=\"is\"/><manualTask id=\"m\"/><endEvent id=\"ie\"/>\
                  <sequenceFlow id=\"ia\" sourceRef=\"is\" targetRef=\"m\"/>\
                  <sequenceFlow id=\"ib\" sourceRef=\"m\" targetRef=\"ie\"/>";
    let mut world = world(&each("subProcess", inside, ""));
    let instance = world.create("p", "{\"count\":10000}");
    assert!(ended(&world, instance), "nothing in it waits");
    assert!(world.largest <= STEP_EVENTS, "a step had {} events", world.largest);
}

#[test]
fn calls_stop_at_their_limit() {
    let mut world = world(
        "<callActivity id=\"t\"><extensionElements><zeebe:calledElement \
                           processId=\"=callee\"/></extensionElements></callActivity>",
    );
    let root = world.create("p", "{\"callee\":\"p\"}");
    assert_eq!(world.state.instances().count(), 1_001);
    let deepest = world.state.instances().map(|(key, _)| key).max().expect("instances");
    let Lookup::Hot(row) = world.state.instance(deepest) else { panic!("it waits") };
    let incident = row.incidents.values().next().expect("an incident");
    assert_eq!(incident.kind, engine::IncidentKind::CalledElementError);
    assert!(incident.message.contains("at most 1000 instances"), "{}", incident.message);
    world.ask(&Command::CancelInstance { instance: root }).expect("the root can be cancelled");
    assert_eq!(world.state.instances().count(), 0, "all of them end");
    assert!(world.largest <= STEP_EVENTS, "a step had {} events", world.largest);
}
