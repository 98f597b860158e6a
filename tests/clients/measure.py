#!/usr/bin/env python3
"""What a server costs that does nothing, and how soon it is there: `cargo xtask lab server`. The
binary is GREVY_BIN, or a release build. Prints lines `lab: name = number unit`.

    startup: from exec to the first answered Topology, median of 20, empty and over 10,000 instances
    idle:    10,000 parked long polls and 1,000 job streams: memory, and the p99 of creates beside them
"""

import asyncio
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import install

if not os.environ.get("GREVY_MEASURING"):
    # With the packages of the suites, which this Python may not have.
    os.environ["GREVY_MEASURING"] = "1"
    os.execv(install.python(), [install.python(), *sys.argv])

import grpc
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub

from server import MODELS, Server

STARTS, INSTANCES = 20, 10_000
POLLS, STREAMS, CONNECTIONS = 10_000, 1_000, 20
RATE, SECONDS = 500, 20


def told(name, number, unit):
    print(f"lab: {name} = {number:.1f} {unit}", flush=True)


def until_topology(grevy, folder):
    """ms from exec to the first answered Topology."""
    since = time.monotonic()
    server = Server(grevy, folder=folder)
    with grpc.insecure_channel(server.grpc) as channel:
        GatewayStub(channel).Topology(pb.TopologyRequest(), timeout=30)
        took = 1_000 * (time.monotonic() - since)
    return server, took


def startup(grevy, name, folder):
    took = []
    for _ in range(STARTS):
        server, ms = until_topology(grevy, folder)
        took.append(ms)
        assert server.stop() == 0
    told(name, statistics.median(took), "ms")


def resident(server):
    """MiB."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1_024


def deployed(stub):
    model = pb.Resource(name="simple.bpmn", content=(MODELS / "simple.bpmn").read_bytes())
    return stub.DeployResource(pb.DeployResourceRequest(resources=[model]))


async def create_many(address, count):
    async with grpc.aio.insecure_channel(address) as channel:
        stub = GatewayStub(channel)
        await deployed(stub)
        request = pb.CreateProcessInstanceRequest(bpmnProcessId="simple", version=-1)

        async def some():
            for _ in range(count // 50):
                await stub.CreateProcessInstance(request)
        await asyncio.gather(*(some() for _ in range(50)))


async def p99(address):
    """ms of a create at RATE a second, the pace kept whatever the answers take; how many of them
    back-pressure refused."""
    took, running, refused = [], [], []
    async with grpc.aio.insecure_channel(address) as channel:
        stub = GatewayStub(channel)
        request = pb.CreateProcessInstanceRequest(bpmnProcessId="simple", version=-1)

        async def one():
            since = time.monotonic()
            try:
                await stub.CreateProcessInstance(request)
            except grpc.aio.AioRpcError as error:
                assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
                refused.append(error)
            took.append(1_000 * (time.monotonic() - since))
        start = time.monotonic()
        for number in range(RATE * SECONDS):
            wait = start + number / RATE - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            running.append(asyncio.create_task(one()))
        await asyncio.gather(*running)
    return statistics.quantiles(took, n=100)[98], len(refused)


async def park(address, ready):
    """Holds the idle workers until it is cancelled."""
    channels = [grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
                for _ in range(CONNECTIONS)]
    stubs = [GatewayStub(channel) for channel in channels]
    poll = pb.ActivateJobsRequest(type="idle", worker="lab", timeout=60_000, maxJobsToActivate=32,
                                  requestTimeout=600_000)
    stream = pb.StreamActivatedJobsRequest(type="idle", worker="lab", timeout=60_000)
    calls = [stubs[n % CONNECTIONS].ActivateJobs(poll) for n in range(POLLS)]
    calls += [stubs[n % CONNECTIONS].StreamActivatedJobs(stream) for n in range(STREAMS)]
    reads = [asyncio.create_task(call.read()) for call in calls]
    # They are sent in order on each connection; an answered call behind them says they are there.
    for stub in stubs:
        await stub.Topology(pb.TopologyRequest())
    await asyncio.sleep(5)
    ended = [read for read in reads if read.done()]
    assert not ended, f"{len(ended)} of the idle calls ended: {ended[:1]}"
    ready()
    await asyncio.gather(*reads)


def idle(grevy):
    """The idle workers live in a process of their own: their memory and time are not measured."""
    with Server(grevy) as server:
        with grpc.insecure_channel(server.grpc) as channel:
            deployed(GatewayStub(channel))
        alone = asyncio.run(p99(server.grpc))
        before = resident(server)
        command = [sys.executable, __file__, "park", server.grpc]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as workers:
            try:
                assert workers.stdout.readline() == "parked\n"
                told("memory_of_idle_workers", resident(server) - before, "MiB")
                beside = asyncio.run(p99(server.grpc))
            finally:
                workers.terminate()
    for name, (took, refused) in (("alone", alone), ("beside_idle_workers", beside)):
        told(f"create_p99_{name}", took, "ms")
        told(f"refused_{name}", refused, "creates")


def main():
    if sys.argv[1:2] == ["park"]:
        asyncio.run(park(sys.argv[2], lambda: print("parked", flush=True)))
        return
    grevy = install.binary("release")
    with tempfile.TemporaryDirectory() as folder:
        startup(grevy, "startup_empty", folder)
        server, _ = until_topology(grevy, folder)
        asyncio.run(create_many(server.grpc, INSTANCES))
        assert server.stop() == 0
        startup(grevy, "startup_10000_instances", folder)
    idle(grevy)


main()
