//! Every search and read of the contract, field by field: `contract.txt` lists what each takes and
//! answers, and everything that a list shows is the yardstick for what its filters find.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value as Json, json};

use crate::support::{Rig, rig};

const CONTRACT: &str = include_str!("contract.txt");
const FEE: &str = include_str!("../../../../tests/conformance/models/fee.dmn");

/// One operation of the contract.
#[derive(Debug, Default)]
struct Operation {
    filters: Vec<FilterField>,
    sorts: Vec<String>,
    items: Vec<Item>,
}

#[derive(Debug)]
struct FilterField {
    name: String,
    kind: String,
    operators: Vec<String>,
}

#[derive(Debug)]
struct Item {
    name: String,
    kind: String,
    nullable: bool,
}

/// The table, by method and path.
fn contract() -> BTreeMap<String, Operation> {
    let mut all: BTreeMap<String, Operation> = BTreeMap::new();
    let mut at = String::new();
    for line in CONTRACT.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if !line.starts_with(' ') {
            at = line.to_owned();
        }
        let own = all.entry(at.clone()).or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "filter" => own.filters.push(FilterField {
                name: words[1].to_owned(),
                kind: words[2].to_owned(),
                operators: words[3..].iter().map(|word| (*word).to_owned()).collect(),
            }),
            "sort" => own.sorts = words[1..].iter().map(|word| (*word).to_owned()).collect(),
            "item" => own.items.push(Item {
                name: words[1].to_owned(),
                kind: words[2].trim_end_matches('?').to_owned(),
                nullable: words[2].ends_with('?'),
            }),
            "answer" | "GET" | "POST" => {}
            other => panic!("{other}: {line}"),
        }
    }
    all
}

const MODELS: &str = r#"
  <message id="m-paid" name="paid"><extensionElements>
    <zeebe:subscription correlationKey="=orderId"/></extensionElements></message>
  <process id="order" name="Order" isExecutable="true"><extensionElements>
    <zeebe:versionTag value="v1"/></extensionElements>
    <startEvent id="start"/><sequenceFlow id="a" sourceRef="start" targetRef="check"/>
    <serviceTask id="check" name="Check stock"><extensionElements>
      <zeebe:taskDefinition type="check-stock" retries="1"/></extensionElements></serviceTask>
    <sequenceFlow id="b" sourceRef="check" targetRef="paid"/>
    <intermediateCatchEvent id="paid"><messageEventDefinition messageRef="m-paid"/>
    </intermediateCatchEvent><sequenceFlow id="c" sourceRef="paid" targetRef="fee"/>
    <businessRuleTask id="fee"><extensionElements>
      <zeebe:calledDecision decisionId="fee" resultVariable="fee"/></extensionElements>
    </businessRuleTask><sequenceFlow id="d" sourceRef="fee" targetRef="done"/>
    <endEvent id="done"/></process>
  <process id="parent" name="Parent" isExecutable="true"><startEvent id="s"/>
    <sequenceFlow id="a" sourceRef="s" targetRef="call"/>
    <callActivity id="call"><extensionElements><zeebe:calledElement processId="order"/>
    </extensionElements></callActivity></process>
  <process id="review" isExecutable="true"><startEvent id="s"/>
    <sequenceFlow id="a" sourceRef="s" targetRef="look"/>
    <userTask id="look" name="Look at it"><extensionElements><zeebe:userTask/>
      <zeebe:assignmentDefinition assignee="ann" candidateGroups="sales, night"/>
      <zeebe:taskSchedule dueDate="2033-01-01T00:00:00Z"/>
    </extensionElements></userTask><boundaryEvent id="late" attachedToRef="look">
      <timerEventDefinition><timeDuration>PT9H</timeDuration></timerEventDefinition>
    </boundaryEvent><sequenceFlow id="b" sourceRef="late" targetRef="e"/>
    <endEvent id="e"/></process>"#;

