"""camunda-orchestration-sdk: REST with asyncio; every answer is read into its models."""

import asyncio
import os
from pathlib import Path

from camunda_orchestration_sdk import (
    CamundaAsyncClient, ConnectedJobContext, JobError, JobFailure, WorkerConfig,
)
from camunda_orchestration_sdk import models as m

REST, MODELS = os.environ["REST"], Path(os.environ["MODELS"])
ORDER = "rest-python"


async def until(condition, what):
    for _ in range(800):
        found = await condition()
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


def now(check):
    async def condition():
        return check()
    return condition


async def main():
    seen, notified = [], []
    async with CamundaAsyncClient(configuration={"CAMUNDA_REST_ADDRESS": REST}) as client:
        topology = await client.get_topology()
        assert topology.partitions_count == 1, topology
        await client.get_license()
        await client.get_authentication()
        deployed = await client.deploy_resources_from_files(
            [MODELS / "order.bpmn", MODELS / "simple.bpmn"])
        assert {p.process_definition_id for p in deployed.processes} == {"order", "simple"}

        async def work(job: ConnectedJobContext):
            return {"doubled": job.variables.to_dict()["amount"] * 2}

        async def notify(job: ConnectedJobContext):
            notified.append(job.process_instance_key)
            return {}

        async def charge(job: ConnectedJobContext):
            given = job.variables.to_dict()
            seen.append((job.process_instance_key, job.retries))
            assert job.custom_headers.to_dict() == {"provider": "card"}
            if given["mode"] == "limit":
                raise JobError(error_code="LIMIT", message="over the limit")
            if given["mode"] == "flaky" and job.retries == 3:
                raise JobFailure(message="not yet", retries=2, retry_back_off=50)
            if given["mode"] == "broken" and not given.get("fixed"):
                raise JobFailure(message="broken", retries=0)
            return {"charged": True}

        for job_type, handler in (("work", work), ("notify", notify), ("charge", charge)):
            config = WorkerConfig(job_type=job_type, job_timeout_milliseconds=60_000)
            client.create_job_worker(config=config, callback=handler)
        workers = asyncio.create_task(client.run_workers())

        async def start(process, values, **options):
            body = {"processDefinitionId": process, "variables": values, **options}
            return await client.create_process_instance(
                data=m.ProcessCreationById.from_dict(body))

        async def order(mode, number):
            made = await start("order", {"mode": mode, "orderId": f"{ORDER}-{number}"})
            return made.process_instance_key

        result = await start("simple", {"amount": 21}, awaitCompletion=True, requestTimeout=30_000)
        assert result.variables.to_dict()["doubled"] == 42, result

        good = await order("good", 1)
        await until(now(lambda: [s for s in seen if s[0] == good]), "the job")

        async def correlated():
            try:
                return await client.correlate_message(
                    data=m.MessageCorrelationRequest.from_dict(
                        {"name": "shipped", "correlationKey": f"{ORDER}-1", "variables": {"p": 7}}))
            except Exception as error:  # nobody waits yet
                assert "404" in str(error) or "NOT_FOUND" in str(error), error
        taken = await until(correlated, "the correlation")
        assert taken.process_instance_key == good, taken
        await until(now(lambda: good in notified), "the message")
        await client.publish_message(data=m.MessagePublicationRequest.from_dict(
            {"name": "shipped", "correlationKey": "nobody", "timeToLive": 1000}))

        flaky = await order("flaky", 2)
        await until(now(lambda: (flaky, 2) in seen), "the second attempt")
        limit = await order("limit", 3)
        await until(now(lambda: [s for s in seen if s[0] == limit]), "the job")

        broken = await order("broken", 4)
        open_ones = {"processInstanceKey": broken, "state": "ACTIVE"}
        query = m.IncidentSearchQuery.from_dict({"filter": open_ones})

        async def incidents():
            return (await client.search_incidents(data=query)).items
        [incident] = await until(incidents, "the incident")
        await client.create_element_instance_variables(
            broken, data=m.SetVariableRequest.from_dict({"variables": {"fixed": True}}))
        await client.update_job(
            incident.job_key, data=m.JobUpdateRequest.from_dict({"changeset": {"retries": 1}}))
        await client.resolve_incident(incident.incident_key)

        async def none():
            return not await incidents()
        await until(none, "no incident")

        cancelled = await order("good", 5)
        await client.cancel_process_instance(
            cancelled, data=m.CancelProcessInstanceRequest.from_dict({}))
        workers.cancel()
        await asyncio.gather(workers, return_exceptions=True)


asyncio.run(main())
print("camunda-orchestration-sdk: ok")
