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
    // This came too early for the one that waits for it now: it is no mistake in the key.
    world.publish("paid", "o-3", 0);
    world.create("waiting", r#"{"orderId": "o-3"}"#);
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
    let default = "At 'which' it took 'small', the default: no condition held.\n  'large' was not \
                   taken: =amount > 100 did not hold with amount = 1.";
    assert!(text.contains(default), "{text}");
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

/// A sub-process for each of the items; `inside` stands in it.
fn each(inside: &str) -> String {
    format!(
        r#"<process id="each" isExecutable="true">
  <startEvent id="begin"><outgoing>in</outgoing></startEvent>
  <sequenceFlow id="in" sourceRef="begin" targetRef="all"/>
  <subProcess id="all"><incoming>in</incoming><outgoing>out</outgoing>
    <multiInstanceLoopCharacteristics><extensionElements>
      <zeebe:loopCharacteristics inputCollection="=items" inputElement="item"/>
    </extensionElements></multiInstanceLoopCharacteristics>
    {inside}
  </subProcess>
  <sequenceFlow id="out" sourceRef="all" targetRef="end"/>
  <endEvent id="end"><incoming>out</incoming></endEvent>
</process>"#
    )
}

/// What stands inside of a process.
fn body(process: &str) -> &str {
    let begin = process.find("<startEvent").expect("a start event");
    &process[begin..process.find("</process>").expect("its end")]
}

#[tokio::test]
async fn a_choice_is_told_with_the_values_of_its_own_scope() {
    let mut world = World::new();
    let inside = body(CHOICE).replace("\"begin\"", "\"first\"").replace("amount", "item");
    world.deploy(&each(&inside));
    let instance = world.create("each", r#"{"items": [5, 500, 7]}"#);
    let text = explain(&world, instance).await.text(world.now);
    let large = "At 'which' it took 'large', because =item > 100 held with item = 500.";
    assert!(text.contains(large), "{text}");
    assert!(!text.contains("held with item = 7"), "{text}");
    assert!(text.contains("did not hold with item = 7."), "{text}");
}

#[tokio::test]
async fn a_join_waits_in_its_own_scope() {
    let mut world = World::new();
    world.deploy(&each(&body(JOIN).replace("\"begin\"", "\"first\"")));
    let instance = world.create("each", r#"{"items": [1, 2]}"#);
    let (one, other) = (world.lease("a")[0].key, world.lease("b")[1].key);
    world.complete(one, "{}");
    world.complete(other, "{}");
    let explanation = explain(&world, instance).await;
    let missing: Vec<&str> = explanation
        .waits
        .iter()
        .filter_map(|wait| match &wait.what {
            What::Join { missing } if missing.len() == 1 => Some(missing[0].0.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(missing, ["g", "f"], "{explanation:?}");
}

#[tokio::test]
async fn an_inclusive_join_names_what_can_still_come() {
    let mut world = World::new();
    let inclusive = body(JOIN)
        .replace("parallelGateway", "inclusiveGateway")
        .replace(r#"<outgoing>d</outgoing>"#, r#"<outgoing>d</outgoing><outgoing>x</outgoing>"#)
        .replace(
            r#"<sequenceFlow id="e""#,
            r#"<sequenceFlow id="x" sourceRef="fork" targetRef="three">
                 <conditionExpression>=false</conditionExpression></sequenceFlow>
               <manualTask id="three"><incoming>x</incoming><outgoing>h</outgoing></manualTask>
               <sequenceFlow id="h" sourceRef="three" targetRef="both"/>
               <sequenceFlow id="e""#,
        )
        .replace(
            r#"sourceRef="fork" targetRef="one"/>"#,
            r#"sourceRef="fork" targetRef="one">
               <conditionExpression>=true</conditionExpression></sequenceFlow>"#,
        )
        .replace(
            r#"sourceRef="fork" targetRef="two"/>"#,
            r#"sourceRef="fork" targetRef="two">
               <conditionExpression>=true</conditionExpression></sequenceFlow>"#,
        )
        .replace(r#"<incoming>g</incoming>"#, r#"<incoming>g</incoming><incoming>h</incoming>"#);
    world.deploy(&format!(r#"<process id="some" isExecutable="true">{inclusive}</process>"#));
    let instance = world.create("some", "{}");
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
async fn a_job_that_failed_says_why_and_when_it_is_tried_again() {
    let mut world = World::new();
    world.deploy(ORDER);
    let instance = world.create("order", "{}");
    let waiting = async |world: &World| {
        world.settle().await;
        let overview = world.reader.overview(world.now, 0, &|_| false).await.expect("it is read");
        let jobs = &overview.job_types[0];
        (jobs.waiting, jobs.leased, overview.standing.len())
    };
    assert_eq!(waiting(&world).await, (1, 0, 1));
    let job = world.lease("payment")[0].key;
    world.fail(job, 2, "no answer");
    let text = explain(&world, instance).await.text(world.now);
    assert!(text.contains("'payment'; it failed with 'no answer'; no worker asks"), "{text}");
    assert_eq!(waiting(&world).await, (1, 0, 1));
    world.lease("payment");
    world.fail_for(job, 1, "still none", 300_000);
    let text = explain(&world, instance).await.text(world.now);
    let expected = "it failed 2 times, the last time with 'still none'; it is tried again in 5 \
                    minutes (2023-11-14T22:18:20.000Z); no worker";
    assert!(text.contains(expected), "{text}");
    assert_eq!(waiting(&world).await, (0, 0, 0), "held back is not stuck");
    world.advance(300_000);
    assert_eq!(waiting(&world).await, (1, 0, 1));
    let text = explain(&world, instance).await.text(world.now);
    assert!(text.contains("'still none'; no worker asks"), "{text}");
}

#[tokio::test]
async fn waits_at_an_event_based_gateway_are_told_apart() {
    let mut world = World::new();
    world.deploy(
        r#"<message id="m" name="paid">
  <extensionElements><zeebe:subscription correlationKey="=orderId"/></extensionElements>
</message>
<process id="race" isExecutable="true">
  <startEvent id="begin"><outgoing>a</outgoing></startEvent>
  <sequenceFlow id="a" sourceRef="begin" targetRef="first"/>
  <eventBasedGateway id="first"><incoming>a</incoming><outgoing>b</outgoing><outgoing>c</outgoing>
  </eventBasedGateway>
  <sequenceFlow id="b" sourceRef="first" targetRef="money"/>
  <sequenceFlow id="c" sourceRef="first" targetRef="late"/>
  <intermediateCatchEvent id="money"><incoming>b</incoming><outgoing>d</outgoing>
    <messageEventDefinition messageRef="m"/></intermediateCatchEvent>
  <intermediateCatchEvent id="late"><incoming>c</incoming><outgoing>e</outgoing>
    <timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>
  </intermediateCatchEvent>
  <sequenceFlow id="d" sourceRef="money" targetRef="done"/>
  <sequenceFlow id="e" sourceRef="late" targetRef="done"/>
  <endEvent id="done"><incoming>d</incoming><incoming>e</incoming></endEvent>
</process>"#,
    );
    let instance = world.create("race", r#"{"orderId": "o-1"}"#);
    let waits = explain(&world, instance).await.waits;
    let told: Vec<_> = waits.iter().map(|wait| (&*wait.element_id, wait.at_gateway)).collect();
    assert_eq!(told, [("money", true), ("late", true)]);
    world.deploy(WAITING);
    let instance = world.create("waiting", r#"{"orderId": "o-2"}"#);
    let waits = explain(&world, instance).await.waits;
    assert!(!waits.is_empty() && waits.iter().all(|wait| !wait.at_gateway), "{waits:?}");
}

#[tokio::test]
async fn what_was_not_taken_and_what_was_decided_are_told() {
    let mut world = World::new();
    let three = body(CHOICE).replace(
        "<sequenceFlow id=\"small\"",
        "<sequenceFlow id=\"huge\" sourceRef=\"which\" targetRef=\"manual\">\
           <conditionExpression>=amount &gt; 1000</conditionExpression></sequenceFlow>\
         <sequenceFlow id=\"small\"",
    );
    let three = three.replace("<outgoing>large", "<outgoing>huge</outgoing><outgoing>large");
    let inclusive = three.replace("exclusiveGateway", "inclusiveGateway");
    world.deploy(&format!(r#"<process id="choice" isExecutable="true">{three}</process>"#));
    let instance = world.create("choice", r#"{"amount": 120}"#);
    let path = explain(&world, instance).await.path;
    assert!(path[0].refused.is_empty(), "what stands behind is not looked at: {path:?}");
    world.deploy(&format!(r#"<process id="some" isExecutable="true">{inclusive}</process>"#));
    let instance = world.create("some", r#"{"amount": 120}"#);
    let text = explain(&world, instance).await.text(world.now);
    let told = "because =amount > 100 held with amount = 120.\n  'huge' was not taken: \
                =amount > 1000 did not hold with amount = 120.";
    assert!(text.contains(told), "{text}");
}
