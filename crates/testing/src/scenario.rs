//! The text of a scenario.

use std::fmt::Write as _;

/// A scenario as it stands in a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    /// In order.
    pub lines: Vec<Line>,
}

/// A line that is kept: a comment, an empty line, a command with its block.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// As written, with the lines of its block.
    pub text: String,
    /// `None` for a comment.
    pub command: Option<Command>,
    /// Expected outcome, each line with its mark.
    pub expected: Vec<String>,
}

/// What a line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `process ID` with the block of a model in text.
    Process { id: String, block: Vec<String> },
    /// `deploy FILE…`: together.
    Deploy { files: Vec<String> },
    /// `VERB WORDS… {JSON}`.
    Ask { verb: String, words: Vec<String>, json: Option<String> },
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// An outcome or a block without its command, with the line.
    pub fn parse(text: &str) -> Result<Scenario, String> {
        let mut lines: Vec<Line> = Vec::new();
        for (number, row) in text.lines().enumerate() {
            let inner = row.trim();
            let indented = row.starts_with("  ") && !inner.is_empty();
            if !indented {
                lines.push(Line {
                    text: row.to_owned(),
                    command: command(inner),
                    expected: vec![],
                });
                continue;
            }
            let last = lines.last_mut().filter(|line| line.command.is_some());
            let last = last.ok_or(format!(
                "line {}: expected a command above an indented line, but there is none",
                number + 1
            ))?;
            if inner.starts_with("| ") || inner.starts_with("! ") || inner.starts_with("> ") {
                last.expected.push(inner.to_owned());
            } else if let Some(Command::Process { block, .. }) = &mut last.command {
                block.push(row[2..].to_owned());
                let _ = write!(last.text, "\n{row}");
            } else {
                return Err(format!(
                    "line {}: expected '| event', '! refusal' or '> row', but got '{inner}'",
                    number + 1
                ));
            }
        }
        Ok(Scenario { lines })
    }

    /// The text with the expected outcomes, as [`Scenario::parse`] read it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let _ = writeln!(text, "{}", line.text);
            for expected in &line.expected {
                let _ = writeln!(text, "  {expected}");
            }
        }
        text
    }
}

fn command(line: &str) -> Option<Command> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (head, json) = match line.find(" {") {
        Some(at) => (&line[..at], Some(line[at + 1..].to_owned())),
        None => (line, None),
    };
    let mut words = head.split_whitespace().map(str::to_owned);
    let verb = words.next().unwrap_or_default();
    let words: Vec<String> = words.collect();
    Some(match verb.as_str() {
        "process" => {
            Command::Process { id: words.into_iter().next().unwrap_or_default(), block: vec![] }
        }
        "deploy" => Command::Deploy { files: words },
        _ => Command::Ask { verb, words, json },
    })
}
