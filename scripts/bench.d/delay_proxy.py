#!/usr/bin/env python3
"""usage: delay_proxy.py TO_PORT DELAY_MS: forwards a port of this machine, each way later by DELAY_MS.

Prints the port it listens on. What is under way is not bounded, so only the delay slows it.
"""
import asyncio
import sys


async def pump(reader, writer, delay):
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue()

    async def give():
        while True:
            due, data = await queue.get()
            wait = due - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if not data:
                break
            writer.write(data)
        writer.close()

    giving = asyncio.create_task(give())
    try:
        while True:
            data = await reader.read(1 << 18)
            queue.put_nowait((loop.time() + delay, data))
            if not data:
                break
        await giving
    except OSError:
        giving.cancel()
        writer.close()


async def main():
    to, delay = int(sys.argv[1]), float(sys.argv[2]) / 1000

    async def serve(reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(pump(reader, up_writer, delay), pump(up_reader, writer, delay))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
