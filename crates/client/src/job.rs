//! A job and what can come of it.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Error;
use crate::proto::ActivatedJob;

/// A job that was leased to this worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Also its idempotency key: a job may be handed out again after a time-out.
    pub key: i64,
    pub job_type: String,
    pub instance: i64,
    pub process_id: String,
    pub element_id: String,
    /// What is left, this attempt included.
    pub retries: i32,
    pub headers: Map<String, Value>,
    pub variables: Map<String, Value>,
}

/// Why a job was not completed.
#[derive(Debug, Clone, PartialEq)]
pub enum Fail {
    /// Try again, with one retry less unless `retries` says otherwise; none left is an incident.
    Retry { message: String, retries: Option<i32>, back_off: Duration },
    /// An error of the process, which a boundary event may catch.
    Bpmn { code: String, message: String, variables: Value },
}

impl Job {
    /// A variable as a type of Rust.
    ///
    /// # Errors
    /// A missing or unfit one fails the job.
    pub fn variable<T: DeserializeOwned>(&self, name: &str) -> Result<T, Fail> {
        let value = self.variables.get(name).cloned().unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|error| {
            Fail::retry(format!("expected a variable '{name}' that fits, but {error}"))
        })
    }

    /// All variables as a type of Rust.
    pub fn all<T: DeserializeOwned>(&self) -> Result<T, Fail> {
        serde_json::from_value(Value::Object(self.variables.clone()))
            .map_err(|error| Fail::retry(format!("expected variables that fit, but {error}")))
    }

    pub(crate) fn new(job: ActivatedJob) -> Result<Job, Error> {
        Ok(Job {
            key: job.key,
            job_type: job.r#type,
            instance: job.process_instance_key,
            process_id: job.bpmn_process_id,
            element_id: job.element_id,
            retries: job.retries,
            headers: serde_json::from_str(&job.custom_headers)?,
            variables: serde_json::from_str(&job.variables)?,
        })
    }
}

impl Fail {
    /// Try again at once, while retries are left.
    pub fn retry(message: impl Into<String>) -> Fail {
        Fail::Retry { message: message.into(), retries: None, back_off: Duration::ZERO }
    }

    /// Try again after a while.
    pub fn retry_after(message: impl Into<String>, back_off: Duration) -> Fail {
        Fail::Retry { message: message.into(), retries: None, back_off }
    }

    /// An error of the process.
    pub fn bpmn(code: impl Into<String>, message: impl Into<String>) -> Fail {
        let variables = Value::Object(Map::new());
        Fail::Bpmn { code: code.into(), message: message.into(), variables }
    }
}

impl From<Error> for Fail {
    fn from(error: Error) -> Fail {
        Fail::retry(error.to_string())
    }
}

/// JSON of variables; must be an object.
pub(crate) fn variables(given: &impl Serialize) -> Result<String, Error> {
    match serde_json::to_value(given)? {
        Value::Null => Ok("{}".to_owned()),
        object @ Value::Object(_) => Ok(object.to_string()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Error::invalid("expected variables that are a JSON object, but they are not"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_objects_and_typed_on_the_way_out() {
        assert_eq!(variables(&()).unwrap(), "{}");
        assert!(variables(&[1]).is_err());
        let job = ActivatedJob {
            variables: "{\"n\": 5}".to_owned(),
            custom_headers: "{}".to_owned(),
            ..Default::default()
        };
        let job = Job::new(job).unwrap();
        assert_eq!(job.variable::<u32>("n"), Ok(5));
        assert!(matches!(job.variable::<String>("n"), Err(Fail::Retry { .. })));
        assert!(job.variable::<u32>("m").is_err());
    }
}
