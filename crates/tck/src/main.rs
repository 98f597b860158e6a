//! `tck [--data DIR] [SUITE…]`: runs suites and prints what passed.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut data = PathBuf::from("../shared/acceptance");
    let mut suites = Vec::new();
    let mut verbose = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--data" => match arguments.next() {
                Some(dir) => data = PathBuf::from(dir),
                None => {
                    eprintln!("expected a directory after --data, but the command ends");
                    return ExitCode::FAILURE;
                }
            },
            "--verbose" => verbose = true,
            _ => suites.push(argument),
        }
    }
    match tck::run(&suites, &data) {
        Ok(reports) => {
            for report in &reports {
                print!("{}", if verbose { report.details() } else { report.to_string() });
            }
            match reports.iter().all(tck::Report::is_as_expected) {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
