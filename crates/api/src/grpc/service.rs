//! The 22 calls, each handed to the file of its family.

use std::time::Instant;

use tonic::{Request, Response, Status};

use super::jobs::{Activated, Jobs};
use super::{Service, status};
use crate::gateway::{Health, Topology};
use crate::proto::gateway_server::Gateway;
use crate::proto::partition::{PartitionBrokerHealth, PartitionBrokerRole};
use crate::proto::*;

/// Counts a call and measures it.
async fn measured<T>(
    method: &'static str,
    call: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let since = Instant::now();
    let answer = call.await;
    let code = answer.as_ref().err().map_or(tonic::Code::Ok, Status::code);
    // Most calls end well, and for them nothing is made on the way.
    match code {
        tonic::Code::Ok => metrics::counter!("grevy_grpc_requests_total",
            "method" => method, "code" => "Ok"),
        other => metrics::counter!("grevy_grpc_requests_total",
            "method" => method, "code" => format!("{other:?}")),
    }
    .increment(1);
    metrics::histogram!("grevy_grpc_request_seconds", "method" => method)
        .record(since.elapsed().as_secs_f64());
    if code == tonic::Code::Internal || code == tonic::Code::Unknown {
        tracing::error!(method, error = ?answer.as_ref().err(), "a call failed by a bug of ours");
    }
    answer
}

#[tonic::async_trait]
impl Gateway for Service {
    type ActivateJobsStream = Activated;
    type StreamActivatedJobsStream = Jobs;

    async fn stream_activated_jobs(
        &self,
        request: Request<StreamActivatedJobsRequest>,
    ) -> Result<Response<Jobs>, Status> {
        measured("StreamActivatedJobs", self.stream(request)).await
    }

    async fn topology(
        &self,
        request: Request<TopologyRequest>,
    ) -> Result<Response<TopologyResponse>, Status> {
        measured("Topology", async {
            let caller = self.caller(request.metadata())?;
            let topology = self.gateway.topology(&caller).map_err(status::of)?;
            Ok(Response::new(message(topology)))
        })
        .await
    }

    async fn activate_jobs(
        &self,
        request: Request<ActivateJobsRequest>,
    ) -> Result<Response<Activated>, Status> {
        measured("ActivateJobs", self.activate(request)).await
    }

    async fn cancel_process_instance(
        &self,
        request: Request<CancelProcessInstanceRequest>,
    ) -> Result<Response<CancelProcessInstanceResponse>, Status> {
        measured("CancelProcessInstance", self.cancel(request)).await
    }

    async fn complete_job(
        &self,
        request: Request<CompleteJobRequest>,
    ) -> Result<Response<CompleteJobResponse>, Status> {
        measured("CompleteJob", self.complete(request)).await
    }

    async fn create_process_instance(
        &self,
        request: Request<CreateProcessInstanceRequest>,
    ) -> Result<Response<CreateProcessInstanceResponse>, Status> {
        measured("CreateProcessInstance", self.create(request)).await
    }

    async fn create_process_instance_with_result(
        &self,
        request: Request<CreateProcessInstanceWithResultRequest>,
    ) -> Result<Response<CreateProcessInstanceWithResultResponse>, Status> {
        measured("CreateProcessInstanceWithResult", self.create_awaiting(request)).await
    }

    async fn evaluate_decision(
        &self,
        request: Request<EvaluateDecisionRequest>,
    ) -> Result<Response<EvaluateDecisionResponse>, Status> {
        measured("EvaluateDecision", self.evaluate(request)).await
    }

    async fn deploy_process(
        &self,
        request: Request<DeployProcessRequest>,
    ) -> Result<Response<DeployProcessResponse>, Status> {
        measured("DeployProcess", self.deploy_processes(request)).await
    }

    async fn deploy_resource(
        &self,
        request: Request<DeployResourceRequest>,
    ) -> Result<Response<DeployResourceResponse>, Status> {
        measured("DeployResource", self.deploy_resources(request)).await
    }