/// A server with something in every list, in more than one state.
async fn world() -> Rig {
    let rig = rig().await;
    rig.engine.deploy("fee.dmn", FEE).await.unwrap();
    rig.deploy(MODELS).await;
    rig.deploy(&MODELS.replace("value=\"v1\"", "value=\"v2\"")).await;
    for (id, fails) in [("o-1", false), ("o-2", true), ("o-3", false)] {
        let body = json!({"processDefinitionId": "order", "businessId": format!("b-{id}"),
            "tags": ["fast", id],
            "variables": {"orderId": id, "country": "DE", "weight": 3}});
        let (status, told) = rig.send("POST", "/v2/process-instances", body).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        rig.work("check-stock", fails).await;
    }
    rig.publish("paid", "o-1").await;
    rig.publish("paid", "o-9").await;
    for process in ["parent", "review", "review"] {
        let body = json!({"processDefinitionId": process, "variables": {"orderId": "o-4"}});
        rig.send("POST", "/v2/process-instances", body).await;
    }
    let reviewed = json!({"filter": {"processDefinitionId": "review"}});
    let keys = rig.column("/v2/process-instances/search", reviewed, "processInstanceKey").await;
    rig.send("POST", &format!("/v2/process-instances/{}/cancellation", keys[0]), json!({})).await;
    let tasks = json!({"filter": {"state": "CREATED"}});
    let task = &rig.column("/v2/user-tasks/search", tasks, "userTaskKey").await[0];
    for name in ["bob", "ann"] {
        let body = json!({"assignee": name});
        rig.send("POST", &format!("/v2/user-tasks/{task}/assignment"), body).await;
    }
    tokio::task::block_in_place(|| rig.engine.settle());
    rig
}

/// Of what a path speaks, by the name of its parameter.
const OWNERS: &[(&str, &str)] = &[
    ("processDefinitionKey", "/v2/process-definitions/search"),
    ("processInstanceKey", "/v2/process-instances/search"),
    ("elementInstanceKey", "/v2/element-instances/search"),
    ("variableKey", "/v2/variables/search"),
    ("incidentKey", "/v2/incidents/search"),
    ("decisionDefinitionKey", "/v2/decision-definitions/search"),
    ("decisionRequirementsKey", "/v2/decision-requirements/search"),
    ("decisionEvaluationInstanceKey", "/v2/decision-instances/search"),
    ("userTaskKey", "/v2/user-tasks/search"),
    ("auditLogKey", "/v2/audit-logs/search"),
];

/// The path with a key that is there.
async fn filled(rig: &Rig, path: &str) -> String {
    let path = format!("/v2{path}");
    let Some((head, rest)) = path.split_once('{') else { return path };
    let (name, tail) = rest.split_once('}').unwrap();
    let (_, list) = OWNERS.iter().find(|(known, _)| *known == name).unwrap();
    let mut filter = match name {
        "processInstanceKey" => json!({"state": "ACTIVE"}),
        _ => json!({}),
    };
    if tail.contains("incidents") {
        filter = json!({"hasIncident": true});
    }
    if name == "processDefinitionKey" {
        filter = json!({"processDefinitionId": "order", "isLatestVersion": true});
    }
    if name == "userTaskKey" {
        filter = json!({"state": "CREATED"});
    }
    let keys = rig.column(list, json!({"filter": filter}), name).await;
    format!("{head}{}{tail}", keys[0])
}

/// A field of a row; wait states keep some of theirs one level down.
fn field<'a>(row: &'a Json, name: &str) -> Option<&'a Json> {
    row.get(name).or_else(|| row.get("details")?.get(name))
}

