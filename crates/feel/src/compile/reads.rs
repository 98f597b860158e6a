//! Which variables a program reads.

use crate::program::{Op, Program, Read};

/// What the operations read, each once, in the order of the code. A whole variable covers all of
/// its paths.
pub(super) fn reads(program: &Program) -> Vec<Read> {
    let mut reads: Vec<Read> = Vec::new();
    for op in &program.code {
        let read = match op {
            Op::Variable(index) => {
                Read { name: program.variables[*index as usize].clone(), path: Vec::new() }
            }
            Op::Function(index) => {
                Read { name: program.callees[*index as usize].name.clone(), path: Vec::new() }
            }
            Op::VariablePath(index) => program.paths[*index as usize].clone(),
            _ => continue,
        };
        let covered =
            reads.iter().any(|own| own.name == read.name && read.path.starts_with(&own.path));
        if covered {
            continue;
        }
        reads.retain(|own| !(own.name == read.name && own.path.starts_with(&read.path)));
        reads.push(read);
    }
    reads
}
