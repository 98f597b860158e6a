//! How the store reads what searches ask for: no page may cost a walk over the table.

use std::cell::RefCell;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

use super::field::{Entity, Field, Kind};
use super::filter::{Filter, Test, Value, VariableTest};
use super::order::Sort;
use super::run::{Paging, Query, fetch};
use super::sql::Sql;
use crate::entity;

/// What a statement is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    /// Keys of whatever passes the filter.
    Gather,
    /// A page in the order of an index.
    Along,
}

thread_local! {
    static NOTED: RefCell<Vec<(Step, Sql)>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn note(step: Step, sql: &Sql) {
    NOTED.with_borrow_mut(|noted| noted.push((step, sql.clone())));
}

async fn tables() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
    crate::store::migrate(&mut connection).await.expect("tables");
    sqlx::query("PRAGMA case_sensitive_like = on")
        .execute(&mut connection)
        .await
        .expect("a pragma");
    let definition = "INSERT INTO process_definition (key, tenant, process_id, name, version, \
        version_tag, resource, deployment, deployed, state, has_start_form, bytes) \
        VALUES (1, 'x', 'x', 'x', 1, 'x', 'x', 1, 0, 0, 0, x'00')";
    sqlx::query(definition).execute(&mut connection).await.expect("a definition");
    connection
}

/// Statements of a query, with how the store reads them. `most`: see `Query::run_within`.
async fn plans(
    connection: &mut SqliteConnection,
    entity: &'static Entity,
    query: &Query,
    most: i64,
) -> Vec<(Step, String, Vec<String>)> {
    NOTED.with_borrow_mut(Vec::clear);
    query.run_within(connection, entity, most).await.expect("a page");
    let mut plans = Vec::new();
    for (step, sql) in NOTED.take() {
        let mut explained = Sql::new("EXPLAIN QUERY PLAN ");
        explained.push(sql.clone());
        let rows = fetch(connection, explained).await.expect("a plan");
        let lines = rows.iter().map(|row| row.try_get::<String, _>(3).expect("a text")).collect();
        plans.push((step, sql.text, lines));
    }
    plans
}

fn tests(field: &Field) -> Vec<Test> {
    let value = match field.kind {
        Kind::Text | Kind::Tags | Kind::Member | Kind::Json | Kind::Variables => {
            Value::Text("x".into())
        }
        Kind::Key | Kind::Int | Kind::Flag | Kind::Date | Kind::Name(_) => Value::Int(1),
    };
    let mut tests = Vec::new();
    for operator in field.kind.operators() {
        tests.push(match *operator {
            "$eq" => Test::Eq(value.clone()),
            "$in" => Test::In(vec![value.clone()]),
            "$gt" => Test::Gt(value.clone()),
            "$gte" => Test::Gte(value.clone()),
            "$lt" => Test::Lt(value.clone()),
            "$lte" => Test::Lte(value.clone()),
            "$exists" => Test::Exists(true),
            "$like" if matches!(field.kind, Kind::Name(_)) => Test::Like("*E*".into()),
            "$like" => Test::Like("x*".into()),
            // Nearly everything is something else: the walk ends with the page.
            _ => continue,
        });
    }
    if field.kind == Kind::Flag {
        tests.push(Test::Eq(Value::Int(1)));
    }
    tests
}

fn filter(field: &'static Field, test: Test) -> Filter {
    match field.kind {
        Kind::Variables => Filter::Variable(VariableTest {
            name: "x".into(),
            path: None,
            local: false,
            tests: vec![test],
        }),
        _ => Filter::Is(super::Condition { field, test }),
    }
}

/// Lists that grow with every instance.
const LARGE: [&Entity; 7] = [
    &entity::PROCESS_INSTANCE,
    &entity::ELEMENT_INSTANCE,
    &entity::JOB,
    &entity::INCIDENT,
    &entity::VARIABLE,
    &entity::MESSAGE_SUBSCRIPTION,
    &entity::AUDIT,
];

