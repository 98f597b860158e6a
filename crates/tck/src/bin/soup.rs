//! `soup [--seconds N] [--seed N]`: throws random and mutated text at FEEL and JSON until the time
//! is up. Any panic, any text that takes too long, and any normal form that is read differently is
//! a finding and ends the run with the text that caused it.
//!
//! The lab runs it in rounds (`GREVY_LAB_FROM`, `GREVY_LAB_ROUNDS`): a round is a minute with its
//! number as seed.

use feel::{Dialect, Env, Scope, compile_in, compile_tests};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use value::{Packed, Value};

/// What one text may take, with the fuel that it gets; far more than it needs.
const TEXT_TIME_MAX: Duration = Duration::from_secs(5);

const PIECES: &[&str] = &[
    "1",
    "2.5e3",
    "-7",
    "\"x\"",
    "\"\\u00e9\\n\"",
    "true",
    "null",
    "a",
    "b.c",
    "`d e`",
    "item",
    "partial",
    "?",
    " + ",
    " - ",
    " * ",
    " / ",
    " ** ",
    " = ",
    " != ",
    " < ",
    " >= ",
    " and ",
    " or ",
    " in ",
    " between ",
    " instance of ",
    "number",
    "list<Any>",
    "if ",
    " then ",
    " else ",
    "for x in ",
    "some y in ",
    "every z in ",
    " return ",
    " satisfies ",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ".",
    "..",
    "function(x, y) ",
    "not(",
    "count(",
    "sort(",
    "flatten(",
    "string(",
    "date(",
    "matches(",
    "replace(",
    "@\"2024-01-31\"",
    "@\"P1DT1H\"",
    "@\"P2M\"",
    "@\"10:00:00@Europe/Berlin\"",
    "@\"2024-01-31T10:00:00Z\"",
    "[1..5]",
    "(1..9]",
    "{a: 1, b: [1, 2]}",
    "[1, 2, 3]",
    "\"",
    "`",
    "//",
    "/*",
    "*/",
    "\\",
    "é",
    "\u{1f40e}",
    "\u{feff}",
    "x",
    "y",
    "z",
    "1..1000000",
    "99999999999999999999",
    "{\"a\":1.10}",
    "\"(a+)+$\"",
    "context put(",
    "[\"a\", \"b\"]",
    "decimal(",
    "1e6000",
    "\u{0}",
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    fn text(&mut self, last: &str) -> String {
        let mut text = match self.below(3) {
            0 => String::new(),
            _ => last.to_owned(),
        };
        for _ in 0..=self.below(12) {
            let letters: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = letters.get(self.below(letters.len() + 1)).copied().unwrap_or(text.len());
            match self.below(6) {
                0 if !letters.is_empty() => drop(text.drain(at..)),
                1 if at < text.len() => drop(text.remove(at)),
                2 => text.insert_str(at, &text.clone()),
                _ => text.insert_str(at, PIECES[self.below(PIECES.len())]),
            }
        }
        text.chars().take(400).collect()
    }
}

/// What is wrong with how a text is treated, if anything.
fn finding(text: &str, scopes: &[Arc<Scope>; 2]) -> Option<String> {
    let env = Env { fuel: 200_000, ..Env::new(1_700_000_000_000, 5) };
    let start = Instant::now();
    for scope in scopes {
        if let Ok(expression) = compile_in(text, scope) {
            let value = expression.evaluate(&(), &env);
            drop(value.map(|evaluation| evaluation.value.to_string()));
            let normal = expression.normal_form();
            match compile_in(&normal, scope).map(|again| again.normal_form()) {
                Ok(again) if again == normal => {}
                // A normal form has more parentheses and may pass the limit on nesting.
                Err(error) if error.message().contains("nesting") => {}
                other => return Some(format!("normal form {normal:?} reads as {other:?}")),
            }
        }
        if let Ok(tests) = compile_tests(text, scope) {
            drop(tests.evaluate(&Value::from(3), &(), &env));
        }
    }
    if let Ok(packed) = Packed::from_json(text)
        && Packed::from_json(&packed.to_json()).as_ref() != Ok(&packed)
    {
        return Some("JSON does not round trip".to_owned());
    }
    (start.elapsed() > TEXT_TIME_MAX).then(|| format!("it took {:?}", start.elapsed()))
}

fn number(name: &str) -> Option<u64> {
    let mut arguments = std::env::args();
    arguments.find(|argument| argument == name)?;
    arguments.next()?.parse().ok()
}

fn run(seed: u64, seconds: u64) -> Result<u64, String> {
    let scopes = [Dialect::Camunda, Dialect::Standard].map(|dialect| Arc::new(Scope::new(dialect)));
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut text = String::new();
    let mut count = 0;
    while Instant::now() < end {
        text = random.text(&text);
        let found = std::panic::catch_unwind(|| finding(&text, &scopes));
        match found {
            Ok(None) => count += 1,
            Ok(Some(what)) => return Err(format!("seed {seed}: {text:?}: {what}")),
            Err(_) => return Err(format!("seed {seed}: {text:?}: a panic")),
        }
    }
    Ok(count)
}

fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = variable("GREVY_LAB_FROM").or_else(|| number("--seed")).unwrap_or(1);
    let rounds = variable("GREVY_LAB_ROUNDS").unwrap_or(1);
    let seconds = number("--seconds").unwrap_or(60);
    let mut texts = 0;
    for seed in first..first + rounds {
        match run(seed, seconds) {
            Ok(count) => texts += count,
            Err(finding) => {
                eprintln!("{finding}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("lab: feel_soup_texts = {texts} texts");
    ExitCode::SUCCESS
}