fn sample(own: &FilterField, rows: &[Json]) -> Json {
    let there = rows.iter().filter_map(|row| field(row, &own.name)).find(|value| !value.is_null());
    if let Some(value) = there {
        return value.clone();
    }
    match own.kind.split('{').next().unwrap() {
        "date" => json!("2024-01-01T00:00:00.000Z"),
        "integer" => json!(1),
        "boolean" => json!(true),
        "enum" => json!(members(&own.kind)[0]),
        _ => json!("7"),
    }
}

fn members(kind: &str) -> Vec<&str> {
    let inner = kind.trim_start_matches("enum{").trim_end_matches('}');
    if kind.starts_with("enum{") { inner.split('|').collect() } else { Vec::new() }
}

/// As the contract orders: nothing before everything, keys by their number.
fn compare(name: &str, a: &Json, b: &Json) -> Ordering {
    match (a, b) {
        (Json::Null, Json::Null) => Ordering::Equal,
        (Json::Null, _) => Ordering::Less,
        (_, Json::Null) => Ordering::Greater,
        (Json::Bool(a), Json::Bool(b)) => a.cmp(b),
        (Json::Number(a), Json::Number(b)) => a.as_i64().cmp(&b.as_i64()),
        (Json::String(a), Json::String(b)) => {
            let number = |text: &str| text.parse::<i64>().ok().filter(|_| name.ends_with("Key"));
            match (number(a), number(b)) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => a.cmp(b),
            }
        }
        _ => panic!("{name}: {a} and {b} are of different kinds"),
    }
}

/// Does a row's value pass?
fn passes(name: &str, operator: &str, operand: &Json, value: &Json) -> bool {
    let order = |with: &Json| (!value.is_null()).then(|| compare(name, value, with));
    let any = |list: &Json| list.as_array().unwrap().contains(value);
    match operator {
        "$eq" => value == operand,
        "$neq" => value != operand,
        "$exists" => operand == &json!(!value.is_null()),
        "$gt" => order(operand).is_some_and(Ordering::is_gt),
        "$gte" => order(operand).is_some_and(Ordering::is_ge),
        "$lt" => order(operand).is_some_and(Ordering::is_lt),
        "$lte" => order(operand).is_some_and(Ordering::is_le),
        // The Java client sends an empty one for what was not asked.
        "$in" => operand.as_array().is_some_and(Vec::is_empty) || any(operand),
        "$notIn" => !any(operand),
        "$like" => {
            let head = operand.as_str().unwrap().trim_end_matches('*');
            value.as_str().is_some_and(|text| text.starts_with(head))
        }
        other => panic!("{other}"),
    }
}

fn operands(operator: &str, value: &Json) -> Vec<Json> {
    match operator {
        "$exists" => vec![json!(true), json!(false)],
        "$in" | "$notIn" => vec![json!([value]), json!([])],
        "$like" => {
            let text = value.as_str().unwrap();
            let cut = text.char_indices().nth(2).map_or(text.len(), |(at, _)| at);
            vec![json!(format!("{}*", &text[..cut])), json!("*")]
        }
        _ => vec![value.clone()],
    }
}

async fn rows(rig: &Rig, path: &str, body: Json) -> Vec<Json> {
    let found = rig.search(path, body).await;
    found["items"].as_array().unwrap().clone()
}

/// A search by its line of the contract.
async fn check(operation: &str) {
    let (own, rig) = (contract().remove(operation).unwrap(), world().await);
    let path = filled(&rig, operation.strip_prefix("POST ").unwrap()).await;
    let all = rows(&rig, &path, json!({})).await;
    for row in &all {
        shown(&own, row, &path);
    }
    let lists = ["/batch-operations/search", "/batch-operation-items/search"];
    let empty = lists.iter().any(|list| path.ends_with(list));
    assert_eq!(all.is_empty(), empty, "{path} has something to find");
    for filter in &own.filters {
        filters(&rig, &path, filter, &all).await;
    }
    either(&rig, &path, &own, &all).await;
    if all.iter().all(|row| row.get("canceled").is_none()) {
        for sort in &own.sorts {
            sorted(&rig, &path, sort, &all).await;
        }
        paged(&rig, &path, &all).await;
    }
    refused(&rig, &path, &own).await;
}

