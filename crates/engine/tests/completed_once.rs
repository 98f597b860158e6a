//! A job is done once, whatever its worker repeats.

mod support;

use engine::{Command, Reply};
use support::World;

#[test]
fn a_job_can_be_completed_once() {
    let mut world = World::new(1, false);
    world.deploy(
        "<process id=\"p\" isExecutable=\"true\"><startEvent id=\"s\"/><serviceTask id=\"t\">\
         <extensionElements><zeebe:taskDefinition type=\"job1\"/></extensionElements>\
         </serviceTask><endEvent id=\"e\"/><sequenceFlow id=\"a\" sourceRef=\"s\" \
         targetRef=\"t\"/><sequenceFlow id=\"b\" sourceRef=\"t\" targetRef=\"e\"/></process>",
    );
    world.create("p", "{}");
    let job = world.lease_any().expect("a job");
    assert!(world.complete(job.key));
    let again = Command::CompleteJob { job: job.key, variables: Vec::new(), token: None };
    let refused = world.ask(&again).expect_err("it is gone");
    assert!(refused.reason.contains("no such job was found"), "{refused}");
    let lease = world.lease("job1", 10);
    assert!(matches!(lease, Reply::Jobs(jobs) if jobs.jobs.is_empty()));
}
