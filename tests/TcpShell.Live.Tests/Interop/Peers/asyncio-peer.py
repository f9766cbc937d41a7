"""An echo server and its client on asyncio.

asyncio-peer.py serve ADDRESS PORT    sends everything back that it receives, and closes when its peer has closed
asyncio-peer.py call ADDRESS PORT     sends its standard input, closes its half, and writes to its standard output what comes back
"""

import asyncio
import sys


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(address, port):
    async with await asyncio.start_server(echo, address, port) as server:
        await server.serve_forever()


async def send_input(writer):
    while data := sys.stdin.buffer.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def call(address, port):
    reader, writer = await asyncio.open_connection(address, port)
    sending = asyncio.create_task(send_input(writer))
    while data := await reader.read(65536):
        sys.stdout.buffer.write(data)
    await sending
    writer.close()


what, address, port = sys.argv[1:]
asyncio.run({"serve": serve, "call": call}[what](address, int(port)))