/// A row holds every field of the contract, of the kind that the contract says.
fn shown(own: &Operation, row: &Json, path: &str) {
    for item in &own.items {
        let value = row.get(&item.name);
        let value = value.unwrap_or_else(|| panic!("{path} shows no {}: {row}", item.name));
        let fits = match item.kind.split('{').next().unwrap() {
            _ if value.is_null() => item.nullable,
            "integer" => value.is_i64(),
            "boolean" => value.is_boolean(),
            "date" => value.as_str().is_some_and(|text| text.ends_with('Z')),
            "enum" => members(&item.kind).contains(&value.as_str().unwrap_or_default()),
            "list" => value.is_array(),
            "string" => value.is_string(),
            // A list by its name, or one of several objects.
            _ => value.is_array() || value.is_object(),
        };
        assert!(fits, "{path}: {} should be {}, but is {value}", item.name, item.kind);
    }
}

async fn filters(rig: &Rig, path: &str, own: &FilterField, all: &[Json]) {
    let name = &own.name;
    if name == "$or" || ["list", "object"].contains(&&*own.kind) {
        rig.search(path, json!({"filter": {name: []}})).await;
        return;
    }
    let value = sample(own, all);
    let told = all.iter().any(|row| field(row, name).is_some());
    let keys = |rows: &[Json]| -> Vec<String> { rows.iter().map(Json::to_string).collect() };
    let mut asked = vec![("$eq", value.clone(), json!({name: value}))];
    for operator in &own.operators {
        for operand in operands(operator, &value) {
            asked.push((operator, operand.clone(), json!({name: {operator: operand}})));
        }
    }
    for member in members(&own.kind) {
        let body = json!({name: member.to_lowercase()});
        asked.push(("$eq", json!(member), body));
    }
    for (operator, operand, filter) in asked {
        let found = rows(rig, path, json!({"filter": filter})).await;
        if !told || found.iter().any(|row| row.get("canceled").is_some()) {
            continue;
        }
        let null = Json::Null;
        let expected = all
            .iter()
            .filter(|row| passes(name, operator, &operand, field(row, name).unwrap_or(&null)));
        let expected: Vec<Json> = expected.cloned().collect();
        assert_eq!(keys(&found), keys(&expected), "{path} {filter}");
    }
}

/// One of several lists of conditions.
async fn either(rig: &Rig, path: &str, own: &Operation, all: &[Json]) {
    if !own.filters.iter().any(|filter| filter.name == "$or") || all.len() < 2 {
        return;
    }
    let Some(key) =
        own.items.iter().map(|item| &item.name).find(|name| name.ends_with("nstanceKey"))
    else {
        return;
    };
    let of = |row: &Json| json!({key: row[key]});
    let filter = json!({"$or": [of(&all[0]), of(&all[all.len() - 1])]});
    let found = rows(rig, path, json!({"filter": filter})).await;
    let wanted = [&all[0][key], &all[all.len() - 1][key]];
    let expected: Vec<&Json> = all.iter().filter(|row| wanted.contains(&&row[key])).collect();
    assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{path} {filter}");
    let both = json!({"$or": [of(&all[0])], key: all[all.len() - 1][key]});
    if wanted[0] != wanted[1] {
        assert_eq!(rows(rig, path, json!({"filter": both})).await, Vec::<Json>::new());
    }
}

async fn sorted(rig: &Rig, path: &str, sort: &str, all: &[Json]) {
    for order in ["ASC", "DESC"] {
        let body = json!({"sort": [{"field": sort, "order": order}]});
        let found = rows(rig, path, body).await;
        assert_eq!(found.len(), all.len(), "{path} {sort}");
        for pair in found.windows(2) {
            let (Some(a), Some(b)) = (field(&pair[0], sort), field(&pair[1], sort)) else { break };
            let (a, b) = if order == "ASC" { (a, b) } else { (b, a) };
            assert!(compare(sort, a, b).is_le(), "{path} {sort} {order}: {a} before {b}");
        }
    }
}