    async fn fail_job(
        &self,
        request: Request<FailJobRequest>,
    ) -> Result<Response<FailJobResponse>, Status> {
        measured("FailJob", self.fail(request)).await
    }

    async fn throw_error(
        &self,
        request: Request<ThrowErrorRequest>,
    ) -> Result<Response<ThrowErrorResponse>, Status> {
        measured("ThrowError", self.throw(request)).await
    }

    async fn publish_message(
        &self,
        request: Request<PublishMessageRequest>,
    ) -> Result<Response<PublishMessageResponse>, Status> {
        measured("PublishMessage", self.publish(request)).await
    }

    async fn resolve_incident(
        &self,
        request: Request<ResolveIncidentRequest>,
    ) -> Result<Response<ResolveIncidentResponse>, Status> {
        measured("ResolveIncident", self.resolve(request)).await
    }

    async fn set_variables(
        &self,
        request: Request<SetVariablesRequest>,
    ) -> Result<Response<SetVariablesResponse>, Status> {
        measured("SetVariables", self.set(request)).await
    }

    async fn update_job_retries(
        &self,
        request: Request<UpdateJobRetriesRequest>,
    ) -> Result<Response<UpdateJobRetriesResponse>, Status> {
        measured("UpdateJobRetries", self.retries(request)).await
    }

    async fn modify_process_instance(
        &self,
        request: Request<ModifyProcessInstanceRequest>,
    ) -> Result<Response<ModifyProcessInstanceResponse>, Status> {
        measured("ModifyProcessInstance", self.modify(request)).await
    }

    async fn migrate_process_instance(
        &self,
        request: Request<MigrateProcessInstanceRequest>,
    ) -> Result<Response<MigrateProcessInstanceResponse>, Status> {
        measured("MigrateProcessInstance", self.migrate(request)).await
    }

    async fn update_job_timeout(
        &self,
        request: Request<UpdateJobTimeoutRequest>,
    ) -> Result<Response<UpdateJobTimeoutResponse>, Status> {
        measured("UpdateJobTimeout", self.timeout(request)).await
    }

    async fn delete_resource(
        &self,
        request: Request<DeleteResourceRequest>,
    ) -> Result<Response<DeleteResourceResponse>, Status> {
        measured("DeleteResource", self.delete(request)).await
    }

    async fn broadcast_signal(
        &self,
        request: Request<BroadcastSignalRequest>,
    ) -> Result<Response<BroadcastSignalResponse>, Status> {
        measured("BroadcastSignal", self.broadcast(request)).await
    }

    async fn evaluate_conditional(
        &self,
        request: Request<EvaluateConditionalRequest>,
    ) -> Result<Response<EvaluateConditionalResponse>, Status> {
        measured("EvaluateConditional", self.conditionals(request)).await
    }
}

fn message(topology: Topology) -> TopologyResponse {
    let count = i32::try_from(topology.partitions.len()).unwrap_or(i32::MAX);
    let partition = |row: &crate::gateway::PartitionHealth| Partition {
        partition_id: i32::from(row.partition),
        role: PartitionBrokerRole::Leader.into(),
        health: match row.health {
            Health::Healthy => PartitionBrokerHealth::Healthy,
            Health::Unhealthy => PartitionBrokerHealth::Unhealthy,
            Health::Dead => PartitionBrokerHealth::Dead,
        }
        .into(),
    };
    TopologyResponse {
        brokers: vec![BrokerInfo {
            node_id: 0,
            host: topology.host,
            port: i32::from(topology.port),
            partitions: topology.partitions.iter().map(partition).collect(),
            version: topology.version.to_owned(),
        }],
        cluster_size: 1,
        partitions_count: count,
        replication_factor: 1,
        gateway_version: topology.version.to_owned(),
        cluster_id: String::new(),
    }
}
