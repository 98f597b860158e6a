"""pyzeebe against the server: gRPC with asyncio, polling and streaming workers."""

import asyncio
import json
import os
import sys
import urllib.request

from pyzeebe import Job, JobController, ZeebeClient, ZeebeWorker, create_insecure_channel
from pyzeebe.errors import (
    BusinessError, MessageAlreadyExistsError, ProcessDefinitionNotFoundError,
    ProcessInstanceNotFoundError,
)
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub

GRPC, REST, MODELS = os.environ["GRPC"], os.environ["REST"], os.environ["MODELS"]


async def failed(error: Exception, job: Job, controller: JobController):
    """How a task says what it wants; a business error is thrown into the process."""
    if isinstance(error, BusinessError):
        await controller.set_error_status(str(error), error_code=error.error_code)
    else:
        await controller.set_failure_status(str(error), retry_back_off_ms=50)


def incident(instance):
    body = {"filter": {"processInstanceKey": str(instance), "state": "ACTIVE"}}
    request = urllib.request.Request(f"{REST}/v2/incidents/search", json.dumps(body).encode(),
                                     {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["items"]


async def until(condition, what):
    for _ in range(600):
        found = condition()
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


async def main(stream):
    channel = create_insecure_channel(grpc_address=GRPC)
    client = ZeebeClient(channel)
    deployed = await client.deploy_resource(f"{MODELS}/order.bpmn", f"{MODELS}/simple.bpmn")
    assert {d.bpmn_process_id for d in deployed.deployments} == {"order", "simple"}, deployed
    assert await client.healthcheck() is not None

    worker = ZeebeWorker(channel, poll_retry_delay=1, stream_enabled=stream)
    seen, notified = [], []

    @worker.task(task_type="work", timeout_ms=60_000)
    async def work(amount: int = 0):
        return {"doubled": amount * 2}

    @worker.task(task_type="notify", timeout_ms=60_000)
    async def notify(job: Job):
        notified.append(job.process_instance_key)
        return {}

    @worker.task(task_type="charge", timeout_ms=60_000, exception_handler=failed)
    async def charge(job: Job):
        mode = job.variables["mode"]
        seen.append((job.process_instance_key, job.retries, mode))
        assert job.custom_headers == {"provider": "card"}, job.custom_headers
        if mode == "limit":
            raise BusinessError("LIMIT")
        if mode == "flaky" and job.retries == 3:
            raise RuntimeError("not yet")
        if mode == "broken" and "fixed" not in job.variables:
            raise RuntimeError("broken")
        return {"charged": True}

    # Before anybody works on it, so that no worker is in the middle of it.
    cancelled = (await client.run_process("simple", {"amount": 1})).process_instance_key
    await client.cancel_process_instance(cancelled)
    task = asyncio.create_task(worker.work())

    async def start(mode, order):
        created = await client.run_process("order", {"mode": mode, "orderId": order})
        return created.process_instance_key

    result = await client.run_process_with_result("simple", {"amount": 21}, timeout=20_000)
    assert result.variables["doubled"] == 42, result.variables

    good = await start("good", "o1")
    await until(lambda: [s for s in seen if s[0] == good], "the job")
    await client.publish_message("shipped", "o1", {"parcel": 7}, time_to_live_in_milliseconds=60_000)
    await until(lambda: good in notified, "the message")

    flaky = await start("flaky", "o2")
    await until(lambda: [s for s in seen if s[0] == flaky and s[1] == 2], "the second attempt")

    limit = await start("limit", "o3")
    await until(lambda: [s for s in seen if s[0] == limit], "the job")

    broken = await start("broken", "o4")
    rows = await until(lambda: incident(broken), "the incident")
    assert rows[0]["errorType"] == "JOB_NO_RETRIES", rows
    assert rows[0]["errorMessage"] == "broken", rows
    # What its client has no call for, by the stub that it ships.
    stub, attempts = GatewayStub(channel), len([s for s in seen if s[0] == broken])
    await stub.SetVariables(pb.SetVariablesRequest(
        elementInstanceKey=broken, variables='{"fixed": true}'))
    await stub.UpdateJobRetries(pb.UpdateJobRetriesRequest(
        jobKey=int(rows[0]["jobKey"]), retries=1))
    await stub.ResolveIncident(pb.ResolveIncidentRequest(
        incidentKey=int(rows[0]["incidentKey"])))
    await until(lambda: len([s for s in seen if s[0] == broken]) > attempts, "the repaired job")
    await until(lambda: not incident(broken), "no incident")

    for call, error in [
        (lambda: client.cancel_process_instance(cancelled), ProcessInstanceNotFoundError),
        (lambda: client.run_process("nobody"), ProcessDefinitionNotFoundError),
    ]:
        try:
            await call()
            raise AssertionError(f"expected {error}")
        except error:
            pass
    await client.publish_message("shipped", "twice", message_id="m1",
                                 time_to_live_in_milliseconds=60_000)
    try:
        await client.publish_message("shipped", "twice", message_id="m1",
                                     time_to_live_in_milliseconds=60_000)
        raise AssertionError("expected MessageAlreadyExistsError")
    except MessageAlreadyExistsError:
        pass
    await worker.stop()
    await task


asyncio.run(main(stream=sys.argv[1] == "stream"))
print(f"pyzeebe {sys.argv[1]}: ok")
