//! Lists of what is kept: `grevy track cases`, `alerts`, `verdicts`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use track::limits::ROWS_MAX;
use track::machine::{CaseStatus, Verdict};
use track::past::{self, Wanted};
use track::rows::{self, WantedCases};

use super::ask::{Place, Whose, query};
use crate::Failure;

/// Verdicts of one page, as a server gives them at most.
const VERDICT_PAGE: usize = 1_000;

/// Lists cases with their status, what they wait for and what is wrong with them.
#[derive(Args)]
pub struct Cases {
    #[command(flatten)]
    whose: Whose,
    /// early, open, stuck, resting, completed or expired.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Only cases that do not go the way that the model says.
    #[arg(long)]
    deviating: bool,
    /// Behind the case of this number (see --json).
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    #[arg(long, value_name = "COUNT")]
    count: Option<usize>,
    #[arg(long)]
    json: bool,
}

impl Cases {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let (case, status, deviating) = (self.case, self.status, self.deviating);
        let (after, limit) = (self.after, self.count);
        let status = status.as_deref().map(CaseStatus::named).transpose();
        let status = status.map_err(|reason| Failure(format!("--status: {reason}")))?;
        let place = self.whose.place_or_data()?;
        let found = pages(limit.unwrap_or(ROWS_MAX), ROWS_MAX, |last, limit| {
            let after = last.map(|row| row["number"].as_u64()).unwrap_or(after);
            match &place {
                Place::Folder { tracking, process } => {
                    let (process, case) = (process.clone(), case.clone());
                    let limit = Some(limit);
                    let all = WantedCases::default();
                    let wanted =
                        WantedCases { process, case, status, deviating, after, limit, ..all };
                    Ok(json!(tracking.look(move |state| rows::cases(state, &wanted))?))
                }
                Place::Server { .. } => {
                    let asked = query(&[
                        ("case", case.clone()),
                        ("status", status.map(|status| status.name().to_owned())),
                        ("deviating", deviating.then(|| "true".to_owned())),
                        ("after", after.map(|number| number.to_string())),
                        ("limit", Some(limit.to_string())),
                    ]);
                    place.get(&format!("cases{asked}"))
                }
            }
        })?;
        let place = |row: &Value| row["number"].to_string();
        list(&found, ("cases", "case"), place, self.json, |case| {
            let text = |name: &str| case[name].as_str().unwrap_or("-").to_owned();
            let wrong = case["findings"].as_array().into_iter().flatten();
            let wrong: Vec<String> = wrong
                .map(|f| {
                    format!(
                        "{} {}",
                        f["kind"].as_str().unwrap_or("-"),
                        f["step"].as_str().unwrap_or("-")
                    )
                })
                .collect();
            let why = case["reason"].as_str().map_or_else(|| wrong.join("; "), str::to_owned);
            let (id, status, step) = (text("case"), text("status"), text("lastStep"));
            format!("{id:<32} {status:<10} after {step:<28} {why}")
        })
    }
}

/// Rows, and whether there are more behind them.
struct Rows {
    rows: Vec<Value>,
    more: bool,
}

/// Asks for pages until there are `count` rows; `page` is asked for those behind a row.
fn pages(
    count: usize,
    page_max: usize,
    mut page: impl FnMut(Option<&Value>, usize) -> Result<Value, Failure>,
) -> Result<Rows, Failure> {
    let mut rows: Vec<Value> = Vec::new();
    while rows.len() <= count {
        // One more than is wanted tells whether there are more.
        let asked = (count + 1 - rows.len()).min(page_max);
        let found = page(rows.last(), asked)?;
        let found = found.as_array().map(Vec::as_slice).unwrap_or_default();
        rows.extend_from_slice(found);
        if found.len() < asked {
            break;
        }
    }
    let more = rows.len() > count;
    rows.truncate(count);
    Ok(Rows { rows, more })
}