/// By offset, by cursors forth and by cursors back: the same rows, and a total that is true.
async fn paged(rig: &Rig, path: &str, all: &[Json]) {
    let whole = rig.search(path, json!({})).await;
    assert_eq!(whole["page"]["totalItems"], all.len(), "{path}");
    assert_eq!(whole["page"]["hasMoreTotalItems"], false, "{path}");
    let from = rows(rig, path, json!({"page": {"from": 1, "limit": 2}})).await;
    assert_eq!(from, all.iter().skip(1).take(2).cloned().collect::<Vec<_>>(), "{path}");
    let (mut forth, mut page, mut last) = (Vec::new(), json!({"limit": 2}), Json::Null);
    loop {
        let found = rig.search(path, json!({"page": page})).await;
        let items = found["items"].as_array().unwrap();
        if items.is_empty() {
            assert_eq!(found["page"]["endCursor"], Json::Null);
            break;
        }
        assert_eq!(found["page"]["totalItems"], all.len(), "{path}");
        forth.extend(items.clone());
        last = found["page"]["startCursor"].clone();
        page = json!({"limit": 2, "after": found["page"]["endCursor"]});
    }
    assert_eq!(forth, all, "{path}");
    let mut back: Vec<Json> = Vec::new();
    while let Some(cursor) = last.as_str() {
        let found = rig.search(path, json!({"page": {"limit": 2, "before": cursor}})).await;
        back.splice(0..0, found["items"].as_array().unwrap().clone());
        last = found["page"]["startCursor"].clone();
    }
    assert_eq!(back, all[..back.len()], "{path}");
    assert!(back.len() + 2 >= all.len(), "{path}");
}

/// What is wrong is told with what would be right.
async fn refused(rig: &Rig, path: &str, own: &Operation) {
    let text = rig.refused(path, json!({"filter": {"colour": "red"}})).await;
    for filter in &own.filters {
        let known = text.contains(&*filter.name) || filter.name == "$or";
        assert!(known, "{path} does not tell of {}: {text}", filter.name);
    }
    let of_page = !own.sorts.is_empty();
    if of_page {
        let text = rig.refused(path, json!({"sort": [{"field": "colour"}]})).await;
        for sort in &own.sorts {
            assert!(text.contains(sort), "{path} does not tell of {sort}: {text}");
        }
        let text = rig.refused(path, json!({"page": {"after": "?"}})).await;
        assert!(text.contains("cursor"), "{path}: {text}");
        let cursor = "AQAAAAAA";
        let text = rig.refused(path, json!({"page": {"before": cursor}})).await;
        assert!(text.contains("cursor"), "{path}: {text}");
        let text = rig.refused(path, json!({"page": {"limit": 10_001}})).await;
        assert!(text.contains("10000"), "{path}: {text}");
    }
    for filter in &own.filters {
        let name = &filter.name;
        let text = rig.refused(path, json!({"filter": {name: {"$near": 1}}})).await;
        assert!(text.contains(&**name), "{path}: {text}");
        let wrong = match filter.kind.split('{').next().unwrap() {
            "integer" | "boolean" | "list" | "object" => json!("no number"),
            "enum" | "date" => json!("NO SUCH"),
            _ => json!(1.5),
        };
        if filter.name == "tags" {
            continue;
        }
        let text = rig.refused(path, json!({"filter": {name: wrong}})).await;
        assert!(text.contains(&**name), "{path}: {text}");
        if filter.operators.iter().any(|operator| operator == "$in") {
            let text = rig.refused(path, json!({"filter": {name: {"$in": 7}}})).await;
            assert!(text.contains("a list for $in"), "{path}: {text}");
        }
    }
}

