use crate::{Model, Options};
use feel::{Dialect, Env};
use value::{Packed, Value};

fn table(policy: &str, rules: &[(&str, &str)]) -> String {
    let rules: String = rules
        .iter()
        .enumerate()
        .map(|(at, (test, output))| {
            format!(
                "<rule id='r{at}'><inputEntry id='i{at}'><text><![CDATA[{test}]]></text></inputEntry>\
                 <outputEntry id='o{at}'><text><![CDATA[{output}]]></text></outputEntry></rule>"
            )
        })
        .collect();
    format!(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='d' name='D' \
         namespace='http://camunda.org/schema/1.0/dmn'>\
         <decision id='rate' name='Rate'><decisionTable id='t' {policy}>\
         <input id='in' label='Age'><inputExpression><text>age</text></inputExpression></input>\
         <output id='out' name='rate' label='Rate'/>{rules}</decisionTable></decision></definitions>"
    )
}

fn variables(json: &str) -> value::Context {
    let value = Packed::from_json(json).expect("JSON").to_value();
    value.as_context().expect("an object").clone()
}

fn run(xml: &str, json: &str) -> crate::Outcome {
    let model = Model::read(xml).unwrap_or_else(|error| panic!("{error}"));
    model.evaluate("rate", &variables(json), &Env::new(0, 0)).expect("the decision")
}

