//! How long files, functions and lines may be.

use super::functions::{functions, line_of, test_ranges};
use super::mask::Language;
use super::{Finding, Rule, table};

/// A file that is longer holds more than one thing.
const FILE_LINES_MAX: usize = 499;
/// A function that is longer is not read but scrolled through.
const FUNCTION_LINES_MAX: usize = 69;
/// What rustfmt is set to as well; it leaves long strings and comments alone, this does not.
const LINE_COLUMNS_MAX: usize = 100;

pub fn check(path: &str, text: &str, masked: &[u8], language: Language, found: &mut Vec<Finding>) {
    if table::is_test(path) {
        return;
    }
    let tests = match language {
        Language::Rust => test_ranges(masked),
        Language::Script => Vec::new(),
    };
    let tests: Vec<_> = tests
        .into_iter()
        .map(|range| line_of(masked, range.start)..line_of(masked, range.end) + 1)
        .collect();
    let tested = |line| tests.iter().any(|range| range.contains(&line));
    let mut push = |line, rule, (max, is): (usize, usize), what: &str| {
        let text = format!("expected at most {max} {what}, but it has {is}");
        found.push(Finding { path: path.to_owned(), line, rule, text });
    };
    let mut lines = 0;
    for (line, text) in (1..).zip(text.lines()).filter(|(line, _)| !tested(*line)) {
        lines += 1;
        let columns = text.chars().count();
        if columns > LINE_COLUMNS_MAX {
            push(line, Rule::LineColumns, (LINE_COLUMNS_MAX, columns), "columns");
        }
    }
    if lines > FILE_LINES_MAX {
        push(0, Rule::FileLines, (FILE_LINES_MAX, lines), "lines besides its tests");
    }
    for function in functions(masked, language).iter().filter(|f| !tested(f.first_line)) {
        if function.lines > FUNCTION_LINES_MAX {
            let what = format!("lines in `{}`", function.name);
            let sizes = (FUNCTION_LINES_MAX, function.lines);
            push(function.first_line, Rule::FunctionLines, sizes, &what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mask::mask;
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<(usize, Rule)> {
        let mut found = Vec::new();
        check(path, text, &mask(text, Language::Rust), Language::Rust, &mut found);
        found.into_iter().map(|finding| (finding.line, finding.rule)).collect()
    }

    #[test]
    fn long_files_functions_and_lines_are_found_outside_tests() {
        let function = format!("fn a() {{\n{}}}\n", "    b();\n".repeat(69));
        assert_eq!(rules("a.rs", &function), [(1, Rule::FunctionLines)]);
        assert_eq!(rules("tests/a.rs", &function), []);
        assert_eq!(rules("a.rs", &format!("#[cfg(test)]\nmod t {{\n{function}}}\n")), []);
        assert_eq!(rules("a.rs", &"const A: u8 = 1;\n".repeat(500)), [(0, Rule::FileLines)]);
        assert_eq!(rules("a.rs", &"const A: u8 = 1;\n".repeat(499)), []);
        let line = format!("\n// {}\n", "é".repeat(98));
        assert_eq!(rules("a.rs", &line), [(2, Rule::LineColumns)]);
    }
}
