//! Every list: what it shows, what may be asked of it.

use crate::support::*;
use history::entity::*;
use history::query::{Filter, Paging, Query, Test, Value};

#[tokio::test]
async fn an_instance_is_shown_as_it_went() {
    let mut world = World::new();
    let definition = world.deploy(ORDER);
    let key = world.create_with("order", r#"{"amount": 12}"#, Some("B-1"), &["a", "b"]);
    world.settle().await;
    let there = world.reader.get(&PROCESS_INSTANCE, key).await.unwrap().expect("an instance");
    assert_eq!(there.text("processDefinitionId"), Some("order"));
    assert_eq!(there.text("processDefinitionName"), Some("Order"));
    assert_eq!(there.int("processDefinitionKey"), Some(definition));
    assert_eq!(there.int("processDefinitionVersion"), Some(1));
    assert_eq!(there.int("state"), Some(0));
    assert_eq!(there.int("startDate"), Some(START));
    assert_eq!(there.get("endDate"), Some(&Value::Null));
    assert_eq!(there.text("businessId"), Some("B-1"));
    assert_eq!(there.text("tags"), Some("|a|b|"));
    assert_eq!(there.int("rootProcessInstanceKey"), Some(key));
    world.now += 5_000;
    let job = world.lease("payment")[0].key;
    world.complete(job, r#"{"paid": true}"#);
    world.settle().await;
    let there = world.reader.get(&PROCESS_INSTANCE, key).await.unwrap().expect("an instance");
    assert_eq!((there.int("state"), there.int("endDate")), (Some(1), Some(START + 5_000)));
    let elements = Query {
        filter: all([eq(&ELEMENT_INSTANCE, "processInstanceKey", key)]),
        ..Query::default()
    };
    let page = world.search(&ELEMENT_INSTANCE, &elements).await;
    let told: Vec<_> = page
        .items
        .iter()
        .map(|item| {
            (
                item.text("elementId").unwrap(),
                item.int("state").unwrap(),
                item.int("endDate").unwrap() - item.int("startDate").unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("placed", 1, 0), ("pay", 1, 5_000), ("done", 1, 0)]);
    let variables = Query { sort: vec![sort(&VARIABLE, "name", true)], ..Query::default() };
    let page = world.search(&VARIABLE, &variables).await;
    let told: Vec<_> =
        page.items.iter().map(|v| (v.text("name").unwrap(), v.text("value").unwrap())).collect();
    assert_eq!(told, [("paid", "true"), ("amount", "12")]);
    let page = world.search(&JOB, &Query::default()).await;
    let job = &page.items[0];
    assert_eq!(job.text("customHeaders"), Some(r#"{"bank":"a \"b\""}"#));
    assert_eq!((job.text("worker"), job.int("state")), (Some("worker-1"), Some(1)));
    assert_eq!(job.int("endTime"), Some(START + 5_000));
    let page = world.search(&PROCESS_DEFINITION, &Query::default()).await;
    assert_eq!(page.items[0].text("resourceName"), Some("p.bpmn"));
}

#[tokio::test]
async fn every_operator_finds_what_it_should() {
    let mut world = World::new();
    world.deploy(ORDER);
    let mut keys = Vec::new();
    for at in 0..4 {
        world.now += 1_000;
        let business = [None, Some("alpha"), Some("beta"), Some("al_ha")][at];
        keys.push(world.create_with("order", "{}", business, &[]));
    }
    let business = |test| is(&PROCESS_INSTANCE, "businessId", test);
    let started = |test| is(&PROCESS_INSTANCE, "startDate", test);
    let key = |test| is(&PROCESS_INSTANCE, "processInstanceKey", test);
    let state = |test| is(&PROCESS_INSTANCE, "state", test);
    let at = |n: i64| Value::Int(START + n * 1_000);
    let cases: Vec<(Filter, &[usize])> = vec![
        (business(Test::Eq(text("alpha"))), &[1]),
        (business(Test::Neq(text("alpha"))), &[0, 2, 3]),
        (business(Test::Exists(true)), &[1, 2, 3]),
        (business(Test::Exists(false)), &[0]),
        (business(Test::In(vec![text("alpha"), text("beta")])), &[1, 2]),
        (business(Test::In(vec![])), &[]),
        (business(Test::NotIn(vec![text("alpha"), text("beta")])), &[0, 3]),
        (business(Test::Like("al*".into())), &[1, 3]),
        (business(Test::Like("AL*".into())), &[]),
        (business(Test::Like("al_*".into())), &[3]),
        (business(Test::Like("?eta".into())), &[2]),
        (started(Test::Gt(at(2))), &[2, 3]),
        (started(Test::Gte(at(2))), &[1, 2, 3]),
        (started(Test::Lt(at(2))), &[0]),
        (started(Test::Lte(at(2))), &[0, 1]),
        (started(Test::Eq(at(2))), &[1]),
        (all([started(Test::Gt(at(1))), started(Test::Lt(at(4)))]), &[1, 2]),
        (key(Test::In(vec![Value::Int(keys[3]), Value::Int(keys[0])])), &[0, 3]),
        (key(Test::NotIn(vec![Value::Int(keys[3])])), &[0, 1, 2]),
        (state(Test::Like("ACT*".into())), &[0, 1, 2, 3]),
        (state(Test::Like("*ED".into())), &[]),
        (state(Test::Neq(Value::Int(1))), &[0, 1, 2, 3]),
        (Filter::Any(vec![business(Test::Eq(text("beta"))), started(Test::Lt(at(2)))]), &[0, 2]),
        (Filter::Any(vec![]), &[]),
        (Filter::default(), &[0, 1, 2, 3]),
        (eq(&PROCESS_INSTANCE, "processDefinitionId", "order"), &[0, 1, 2, 3]),
        (all([eq(&PROCESS_INSTANCE, "processDefinitionId", "other")]), &[]),
        (
            all([is(&PROCESS_INSTANCE, "processDefinitionName", Test::Like("Or*".into()))]),
            &[0, 1, 2, 3],
        ),
        (all([eq(&PROCESS_INSTANCE, "batchOperationKey", "x")]), &[]),
        (all([eq(&PROCESS_INSTANCE, "hasIncident", 0)]), &[0, 1, 2, 3]),
        (all([eq(&PROCESS_INSTANCE, "hasIncident", 1)]), &[]),
    ];
    for (filter, expected) in cases {
        let found = world.keys(&PROCESS_INSTANCE, "processInstanceKey", filter.clone()).await;
        let expected: Vec<i64> = expected.iter().map(|at| keys[*at]).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn variables_are_compared_as_json_by_range_and_inside() {
    let mut world = World::new();
    world.deploy(ORDER);
    let long = format!("\"{}\"", "x".repeat(100));
    let bodies = [
        r#"{"amount": 12, "name": "ann", "order": {"total": 5.5, "lines": [{"sku": "a"}]}}"#
            .to_owned(),
        r#"{"amount": 120, "name": "12", "order": {"total": 50, "lines": []}}"#.to_owned(),
        format!(r#"{{"amount": "many", "name": null, "text": {long}}}"#),
    ];
    let keys: Vec<i64> = bodies.iter().map(|body| world.create("order", body)).collect();
    let cases: Vec<(Filter, &[usize])> = vec![
        (variable("amount", [Test::Eq(text("12"))]), &[0]),
        (variable("amount", [Test::Eq(text("12.0"))]), &[0]),
        (variable("amount", [Test::Eq(text(" 1.2e1 "))]), &[0]),
        (variable("amount", [Test::Neq(text("12.0"))]), &[1, 2]),
        (variable("amount", [Test::In(vec![text("12.0"), text("\"x\"")])]), &[0]),
        (variable("amount", [Test::NotIn(vec![text("12.0"), text("\"x\"")])]), &[1, 2]),
        (variable("name", [Test::Eq(text("12"))]), &[]),
        (variable("name", [Test::Eq(text("\"12\""))]), &[1]),
        (variable("name", [Test::Eq(text("null"))]), &[2]),
        (variable("name", [Test::Neq(text("null"))]), &[0, 1]),
        (variable("name", [Test::Like("*nn*".into())]), &[0]),
        (variable("name", [Test::In(vec![text("\"ann\""), text("\"12\"")])]), &[0, 1]),
        (variable("name", [Test::NotIn(vec![text("\"ann\"")])]), &[1, 2]),
        (variable("text", [Test::Eq(text(&long))]), &[2]),
        (variable("text", [Test::Eq(text(&long[..90]))]), &[]),
        (variable("text", [Test::Exists(true)]), &[2]),
        (variable("text", [Test::Exists(false)]), &[0, 1]),
        (variable("amount", [Test::Gt(text("12"))]), &[1]),
        (variable("amount", [Test::Gte(text("12")), Test::Lt(text("120"))]), &[0]),
        (variable("amount", [Test::Gte(text("9"))]), &[0, 1]),
        (variable("name", [Test::Gt(text("\"a\""))]), &[0]),
        (nested("order", "total", Test::Eq(text("50"))), &[1]),
        (nested("order", "total", Test::Gt(text("5.4"))), &[0, 1]),
        (nested("order", "total", Test::Lt(text("6"))), &[0]),
        (nested("order", "lines[0].sku", Test::Eq(text("\"a\""))), &[0]),
        (nested("order", "lines[0].sku", Test::Exists(true)), &[0]),
        (nested("amount", "deep", Test::Exists(true)), &[]),
        (
            all([
                variable("amount", [Test::Gt(text("1"))]),
                variable("name", [Test::Eq(text("\"12\""))]),
            ]),
            &[1],
        ),
        (
            Filter::Any(vec![
                variable("amount", [Test::Eq(text("12"))]),
                variable("name", [Test::Eq(text("null"))]),
            ]),
            &[0, 2],
        ),
    ];
    for (filter, expected) in cases {
        let found = world.keys(&PROCESS_INSTANCE, "processInstanceKey", filter.clone()).await;
        let expected: Vec<i64> = expected.iter().map(|at| keys[*at]).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn tags_incidents_and_elements_are_asked_of_instances() {
    let mut world = World::new();
    world.deploy(ORDER);
    let good = world.create_with("order", "{}", None, &["fast", "eu"]);
    let bad = world.create_with("order", "{}", None, &["fast_"]);
    let job = world.lease("payment").into_iter().find(|job| job.instance == bad).unwrap().key;
    world.fail(job, 0, "bank 7 is closed");
    let tags = |tags: &[&str]| {
        let tags = tags.iter().map(|tag| text(tag)).collect();
        is(&PROCESS_INSTANCE, "tags", Test::In(tags))
    };
    let hash = i64::from(history::error_hash("bank 12 is closed"));
    let element = |name: &str| eq(&PROCESS_INSTANCE, "elementId", name);
    let in_state = |state: i64| eq(&PROCESS_INSTANCE, "elementInstanceState", state);
    let cases = vec![
        (tags(&["fast"]), vec![good]),
        (tags(&["fast", "eu"]), vec![good]),
        (tags(&["fast_"]), vec![bad]),
        (tags(&["eu", "us"]), vec![]),
        (eq(&PROCESS_INSTANCE, "hasIncident", 1), vec![bad]),
        (is(&PROCESS_INSTANCE, "errorMessage", Test::Like("*closed".into())), vec![bad]),
        (eq(&PROCESS_INSTANCE, "incidentErrorHashCode", hash), vec![bad]),
        (eq(&PROCESS_INSTANCE, "incidentErrorHashCode", hash + 1), vec![]),
        (element("pay"), vec![good, bad]),
        (all([element("pay"), in_state(0)]), vec![good, bad]),
        // One element must pass all of it: the start event is there, but it is completed.
        (all([element("placed"), in_state(0)]), vec![]),
        (all([element("pay"), eq(&PROCESS_INSTANCE, "hasElementInstanceIncident", 1)]), vec![bad]),
    ];
    for (filter, expected) in cases {
        let found = world.keys(&PROCESS_INSTANCE, "processInstanceKey", filter.clone()).await;
        assert_eq!(found, expected, "{filter:?}");
    }
    let incident = world.search(&INCIDENT, &Query::default()).await.items.remove(0);
    assert_eq!(incident.text("errorMessage"), Some("bank 7 is closed"));
    assert_eq!(incident.text("elementId"), Some("pay"));
    assert_eq!((incident.int("jobKey"), incident.int("state")), (Some(job), Some(0)));
    world
        .ask(&engine::Command::UpdateJob { job, retries: Some(1), timeout: None, priority: None })
        .unwrap();
    let key = incident.int("incidentKey").unwrap();
    world.ask(&engine::Command::ResolveIncident { incident: key }).unwrap();
    let found = world
        .keys(&PROCESS_INSTANCE, "processInstanceKey", eq(&PROCESS_INSTANCE, "hasIncident", 1))
        .await;
    assert_eq!(found, [0i64; 0]);
    let found = world
        .keys(&ELEMENT_INSTANCE, "elementInstanceKey", eq(&ELEMENT_INSTANCE, "hasIncident", 1))
        .await;
    assert_eq!(found, [0i64; 0]);
}

#[tokio::test]
async fn messages_and_waits_are_shown_from_both_sides() {
    let mut world = World::new();
    world.deploy(WAITING);
    let instance = world.create("waiting", r#"{"orderId": "o-1"}"#);
    let waits = world.search(&WAIT_STATE, &Query::default()).await;
    let told: Vec<_> = waits
        .items
        .iter()
        .map(|wait| {
            (
                wait.text("elementId"),
                wait.int("waitStateType"),
                wait.text("waitName"),
                wait.int("due"),
            )
        })
        .collect();
    let day = START + 86_400_000;
    assert_eq!(told.len(), 2);
    assert!(told.contains(&(Some("await"), Some(1), Some("paid"), None)), "{told:?}");
    assert!(told.contains(&(Some("late"), Some(3), None, Some(day))), "{told:?}");
    let lost = world.publish("paid", "o-2", 60_000);
    world.now += 10;
    let taken = world.publish("paid", "o-1", 60_000);
    let subscription = world.search(&MESSAGE_SUBSCRIPTION, &Query::default()).await.items.remove(0);
    assert_eq!(subscription.int("messageSubscriptionState"), Some(1));
    assert_eq!(subscription.text("correlationKey"), Some("o-1"));
    assert_eq!(subscription.int("processInstanceKey"), Some(instance));
    let correlated =
        world.search(&CORRELATED_SUBSCRIPTION, &Query::default()).await.items.remove(0);
    assert_eq!(correlated.int("messageKey"), Some(taken));
    assert_eq!(correlated.text("elementId"), Some("await"));
    assert_eq!(correlated.int("correlationTime"), Some(START + 10));
    assert_eq!(correlated.int("subscriptionKey"), subscription.int("messageSubscriptionKey"));
    assert_eq!(world.search(&WAIT_STATE, &Query::default()).await.total, 0);
    let uncorrelated = eq(&MESSAGE, "correlations", 0);
    assert_eq!(world.keys(&MESSAGE, "messageKey", uncorrelated).await, [lost]);
    world.advance(120_000);
    let expired = eq(&MESSAGE, "state", 1);
    assert!(world.keys(&MESSAGE, "messageKey", expired).await.contains(&lost));
}

#[tokio::test]
async fn pages_are_stable_in_every_order_and_both_directions() {
    let mut world = World::new();
    world.deploy(ORDER);
    let mut keys = Vec::new();
    for at in 0..23i64 {
        world.now += i64::from(at % 3 == 0) * 1_000;
        let business = (at % 4 != 0).then(|| format!("b{}", at % 5));
        keys.push(world.create_with("order", "{}", business.as_deref(), &[]));
    }
    let orders: Vec<Vec<(&str, bool)>> = vec![
        vec![],
        vec![("processInstanceKey", true)],
        vec![("startDate", false)],
        vec![("startDate", true)],
        vec![("businessId", false)],
        vec![("businessId", true)],
        vec![("businessId", true), ("startDate", false)],
        vec![("state", false), ("businessId", false), ("processInstanceKey", true)],
        vec![("endDate", true)],
    ];
    for order in orders {
        let sort: Vec<_> =
            order.iter().map(|(name, desc)| sort(&PROCESS_INSTANCE, name, *desc)).collect();
        let read = async |page: Paging| {
            let query = Query { sort: sort.clone(), page, ..Query::default() };
            world.search(&PROCESS_INSTANCE, &query).await
        };
        let key = |page: &history::query::Page| -> Vec<i64> {
            page.items.iter().map(|item| item.int("processInstanceKey").unwrap()).collect()
        };
        let whole = read(Paging::default()).await;
        assert_eq!((whole.total, whole.more), (23, false));
        let whole = key(&whole);
        let mut sorted = whole.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, keys, "{order:?}");
        let offset = read(Paging::From { from: 20, limit: 5 }).await;
        assert_eq!(key(&offset), whole[20..], "{order:?}");
        let mut forward = Vec::new();
        let mut page = read(Paging::From { from: 0, limit: 5 }).await;
        while !page.items.is_empty() {
            forward.extend(key(&page));
            let cursor = page.end.clone().unwrap();
            page = read(Paging::After { cursor, limit: 5 }).await;
        }
        assert_eq!(forward, whole, "{order:?}");
        let mut backward = Vec::new();
        let last = read(Paging::From { from: 22, limit: 1 }).await;
        let mut page = read(Paging::Before { cursor: last.start.unwrap(), limit: 5 }).await;
        while !page.items.is_empty() {
            backward.splice(0..0, key(&page));
            let cursor = page.start.clone().unwrap();
            page = read(Paging::Before { cursor, limit: 5 }).await;
        }
        assert_eq!(backward, whole[..22], "{order:?}");
    }
}

#[tokio::test]
async fn a_wrong_request_is_told_what_is_allowed() {
    let world = World::new();
    let error = Filter::field(&PROCESS_INSTANCE, "colour", Test::Exists(true)).unwrap_err();
    assert!(error.to_string().contains("processInstanceKey"), "{error}");
    assert!(error.to_string().contains("'colour'"), "{error}");
    let error = history::query::Sort::by(&VARIABLE, "isTruncated", false).unwrap_err();
    assert!(error.to_string().contains("[name, tenantId"), "{error}");
    let wrong = |page| Query { page, ..Query::default() };
    for page in [
        Paging::After { cursor: "nonsense".into(), limit: 1 },
        Paging::From { from: 0, limit: u32::MAX },
        Paging::From { from: u32::MAX, limit: 1 },
    ] {
        let error = world.reader.search(&JOB, &wrong(page.clone())).await.unwrap_err();
        assert!(error.is_query(), "{page:?}: {error}");
    }
    let many = Filter::All(vec![eq(&JOB, "type", "x"); 300]);
    let error = world.reader.search(&JOB, &Query { filter: many, ..Query::default() }).await;
    assert!(error.unwrap_err().to_string().contains("at most 256"));
}

/// Every field of every list in every way that it allows: no combination is broken SQL.
#[tokio::test]
async fn every_field_can_be_asked_and_sorted_by() {
    let mut world = World::new();
    world.deploy(ORDER);
    world.create("order", r#"{"a": 1}"#);
    world.settle().await;
    for entity in ALL {
        for field in entity.fields {
            if field.filter {
                for test in tests_of(field.kind) {
                    let filter = Filter::field(entity, field.name, test.clone()).unwrap();
                    let query = Query { filter: all([filter]), ..Query::default() };
                    let found = world.reader.search(entity, &query).await;
                    found.unwrap_or_else(|error| panic!("{} {test:?}: {error}", field.name));
                }
            }
            if field.sort {
                for descending in [false, true] {
                    let sort = vec![sort(entity, field.name, descending)];
                    let query = Query { sort, ..Query::default() };
                    let found = world.reader.search(entity, &query).await;
                    found.unwrap_or_else(|error| panic!("sort {}: {error}", field.name));
                }
            }
        }
    }
}

fn tests_of(kind: history::query::Kind) -> Vec<Test> {
    use history::query::Kind;
    let both = |value: Value| {
        let list = vec![value.clone(), value.clone()];
        vec![
            Test::Eq(value.clone()),
            Test::Neq(value),
            Test::Exists(true),
            Test::In(list.clone()),
            Test::NotIn(list),
        ]
    };
    match kind {
        Kind::Text | Kind::Member => [both(text("a")), vec![Test::Like("a*".into())]].concat(),
        Kind::Name(_) => [both(Value::Int(0)), vec![Test::Like("A*".into())]].concat(),
        Kind::Key => both(Value::Int(1)),
        Kind::Int | Kind::Date => {
            let range = [Test::Gt, Test::Gte, Test::Lt, Test::Lte].map(|test| test(Value::Int(1)));
            [both(Value::Int(1)), range.to_vec()].concat()
        }
        Kind::Flag => vec![Test::Eq(Value::Int(1)), Test::Eq(Value::Int(0))],
        Kind::Tags => vec![Test::In(vec![text("a")])],
        Kind::Json | Kind::Variables => Vec::new(),
    }
}

/// Every row, page by page, from the first and back from the last.
async fn walk(world: &World, descending: bool, limit: u32) -> (Vec<i64>, Vec<i64>) {
    let sort = vec![sort(&VARIABLE, "value", descending)];
    let read = async |page: Paging| {
        let query = Query { sort: sort.clone(), page, ..Query::default() };
        world.search(&VARIABLE, &query).await
    };
    let keys = |page: &history::query::Page| -> Vec<i64> {
        page.items.iter().map(|item| item.int("variableKey").unwrap()).collect()
    };
    let (mut forward, mut backward) = (Vec::new(), Vec::new());
    let mut page = read(Paging::From { from: 0, limit }).await;
    while !page.items.is_empty() && forward.len() < 100 {
        forward.extend(keys(&page));
        page = read(Paging::After { cursor: page.end.clone().unwrap(), limit }).await;
    }
    let mut page = read(Paging::From { from: 8, limit: 1 }).await;
    while !page.items.is_empty() && backward.len() < 100 {
        backward.splice(0..0, keys(&page));
        page = read(Paging::Before { cursor: page.start.clone().unwrap(), limit }).await;
    }
    (forward, backward)
}

#[tokio::test]
async fn a_walk_over_long_values_gives_every_row_once() {
    let mut world = World::new();
    world.deploy(ORDER);
    for at in 0..9 {
        // The same for three thousand characters; some are the same as a whole.
        let long = "x".repeat(3_000);
        world.create("order", &format!(r#"{{"long": "{long}{}"}}"#, at * 7 % 5));
    }
    for descending in [false, true] {
        let query = Query { sort: vec![sort(&VARIABLE, "value", descending)], ..Query::default() };
        let page = world.search(&VARIABLE, &query).await;
        let whole: Vec<i64> =
            page.items.iter().map(|item| item.int("variableKey").unwrap()).collect();
        assert_eq!(whole.len(), 9);
        for limit in [1, 2, 5] {
            let (forward, backward) = walk(&world, descending, limit).await;
            assert_eq!((&forward, &backward), (&whole, &whole), "{descending} {limit}");
        }
    }
}

#[tokio::test]
async fn a_walk_goes_on_although_its_row_has_changed() {
    for descending in [false, true] {
        let mut world = World::new();
        world.deploy(ORDER);
        for at in 0..4 {
            let long = "x".repeat(3_000);
            world.create("order", &format!(r#"{{"long": "{long}{at}"}}"#));
        }
        let mut jobs = world.lease("payment");
        if descending {
            jobs.reverse();
        }
        let sort = vec![sort(&VARIABLE, "value", descending)];
        let first = Query {
            sort: sort.clone(),
            page: Paging::From { from: 0, limit: 1 },
            ..Query::default()
        };
        let first = world.search(&VARIABLE, &first).await;
        world.complete(jobs[0].key, r#"{"long": 1}"#);
        let page = Paging::After { cursor: first.end.unwrap(), limit: 10 };
        let rest = world.search(&VARIABLE, &Query { sort, page, ..Query::default() }).await;
        let long = |item: &&history::query::Record| item.text("value").unwrap().len() > 3_000;
        assert_eq!(rest.items.iter().filter(long).count(), 3, "{descending}");
    }
}

#[tokio::test]
async fn lists_of_a_filter_are_limited_together() {
    let world = World::new();
    let thousand: Vec<Value> = (0..1_000).map(Value::Int).collect();
    let one = is(&PROCESS_INSTANCE, "processInstanceKey", Test::In(thousand));
    let ask = async |count: usize| {
        let filter = Filter::Any(vec![one.clone(); count]);
        let query = Query { filter, ..Query::default() };
        world.reader.search(&PROCESS_INSTANCE, &query).await
    };
    let error = ask(100).await.unwrap_err();
    assert!(error.is_query(), "{error}");
    assert!(error.to_string().contains("at most 10000 values in all lists"), "{error}");
    assert_eq!(ask(10).await.unwrap().total, 0);
    // As many as are taken, of the kind that takes the most places.
    let texts: Vec<Value> = (0..1_000).map(|at| text(&format!("\"{at}\""))).collect();
    let variables = vec![variable("a", [Test::In(texts)]); 10];
    let query = Query { filter: Filter::Any(variables), ..Query::default() };
    assert_eq!(world.reader.search(&PROCESS_INSTANCE, &query).await.unwrap().total, 0);
}

#[tokio::test]
async fn values_are_equal_however_they_are_written() {
    let mut world = World::new();
    world.deploy(ORDER);
    let address = r#"{"address": {"city": "Ulm", "zip": 89073}}"#;
    let given = [
        r#"{"total": 100.0, "id": 9007199254740993}"#,
        r#"{"total": 100, "id": 9007199254740992}"#,
        r#"{"total": "100"}"#,
        address,
    ];
    let keys = given.map(|variables| world.create("order", variables));
    let spaced = text(r#"{ "city": "Ulm", "zip" : 89073 }"#);
    let wide = text("\n{\"address\" : {\"city\":\"Ulm\",\"zip\":89073}} ");
    let cases: Vec<(Filter, &[usize])> = vec![
        (variable("total", [Test::Eq(text("100.0"))]), &[0, 1]),
        (variable("total", [Test::Eq(text("100"))]), &[0, 1]),
        (variable("total", [Test::Neq(text("1e2"))]), &[2]),
        (variable("id", [Test::Eq(text("9007199254740993"))]), &[0]),
        (variable("id", [Test::In(vec![text("9007199254740992")])]), &[1]),
        (variable("address", [Test::Eq(spaced.clone())]), &[3]),
        (variable("address", [Test::In(vec![spaced.clone()])]), &[3]),
        (variable("address", [Test::NotIn(vec![spaced])]), &[]),
        (nested("address", "zip", Test::Eq(text("89073.0"))), &[3]),
        (nested("address", "zip", Test::Neq(text("89073.0"))), &[]),
        (nested("address", "zip", Test::In(vec![text("1"), text("89073.0")])), &[3]),
        (nested("address", "zip", Test::NotIn(vec![text("1"), text("89073.0")])), &[]),
        (nested("address", "city", Test::Eq(text(" \"Ulm\""))), &[3]),
        (nested("address", "", Test::Eq(text("{\"city\":\"Ulm\",  \"zip\":89073}"))), &[3]),
        (variable("address", [Test::Eq(wide)]), &[]),
    ];
    for (filter, expected) in cases {
        let found =
            world.keys(&PROCESS_INSTANCE, "processInstanceKey", all([filter.clone()])).await;
        let expected: Vec<i64> = expected.iter().map(|at| keys[*at]).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}
