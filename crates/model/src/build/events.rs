//! Event definitions by name.

use crate::definitions::{Code, Event, Job, Message, Publish, Text, Timer};

impl Event {
    /// Waits for a message with this correlation key, which begins with `=`; start events of a
    /// process take [`Event::start_message`].
    pub fn message(name: &str, correlation_key: &str) -> Event {
        Event::Message(caught(name, Some(correlation_key)))
    }

    /// Starts an instance for each message of this name.
    pub fn start_message(name: &str) -> Event {
        Event::Message(caught(name, None))
    }

    /// Sends a message by a worker for jobs of this type.
    pub fn send_message(name: &str, job_type: &str) -> Event {
        let job = Some(job(job_type));
        Event::Message(Message { name: name.into(), correlation_key: None, job, publish: None })
    }

    /// Publishes a message without a worker.
    pub fn publish_message(name: &str, correlation_key: &str) -> Event {
        let publish = Publish {
            correlation_key: correlation_key.into(),
            message_id: None,
            time_to_live: None,
        };
        let publish = Some(publish);
        Event::Message(Message { name: name.into(), correlation_key: None, job: None, publish })
    }

    /// At a date: `2026-03-01T12:00:00Z`, or an expression.
    pub fn on_date(date: &str) -> Event {
        Event::Timer(Timer::Date(date.into()))
    }

    /// After a duration: `PT1H`, or an expression.
    pub fn after(duration: &str) -> Event {
        Event::Timer(Timer::Duration(duration.into()))
    }

    /// Again and again: `R3/PT10S`, `0 0 9 * * MON-FRI`, or an expression.
    pub fn every(cycle: &str) -> Event {
        Event::Timer(Timer::Cycle(cycle.into()))
    }

    /// An error with this code, thrown or caught.
    pub fn error(code: &str) -> Event {
        Event::Error(coded(code))
    }

    /// Catches every error.
    pub fn any_error() -> Event {
        Event::Error(Code { code: None, name: None })
    }

    /// An escalation with this code, thrown or caught.
    pub fn escalation(code: &str) -> Event {
        Event::Escalation(coded(code))
    }

    /// Catches every escalation.
    pub fn any_escalation() -> Event {
        Event::Escalation(Code { code: None, name: None })
    }

    pub fn signal(name: &str) -> Event {
        Event::Signal { name: name.into() }
    }

    /// Waits until the expression, which begins with `=`, is true.
    pub fn condition(condition: &str) -> Event {
        Event::Conditional {
            condition: condition.into(),
            variable_names: Vec::new(),
            on_create: true,
            on_update: true,
        }
    }

    /// Compensates everything that has completed in the scope.
    pub fn compensation() -> Event {
        Event::Compensation { activity: None }
    }

    pub fn link(name: &str) -> Event {
        Event::Link { name: name.into() }
    }
}

pub(super) fn caught(name: &str, correlation_key: Option<&str>) -> Message {
    let correlation_key = correlation_key.map(Text::parse);
    Message { name: name.into(), correlation_key, job: None, publish: None }
}

fn coded(code: &str) -> Code {
    // Editors show the name, so it is the code unless someone says otherwise.
    let name = match Text::parse(code) {
        Text::Static(name) => Some(name),
        Text::Expression(_) => None,
    };
    Code { code: Some(code.into()), name }
}

pub(super) fn job(job_type: &str) -> Job {
    let retries = Text::Static("3".into());
    Job { job_type: job_type.into(), retries, linked_resources: Vec::new() }
}
