//! Deploying and deleting.

use tonic::{Request, Response, Status};

use super::{Service, convert, status};
use crate::input;
use crate::proto::deployment::Metadata;
use crate::proto::*;

impl Service {
    pub(super) async fn deploy_resources(
        &self,
        request: Request<DeployResourceRequest>,
    ) -> Result<Response<DeployResourceResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        let tenant = input::tenant("DeployResource", &message.tenant_id).map_err(status::of)?;
        let resources = message.resources.into_iter().map(|r| (r.name, r.content)).collect();
        let deployed = self.gateway.deploy(&caller, resources, tenant).await;
        let deployed = deployed.map_err(status::of)?;
        let entry = |metadata| Deployment { metadata: Some(metadata) };
        let processes = deployed.processes.iter().map(convert::process).map(Metadata::Process);
        let decisions = deployed.requirements.iter().flat_map(|file| convert::decisions(file));
        let files = deployed.requirements.iter().map(|file| convert::requirements(file));
        let metadata = processes
            .chain(decisions.map(Metadata::Decision))
            .chain(files.map(Metadata::DecisionRequirements))
            .chain(
                deployed.files.iter().filter_map(|file| convert::form(file)).map(Metadata::Form),
            );
        Ok(Response::new(DeployResourceResponse {
            key: deployed.key,
            deployments: metadata.map(entry).collect(),
            tenant_id: deployed.tenant.to_string(),
        }))
    }

    pub(super) async fn deploy_processes(
        &self,
        request: Request<DeployProcessRequest>,
    ) -> Result<Response<DeployProcessResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let tenant = input::tenant("DeployProcess", "").map_err(status::of)?;
        let processes = request.into_inner().processes;
        let resources = processes.into_iter().map(|p| (p.name, p.definition)).collect();
        let deployed = self.gateway.deploy(&caller, resources, tenant).await;
        let deployed = deployed.map_err(status::of)?;
        Ok(Response::new(DeployProcessResponse {
            key: deployed.key,
            processes: deployed.processes.iter().map(convert::process).collect(),
        }))
    }

    pub(super) async fn delete(
        &self,
        request: Request<DeleteResourceRequest>,
    ) -> Result<Response<DeleteResourceResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        caller.operation_reference = message.operation_reference;
        let done = self.gateway.delete_resource(&caller, message.resource_key).await;
        done.map_err(status::of)?;
        Ok(Response::new(DeleteResourceResponse {}))
    }
}
