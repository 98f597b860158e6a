//! Instances, variables, incidents, messages.

use engine::command::{CreateInstance, DefinitionRef, PublishMessage};
use engine::event::Text;
use tonic::{Request, Response, Status};

use super::{Service, convert, status};
use crate::failure::Failure;
use crate::input;
use crate::proto::process_instance_creation_runtime_instruction::Instruction;
use crate::proto::*;

impl Service {
    pub(super) async fn create(
        &self,
        request: Request<CreateProcessInstanceRequest>,
    ) -> Result<Response<CreateProcessInstanceResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        caller.operation_reference = message.operation_reference;
        let create = creation("CreateProcessInstance", message).map_err(status::of)?;
        let made = self.gateway.create(&caller, create).await.map_err(status::of)?;
        Ok(Response::new(CreateProcessInstanceResponse {
            process_definition_key: made.definition,
            bpmn_process_id: made.process_id.to_string(),
            version: made.version,
            process_instance_key: made.instance,
            tenant_id: made.tenant.to_string(),
            tags: convert::texts(&made.tags),
            business_id: made.business_id.map(|id| id.to_string()),
        }))
    }

    pub(super) async fn create_awaiting(
        &self,
        request: Request<CreateProcessInstanceWithResultRequest>,
    ) -> Result<Response<CreateProcessInstanceWithResultResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        let inner = message.request.unwrap_or_default();
        caller.operation_reference = inner.operation_reference;
        let create = creation("CreateProcessInstanceWithResult", inner).map_err(status::of)?;
        let fetch = input::names("fetchVariables", &message.fetch_variables);
        let (fetch, timeout) = (fetch.map_err(status::of)?, message.request_timeout);
        let done = self.gateway.create_with_result(&caller, create, timeout, &fetch).await;
        let done = done.map_err(status::of)?;
        let made = done.created;
        Ok(Response::new(CreateProcessInstanceWithResultResponse {
            process_definition_key: made.definition,
            bpmn_process_id: made.process_id.to_string(),
            version: made.version,
            process_instance_key: made.instance,
            variables: convert::variables(&done.variables),
            tenant_id: made.tenant.to_string(),
            tags: convert::texts(&made.tags),
            business_id: made.business_id.map(|id| id.to_string()),
        }))
    }

    pub(super) async fn cancel(
        &self,
        request: Request<CancelProcessInstanceRequest>,
    ) -> Result<Response<CancelProcessInstanceResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        caller.operation_reference = message.operation_reference;
        let done = self.gateway.cancel(&caller, message.process_instance_key).await;
        done.map_err(status::of)?;
        Ok(Response::new(CancelProcessInstanceResponse {}))
    }

    pub(super) async fn set(
        &self,
        request: Request<SetVariablesRequest>,
    ) -> Result<Response<SetVariablesResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        caller.operation_reference = message.operation_reference;
        let variables = input::variables("variables", &message.variables).map_err(status::of)?;
        let (scope, local) = (message.element_instance_key, message.local);
        let key = self.gateway.set_variables(&caller, scope, variables, local).await;
        Ok(Response::new(SetVariablesResponse { key: key.map_err(status::of)? }))
    }

    pub(super) async fn resolve(
        &self,
        request: Request<ResolveIncidentRequest>,
    ) -> Result<Response<ResolveIncidentResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        caller.operation_reference = message.operation_reference;
        let done = self.gateway.resolve_incident(&caller, message.incident_key).await;
        done.map_err(status::of)?;
        Ok(Response::new(ResolveIncidentResponse {}))
    }

    pub(super) async fn publish(
        &self,
        request: Request<PublishMessageRequest>,
    ) -> Result<Response<PublishMessageResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let message = publication(request.into_inner()).map_err(status::of)?;
        let tenant_id = message.tenant.to_string();
        let key = self.gateway.publish(&caller, message).await.map_err(status::of)?;
        Ok(Response::new(PublishMessageResponse { key, tenant_id }))
    }
}

fn publication(message: PublishMessageRequest) -> Result<PublishMessage, Failure> {
    Ok(PublishMessage {
        name: input::name("message name", &message.name)?,
        correlation_key: input::optional_name("correlationKey", &message.correlation_key)?,
        id: input::optional_name("messageId", &message.message_id)?,
        time_to_live: message.time_to_live,
        tenant: input::tenant("PublishMessage", &message.tenant_id)?,
        variables: input::variables("variables", &message.variables)?,
    })
}

fn creation(
    intent: &str,
    message: CreateProcessInstanceRequest,
) -> Result<CreateInstance, Failure> {
    input::list("runtimeInstructions", &message.runtime_instructions)?;
    let last = message.runtime_instructions.iter().map(|one| match &one.instruction {
        Some(Instruction::Terminate(after)) => {
            input::name("afterElementId", &after.after_element_id)
        }
        None => Err(Failure::invalid("Expected a runtime instruction, but it is empty")),
    });
    let terminate_after = last.collect::<Result<_, _>>()?;
    input::list("startInstructions", &message.start_instructions)?;
    let starts = message.start_instructions.iter();
    let start_before: Vec<Text> = starts.map(|start| start.element_id.as_str().into()).collect();
    Ok(CreateInstance {
        definition: definition(&message),
        tenant: input::tenant(intent, &message.tenant_id)?,
        variables: input::variables("variables", &message.variables)?,
        terminate_after,
        start_before,
        tags: input::tags(&message.tags)?,
        business_id: input::business_id(message.business_id.as_deref())?,
        unique: false,
    })
}

/// The id wins over the key. Version 0 is what proto3 sends for none, so it is the latest, as −1.
fn definition(message: &CreateProcessInstanceRequest) -> DefinitionRef {
    if message.bpmn_process_id.is_empty() && message.process_definition_key != 0 {
        return DefinitionRef::Key(message.process_definition_key);
    }
    let version = (!matches!(message.version, 0 | -1)).then_some(message.version);
    DefinitionRef::Id { process_id: message.bpmn_process_id.as_str().into(), version }
}
