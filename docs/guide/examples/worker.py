import asyncio
import os

from pyzeebe import ZeebeWorker, create_insecure_channel


async def main():
    address = os.environ.get("GREVY_GRPC", "127.0.0.1:26500")
    worker = ZeebeWorker(create_insecure_channel(grpc_address=address), stream_enabled=True)

    @worker.task(task_type="work")
    async def work(amount: float):
        return {"doubled": amount * 2}

    await worker.work()


asyncio.run(main())
