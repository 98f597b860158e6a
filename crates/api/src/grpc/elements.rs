//! Signals, modification, migration.

use engine::command::{Activate, EvaluateConditionals, MigrateInstance, ModifyInstance};
use tonic::{Request, Response, Status};

use super::{Service, status};
use crate::failure::Failure;
use crate::input;
use crate::proto::*;

impl Service {
    pub(super) async fn broadcast(
        &self,
        request: Request<BroadcastSignalRequest>,
    ) -> Result<Response<BroadcastSignalResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        let name = input::name("signal name", &message.signal_name).map_err(status::of)?;
        let tenant = input::tenant("BroadcastSignal", &message.tenant_id).map_err(status::of)?;
        let variables = input::variables("variables", &message.variables).map_err(status::of)?;
        let done = self.gateway.broadcast_signal(&caller, &name, &tenant, variables).await;
        let key = done.map_err(status::of)?;
        Ok(Response::new(BroadcastSignalResponse { key, tenant_id: tenant.to_string() }))
    }

    pub(super) async fn conditionals(
        &self,
        request: Request<EvaluateConditionalRequest>,
    ) -> Result<Response<EvaluateConditionalResponse>, Status> {
        let caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        let key = message.process_definition_key;
        let tenant =
            input::tenant("EvaluateConditional", &message.tenant_id).map_err(status::of)?;
        let variables = input::variables("variables", &message.variables).map_err(status::of)?;
        let definition = Some(key).filter(|key| *key > 0);
        let asked = EvaluateConditionals { definition, tenant, variables };
        let started = self.gateway.evaluate_conditionals(&caller, asked).await;
        let started = started.map_err(status::of)?.into_iter();
        let one = |(process_definition_key, process_instance_key)| ProcessInstanceReference {
            process_definition_key,
            process_instance_key,
        };
        let process_instances = started.map(one).collect();
        Ok(Response::new(EvaluateConditionalResponse { process_instances }))
    }

    pub(super) async fn modify(
        &self,
        request: Request<ModifyProcessInstanceRequest>,
    ) -> Result<Response<ModifyProcessInstanceResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        caller.operation_reference = message.operation_reference;
        let modify = modification(message).map_err(status::of)?;
        self.gateway.modify(&caller, modify).await.map_err(status::of)?;
        Ok(Response::new(ModifyProcessInstanceResponse {}))
    }

    pub(super) async fn migrate(
        &self,
        request: Request<MigrateProcessInstanceRequest>,
    ) -> Result<Response<MigrateProcessInstanceResponse>, Status> {
        let mut caller = self.caller(request.metadata())?;
        let message = request.into_inner();
        caller.operation_reference = message.operation_reference;
        let migrate = migration(message).map_err(status::of)?;
        self.gateway.migrate(&caller, migrate).await.map_err(status::of)?;
        Ok(Response::new(MigrateProcessInstanceResponse {}))
    }
}

fn migration(message: MigrateProcessInstanceRequest) -> Result<MigrateInstance, Failure> {
    let Some(plan) = message.migration_plan else {
        return Err(Failure::invalid("Expected a migration plan, but none was given"));
    };
    input::list("mappingInstructions", &plan.mapping_instructions)?;
    let mapping = plan.mapping_instructions.iter().map(|one| {
        let from = input::name("sourceElementId", &one.source_element_id)?;
        Ok((from, input::name("targetElementId", &one.target_element_id)?))
    });
    Ok(MigrateInstance {
        instance: message.process_instance_key,
        target: plan.target_process_definition_key,
        only_check: false,
        mapping: mapping.collect::<Result<_, Failure>>()?,
    })
}

fn modification(message: ModifyProcessInstanceRequest) -> Result<ModifyInstance, Failure> {
    input::list("activateInstructions", &message.activate_instructions)?;
    input::list("terminateInstructions", &message.terminate_instructions)?;
    let activate = message.activate_instructions.into_iter().map(|instruction| {
        let given = instruction.variable_instructions.into_iter().map(|given| {
            let scope = Some(given.scope_id).filter(|scope| !scope.is_empty());
            Ok((scope.map(Into::into), input::variables("variables", &given.variables)?))
        });
        Ok(Activate {
            element: input::name("elementId", &instruction.element_id)?,
            ancestor: Some(instruction.ancestor_element_instance_key).filter(|key| *key > 0),
            variables: given.collect::<Result<_, Failure>>()?,
        })
    });
    let terminate = message.terminate_instructions.iter().map(|i| i.element_instance_key);
    Ok(ModifyInstance {
        instance: message.process_instance_key,
        activate: activate.collect::<Result<_, Failure>>()?,
        terminate: terminate.collect(),
        ..ModifyInstance::default()
    })
}