/// One test a search, by its name.
macro_rules! searches {
    ($($name:ident $path:literal,)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            check(concat!("POST ", $path)).await;
        })*

        #[test]
        fn every_search_of_the_contract_has_its_test() {
            let tested = [$(concat!("POST ", $path)),*];
            for operation in contract().keys().filter(|operation| operation.starts_with("POST")) {
                assert!(tested.contains(&&**operation), "{operation}");
            }
        }
    };
}

searches! {
    process_definitions "/process-definitions/search",
    variable_names "/process-definitions/{processDefinitionKey}/variable-names/search",
    element_statistics "/process-definitions/{processDefinitionKey}/statistics/element-instances",
    subscription_statistics "/process-definitions/statistics/message-subscriptions",
    instance_statistics "/process-definitions/statistics/process-instances",
    version_statistics "/process-definitions/statistics/process-instances-by-version",
    process_instances "/process-instances/search",
    incidents_of_an_instance "/process-instances/{processInstanceKey}/incidents/search",
    element_instances "/element-instances/search",
    wait_states "/element-instances/wait-states/search",
    incidents_of_an_element "/element-instances/{elementInstanceKey}/incidents/search",
    variables "/variables/search",
    jobs "/jobs/search",
    incidents "/incidents/search",
    error_statistics "/incidents/statistics/process-instances-by-error",
    error_statistics_of_a_version "/incidents/statistics/process-instances-by-definition",
    message_subscriptions "/message-subscriptions/search",
    correlated_subscriptions "/correlated-message-subscriptions/search",
    decision_definitions "/decision-definitions/search",
    decision_requirements "/decision-requirements/search",
    decision_instances "/decision-instances/search",
    user_tasks "/user-tasks/search",
    variables_of_a_task "/user-tasks/{userTaskKey}/variables/search",
    effective_variables_of_a_task "/user-tasks/{userTaskKey}/effective-variables/search",
    audit_logs_of_a_task "/user-tasks/{userTaskKey}/audit-logs/search",
    audit_logs "/audit-logs/search",
    batch_operations "/batch-operations/search",
    batch_items "/batch-operation-items/search",
}

/// Everything that is read by its key answers with what the contract says, refuses what is no key
/// and does not know what is not there.
#[tokio::test(flavor = "multi_thread")]
async fn every_read_of_the_contract_answers() {
    let rig = world().await;
    for (operation, own) in contract() {
        let Some(path) = operation.strip_prefix("GET ") else { continue };
        let (head, tail) = path.split_once('{').unwrap();
        let tail = tail.split_once('}').unwrap().1;
        let absent = if head.contains("decision-instances") { "7-1" } else { "7" };
        let (status, _) = rig.send("GET", &format!("/v2{head}{absent}{tail}"), Json::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{operation}");
        let (status, told) = rig.send("GET", &format!("/v2{head}x%20y{tail}"), Json::Null).await;
        let refused = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND].contains(&status);
        assert!(refused, "{operation}: {status} {told}");
        if head.contains("batch-operations") {
            continue;
        }
        let filled = filled(&rig, path).await;
        if own.items.is_empty() {
            assert!(rig.get(&filled).await.as_str().unwrap().contains("definitions"), "{filled}");
            continue;
        }
        if tail.ends_with("/form") {
            let (status, _) = rig.send("GET", &filled, Json::Null).await;
            assert_eq!(status, StatusCode::NO_CONTENT, "{filled}");
            continue;
        }
        let found = rig.get(&filled).await;
        let list = found.as_array().or_else(|| found.get("items")?.as_array());
        match list {
            Some(list) => {
                assert!(!list.is_empty() || tail.contains("hierarchy"), "{filled}: {found}");
                list.iter().for_each(|row| shown(&own, row, &filled));
            }
            None => shown(&own, &found, &filled),
        }
    }
}
