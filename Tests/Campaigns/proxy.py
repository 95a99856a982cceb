# proxy.py: a relay between servers and PostgreSQL's Unix socket that cuts a connection at a chosen stage, a commit's above all.
import asyncio
import os
import shutil
import tempfile
import threading

# Where a connection is cut: at a commit of a change, at its answer, or wherever a message is.
STAGES = ["before the commit", "in the commit", "after the commit", "before its answer", "in its answer", "after its answer",
          "a message to the server", "half a message to the server", "a message from the server", "half a message from the server"]
# What the last statements of a change look like: the mark by which its fate is found out goes with its commit.
COMMIT = b"INSERT INTO commits"


class CuttingProxy:
    """Passes everything on, except where a cut is planned."""

    def __init__(self, target):
        self.target, self.folder = f"{target}/.s.PGSQL.5432", tempfile.mkdtemp(prefix="latchkey-proxy-", dir="/tmp")
        self.plan, self.left, self.cuts = None, 0, 0
        self.loop, ready = asyncio.new_event_loop(), threading.Event()

        async def listen():
            await asyncio.start_unix_server(self.serve, f"{self.folder}/.s.PGSQL.5432")
            ready.set()

        def run():
            self.loop.create_task(listen())
            self.loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        ready.wait()

    def end(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        shutil.rmtree(self.folder, ignore_errors=True)

    def cut(self, stage, after):
        """Plans a cut; of messages, so many pass first."""
        def set_plan():
            self.plan, self.left = stage, after
        self.loop.call_soon_threadsafe(set_plan)

    async def serve(self, reader, writer):
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(self.target)
        except OSError:
            return writer.close()
        state = {"commits": False}
        both = (writer, server_writer)
        await asyncio.gather(self.pass_on(reader, server_writer, True, state, both),
                             self.pass_on(server_reader, writer, False, state, both))

    async def pass_on(self, reader, writer, to_server, state, both):
        try:
            while True:
                data = await reader.read(1 << 16)
                if not data:
                    break
                if to_server:
                    state["commits"] = COMMIT in data
                share = self.share(to_server, state["commits"])
                if share is None:
                    writer.write(data)
                    await writer.drain()
                    continue
                self.plan, self.cuts = None, self.cuts + 1
                writer.write(data[:int(len(data) * share)])
                await writer.drain()
                if share > 0:
                    # What was passed on is to be worked on before the other side hears of the end.
                    await asyncio.sleep(0.02)
                break
        except OSError:
            pass
        for side in both:
            # Both ends at once and for good, as when the way between them is cut.
            side.transport.abort()

    def share(self, to_server, commits):
        """How much of a message is passed on before the cut; None if there is to be none."""
        if self.plan is None:
            return None
        if "commit" in self.plan or "answer" in self.plan:
            if not commits or to_server != ("commit" in self.plan):
                return None
        else:
            if to_server != self.plan.endswith("to the server"):
                return None
            if self.left > 0:
                self.left -= 1
                return None
        return 0 if self.plan.startswith("before") else 1 if self.plan.startswith(("after", "a ")) else 0.5
