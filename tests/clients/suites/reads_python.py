"""camunda-orchestration-sdk: every search and read; each answer is read into its models."""

import asyncio
import inspect
import json
import os

from camunda_orchestration_sdk import CamundaAsyncClient, models

SEED = json.loads(os.environ["SEED"])
# Name of the call, what its path names, what its body holds.
SEARCHES = [
    ("search_process_instances", [], {}),
    ("search_process_instances", [], {"filter": {"state": "ACTIVE", "processDefinitionId": "order"}}),
    ("search_process_instances", [], {"filter": {"$or": [{"hasIncident": True}]},
                                      "sort": [{"field": "startDate", "order": "DESC"}],
                                      "page": {"from": 0, "limit": 5}}),
    ("search_process_definitions", [], {"filter": {"isLatestVersion": True}}),
    ("search_process_definition_variable_names", ["processDefinitionKey"], {}),
    ("search_element_instances", [], {"filter": {"processDefinitionId": "order"}}),
    ("search_element_instance_wait_states", [], {}),
    ("search_variables", [], {"filter": {"name": "orderId"}}),
    ("search_jobs", [], {"filter": {"type": "charge"}}),
    ("search_incidents", [], {"filter": {"state": "ACTIVE"}}),
    ("search_process_instance_incidents", ["processInstanceKey"], {}),
    ("search_element_instance_incidents", ["elementInstanceKey"], {}),
    ("search_message_subscriptions", [], {}),
    ("search_correlated_message_subscriptions", [], {}),
    ("search_decision_definitions", [], {}),
    ("search_decision_requirements", [], {}),
    ("search_decision_instances", [], {}),
    ("search_user_tasks", [], {"filter": {"assignee": "ann"}}),
    ("search_user_task_variables", ["userTaskKey"], {}),
    ("search_user_task_effective_variables", ["userTaskKey"], {}),
    ("search_audit_logs", [], {}),
    ("get_process_definition_statistics", ["processDefinitionKey"], {}),
    ("get_process_definition_instance_statistics", [], {}),
    ("get_process_definition_instance_version_statistics", [],
     {"filter": {"processDefinitionId": "order"}}),
    ("get_process_definition_message_subscription_statistics", [], {}),
    ("get_process_instance_statistics_by_error", [], {}),
    ("get_process_instance_statistics_by_definition", [],
     {"filter": {"errorHashCode": SEED["errorHashCode"]}}),
]
MAYBE_EMPTY = [
    ("search_batch_operations", [], {}),
    ("search_batch_operation_items", [], {}),
    ("search_user_task_audit_logs", ["userTaskKey"], {}),
]
READS = [
    ("get_process_instance", "processInstanceKey"),
    ("get_process_definition", "processDefinitionKey"),
    ("get_element_instance", "elementInstanceKey"),
    ("get_incident", "incidentKey"),
    ("get_variable", "variableKey"),
    ("get_user_task", "userTaskKey"),
    ("get_decision_definition", "decisionDefinitionKey"),
    ("get_decision_requirements", "decisionRequirementsKey"),
    ("get_decision_instance", "decisionEvaluationInstanceKey"),
    ("get_audit_log", "auditLogKey"),
]
LISTS = [
    ("get_process_instance_sequence_flows", "processInstanceKey"),
    ("get_process_instance_statistics", "processInstanceKey"),
    ("get_process_instance_wait_state_statistics", "reviewKey"),
]
FILES = [
    ("get_process_definition_xml", "processDefinitionKey"),
    ("get_decision_definition_xml", "decisionDefinitionKey"),
    ("get_decision_requirements_xml", "decisionRequirementsKey"),
]


def body_of(call, body):
    """The body as the model that the call is annotated with."""
    name = str(inspect.signature(call).parameters["data"].annotation).split("|")[0].strip()
    return getattr(models, name).from_dict(body)


async def main():
    async with CamundaAsyncClient(
            configuration={"CAMUNDA_REST_ADDRESS": os.environ["REST"]}) as client:
        for name, path, body in SEARCHES + MAYBE_EMPTY:
            call = getattr(client, name)
            options = {}
            if "data" in inspect.signature(call).parameters:
                options["data"] = body_of(call, body)
            found = await call(*[SEED[key] for key in path], **options)
            assert found.items or (name, path, body) in MAYBE_EMPTY, f"{name} {body} found nothing"
            print(f"{name}: {len(found.items)}")
        for name, key in READS:
            found = await getattr(client, name)(SEED[key])
            snake = "".join("_" + c.lower() if c.isupper() else c for c in key)
            assert getattr(found, snake) == SEED[key], (name, found)
        for name, key in LISTS:
            assert (await getattr(client, name)(SEED[key])).items, name
        for name, key in FILES:
            assert "definitions" in await getattr(client, name)(SEED[key]), name
        line = await client.get_process_instance_call_hierarchy(SEED["processInstanceKey"])
        assert isinstance(line, list), line
        incident = await client.get_incident(SEED["incidentKey"])
        assert incident.error_message == "declined", incident


asyncio.run(main())
print("camunda-orchestration-sdk: all read")