/// Prints rows, as JSON or one a line, and how many there are; `place` is where a page goes on.
fn list(
    found: &Rows,
    (many, one): (&str, &str),
    place: impl Fn(&Value) -> String,
    json: bool,
    line: impl Fn(&Value) -> String,
) -> Result<ExitCode, Failure> {
    let Rows { rows, more } = found;
    let next = rows.last().filter(|_| *more).map(place);
    let next = next.map(|place| format!("; there are more: --after {place}")).unwrap_or_default();
    let what = if rows.len() == 1 { one } else { many };
    let count = format!("{} {what}{next}", rows.len());
    if json {
        println!("{:#}", json!(rows));
        if *more {
            eprintln!("{count}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    rows.iter().for_each(|row| println!("{}", line(row)));
    println!("{count}");
    Ok(ExitCode::SUCCESS)
}

/// Lists alerts.
#[derive(Args)]
pub struct Alerts {
    #[command(flatten)]
    whose: Whose,
    #[arg(long)]
    json: bool,
}

impl Alerts {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let place = self.whose.place_or_data()?;
        let (mut found, process) = match &place {
            Place::Folder { tracking, process } => {
                (json!(tracking.look(rows::alerts)?), process.as_deref())
            }
            Place::Server { remote, process } => {
                (remote.get_from("", "/alerts")?, process.as_deref())
            }
        };
        if let (Some(process), Some(rows)) = (process, found.as_array_mut()) {
            rows.retain(|row| row["process"] == process);
        }
        let rows = found.as_array().cloned().unwrap_or_default();
        let found = Rows { rows, more: false };
        list(
            &found,
            ("alerts", "alert"),
            |_| String::new(),
            self.json,
            |alert| {
                let text = |name: &str| alert[name].as_str().unwrap_or("-").to_owned();
                let due_ms = alert["dueMs"].as_i64().unwrap_or(0);
                let due = jiff::Timestamp::from_millisecond(due_ms).unwrap_or_default();
                let late = if alert["delivered"] == true { "" } else { "  not delivered yet" };
                let (name, case, element) = (text("name"), text("case"), text("element"));
                let (number, process) = (alert["number"].to_string(), text("process"));
                let about = format!("{process:<20} {name:<24} case {case:<32} {element:<24}");
                format!("{number:<6} {about} due {due}{late}")
            },
        )
    }
}

/// Lists what became of each record: started, moved, buffered, expired, replaced, ignored or
/// rejected, with the reason.
#[derive(Args)]
pub struct Verdicts {
    #[command(flatten)]
    whose: Whose,
    /// Only this verdict.
    #[arg(long, value_name = "VERDICT")]
    verdict: Option<String>,
    /// Only records of this case.
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Only reasons that contain this text.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Behind this record: its at and index (see --json), such as 12.3.
    #[arg(long, value_name = "POSITION")]
    after: Option<String>,
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    count: usize,
    #[arg(long)]
    json: bool,
}

impl Verdicts {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let Verdicts { verdict, case, reason, after, count, .. } = self;
        let named = |option, reason| Failure(format!("--{option}: {reason}"));
        let verdict = verdict.as_deref().map(Verdict::named).transpose();
        let verdict = verdict.map_err(|reason| named("verdict", reason))?;
        if let Some(Err(reason)) = after.as_deref().map(str::parse::<past::Place>) {
            return Err(named("after", reason));
        }
        let place = self.whose.place_or_data()?;
        let behind = |row: &Value| format!("{}.{}", row["at"], row["index"]);
        let found = pages(count, VERDICT_PAGE, |last, limit| {
            let after = last.map(behind).or_else(|| after.clone());
            match &place {
                Place::Folder { tracking, process } => {
                    let (case, reason) = (case.clone(), reason.clone());
                    let process = process.clone();
                    let wanted = Wanted { verdict, case, reason, source: None, process };
                    let after = after.and_then(|after| after.parse().ok()).unwrap_or_default();
                    Ok(json!(past::verdicts(tracking, &wanted, after, limit)?.rows))
                }
                Place::Server { .. } => {
                    let pairs = [
                        ("verdict", verdict.map(str::to_owned)),
                        ("case", case.clone()),
                        ("reason", reason.clone()),
                        ("after", after),
                        ("limit", Some(limit.to_string())),
                    ];
                    place.get(&format!("verdicts{}", query(&pairs)))
                }
            }
        })?;
        list(&found, ("records", "record"), behind, self.json, |row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            let what = match (row["reason"].as_str(), row["case"].as_str()) {
                (Some(reason), _) => reason.to_owned(),
                (None, Some(case)) => format!("{} of case {case}", text("kind")),
                (None, None) => String::new(),
            };
            format!("{:>10}  {:<10} {what}", row["offset"].to_string(), text("verdict"))
        })
    }
}
