//! The list of known differences.

use std::collections::BTreeMap;

/// Cases that are known to differ, with the reason. A line is `case | reason`; blank lines and
/// lines that start with `#` do not count.
#[derive(Default)]
pub struct Known(BTreeMap<String, String>);

impl Known {
    pub(crate) fn read(text: &str) -> Result<Known, String> {
        let mut known = BTreeMap::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((case, reason)) = line.split_once(" | ") else {
                return Err(format!("expected 'case | reason', but found '{line}'"));
            };
            known.insert(case.trim().to_owned(), reason.trim().to_owned());
        }
        Ok(Known(known))
    }

    pub(crate) fn reason(&self, case: &str) -> Option<&str> {
        self.0.get(case).map(String::as_str)
    }
}
