//! What can be asked of a server.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::job::variables;
use crate::proto::deployment::Metadata;
use crate::proto::partition::PartitionBrokerHealth;
use crate::proto::*;
use crate::retry::retrying;
use crate::{Client, Error};

/// A process that a deployment brought, or found unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    pub process_id: String,
    pub version: i32,
    pub definition: i64,
    pub resource: String,
}

/// A new instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub instance: i64,
    pub definition: i64,
    pub process_id: String,
    pub version: i32,
}

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    pub name: String,
    pub correlation_key: String,
    /// How long it waits for somebody to take it; zero: not at all.
    pub time_to_live: Duration,
    /// Refused while an equal one with this id waits.
    pub id: String,
}

/// A partition of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    pub number: i32,
    pub health: Health,
}

/// How a partition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Healthy,
    /// Recovers, or refuses work.
    Unhealthy,
    Dead,
}

/// One call, tried again where that helps.
macro_rules! call {
    ($client:expr, $method:ident, $message:expr) => {
        retrying($message, |request| {
            let mut stub = $client.stub.clone();
            async move { stub.$method(request).await }
        })
    };
}

impl Client {
    /// Deploys one file; its name's suffix tells the type.
    pub async fn deploy(
        &self,
        name: &str,
        content: impl AsRef<[u8]>,
    ) -> Result<Vec<Deployed>, Error> {
        let resource = Resource { name: name.to_owned(), content: content.as_ref().to_vec() };
        let message = DeployResourceRequest { resources: vec![resource], tenant_id: String::new() };
        let answer = call!(self, deploy_resource, message).await?;
        let processes = answer.deployments.into_iter().filter_map(|entry| match entry.metadata? {
            Metadata::Process(process) => Some(Deployed {
                process_id: process.bpmn_process_id,
                version: process.version,
                definition: process.process_definition_key,
                resource: process.resource_name,
            }),
            Metadata::Decision(_) | Metadata::DecisionRequirements(_) | Metadata::Form(_) => None,
        });
        Ok(processes.collect())
    }

    /// Starts an instance of the latest version. When the answer of a server that was killed is
    /// lost, it is asked again with the same request id, and nothing is started twice.
    pub async fn create(
        &self,
        process_id: &str,
        variables: &impl Serialize,
    ) -> Result<Created, Error> {
        let answer = call!(self, create_process_instance, creation(process_id, variables)?).await?;
        Ok(Created {
            instance: answer.process_instance_key,
            definition: answer.process_definition_key,
            process_id: answer.bpmn_process_id,
            version: answer.version,
        })
    }

    /// Starts an instance and waits for its end; the variables of its root scope come back.
    pub async fn run<V: DeserializeOwned>(
        &self,
        process_id: &str,
        variables: &impl Serialize,
        timeout: Duration,
    ) -> Result<V, Error> {
        let message = CreateProcessInstanceWithResultRequest {
            request: Some(creation(process_id, variables)?),
            request_timeout: ms(timeout),
            fetch_variables: Vec::new(),
        };
        let answer = call!(self, create_process_instance_with_result, message).await?;
        Ok(serde_json::from_str(&answer.variables)?)
    }

    pub async fn cancel(&self, instance: i64) -> Result<(), Error> {
        let message = CancelProcessInstanceRequest {
            process_instance_key: instance,
            operation_reference: None,
        };
        call!(self, cancel_process_instance, message).await.map(drop)
    }

    /// Publishes a message; returns its key.
    pub async fn publish(
        &self,
        message: &Message,
        variables: &impl Serialize,
    ) -> Result<i64, Error> {
        let message = PublishMessageRequest {
            name: message.name.clone(),
            correlation_key: message.correlation_key.clone(),
            time_to_live: ms(message.time_to_live),
            message_id: message.id.clone(),
            variables: self::variables(variables)?,
            tenant_id: String::new(),
        };
        Ok(call!(self, publish_message, message).await?.key)
    }

    /// Sets variables at an instance or element instance; only there when `local`.
    pub async fn set_variables(
        &self,
        scope: i64,
        variables: &impl Serialize,
        local: bool,
    ) -> Result<(), Error> {
        let message = SetVariablesRequest {
            element_instance_key: scope,
            variables: self::variables(variables)?,
            local,
            operation_reference: None,
        };
        call!(self, set_variables, message).await.map(drop)
    }

    /// Gives a job retries, so that its incident can be resolved.
    pub async fn update_retries(&self, job: i64, retries: i32) -> Result<(), Error> {
        let message = UpdateJobRetriesRequest { job_key: job, retries, operation_reference: None };
        call!(self, update_job_retries, message).await.map(drop)
    }

    pub async fn resolve_incident(&self, incident: i64) -> Result<(), Error> {
        let message = ResolveIncidentRequest { incident_key: incident, operation_reference: None };
        call!(self, resolve_incident, message).await.map(drop)
    }

    /// The partitions, and how they do.
    pub async fn topology(&self) -> Result<Vec<Partition>, Error> {
        let answer = call!(self, topology, TopologyRequest {}).await?;
        let rows = answer.brokers.into_iter().flat_map(|broker| broker.partitions);
        let row = |row: crate::proto::Partition| Partition {
            number: row.partition_id,
            health: match row.health() {
                PartitionBrokerHealth::Healthy => Health::Healthy,
                PartitionBrokerHealth::Unhealthy => Health::Unhealthy,
                PartitionBrokerHealth::Dead => Health::Dead,
            },
        };
        Ok(rows.map(row).collect())
    }
}

fn creation(
    process_id: &str,
    given: &impl Serialize,
) -> Result<CreateProcessInstanceRequest, Error> {
    Ok(CreateProcessInstanceRequest {
        bpmn_process_id: process_id.to_owned(),
        version: -1,
        variables: variables(given)?,
        ..Default::default()
    })
}

pub(crate) fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
