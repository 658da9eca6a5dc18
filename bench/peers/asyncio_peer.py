"""The items with asyncio, and for a terminal with pty. The arguments are those of
bench/limit/measured.hpp."""

import asyncio
import fcntl
import os
import pty
import resource
import sys
import termios
import time
from asyncio.subprocess import DEVNULL, PIPE

BUFFER = 256 * 1024
# The first echoes also load pages and caches.
WARM_UP = 100


class Phase:
    """The measured part of a run: from its creation until it is reported."""

    def __init__(self):
        self.before = resource.getrusage(resource.RUSAGE_SELF)
        self.start = time.perf_counter()

    def report(self, operations):
        seconds = time.perf_counter() - self.start
        now, before = resource.getrusage(resource.RUSAGE_SELF), self.before
        show("seconds", seconds)
        show("operations", operations)
        show(
            "cpu_s",
            now.ru_utime + now.ru_stime - before.ru_utime - before.ru_stime,
        )
        show("nvcsw", now.ru_nvcsw - before.ru_nvcsw)
        show("nivcsw", now.ru_nivcsw - before.ru_nivcsw)
        return seconds

    def report_flow(self, size):
        mib = size / 1048576
        show("mib_per_s", mib / self.report(mib))

    def report_rate(self, count):
        show("per_s", count / self.report(count))


def show(name, value):
    print(name, value)


