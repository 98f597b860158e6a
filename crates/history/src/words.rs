//! An explanation in sentences.

use crate::explain::{Choice, Decided, Explanation, Failure, NearMiss, Refused, Wait, What};

/// A span of time in words: its two largest units.
pub fn span(milliseconds: i64) -> String {
    const UNITS: [(i64, &str); 4] =
        [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    let mut left = milliseconds.saturating_abs();
    let mut parts: Vec<String> = Vec::new();
    for (length, unit) in UNITS {
        let count = left / length;
        left %= length;
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            parts.push(format!("{count} {unit}{plural}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "less than a second".to_owned() } else { parts.join(" ") }
}

/// A time as clients see it.
pub fn date(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| milliseconds.to_string(), |time| format!("{time:.3}"))
}

impl Explanation {
    /// One sentence a line.
    pub fn text(&self, now: i64) -> String {
        let mut lines = Vec::new();
        let Explanation { instance, process_id, state, .. } = self;
        lines.push(format!("Instance {instance} of '{process_id}' is {state}."));
        if let Some(reason) = &self.quarantine {
            lines.push(format!(
                "It is quarantined, because a bug of ours struck ({reason}); \
                 'grevy repair {instance}' lifts that."
            ));
        }
        lines.extend(self.failures.iter().map(|failure| failure.text(now)));
        lines.extend(self.waits.iter().map(|wait| wait.text(now)));
        if self.waits.is_empty() && *state == "ACTIVE" && self.failures.is_empty() {
            lines.push("It waits for nothing that is known; it is being worked on.".to_owned());
        }
        lines.extend(self.path.iter().map(Choice::text));
        lines.extend(self.decisions.iter().map(Decided::text));
        lines.join("\n")
    }
}

impl Wait {
    /// In one sentence.
    pub fn text(&self, now: i64) -> String {
        let element = &self.element_id;
        let since = self.since.map_or_else(String::new, |at| format!(" for {}", span(now - at)));
        let head = format!("At '{element}' it has waited{since}");
        match &self.what {
            What::Message { name, correlation_key, near } => {
                let key = key_in_words(correlation_key);
                let mut text = format!("{head} for the message '{name}' with {key}.");
                for miss in near {
                    text.push_str(&miss.text(name, now));
                }
                text
            }
            What::Timer { due } if *due > now => {
                format!("{head} for a timer that is due in {} ({}).", span(due - now), date(*due))
            }
            What::Timer { due } => format!(
                "{head} for a timer that has been due for {} ({}); timers are paused or behind.",
                span(now - due),
                date(*due)
            ),
            What::Job {
                job_type, retries, tries, error, again, worker, deadline, workers, ..
            } => {
                let hands = hands(*retries, worker.as_deref(), *deadline, *workers, now);
                // Without retries there is an incident, and that says it.
                let error = error.as_deref().filter(|_| *retries > 0);
                let failed = error.map(|error| failed(*tries, error, *again, now));
                let failed = failed.unwrap_or_default();
                format!("{head} for a job of type '{job_type}'{failed}{hands}.")
            }
            What::Task { key, assignee: Some(name) } => {
                format!("{head} for '{name}' to complete the user task {key}.")
            }
            What::Task { key, assignee: None } => {
                format!("{head} for somebody to take the user task {key}; it is not assigned.")
            }
            What::Signal { name } => format!("{head} for the signal '{name}'."),
            What::Condition { expression } => {
                format!("{head} for the condition '{expression}' to hold.")
            }
            What::Called { instance, process_id } => {
                format!("{head} for the instance {instance} of '{process_id}' that it called.")
            }
            What::Join { missing } => {
                let one = |(flow, source): &(String, String)| format!("'{flow}' from '{source}'");
                let flows = missing.iter().map(one).collect::<Vec<_>>().join(" and ");
                format!("{head} for the other branches: {flows} did not arrive yet.")
            }
        }
    }
}

fn key_in_words(key: &str) -> String {
    if key.is_empty() { "no key".to_owned() } else { format!("the key '{key}'") }
}

/// What became of a job up to now.
fn failed(tries: usize, error: &str, again: Option<i64>, now: i64) -> String {
    let count = match tries {
        0 | 1 => "it failed".to_owned(),
        tries => format!("it failed {tries} times, the last time"),
    };
    let again = match again {
        Some(at) if at > now => {
            format!("; it is tried again in {} ({})", span(at - now), date(at))
        }
        Some(_) => "; it is to be tried again now".to_owned(),
        None => String::new(),
    };
    format!("; {count} with '{error}'{again}")
}

/// Whether anyone works on a job.
fn hands(
    retries: i64,
    worker: Option<&str>,
    deadline: Option<i64>,
    workers: Option<usize>,
    now: i64,
) -> String {
    match (worker, deadline, workers) {
        (Some(worker), Some(deadline), _) if deadline > now => {
            format!("; worker '{worker}' has it for another {}", span(deadline - now))
        }
        (Some(worker), Some(_), _) => format!("; worker '{worker}' had it and did not answer"),
        _ if retries <= 0 => {
            "; it has no retries left: give it some and resolve its incident".to_owned()
        }
        (_, _, Some(0)) => "; no worker asks for that type".to_owned(),
        (_, _, Some(1)) => "; 1 worker asks for that type".to_owned(),
        (_, _, Some(count)) => format!("; {count} workers ask for that type"),
        (_, _, None) => String::new(),
    }
}

impl NearMiss {
    fn text(&self, wanted: &str, now: i64) -> String {
        let ago = span(now - self.published);
        let key = key_in_words(&self.correlation_key);
        let fate = if self.expired { "expired" } else { "is buffered" };
        let (message, name) = (self.message, &self.name);
        if name == wanted {
            format!(
                "\n  Nearly: message {message} came {ago} ago under that name, but with {key}; it \
                 {fate}."
            )
        } else {
            format!(
                "\n  Nearly: message {message} came {ago} ago with that key, but its name is \
                 '{name}'; it {fate}."
            )
        }
    }
}

impl Choice {
    /// In one sentence, and a line for each flow whose condition did not hold.
    pub fn text(&self) -> String {
        let mut text = self.reason();
        for refused in &self.refused {
            text.push_str("\n  ");
            text.push_str(&refused.text());
        }
        text
    }

    /// In one sentence.
    pub fn reason(&self) -> String {
        let Choice { element_id, flow_id, condition, values, .. } = self;
        let head = format!("At '{element_id}' it took '{flow_id}'");
        match condition {
            None => format!("{head}, the default: no condition held."),
            Some(condition) => format!("{head}, because {condition} held{}.", with(values)),
        }
    }
}

impl Refused {
    /// In one sentence.
    pub fn text(&self) -> String {
        format!(
            "'{}' was not taken: {} did not hold{}.",
            self.flow_id,
            self.condition,
            with(&self.values)
        )
    }
}

fn with(values: &[(String, String)]) -> String {
    let values: Vec<String> =
        values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    if values.is_empty() { String::new() } else { format!(" with {}", values.join(", ")) }
}

impl Failure {
    /// In one sentence.
    pub fn text(&self, now: i64) -> String {
        let Failure { element_id, kind, message, .. } = self;
        let tries = match self.tries {
            0 => String::new(),
            1 => " after 1 try".to_owned(),
            tries => format!(" after {tries} tries"),
        };
        let ago = span(now - self.time);
        let end = match self.resolved {
            Some(at) => format!("; it was resolved {} ago", span(now - at)),
            None => "; it is open".to_owned(),
        };
        format!("At '{element_id}' {kind} was raised {ago} ago{tries}: {message}{end}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_by_their_two_largest_units() {
        assert_eq!(span(0), "less than a second");
        assert_eq!(span(1_000), "1 second");
        assert_eq!(span(61_000), "1 minute 1 second");
        assert_eq!(span(3_600_000 + 1_000), "1 hour");
        assert_eq!(span(2 * 86_400_000 + 7_200_000 + 60_000), "2 days 2 hours");
        assert_eq!(span(i64::MIN), span(i64::MAX));
    }

    #[test]
    fn dates_end_in_z() {
        assert_eq!(date(1_700_000_000_000), "2023-11-14T22:13:20.000Z");
        assert_eq!(date(i64::MAX), i64::MAX.to_string());
    }
}
