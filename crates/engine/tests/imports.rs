//! DMN files that import others: of the same deployment, and of those before.

#![expect(clippy::unwrap_used, reason = "the panic of a test is its report")]

use std::sync::Arc;

use engine::Key;
use engine::catalog::Catalog;
use engine::meta::{Command, Deployed, Reply, Resource, State};
use value::{Context, Value};

const MODEL: &str = "https://www.omg.org/spec/DMN/20191111/MODEL/";

/// A deployment machine with a catalog that follows it.
#[derive(Default)]
struct Shop {
    state: State,
    catalog: Catalog,
    position: u64,
}

impl Shop {
    fn tell(&mut self, command: &Command) -> Result<Reply, String> {
        let (answer, events) = self.state.decide(command);
        for event in &events {
            self.position += 1;
            self.catalog.add(event, self.position);
        }
        answer.map_err(|rejection| rejection.reason)
    }

    fn deploy(&mut self, files: &[(&str, String)]) -> Result<Deployed, String> {
        let resource = |(name, xml): &(&str, String)| Resource {
            name: (*name).into(),
            bytes: Arc::from(xml.as_bytes()),
        };
        let resources = files.iter().map(resource).collect();
        let tenant = "<default>".into();
        match self.tell(&Command::Deploy { resources, tenant })? {
            Reply::Deployed(deployed) => Ok(*deployed),
            Reply::Done => panic!("expected a deployment"),
        }
    }

    fn fee(&self, decision: Key) -> Value {
        let decision = self.catalog.decision(decision).unwrap();
        let model = decision.requirements.model.as_ref().unwrap();
        let mut variables = Context::new();
        variables.insert("weight", Value::from(10));
        model.evaluate("fee", &variables, &feel::Env::new(0, 0)).unwrap().output.unwrap()
    }
}

/// A file with a rate, which others import.
fn rates(namespace: &str, rate: u32) -> String {
    format!(
        "<definitions xmlns='{MODEL}' id='rates-{namespace}' name='Rates' namespace='{namespace}'>\
         <decision id='rate' name='rate'><variable name='rate'/>\
         <literalExpression><text>{rate}</text></literalExpression></decision></definitions>"
    )
}

fn fees(location: &str) -> String {
    format!(
        "<definitions xmlns='{MODEL}' id='fees' name='Fees' namespace='urn:fees'>\n\
         <import name='lib' namespace='urn:rates' importType='{MODEL}' {location}/>\
         <inputData id='w' name='weight'><variable name='weight'/></inputData>\
         <decision id='fee' name='fee'><variable name='fee'/>\
         <informationRequirement><requiredDecision href='urn:rates#rate'/></informationRequirement>\
         <informationRequirement><requiredInput href='#w'/></informationRequirement>\
         <literalExpression><text>weight * lib.rate</text></literalExpression></decision>\
         </definitions>"
    )
}

#[test]
fn files_of_one_deployment_import_each_other_in_any_order() {
    let mut shop = Shop::default();
    let files = [("fees.dmn", fees("")), ("rates.dmn", rates("urn:rates", 2))];
    let deployed = shop.deploy(&files).unwrap();
    let key = deployed.requirements[0].decisions[0].key;
    assert_eq!(shop.fee(key), Value::from(20));
    let again = shop.deploy(&files).unwrap();
    assert_eq!(again.requirements[0].decisions[0].key, key);
}

#[test]
fn an_imported_decision_is_found_in_the_version_that_is_imported() {
    let mut shop = Shop::default();
    let files = [("fees.dmn", fees("")), ("rates.dmn", rates("urn:rates", 2))];
    let deployed = shop.deploy(&files).unwrap();
    let [fee, rate] = [0, 1].map(|at| deployed.requirements[at].decisions[0].key);
    shop.deploy(&[("rates.dmn", rates("urn:rates", 3))]).unwrap();
    let fee = shop.catalog.decision(fee).unwrap();
    let model = fee.requirements.model.as_ref().unwrap();
    let outcome = model.evaluate("fee", &Context::new(), &feel::Env::new(0, 0)).unwrap();
    let evaluated: Vec<_> = outcome.evaluated.iter().map(|own| (&*own.id, own.file)).collect();
    assert_eq!(evaluated, [("rate", 1), ("fee", 0)]);
    let found = |file, id| shop.catalog.sibling(fee, file, id).map(|own| own.key);
    assert_eq!((found(1, "rate"), found(0, "fee")), (Some(rate), Some(fee.key)));
    assert_eq!((found(0, "rate"), found(2, "rate")), (None, None));
}

#[test]
fn a_version_means_the_same_whatever_is_deployed_later() {
    let mut shop = Shop::default();
    let first = shop.deploy(&[("rates.dmn", rates("urn:rates", 2))]).unwrap();
    let fees_file = || [("fees.dmn", fees(""))];
    let old = shop.deploy(&fees_file()).unwrap().requirements[0].decisions[0].clone();
    let second = shop.deploy(&[("rates.dmn", rates("urn:rates", 3))]).unwrap();
    assert_eq!(shop.fee(old.key), Value::from(20));
    // The same file imports something else now, so it is another version.
    let new = shop.deploy(&fees_file()).unwrap().requirements[0].decisions[0].clone();
    assert_eq!((old.version, new.version), (1, 2));
    assert_eq!(shop.fee(new.key), Value::from(30));
    let same = shop.deploy(&fees_file()).unwrap().requirements[0].decisions[0].clone();
    assert_eq!(same.key, new.key);
    // What is deleted is not imported any more, and stays in what imported it.
    shop.tell(&Command::DeleteResource { key: second.requirements[0].key }).unwrap();
    assert_eq!(shop.fee(new.key), Value::from(30));
    let back = shop.deploy(&fees_file()).unwrap().requirements[0].decisions[0].clone();
    assert_eq!(shop.fee(back.key), Value::from(20));
    shop.tell(&Command::DeleteResource { key: first.requirements[0].key }).unwrap();
    let refused = shop.deploy(&fees_file()).unwrap_err();
    let expected = "'fees.dmn':\n- 'lib': expected a DMN file of the namespace 'urn:rates', but \
                    none is in this deployment or was deployed before (line 2, column 1)";
    assert!(refused.contains(expected), "{refused}");
}

#[test]
fn one_of_several_files_of_a_namespace_is_told_by_its_location() {
    let mut shop = Shop::default();
    let both = |location: &str| {
        let other = rates("urn:rates", 5).replace("id='rates-", "id='more-");
        let other = other.replace("decision id='rate'", "decision id='more'");
        [
            ("fees.dmn", fees(location)),
            ("a/rates.dmn", rates("urn:rates", 2)),
            ("a/more.dmn", other),
        ]
    };
    let refused = shop.deploy(&both("")).unwrap_err();
    assert!(refused.contains("several: 'a/rates.dmn', 'a/more.dmn'"), "{refused}");
    let deployed = shop.deploy(&both("locationURI='./rates.dmn'")).unwrap();
    assert_eq!(shop.fee(deployed.requirements[0].decisions[0].key), Value::from(20));
}
