//! A business id that must be unique is so at all partitions together, and after a restart.

use engine::command::{CreateInstance, DEFAULT_TENANT, DefinitionRef};
use engine::key::partition_of;
use grevy::{Error, Grevy, Model};

fn open(folder: &std::path::Path) -> Grevy {
    let builder = Grevy::builder().folder(folder).partitions(4).unique_business_ids(true);
    builder.open().expect("a folder of ours")
}

fn order(id: &str) -> CreateInstance {
    CreateInstance {
        definition: DefinitionRef::Id { process_id: "order".into(), version: None },
        tenant: DEFAULT_TENANT.into(),
        variables: Vec::new(),
        start_before: Vec::new(),
        terminate_after: Vec::new(),
        tags: Vec::new(),
        business_id: Some(id.into()),
        unique: false,
    }
}

#[test]
fn one_active_instance_has_a_business_id() {
    let folder = tempfile::tempdir().expect("a folder");
    let grevy = open(folder.path());
    let model = Model::process("order").start("start").service_task("pack", "pack").end("end");
    grevy.deploy_model(model).wait().expect("a sound model");
    let ids: Vec<String> = (0..20).map(|at| format!("order-{at}")).collect();
    let create = |grevy: &Grevy, id: &str| grevy.create(order(id)).wait();
    let first: Vec<i64> =
        ids.iter().map(|id| create(&grevy, id).expect("the first").instance).collect();
    let partitions: std::collections::BTreeSet<_> =
        first.iter().map(|key| partition_of(*key)).collect();
    assert!(partitions.len() > 1, "{partitions:?}");
    let is_refused = |grevy: &Grevy, id: &str| match create(grevy, id) {
        Err(Error::Rejected(rejection)) => rejection.kind == engine::RejectionKind::AlreadyExists,
        _ => false,
    };
    assert!(ids.iter().all(|id| is_refused(&grevy, id)));
    drop(grevy);

    let grevy = open(folder.path());
    assert!(ids.iter().all(|id| is_refused(&grevy, id)));
    grevy.cancel(first[3]).wait().expect("it runs");
    assert!(create(&grevy, &ids[3]).is_ok() && is_refused(&grevy, &ids[3]));
    // Without an id there is nothing to be unique.
    for _ in 0..2 {
        create(&grevy, "").expect("an instance");
    }
}
