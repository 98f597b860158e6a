//! Writing: once, in time, and nothing silently lost.

use std::time::Duration;

use engine::Cause;
use engine::command::Source;
use history::entity::*;
use history::query::{Filter, Query, Test};
use history::{Batch, Behind, OnCap, Position, Positions, Pressure, Retention, Settings, Watched};

use crate::support::*;

/// Every table as text, to compare databases.
async fn dump(world: &World) -> String {
    let mut out = String::new();
    for entity in ALL {
        let page = world.search(entity, &Query::default()).await;
        for item in page.items {
            let values: Vec<String> =
                item.values.iter().map(|(f, v)| format!("{}={v:?}", f.name)).collect();
            out.push_str(&format!("{} {}\n", entity.name, values.join(" ")));
        }
    }
    out
}

fn story(world: &mut World) {
    world.deploy(ORDER);
    world.deploy(WAITING);
    for at in 0..20i64 {
        world.now += 700;
        world.create("order", &format!(r#"{{"n": {at}}}"#));
        world.create("waiting", &format!(r#"{{"orderId": "{at}"}}"#));
    }
    for (at, job) in world.lease("payment").into_iter().enumerate() {
        world.now += 700;
        match at % 3 {
            0 => world.complete(job.key, r#"{"n": null, "m": "x"}"#),
            1 => world.fail(job.key, 0, &format!("bank {at} is closed")),
            _ => world.fail(job.key, 2, "later"),
        }
        world.publish("paid", &at.to_string(), 10_000);
    }
}

#[tokio::test]
async fn the_tables_do_not_depend_on_how_steps_were_batched() {
    let mut one = World::new();
    story(&mut one);
    let expected = dump(&one).await;
    assert!(expected.contains("bank 1 is closed"));
    let mut other = World::new();
    other.exporting = false;
    story(&mut other);
    other.export();
    assert_eq!(dump(&other).await, expected);
}

#[tokio::test]
async fn steps_that_come_again_change_nothing() {
    let mut world = World::new();
    story(&mut world);
    let expected = dump(&world).await;
    let steps = world.steps.clone();
    for part in [&steps[..], &steps[steps.len() / 2..]] {
        world.history().export(Batch { partition: 1, steps: part.to_vec() }).unwrap();
    }
    world.reopen();
    world.history().export(Batch { partition: 1, steps }).unwrap();
    world.create("order", "{}");
    let text = dump(&world).await;
    let before: Vec<&str> =
        expected.lines().filter(|line| line.starts_with("incidents ")).collect();
    let after: Vec<&str> = text.lines().filter(|line| line.starts_with("incidents ")).collect();
    assert_eq!(before, after);
    let elements =
        |text: &str| text.lines().filter(|line| line.starts_with("element inst")).count();
    assert_eq!(elements(&text), elements(&expected) + 2);
    assert_eq!(world.history().positions(), world.wanted());
}

#[tokio::test]
async fn a_search_waits_for_what_was_told_and_says_when_it_cannot() {
    let mut world = World::new();
    world.deploy(ORDER);
    for _ in 0..20 {
        let key = world.create("order", "{}");
        // Without the hurry a batch would be gathered first.
        world.settle().await;
        assert!(world.reader.get(&PROCESS_INSTANCE, key).await.unwrap().is_some());
    }
    let beyond = Positions::from([(1, world.lsn + 3)]);
    let behind = world.reader.wait_for(&beyond, Duration::from_millis(20)).await;
    assert_eq!(behind, Behind::Yes { steps: 3, lag: Duration::ZERO });
}

#[tokio::test]
async fn a_full_queue_stops_intake_or_lists_the_gap() {
    let fill = |on_cap| {
        let mut world =
            World::with(|settings| Settings { queue_bytes_max: 40_000, on_cap, ..settings });
        world.deploy(ORDER);
        world.exporting = false;
        for _ in 0..200 {
            world.create("order", "{}");
        }
        world
    };
    let one_by_one = |world: &mut World| {
        let steps = world.take_held();
        let mut refused = 0;
        for step in steps {
            let batch = Batch { partition: 1, steps: vec![step] };
            refused += usize::from(world.history().export(batch).is_err_and(|e| e.is_full()));
        }
        refused
    };
    // The writer is slower than this loop by far; but it may take one batch meanwhile.
    let mut world = fill(OnCap::StopIntake);
    assert!(one_by_one(&mut world) > 0);
    let mut world = fill(OnCap::Gap);
    assert_eq!(one_by_one(&mut world), 0);
    let all = Positions::from([(1, world.lsn)]);
    assert_eq!(world.reader.wait_for(&all, Duration::from_secs(30)).await, Behind::No);
    let gaps = world.reader.gaps().await.unwrap();
    assert!(!gaps.is_empty());
    assert!(gaps.iter().all(|gap| gap.partition == 1 && gap.first_lsn <= gap.last_lsn));
    assert_eq!(world.history().pressure(), Pressure::Open);
}

#[tokio::test]
async fn who_did_what_is_on_record() {
    let mut world = World::new();
    let comment = Some("order 7, by phone".into());
    world.cause = Cause { principal: Some("ann".into()), comment, ..Cause::default() };
    let definition = world.deploy(ORDER);
    let instance = world.create("order", "{}");
    world.cause = Cause { source: Source::Dispatcher, ..Cause::default() };
    world.lease("payment");
    world.cause = Cause { client: Some("console".into()), ..Cause::default() };
    let set = engine::Command::SetVariables {
        scope: instance,
        variables: value::object_from_json(r#"{"a": 1}"#).unwrap(),
        local: false,
    };
    world.ask(&set).unwrap();
    world.ask(&engine::Command::CancelInstance { instance }).unwrap();
    let page = world
        .search(
            &COMMENTED_AUDIT,
            &Query { sort: vec![sort(&AUDIT, "timestamp", false)], ..Query::default() },
        )
        .await;
    let comments: Vec<_> = page.items.iter().map(|item| item.text("comment")).collect();
    let said = Some("order 7, by phone");
    assert_eq!(comments, [said, said, None, None]);
    let names = |item: &history::query::Record| {
        let name = |names, field| history::names::name(names, item.int(field).unwrap());
        (
            name(history::names::AUDIT_OPERATIONS, "operationType"),
            name(history::names::AUDIT_ENTITIES, "entityType"),
            item.text("actorId").map(str::to_owned),
            item.int("processInstanceKey"),
        )
    };
    let (ann, console) = (Some("ann".to_owned()), Some("console".to_owned()));
    let told: Vec<_> = page.items.iter().map(names).collect();
    let expected = [
        ("CREATE", "RESOURCE", ann.clone(), None),
        ("CREATE", "PROCESS_INSTANCE", ann, Some(instance)),
        ("UPDATE", "VARIABLE", console.clone(), Some(instance)),
        ("CANCEL", "PROCESS_INSTANCE", console, Some(instance)),
    ];
    for line in &expected {
        assert!(told.contains(line), "{line:?}\n{told:?}");
    }
    assert_eq!(told.len(), expected.len(), "{told:?}");
    assert_eq!(page.items[1].int("processDefinitionKey"), Some(definition));
}

/// What a person did to messages, signals and tokens is on record: what, and to which instance.
#[tokio::test]
async fn messages_signals_and_modifications_are_on_record() {
    let mut world = World::new();
    world.deploy(WAITING);
    world.deploy(ORDER);
    let waiting = world.create("waiting", r#"{"orderId": "7"}"#);
    let order = world.create("order", "{}");
    let comment = Some("called by phone".into());
    world.cause = Cause { principal: Some("ann".into()), comment, ..Cause::default() };
    world.publish("paid", "7", 60_000);
    world.publish("paid", "8", 60_000);
    let broadcast = engine::Command::BroadcastSignal {
        name: "doors-open".into(),
        tenant: engine::command::DEFAULT_TENANT.into(),
        variables: Vec::new(),
    };
    world.ask(&broadcast).unwrap();
    let elements = world
        .search(
            &ELEMENT_INSTANCE,
            &Query {
                filter: all([
                    eq(&ELEMENT_INSTANCE, "processInstanceKey", order),
                    eq(&ELEMENT_INSTANCE, "elementId", "pay"),
                ]),
                ..Query::default()
            },
        )
        .await;
    let pay = elements.items[0].int("elementInstanceKey").unwrap();
    let begin =
        engine::command::Activate { element: "done".into(), ancestor: None, variables: Vec::new() };
    let modify = engine::command::ModifyInstance {
        instance: order,
        activate: vec![begin],
        moves: Vec::new(),
        terminate: vec![pay],
        terminate_elements: Vec::new(),
    };
    world.ask(&engine::Command::ModifyInstance(modify)).unwrap();
    world.settle().await;
    let newest = vec![sort(&COMMENTED_AUDIT, "timestamp", false)];
    let filter = eq(&COMMENTED_AUDIT, "actorId", "ann");
    let found =
        world.search(&COMMENTED_AUDIT, &Query { filter, sort: newest, ..Query::default() }).await;
    let told: Vec<_> = found
        .items
        .iter()
        .map(|line| {
            assert_eq!(line.text("comment"), Some("called by phone"));
            let name = |names, field| history::names::name(names, line.int(field).unwrap());
            (
                name(history::names::AUDIT_OPERATIONS, "operationType"),
                name(history::names::AUDIT_ENTITIES, "entityType"),
                line.text("entityDescription").unwrap_or("").to_owned(),
                line.int("processInstanceKey"),
            )
        })
        .collect();
    let line = |operation, entity, what: &str, instance| (operation, entity, what.into(), instance);
    assert_eq!(
        told,
        [
            line("CREATE", "MESSAGE", "paid, key 7", Some(waiting)),
            line("CREATE", "MESSAGE", "paid, key 8", None),
            line("CREATE", "SIGNAL", "doors-open", None),
            line("MODIFY", "PROCESS_INSTANCE", "added: done; canceled: pay", Some(order)),
        ]
    );
    // One that comes late takes the message that waits for it.
    world.cause = Cause::default();
    let late = world.create("waiting", r#"{"orderId": "8"}"#);
    world.settle().await;
    let filter = eq(&COMMENTED_AUDIT, "processInstanceKey", late);
    let found = world.search(&COMMENTED_AUDIT, &Query { filter, ..Query::default() }).await;
    let told: Vec<_> = found.items.iter().map(|line| line.text("entityDescription")).collect();
    assert!(told.contains(&Some("paid, key 8")), "{told:?}");
    // The contract has no such kinds.
    let found = world.search(&AUDIT, &Query::default()).await;
    assert!(found.items.iter().all(|line| line.int("entityType").unwrap() < 15));
}

#[tokio::test]
async fn frames_give_back_the_events_in_their_order() {
    let mut world = World::new();
    story(&mut world);
    world.settle().await;
    let instance = world.create("order", "{}");
    world.settle().await;
    let of_instance: Vec<_> = world.reader.frames(instance).await.unwrap();
    assert_eq!(of_instance.len(), 1);
    assert_eq!(of_instance[0].lsn, world.lsn);
    let mut at = Position { partition: 1, lsn: 0 };
    let mut read = Vec::new();
    loop {
        let (steps, next) = world.reader.follow(at, &Watched::default()).await.unwrap();
        if next == at {
            break;
        }
        read.extend(steps);
        at = next;
    }
    let told: Vec<(u64, usize)> = read.iter().map(|s| (s.position.lsn, s.events.len())).collect();
    let expected: Vec<(u64, usize)> = world.steps.iter().map(|s| (s.lsn, s.events.len())).collect();
    assert_eq!(told, expected);
    let watched = Watched { instance: Some(instance), definitions: Vec::new() };
    let start = Position { partition: 1, lsn: world.lsn - 1 };
    let (steps, _) = world.reader.follow(start, &watched).await.unwrap();
    assert_eq!(steps.len(), 1);
}

#[tokio::test]
async fn retention_forgets_what_ended_long_ago() {
    let mut world = World::new();
    world.deploy(ORDER);
    world.deploy(WAITING);
    let keep = world.create("order", "{}");
    let job = world.lease("payment")[0].key;
    let running = world.create("waiting", r#"{"orderId": "1"}"#);
    world.complete(job, "{}");
    let day = Duration::from_secs(86_400);
    world.now += 2 * 86_400_000;
    world.settle().await;
    let by_process = Retention { age: Some(day), processes: vec![("order".to_owned(), None)] };
    world.history().sweep(&by_process, world.now).unwrap();
    assert!(world.reader.get(&PROCESS_INSTANCE, keep).await.unwrap().is_some());
    let all = Retention { age: Some(day), processes: Vec::new() };
    world.history().sweep(&all, world.now).unwrap();
    assert!(world.reader.get(&PROCESS_INSTANCE, keep).await.unwrap().is_none());
    assert!(world.reader.get(&PROCESS_INSTANCE, running).await.unwrap().is_some());
    assert!(world.reader.frames(keep).await.unwrap().is_empty());
    assert!(!world.reader.frames(running).await.unwrap().is_empty());
}

/// What is counted can be listed, also when some of it was forgotten; minutes of a process go and
/// stay with its instances.
#[tokio::test]
async fn counts_are_those_of_what_is_left() {
    let mut world = World::new();
    let definition = world.deploy(ORDER);
    let of_kept = world.deploy(&ORDER.replace("\"order\"", "\"kept\""));
    for process in ["order", "order", "kept"] {
        world.create(process, "{}");
    }
    for job in world.lease("payment") {
        world.complete(job.key, "{}");
    }
    world.now += 2 * 86_400_000;
    world.create("order", "{}");
    world.settle().await;
    let day = Some(Duration::from_secs(86_400));
    let retention = Retention { age: day, processes: vec![("kept".to_owned(), None)] };
    assert_eq!(world.history().sweep(&retention, world.now).unwrap(), 2);
    let listed = is(&PROCESS_INSTANCE, "processInstanceKey", Test::Exists(true));
    for (definition, left, durations) in [(definition, 1, 0), (of_kept, 1, 1)] {
        let heat = world.reader.heat(definition, 0, i64::MAX, i64::MAX).await.unwrap();
        let counted = world.reader.element_counts(definition, &Filter::default()).await.unwrap();
        let mut expected = world.reader.element_counts(definition, &listed).await.unwrap();
        expected.sort_by(|a, b| a.element_id.cmp(&b.element_id));
        let mut there: Vec<_> = counted
            .into_iter()
            .filter(|one| one.active + one.completed + one.terminated > 0)
            .collect();
        there.sort_by(|a, b| a.element_id.cmp(&b.element_id));
        assert_eq!(there, expected);
        assert!(heat.flows.iter().all(|flow| flow.times == left), "{:?}", heat.flows);
        assert!(!heat.flows.is_empty());
        assert_eq!(heat.whole.map_or(0, |whole| whole.count), durations);
    }
    let overview = world.reader.overview(world.now, 0, &|_| true).await.unwrap();
    assert_eq!((overview.active, overview.completed), (1, 1));
    let found = world.search(&PROCESS_INSTANCE, &Query::default()).await;
    assert_eq!(found.total, 2);
}

#[tokio::test]
async fn a_called_instance_is_kept_as_long_as_its_root() {
    let mut world = World::new();
    world.deploy(ORDER);
    world.deploy(
        r#"<process id="caller" isExecutable="true">
  <startEvent id="begin"><outgoing>a</outgoing></startEvent>
  <sequenceFlow id="a" sourceRef="begin" targetRef="call"/>
  <callActivity id="call"><extensionElements><zeebe:calledElement processId="order"/>
    </extensionElements><incoming>a</incoming><outgoing>b</outgoing></callActivity>
  <sequenceFlow id="b" sourceRef="call" targetRef="end"/>
  <endEvent id="end"><incoming>b</incoming></endEvent>
</process>"#,
    );
    world.create("caller", "{}");
    let job = world.lease("payment")[0].key;
    world.complete(job, "{}");
    world.settle().await;
    world.now += 2 * 86_400_000;
    let day = Some(Duration::from_secs(86_400));
    let left = async |world: &World, age, processes: &[(&str, Option<Duration>)]| {
        let processes = processes.iter().map(|(id, age)| ((*id).to_owned(), *age)).collect();
        world.history().sweep(&Retention { age, processes }, world.now).unwrap();
        world.search(&PROCESS_INSTANCE, &Query::default()).await.total
    };
    assert_eq!(left(&world, None, &[("order", day)]).await, 2, "the caller is kept");
    assert_eq!(left(&world, day, &[("caller", None)]).await, 2, "the caller is kept");
    assert_eq!(left(&world, day, &[("order", None)]).await, 0, "the caller is forgotten");
}

/// Another build made other tables: it is said what to do, and that does it.
#[tokio::test]
async fn tables_of_another_build_are_refused_with_the_way_out() {
    use sqlx::Connection;
    let mut world = World::new();
    story(&mut world);
    world.settle().await;
    let running = world.keys(&PROCESS_INSTANCE, "processInstanceKey", Default::default()).await;
    world.history.take().expect("it is open").close();
    let path = world.folder.path().join("history.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    for text in [
        "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
        "ALTER TABLE process_instance DROP COLUMN trace",
    ] {
        sqlx::query(text).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();

    let refused = history::History::open(Settings::new(&path)).unwrap_err().to_string();
    assert!(refused.contains("'grevy history rebuild'"), "{refused}");
    let steps = tokio::task::spawn_blocking(move || history::rebuild(&path)).await.unwrap();
    assert_eq!(steps.unwrap(), world.steps.len() as u64);
    let path = world.folder.path().join("history.db");
    let history = history::History::open(Settings::new(path)).expect("it opens again");
    let page = history.reader().search(&PROCESS_INSTANCE, &Query::default()).await.unwrap();
    assert_eq!(page.total, running.len() as i64);
}

/// No database at all, half of one, and half of one with its write-ahead log as a crash leaves it.
#[tokio::test]
async fn a_damaged_file_is_told_from_a_whole_one() {
    let mut world = World::new();
    story(&mut world);
    world.settle().await;
    let path = world.folder.path().join("history.db");
    let bytes = std::fs::read(&path).unwrap();
    let log = std::fs::read(world.folder.path().join("history.db-wal")).unwrap();
    world.history.take().expect("it is open").close();
    let whole = std::fs::read(&path).unwrap();
    let cut = &whole[..whole.len() / 8_192 * 4_096];
    let damaged = [(&b"no database".repeat(1_000)[..], None), (cut, None), (cut, Some(&log[..32]))];
    for (at, (bytes, log)) in damaged.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.db");
        std::fs::write(&path, bytes).unwrap();
        if let Some(log) = log {
            std::fs::write(folder.path().join("history.db-wal"), log).unwrap();
        }
        let error = history::History::open(Settings::new(&path)).unwrap_err();
        assert!(error.is_damaged(), "{at}: {error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert!(error.to_string().contains("'grevy history rebuild'"), "{error}");
        let from = path.clone();
        let error = tokio::task::spawn_blocking(move || history::rebuild(&from)).await.unwrap();
        assert!(error.is_err_and(|error| error.is_damaged()), "{at}");
        let aside = history::set_aside(&path).unwrap();
        assert_eq!(std::fs::read(aside).unwrap(), bytes, "{at}");
        history::History::open(Settings::new(&path)).expect("a new one").close();
    }
    // What a crash leaves is whole.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    std::fs::write(&path, bytes).unwrap();
    std::fs::write(folder.path().join("history.db-wal"), log).unwrap();
    history::History::open(Settings::new(path)).expect("it is whole").close();
}
