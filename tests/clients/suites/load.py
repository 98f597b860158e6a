"""Creates instances and works on them while the server is killed; then counts. A line for every
200 acknowledged creations; ends when standard input is closed, with what it counted."""

import asyncio
import json
import os
import sys

from pyzeebe import Job, ZeebeClient, ZeebeWorker, create_insecure_channel

CREATED, WORKED, RETRIED = [], {}, 0


async def create(client):
    global RETRIED
    while True:
        number = len(CREATED) + len(WORKED)
        try:
            made = await client.run_process("simple", {"n": number})
            CREATED.append(made.process_instance_key)
            if len(CREATED) % 200 == 0:
                print(f"created {len(CREATED)}", flush=True)
        except Exception:
            RETRIED += 1
            await asyncio.sleep(0.05)


async def main():
    channel = create_insecure_channel(grpc_address=os.environ["GRPC"], channel_options=(
        ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500)))
    client = ZeebeClient(channel, max_connection_retries=-1)
    worker = ZeebeWorker(channel, poll_retry_delay=1, max_connection_retries=-1)

    @worker.task(task_type="work", timeout_ms=5_000)
    async def work(job: Job):
        WORKED[job.process_instance_key] = WORKED.get(job.process_instance_key, 0) + 1
        return {}

    working = asyncio.create_task(worker.work())
    creating = [asyncio.create_task(create(client)) for _ in range(4)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in creating:
        task.cancel()
    for _ in range(600):
        lost = [key for key in CREATED if key not in WORKED]
        if not lost:
            break
        await asyncio.sleep(0.1)
    extra = len(set(WORKED) - set(CREATED))
    twice = sum(1 for count in WORKED.values() if count > 1)
    print(json.dumps({"created": len(CREATED), "lost": len(lost), "never acknowledged": extra,
                      "worked on twice": twice, "failed calls": RETRIED}), flush=True)
    working.cancel()


asyncio.run(main())
