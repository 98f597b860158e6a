//! `differential`: our FEEL against other engines, expression by expression. A disagreement that is
//! not in `golden/disagreements.txt` makes it fail: look at it, then either mend ours or write down
//! why theirs is not followed.

use std::process::ExitCode;
use tck::golden::compare;
use tck::peers::PEERS;

fn main() -> ExitCode {
    let mut passed = true;
    for peer in PEERS {
        let name = peer.name();
        match compare(peer) {
            Ok(found) => {
                found.unlisted.iter().for_each(|line| println!("{name}: {line}"));
                println!("lab: {name}_agreed = {} expressions", found.agreed);
                println!("lab: {name}_listed = {} expressions", found.listed);
                println!("lab: {name}_unlisted = {} expressions", found.unlisted.len());
                passed &= found.unlisted.is_empty();
            }
            Err(why) => {
                println!("{name}: not run: {why}");
                passed = false;
            }
        }
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
