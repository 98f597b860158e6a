//! What our engine makes of the expressions that are compared with other engines. A value that
//! changes is seen in review; `UPDATE=1` writes it.

use feel::Dialect;
use std::path::Path;

#[test]
fn values_are_those_that_were_compared_with_others() {
    for (name, dialect) in [("camunda", Dialect::Camunda), ("standard", Dialect::Standard)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{name}.txt"));
        let ours = tck::golden::ours(dialect);
        if std::env::var("UPDATE").is_ok() {
            std::fs::write(&path, &ours).expect("a folder that can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        for (ours, committed) in ours.lines().zip(committed.lines()) {
            assert_eq!(ours, committed, "UPDATE=1 cargo test -p grevy-tck --test golden");
        }
        assert_eq!(ours.lines().count(), committed.lines().count());
    }
}
