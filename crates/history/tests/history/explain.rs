//! Why it is not moving, and why this path.

use history::{Surroundings, What};

use crate::support::*;

async fn explain(world: &World, key: i64) -> history::Explanation {
    world.settle().await;
    let around = Surroundings { now: world.now, workers: &|_| Some(0) };
    world.reader.explain(key, &around).await.expect("it is read").expect("it is known")
}

#[tokio::test]
async fn a_wait_for_a_message_names_what_nearly_fitted() {
    let mut world = World::new();
    world.deploy(WAITING);
    let instance = world.create("waiting", r#"{"orderId": "o-1"}"#);
    world.now += 60_000;
    world.publish("paid", "o-2", 3_600_000);
    world.publish("payed", "o-1", 1_000);
    world.advance(3_000_000);
    let explanation = explain(&world, instance).await;
    let message = explanation.waits.iter().find(|wait| wait.element_id == "await").unwrap();
    let What::Message { name, correlation_key, near } = &message.what else {
        panic!("{message:?}")
    };
    assert_eq!((&**name, &**correlation_key), ("paid", "o-1"));
    let near: Vec<_> = near.iter().map(|m| (&*m.name, &*m.correlation_key, m.expired)).collect();
    assert_eq!(near, [("paid", "o-2", false), ("payed", "o-1", true)]);
    let text = explanation.text(world.now);
    for expected in [
        "At 'await' it has waited for 51 minutes for the message 'paid' with the key 'o-1'.",
        "came 50 minutes ago under that name, but with the key 'o-2'; it is buffered.",
        "came 50 minutes ago with that key, but its name is 'payed'; it expired.",
        "At 'late' it has waited for 51 minutes for a timer that is due in 23 hours 9 minutes (2023-11-15T22:13:20.000Z).",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[tokio::test]
async fn the_path_and_the_failures_are_told() {
    let mut world = World::new();
    world.deploy(CHOICE);
    let small = world.create("choice", r#"{"amount": 1}"#);
    let large = world.create("choice", r#"{"amount": 120}"#);
    let text = explain(&world, small).await.text(world.now);
    assert!(text.contains("At 'which' it took 'small', the default: no condition held."), "{text}");
    let text = explain(&world, large).await.text(world.now);
    let because = "At 'which' it took 'large', because =amount > 100 held with amount = 120.";
    assert!(text.contains(because), "{text}");
    assert!(text.contains("for a job of type 'check'; no worker asks for that type."), "{text}");
    let job = world.lease("check")[0].key;
    let text = explain(&world, job).await.text(world.now);
    assert!(text.contains("worker 'worker-1' has it for another 1 minute"), "{text}");
    world.fail(job, 1, "no answer");
    world.lease("check");
    world.fail(job, 0, "no answer");
    world.now += 5_000;
    let text = explain(&world, large).await.text(world.now);
    assert!(
        text.contains(
            "JOB_NO_RETRIES was raised 5 seconds ago after 2 tries: no answer; it is open."
        ),
        "{text}"
    );
    assert!(text.contains("it has no retries left"), "{text}");
}

#[tokio::test]
async fn a_join_says_which_branch_is_missing() {
    let mut world = World::new();
    world.deploy(JOIN);
    let instance = world.create("join", "{}");
    let job = world.lease("a")[0].key;
    world.complete(job, "{}");
    let text = explain(&world, instance).await.text(world.now);
    assert!(text.contains("for the other branches: 'g' from 'Two' did not arrive yet."), "{text}");
    let job = world.lease("b")[0].key;
    world.complete(job, "{}");
    let explanation = explain(&world, instance).await;
    assert_eq!((explanation.state, explanation.waits.len()), ("COMPLETED", 0));
}

#[tokio::test]
async fn an_unknown_key_explains_nothing() {
    let world = World::new();
    let around = Surroundings { now: 0, workers: &|_| None };
    assert_eq!(world.reader.explain(4711, &around).await.unwrap(), None);
}