/// The lines that say that every row is looked at.
fn walks<'a>(entity: &Entity, lines: &'a [String]) -> Option<&'a String> {
    let table = entity.from.split_whitespace().last().unwrap_or_default();
    lines.iter().find(|line| **line == format!("SCAN {table}"))
}

#[tokio::test]
async fn a_filter_is_found_by_an_index() {
    let (mut connection, mut found) = (tables().await, Vec::new());
    for entity in LARGE {
        for field in entity.filters().filter(|field| !field.walked) {
            // What is there in every row, or in none, ends the walk with the page.
            if field.sql.contains("NULL") || field.sql == "0" {
                continue;
            }
            for test in tests(field).into_iter().filter(|test| *test != Test::Exists(true)) {
                let text = format!("{}: {} {test:?}", entity.name, field.name);
                let query = Query { filter: filter(field, test), ..Query::default() };
                for (_, sql, lines) in plans(&mut connection, entity, &query, 10).await {
                    // No definition fits: nothing is read.
                    if walks(entity, &lines).is_some() && !sql.contains("IN ()") {
                        found.push(format!("{text}\n{sql}\n{lines:#?}"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Rows of another table are found for each row by what they belong to: whatever else they are
/// asked for may be so in all of them.
#[tokio::test]
async fn what_many_rows_of_another_table_pass_is_looked_up_row_by_row() {
    let (mut connection, mut found, mut seen) = (tables().await, Vec::new(), 0);
    let lists = LARGE.into_iter().chain([&entity::USER_TASK]);
    for entity in lists {
        let outside = |field: &&Field| field.kind == Kind::Variables || !field.inside.is_empty();
        for field in entity.filters().filter(outside) {
            for test in tests(field).into_iter().chain([Test::Neq(Value::Int(1))]) {
                let absent = Test::Exists(false);
                for test in [test, absent] {
                    let query = Query { filter: filter(field, test), ..Query::default() };
                    for (step, sql, lines) in plans(&mut connection, entity, &query, -1).await {
                        let inner = lines.iter().skip_while(|line| !line.contains("CORRELATED"));
                        let first = inner.clone().nth(1).filter(|_| step == Step::Along);
                        let Some(first) = first else { continue };
                        seen += 1;
                        let linked = ["(instance=?", "(rowid=?", "(scope=?"];
                        if !linked.iter().any(|link| first.contains(link)) {
                            found.push(format!(
                                "{}: {}\n{sql}\n{lines:#?}",
                                entity.name, field.name
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(seen > 50, "{seen}");
}

#[tokio::test]
async fn a_page_of_many_is_read_in_the_order_of_an_index() {
    let (mut connection, mut found) = (tables().await, Vec::new());
    for entity in LARGE {
        for field in entity.fields.iter().filter(|field| field.sort && !field.walked) {
            for descending in [false, true] {
                let page = Paging::From { from: 0, limit: 10 };
                let sort = vec![Sort { field, descending }];
                let query = Query { sort, page, ..Query::default() };
                // None are few: whatever is asked for is read along an index.
                for (step, sql, lines) in plans(&mut connection, entity, &query, -1).await {
                    let text = format!("{} by {}\n{sql}", entity.name, field.name);
                    let sorts = lines.iter().any(|line| line.starts_with("USE TEMP B-TREE"));
                    if step == Step::Along && sorts {
                        found.push(format!("{text}\n{lines:#?}"));
                    }
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Forty instances of three definitions, two of them versions of one process, with holes.
async fn forty() -> SqliteConnection {
    let mut connection = tables().await;
    let definitions = "INSERT INTO process_definition (key, tenant, process_id, name, version, \
        version_tag, resource, deployment, deployed, state, has_start_form, bytes) VALUES \
        (2, 'x', 'x', 'x', 2, 'tag', 'p.bpmn', 1, 0, 0, 0, x'00'), \
        (3, 'u', 'a', NULL, 1, NULL, 'p.bpmn', 1, 0, 0, 0, x'00')";
    sqlx::query(definitions).execute(&mut connection).await.expect("definitions");
    for n in 1..=40i64 {
        let text = "INSERT INTO process_instance (key, definition, state, start_date, end_date, \
            incidents, parent_instance, parent_element, root, business_id) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let ended = (n % 3 == 0).then_some(1_000 - n / 5);
        let parent = (n % 4 == 0).then_some(n / 8);
        let query = sqlx::query(text).bind(n).bind(1 + n % 3).bind(n % 3).bind(n / 7).bind(ended);
        let query = query.bind(i64::from(n % 5 == 0)).bind(parent).bind(parent).bind(n);
        let query = query.bind((n % 6 > 0).then(|| format!("b-{}", n % 4)));
        query.execute(&mut connection).await.expect("an instance");
    }
    connection
}

/// Whether few or many match, and however they are paged: the same rows in the same order.
#[tokio::test]
async fn stretches_give_what_sorting_gives() {
    let (mut connection, entity) = (forty().await, &entity::PROCESS_INSTANCE);
    let sorts = entity.names(|field| field.sort);
    let mut orders: Vec<Vec<&str>> = sorts.iter().map(|name| vec![*name]).collect();
    orders.push(vec!["processDefinitionName", "processDefinitionVersion", "endDate"]);
    orders.push(vec!["state", "businessId"]);
    let running = Filter::field(entity, "state", Test::Neq(Value::Int(2))).expect("a field");
    for (order, descending, filter) in orders.iter().flat_map(|order| {
        [(false, Filter::default()), (true, Filter::default()), (true, running.clone())]
            .map(|(descending, filter)| (order, descending, filter))
    }) {
        let sort = |name: &&str| Sort::by(entity, name, descending).expect("a field");
        let sort: Vec<Sort> = order.iter().map(sort).collect();
        let mut page = async |page: Paging, most: i64| {
            let query = Query { filter: filter.clone(), sort: sort.clone(), page };
            let page = query.run_within(&mut connection, entity, most).await.expect("a page");
            let keys = page.items.iter().map(|item| item.int("processInstanceKey"));
            (keys.map(Option::unwrap_or_default).collect::<Vec<i64>>(), page.start, page.end)
        };
        let (whole, ..) = page(Paging::From { from: 0, limit: 100 }, 1_000).await;
        assert!(whole.len() > 20, "{order:?}");
        for from in 0..whole.len() as u32 {
            let (found, ..) = page(Paging::From { from, limit: 7 }, 3).await;
            let expected = whole.iter().skip(from as usize).take(7);
            assert!(found.iter().eq(expected), "{order:?} {descending} from {from}: {found:?}");
        }
        let (mut forth, mut next) = (Vec::new(), Paging::From { from: 0, limit: 3 });
        let mut last = None;
        loop {
            let (found, start, end) = page(next, 3).await;
            forth.extend(found);
            let Some(cursor) = end else { break };
            last = start;
            next = Paging::After { cursor, limit: 3 };
        }
        assert_eq!(forth, whole, "{order:?} {descending}");
        let mut back = Vec::new();
        while let Some(cursor) = last {
            let (found, start, _) = page(Paging::Before { cursor, limit: 3 }, 3).await;
            back.splice(0..0, found);
            last = start;
        }
        assert_eq!(back, whole[..back.len()], "{order:?} {descending}");
        assert!(back.len() + 3 >= whole.len(), "{order:?} {descending}");
    }
}

/// A page of what ended before some moment, the newest first, begins at that moment: except where
/// something ended before it began.
#[tokio::test]
async fn what_ended_early_began_early_unless_a_clock_was_turned_back() {
    let (mut connection, entity) = (forty().await, &entity::PROCESS_INSTANCE);
    let filter = Filter::field(entity, "endDate", Test::Lt(Value::Int(998))).expect("a field");
    let sort = vec![Sort::by(entity, "startDate", true).expect("a field")];
    let page = Paging::From { from: 0, limit: 5 };
    let query = Query { filter, sort, page };
    for turned in [false, true] {
        if turned {
            let text = "UPDATE process_instance SET start_date = 5000 WHERE key = 30";
            sqlx::query(text).execute(&mut connection).await.expect("a row");
        }
        let mut found = Vec::new();
        for most in [1_000, -1] {
            let page = query.run_within(&mut connection, entity, most).await.expect("a page");
            let keys = page.items.iter().map(|item| item.int("processInstanceKey"));
            found.push(keys.map(Option::unwrap_or_default).collect::<Vec<_>>());
        }
        assert_eq!(found[0], found[1]);
        assert_eq!(found[0].len(), 5);
        assert_eq!(found[0][0] == 30, turned, "{found:?}");
        let plans = plans(&mut connection, entity, &query, -1).await;
        let begins = plans.iter().any(|(_, sql, _)| sql.contains("i.start_date <= ?"));
        assert_eq!(begins, !turned);
    }
}

/// Elements that are being activated are in no list, however it is read.
#[tokio::test]
async fn what_is_not_shown_yet_is_in_no_page() {
    let (mut connection, entity) = (forty().await, &entity::ELEMENT_INSTANCE);
    for (key, state, shown) in [(7, 0, vec![7]), (8, 9, vec![7]), (9, 1, vec![7, 9])] {
        let text = "INSERT INTO element_instance (key, instance, definition, element_no, role, \
            state, start_date, end_date, scope, incident) VALUES (?, 1, 1, 0, 0, ?, 5, 6, 1, NULL)";
        let query = sqlx::query(text).bind(key).bind(state);
        query.execute(&mut connection).await.expect("an element");
        for most in [1_000, -1] {
            let sort = vec![Sort::by(entity, "startDate", false).expect("a field")];
            let query = Query { sort, ..Query::default() };
            let page = query.run_within(&mut connection, entity, most).await.expect("a page");
            let keys = page.items.iter().map(|item| item.int("elementInstanceKey"));
            assert_eq!(keys.map(Option::unwrap_or_default).collect::<Vec<i64>>(), shown);
        }
    }
}

/// Who lacks a variable is found by reading both tables once, in their order; the same ones as by
/// looking for it instance by instance.
#[tokio::test]
async fn instances_without_a_variable_are_merged_out() {
    let (mut connection, entity) = (forty().await, &entity::PROCESS_INSTANCE);
    for n in (1..=40i64).filter(|n| n % 3 > 0) {
        let text = "INSERT INTO variable (key, instance, scope, name, value, head, updated) \
            VALUES (?, ?, ?, ?, '1', '1', 0)";
        let name = if n % 5 == 0 { "y" } else { "x" };
        let query = sqlx::query(text).bind(100 + n).bind(n).bind(n).bind(name);
        query.execute(&mut connection).await.expect("a variable");
    }
    let field = entity.field("variables").expect("a field");
    let query = Query { filter: filter(field, Test::Exists(false)), ..Query::default() };
    let expected: Vec<i64> = (1..=40).filter(|n| n % 3 == 0 || n % 5 == 0).collect();
    for most in [1_000, -1] {
        let page = query.run_within(&mut connection, entity, most).await.expect("a page");
        let keys = page.items.iter().map(|item| item.int("processInstanceKey"));
        assert_eq!(keys.map(Option::unwrap_or_default).collect::<Vec<_>>(), expected);
    }
    let plans = plans(&mut connection, entity, &query, 1_000).await;
    let merged = plans.iter().find(|(.., lines)| lines.iter().any(|one| one == "MERGE (EXCEPT)"));
    let (.., lines) = merged.expect("a merge");
    assert!(lines.iter().all(|line| !line.contains("TEMP B-TREE")), "{lines:#?}");
}