def show_times(times):
    times.sort()
    show("p50_us", times[len(times) // 2] * 1e6)
    show("p99_us", times[len(times) * 99 // 100] * 1e6)
    show("mean_us", sum(times) / len(times) * 1e6)


def private_memory():
    """Returns the KiB of memory that only this process has."""
    with open("/proc/self/status") as status:
        return int(
            next(x for x in status if x.startswith("RssAnon:")).split()[1]
        )


def open_descriptors():
    return len(os.listdir("/proc/self/fd")) - 1


def piped(words, stdin=DEVNULL):
    return asyncio.create_subprocess_exec(
        *words, stdin=stdin, stdout=PIPE, stderr=PIPE, limit=BUFFER
    )


class Terminal:
    """A child on a terminal, whose master the loop watches."""

    @staticmethod
    async def start(words):
        result = Terminal()
        result.master, slave = pty.openpty()
        os.set_blocking(result.master, False)

        def take_terminal():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        result.process = await asyncio.create_subprocess_exec(
            *words,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(slave)
        return result

    def on_output(self, take):
        """Calls `take` with each output; with an empty one at the end."""
        loop = asyncio.get_running_loop()

        def read():
            try:
                data = os.read(self.master, BUFFER)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                loop.remove_reader(self.master)
            take(data)

        loop.add_reader(self.master, read)

    def write(self, data):
        # Shorter than the terminal's buffer.
        os.write(self.master, data)

    async def end(self):
        asyncio.get_running_loop().remove_reader(self.master)
        self.process.kill()
        await self.process.wait()
        os.close(self.master)


async def flood(how, size, *words):
    size, got = int(size), 0
    phase = Phase()
    if how == "pty":
        terminal = await Terminal.start(words)
        ended = asyncio.get_running_loop().create_future()

        def take(data):
            nonlocal got
            got += len(data)
            if not data:
                ended.set_result(None)

        terminal.on_output(take)
        await ended
        assert await terminal.process.wait() == 0
    else:
        process = await piped(words)
        while data := await process.stdout.read(BUFFER):
            got += len(data)
        await process.stderr.read()
        assert await process.wait() == 0
    assert got == size, f"{got} bytes instead of {size}"
    phase.report_flow(size)


async def feed(size, block, *words):
    size, block = int(size), b"x" * int(block)
    phase = Phase()
    process = await piped(words, PIPE)
    left = size
    while left > 0:
        process.stdin.write(block[:left])
        left -= min(left, len(block))
        await process.stdin.drain()
    process.stdin.close()
    answer = await process.stdout.read()
    assert await process.wait() == 0 and int(answer) == size
    phase.report_flow(size)


async def echo_over_pipes(message, count, words):
    process = await piped(words, PIPE)
    await process.stdout.readexactly(1)
    times, phase = [], None
    for i in range(count + WARM_UP):
        if i == WARM_UP:
            phase = Phase()
            times = []
        start = time.perf_counter()
        process.stdin.write(message)
        await process.stdout.readexactly(len(message))
        times.append(time.perf_counter() - start)
    phase.report(count)
    show_times(times)
    process.kill()
    await process.wait()


async def echo_over_terminal(message, count, words):
    terminal = await Terminal.start(words)
    done = asyncio.get_running_loop().create_future()
    # The first byte says that the child is ready.
    missing, asked, warm_up, phase, times = 1, 0, WARM_UP, None, []

    def take(data):
        nonlocal missing, asked, warm_up, phase
        missing -= len(data)
        if missing > 0:
            return
        if phase:
            times.append(time.perf_counter() - asked)
        if len(times) == count:
            done.set_result(None)
            return
        if warm_up == 0 and not phase:
            phase = Phase()
        warm_up = max(0, warm_up - 1)
        missing, asked = len(message), time.perf_counter()
        terminal.write(message)

    terminal.on_output(take)
    await done
    phase.report(count)
    show_times(times)
    await terminal.end()


async def echo(how, size, count, *words):
    over = echo_over_terminal if how == "pty" else echo_over_pipes
    await over(b"x" * int(size), int(count), words)


class Shell:
    """A shell that answers one line after the other."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.answered = asyncio.get_running_loop().create_future()
        self.times = []
        self.lines = 0
        self.echoes = None
        self.asked = 0
        terminal.on_output(self.take)

    def take(self, data):
        for _ in range(data.count(b"\n")):
            self.lines += 1
            if self.echoes is None:
                if self.lines == 1:
                    self.ask("ready")
                else:
                    self.answered.set_result(None)
                continue
            self.times.append(time.perf_counter() - self.asked)
            if len(self.times) == self.echoes:
                self.answered.set_result(None)
            else:
                self.ask(f"done-{len(self.times)}")

    def ask(self, text):
        self.asked = time.perf_counter()
        self.terminal.write(f"echo {text}\n".encode())

    def begin(self, echoes):
        self.echoes = echoes
        self.answered = asyncio.get_running_loop().create_future()
        self.ask("done-0")


async def agent(count, echoes, *words):
    count, echoes = int(count), int(echoes)
    shells = [Shell(await Terminal.start(words)) for _ in range(count)]
    await asyncio.gather(*(x.answered for x in shells))
    phase = Phase()
    for x in shells:
        x.begin(echoes)
    await asyncio.gather(*(x.answered for x in shells))
    phase.report(count * echoes)
    show_times([y for x in shells for y in x.times])
    for x in shells:
        await x.terminal.end()


async def run_to_end(words):
    process = await piped(words)
    await process.communicate()
    assert process.returncode == 0


async def spawn(at_once, live, mib, count, *words):
    left, ballast = int(count), b"x" * (int(mib) << 20)
    others = [
        await piped(["/bin/sleep", "infinity"]) for _ in range(int(live))
    ]
    await run_to_end(words)

    async def work():
        nonlocal left
        while left > 0:
            left -= 1
            await run_to_end(words)

    phase = Phase()
    await asyncio.gather(*(work() for _ in range(int(at_once))))
    phase.report_rate(int(count))
    for x in others:
        x.kill()
        await x.wait()
    del ballast


async def idle(count, *words):
    count, children = int(count), [await piped(words, PIPE)]
    memory, descriptors = private_memory(), open_descriptors()
    phase = Phase()
    for _ in range(count):
        children.append(await piped(words, PIPE))
    phase.report(count)
    show("kib_each", max(0, private_memory() - memory) / count)
    show("descriptors_each", (open_descriptors() - descriptors) / count)
    for x in children:
        x.kill()
        await x.wait()


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    items = {
        "flood": flood,
        "feed": feed,
        "echo": echo,
        "agent": agent,
        "spawn": spawn,
        "idle": idle,
    }
    if len(sys.argv) < 2 or sys.argv[1] not in items:
        sys.exit(f"no such item; there are {', '.join(items)}")
    asyncio.run(items[sys.argv[1]](*sys.argv[2:]))


if __name__ == "__main__":
    main()