#[test]
fn the_details_show_inputs_and_rules() {
    let xml = table("hitPolicy='COLLECT'", &[("< 18", "\"child\""), ("-", "\"any\""), ("18", "1")]);
    let outcome = run(&xml, r#"{"age": 7}"#);
    assert_eq!(outcome.output.expect("a value").to_string(), "[\"child\", \"any\"]");
    let [decision] = &outcome.evaluated[..] else { panic!("one decision") };
    assert_eq!((&*decision.id, decision.kind.code()), ("rate", "DECISION_TABLE"));
    assert_eq!(&*decision.inputs[0].name, "Age");
    let rules: Vec<(&str, usize, String)> = decision
        .rules
        .iter()
        .map(|rule| (&*rule.id, rule.index, rule.outputs[0].value.to_string()))
        .collect();
    assert_eq!(rules, [("r0", 1, "\"child\"".into()), ("r1", 2, "\"any\"".into())]);
}

#[test]
fn a_violated_hit_policy_names_the_rules() {
    let xml = table("", &[("< 18", "1"), ("> 5", "2")]);
    let failure = run(&xml, r#"{"age": 7}"#).output.expect_err("two rules match");
    assert_eq!(&*failure.decision_id, "rate");
    assert!(failure.message.contains("UNIQUE") && failure.message.contains("1, 2"), "{failure:?}");
    assert_eq!(run(&xml, r#"{"age": 3}"#).output, Ok(Value::from(1)));
}

#[test]
fn large_tables_give_what_small_ones_give() {
    let cells: Vec<String> = (0..200)
        .map(|n| match n % 5 {
            0 => format!("\"k{n}\""),
            1 => format!("[{n}..{}]", n + 3),
            2 => format!("{n}, {}", n * 2),
            3 => format!(">= {}", 10_000 + n),
            _ => format!("\"k{n}\", \"k{}\"", n - 4),
        })
        .collect();
    let outputs: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let rules: Vec<(&str, &str)> =
        cells.iter().map(String::as_str).zip(outputs.iter().map(String::as_str)).collect();
    let whole = Model::read(&table("hitPolicy='COLLECT'", &rules)).expect("a model");
    for json in ["7", "202", "10100.5", "\"k40\"", "null", "true", "-1", "\"\"", "[1]"] {
        let variables = variables(&format!("{{\"age\": {json}}}"));
        let env = Env::new(0, 0);
        let found = whole.evaluate("rate", &variables, &env).expect("it").output.expect("a value");
        let mut expected = Vec::new();
        for rules in rules.chunks(11) {
            let part = Model::read(&table("hitPolicy='COLLECT'", rules)).expect("a model");
            let value = part.evaluate("rate", &variables, &env).expect("it").output;
            expected
                .extend(value.expect("a value").as_list().map_or(Vec::new(), <[Value]>::to_vec));
        }
        let found = found.as_list().map_or(Vec::new(), <[Value]>::to_vec);
        assert_eq!(found, expected, "{json}");
    }
}

#[test]
fn problems_are_listed_with_their_cells() {
    let xml = table("hitPolicy='SOME'", &[("< ", "1"), ("-", "1 +")]);
    let error = Model::read(&xml).expect_err("three problems");
    let elements: Vec<&str> = error.diagnostics.iter().map(|own| own.element.as_str()).collect();
    assert_eq!(elements, ["t", "i0", "o1"], "{error}");
    assert!(Model::read("<definitions><decision/></definitions>").is_err());
    assert!(Model::read("<!DOCTYPE x><definitions/>").is_err());
    assert!(Model::read("not XML").is_err());
}

#[test]
fn circles_are_refused() {
    let decision = |id: &str, other: &str| {
        format!(
            "<decision id='{id}' name='{id}'><informationRequirement>\
             <requiredDecision href='#{other}'/></informationRequirement></decision>"
        )
    };
    let whole = |decisions: &str| {
        let model = "https://www.omg.org/spec/DMN/20191111/MODEL/";
        format!("<definitions xmlns='{model}'>{decisions}</definitions>")
    };
    let xml = whole(&(decision("a", "b") + &decision("b", "a")));
    let error = Model::read(&xml).expect_err("a circle").to_string();
    assert!(error.contains("'a', 'b' require each other in a circle"), "{error}");
    let xml = whole(&decision("a", "gone"));
    assert!(Model::read(&xml).expect_err("a gap").to_string().contains("an element 'gone'"));
}

#[test]
fn recursion_of_knowledge_ends() {
    let xml = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' namespace='n'>\
        <businessKnowledgeModel id='k' name='down'>\
        <encapsulatedLogic><formalParameter name='n'/><literalExpression>\
        <text>if n = 0 then 0 else down(n - 1) + 1</text></literalExpression></encapsulatedLogic>\
        </businessKnowledgeModel><decision id='rate' name='Rate'><knowledgeRequirement>\
        <requiredKnowledge href='#k'/></knowledgeRequirement><literalExpression>\
        <text>down(depth)</text></literalExpression></decision></definitions>";
    let options = Options { dialect: Some(Dialect::Camunda), is_lenient: false };
    let model = Model::read_with(xml, &[], options).expect("a model");
    let run = |json| model.evaluate("rate", &variables(json), &Env::new(0, 0)).expect("it").output;
    assert_eq!(run(r#"{"depth": 20}"#), Ok(Value::from(20)));
    assert!(run(r#"{"depth": 5000}"#).expect_err("too deep").message.contains("calls inside"));
}

fn definitions(content: &str) -> String {
    format!(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' id='d' name='D' \
         namespace='urn:d'>{content}</definitions>"
    )
}

#[test]
fn calls_within_nested_forms_end_with_an_error_before_the_stack_does() {
    let (open, close) = ("<context><contextEntry>", "</contextEntry></context>");
    let body = "<literalExpression><text>if n = 0 then 0 else f(n - 1)</text></literalExpression>";
    let xml = |nested: usize, calls: usize| {
        definitions(&format!(
            "<businessKnowledgeModel id='f' name='f'><variable name='f'/><encapsulatedLogic>\
             <formalParameter name='n'/>{}{body}{}</encapsulatedLogic></businessKnowledgeModel>\
             <decision id='rate' name='rate'><variable name='rate'/><knowledgeRequirement>\
             <requiredKnowledge href='#f'/></knowledgeRequirement><literalExpression>\
             <text>f({calls})</text></literalExpression></decision>",
            open.repeat(nested),
            close.repeat(nested)
        ))
    };
    let failure = run(&xml(20, 38), "{}").output.expect_err("too deep");
    assert!(failure.message.contains("calls inside one another"), "{failure:?}");
    let failure = run(&xml(60, 38), "{}").output.expect_err("too deep");
    assert!(failure.message.contains("calls inside one another"), "{failure:?}");
    assert_eq!(run(&xml(2, 30), "{}").output.expect("a value"), Value::from(0));
}

#[test]
fn a_type_of_shared_parts_is_not_written_out() {
    let part = |n: usize| {
        let next = if n == 40 { "number".to_owned() } else { format!("t{}", n + 1) };
        format!(
            "<itemDefinition name='t{n}'><itemComponent name='a'><typeRef>{next}</typeRef>\
             </itemComponent><itemComponent name='b'><typeRef>{next}</typeRef></itemComponent>\
             </itemDefinition>"
        )
    };
    let parts: String = (0..=40).map(part).collect();
    let xml = definitions(&format!(
        "{parts}<decision id='rate' name='rate'><variable name='rate' typeRef='t40'/>\
         <literalExpression><text>{{a: 1, b: 2}}</text></literalExpression></decision>"
    ));
    let value = run(&xml, "{}").output.expect("a value");
    assert!(matches!(value, Value::Context(_)), "{value:?}");
}

/// Boxes cost something themselves, not only the expressions in them.
#[test]
fn loops_of_boxes_are_paid_for() {
    let text = |text: &str| format!("<literalExpression><text>{text}</text></literalExpression>");
    let each = |variable: &str, n: usize, body: &str| {
        format!(
            "<for iteratorVariable='{variable}'><in>{}</in><return>{body}</return></for>",
            text(&format!("[1..{n}]"))
        )
    };
    let rate = |logic: &str| {
        definitions(&format!(
            "<decision id='rate' name='rate'><variable name='rate'/>{logic}</decision>"
        ))
    };
    let fuel = |logic: &str, fuel: u64| {
        let model = Model::read(&rate(logic)).unwrap_or_else(|error| panic!("{error}"));
        let env = Env { fuel, ..Env::new(0, 0) };
        model.evaluate("rate", &variables("{}"), &env).expect("it").output
    };
    let count = |n: usize| fuel(&each("i", n, &text("count(partial)")), 1_000_000);
    let linear = count(20_000).expect("linear work");
    assert_eq!(linear.as_list().map(<[Value]>::len), Some(20_000));
    let nested = each("i", 300, &each("j", 300, &text("1")));
    assert!(fuel(&nested, 1_000_000).expect_err("too much").message.contains("too many steps"));
    // Shared parts, doubled forty times.
    let doubled: String = (1..=40)
        .map(|n| {
            let part = text(&format!("e{}", n - 1));
            format!("<contextEntry><variable name='e{n}'/><list>{part}{part}</list></contextEntry>")
        })
        .collect();
    let one = format!("<contextEntry><variable name='e0'/>{}</contextEntry>", text("1"));
    let failure = fuel(&format!("<context>{one}{doubled}</context>"), 1_000_000);
    assert!(failure.expect_err("too large").message.contains("parts"));
}

#[test]
fn one_output_is_aggregated_and_not_two() {
    let xml = table("hitPolicy='COLLECT' aggregation='SUM'", &[("-", "1"), ("-", "2")]);
    assert_eq!(run(&xml, r#"{"age": 7}"#).output, Ok(Value::from(3)));
    let entry = "<outputEntry id='more'><text>1</text></outputEntry></rule>";
    let xml = xml.replacen("<rule", "<output id='more' name='more'/><rule", 1);
    let error = Model::read(&xml.replace("</rule>", entry)).expect_err("two outputs");
    assert!(error.to_string().contains("one output to aggregate"), "{error}");
}

fn warnings(xml: &str) -> Vec<String> {
    let model = Model::read(xml).unwrap_or_else(|error| panic!("{error}"));
    model.warnings().iter().map(|own| format!("{}: {}", own.element, own.message)).collect()
}

#[test]
fn what_cannot_be_meant_is_told_although_it_deploys() {
    let rules = [("< 18", "uper case(\"x\")"), ("< 18", "1"), ("-", "2"), ("-", "3")];
    let [called, same, shared, all] = &warnings(&table("hitPolicy='UNIQUE'", &rules))[..] else {
        panic!("{:?}", warnings(&table("hitPolicy='UNIQUE'", &rules)))
    };
    assert!(called.starts_with("o0: ") && called.contains("did you mean 'upper case'"), "{called}");
    assert!(same.starts_with("r1: ") && same.contains("rules 1 and 2 accept the same"), "{same}");
    assert!(shared.starts_with("r2: ") && shared.ends_with("rules 1 and 3 overlap"), "{shared}");
    assert!(all.starts_with("r3: ") && all.contains("rules 3 and 4"), "{all}");
    let rules =
        [("[1..5)", "1"), ("[5..9]", "2"), ("7, 12", "3"), ("> limit", "4"), ("(9..12)", "5")];
    let found = warnings(&table("hitPolicy='UNIQUE'", &rules));
    assert!(found.len() == 1 && found[0].ends_with("rules 2 and 3 overlap"), "{found:?}");
    let rules = [("\"ten\"", "1"), ("[20..10]", "\"much\""), ("< 5", "null"), ("\"a\", 3", "3")];
    let typed = table("hitPolicy='COLLECT'", &rules);
    let typed = typed.replace("<inputExpression>", "<inputExpression typeRef='number'>");
    let typed = typed.replace("name='rate' label='Rate'/>", "name='rate' typeRef='number'/>");
    let [text, turned, mixed, much] = &warnings(&typed)[..] else {
        panic!("{:?}", warnings(&typed))
    };
    assert!(text.starts_with("i0: ") && text.contains("\"ten\" is a string"), "{text}");
    assert!(turned.starts_with("i1: ") && turned.ends_with("but found [20..10]"), "{turned}");
    assert!(mixed.starts_with("i3: ") && mixed.contains("\"a\" is a string"), "{mixed}");
    assert!(much.starts_with("o1: ") && much.contains("of type number"), "{much}");
    let broken = Model::read(&typed.replace("null", "5 +")).expect_err("a syntax error");
    assert!(broken.diagnostics.len() == 1 && broken.warnings.len() == 4, "{broken:?}");
    let first = table("hitPolicy='FIRST'", &[("-", "1"), ("< 18", "2"), ("", "3")]);
    let [only] = &warnings(&first)[..] else { panic!("{:?}", warnings(&first)) };
    assert!(
        only.starts_with("r1: ") && only.contains("rule 1, which accepts everything"),
        "{only}"
    );
    assert!(warnings(&table("hitPolicy='FIRST'", &[("< 18", "1"), ("-", "2")])).is_empty());
    let standard = first.replace("http://camunda.org/schema/1.0/dmn", "urn:x");
    let found = warnings(&standard);
    assert!(found.iter().any(|own| own.ends_with("'age' is none")), "{found:?}");
}

#[test]
fn a_file_that_is_no_dmn_is_refused() {
    let refused = |xml: &str| Model::read(xml).expect_err("it is none").to_string();
    let bpmn = "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' id='d'/>";
    assert!(refused(bpmn).contains("expected definitions in a namespace of DMN"), "{bpmn}");
    let none = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='d'/>";
    assert!(refused(none).contains("expected at least one decision"), "{none}");
}

#[test]
fn a_warning_names_its_decision() {
    let xml = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' \
        namespace='http://camunda.org/schema/1.0/dmn'>\
        <decision id='size' name='Size'><literalExpression><text>weight > 20</text>\
        </literalExpression></decision><decision id='rate' name='Rate'><informationRequirement>\
        <requiredDecision href='#size'/></informationRequirement><literalExpression>\
        <text>if Size then 1 else hight</text></literalExpression></decision></definitions>";
    let warnings = run(xml, "{}").warnings;
    let begins = |start: &str| warnings.iter().any(|warning| warning.starts_with(start));
    assert!(begins("Size: No variable found with name 'weight'"), "{warnings:?}");
    assert!(begins("Rate: No variable found with name 'hight'"), "{warnings:?}");
}

#[test]
fn causes_of_null_and_all_problems_are_told() {
    let xml = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' namespace='urn:x'>\
        <inputData id='i' name='the age'/><decision id='rate' name='Rate'><informationRequirement>\
        <requiredInput href='#i'/></informationRequirement><literalExpression>\
        <text>the age</text></literalExpression></decision></definitions>";
    let found = run(xml, r#"{"theage": 20}"#).warnings;
    let camunda = xml.replace("urn:x", "http://camunda.org/schema/1.0/dmn");
    let camunda = camunda.replace("<text>the age<", "<text>theage<");
    assert!(run(&camunda, r#"{"theage": 20}"#).warnings.is_empty(), "inputs are only drawn there");
    let expected = "expected a variable for the input 'the age', but there is none; did you mean \
                    'theage'?";
    assert_eq!(found, [expected]);
    let wrong = table("", &[("< 18", "1 +"), ("1 2", "3")]);
    let short = "<rule id='s'><outputEntry id='so'><text>1</text></outputEntry></rule>";
    let wrong = wrong.replace("</decisionTable>", &format!("{short}{short}</decisionTable>"));
    let error = Model::read(&wrong).expect_err("four mistakes");
    assert_eq!(error.diagnostics.len(), 4, "{error}");
}

#[test]
fn a_chain_of_types_is_held_against_a_nested_value_in_bounded_time() {
    let item = |at: usize| {
        let base = if at == 59 { "number".to_owned() } else { format!("t{}", at + 1) };
        format!("<itemDefinition name='t{at}'><typeRef>{base}</typeRef></itemDefinition>")
    };
    let items: String = (0..60).map(item).collect();
    let xml = format!(
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' namespace='urn:x'>{items}\
         <inputData id='i' name='a'><variable name='a' typeRef='t0'/></inputData>\
         <decision id='rate' name='Rate'><informationRequirement><requiredInput href='#i'/>\
         </informationRequirement><literalExpression><text>a</text></literalExpression>\
         </decision></definitions>"
    );
    assert_eq!(run(&xml, r#"{"a": [1]}"#).output, Ok(Value::from(1)));
    let outcome = run(&xml, &format!("{{\"a\": {}1{}}}", "[".repeat(30), "]".repeat(30)));
    assert_eq!(outcome.output, Ok(Value::Null));
    assert!(outcome.warnings[0].contains("expected a value of type"), "{:?}", outcome.warnings);
}

#[test]
fn an_input_of_another_type_than_the_constants_is_told() {
    let xml = table("", &[("> 5", "1"), ("[1..2]", "2")]);
    let found = run(&xml, r#"{"age": "old"}"#).warnings;
    assert_eq!(found, ["Age: Can't compare '\"old\"' with '> 5'"]);
    assert!(run(&xml, r#"{"age": 3}"#).warnings.is_empty());
}

#[test]
fn tables_that_cannot_do_what_they_are_there_for_are_told() {
    let said = |xml: &str, what: &str| {
        let found = warnings(xml);
        assert!(found.iter().any(|own| own.contains(what)), "{what}: {found:?}");
    };
    let sound = table("hitPolicy='FIRST'", &[("< 18", "1"), ("-", "2")]);
    assert!(warnings(&sound).is_empty(), "{:?}", warnings(&sound));
    said(&table("hitPolicy='FIRST'", &[]), "at least one rule");
    said(&sound.replace("FIRST", "PRIORITY"), "whose order is the priority");
    let standard = sound.replace("http://camunda.org/schema/1.0/dmn", "urn:x");
    let misspelt = standard.replace("<inputExpression>", "<inputExpression typeRef='nubmer'>");
    said(&misspelt, "'nubmer' is none");
    let other = "<decision id='rate'><literalExpression><text>1</text></literalExpression>\
        </decision></definitions>";
    let nameless = sound.replace("</definitions>", "<inputData/><inputData/></definitions>");
    assert!(Model::read(&nameless).is_ok(), "an id is no duty");
    let twice = Model::read(&sound.replace("</definitions>", other)).expect_err("one id twice");
    assert!(twice.to_string().contains("'rate' stands twice"), "{twice}");
}

#[test]
fn columns_of_a_relation_are_names_elsewhere() {
    let xml = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' namespace='urn:x'>\
        <decision id='rel' name='rel'><relation><column name='x'/><column name='y z'/><row>\
        <literalExpression><text>1</text></literalExpression>\
        <literalExpression><text>2</text></literalExpression></row></relation></decision>\
        <decision id='rate' name='Rate'><informationRequirement><requiredDecision href='#rel'/>\
        </informationRequirement><literalExpression><text>rel[1].y z + 1</text>\
        </literalExpression></decision></definitions>";
    assert_eq!(run(xml, "{}").output.expect("a value").to_string(), "3");
}

/// Functions that hold on to one another, each made by the one before.
#[test]
fn functions_that_hold_functions_are_nested_as_lists_are() {
    let xml = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' namespace='urn:x'>\
        <businessKnowledgeModel id='w' name='wrap'><encapsulatedLogic>\
        <formalParameter name='f'/><functionDefinition><formalParameter name='x'/>\
        <literalExpression><text>f</text></literalExpression></functionDefinition>\
        </encapsulatedLogic></businessKnowledgeModel>\
        <decision id='rate' name='Rate'><knowledgeRequirement><requiredKnowledge href='#w'/>\
        </knowledgeRequirement><literalExpression><text>count(for i in 1..30000 return \
        if i = 1 then wrap(null) else wrap(partial[-1]))</text></literalExpression></decision>\
        </definitions>";
    let failure = run(xml, "{}").output.expect_err("a limit");
    assert!(failure.message.contains("nested at most"), "{}", failure.message);
}

#[test]
fn an_invocation_speaks_the_dialect_of_its_model() {
    let xml = "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' namespace='urn:x'>\
        <decision id='rate' name='Rate'><invocation><literalExpression><text>function(v) \
        [count(v), string({a: 1})]</text></literalExpression><binding><parameter name='v'/>\
        <literalExpression><text>1</text></literalExpression></binding></invocation></decision>\
        </definitions>";
    let found = run(xml, "{}");
    assert_eq!(found.output.expect("a value").to_string(), "[1, \"{a: 1}\"]");
}
