"""The rows about echoes, many sessions, and short ones."""

from driver.flows import LARGE, feed_words, flood_words
from driver.items import (
    ALL_PEERS,
    CPU,
    DESCRIPTORS,
    EACH_US,
    MEDIAN,
    MEMORY,
    MIB,
    NOT_BEHIND_TOKIO,
    PER_SECOND,
    PERCENTILE,
    RATE,
    SECONDS,
    Row,
    Run,
    Runs,
    at_least,
    at_most,
    runs_of,
    value_at_most,
)


def echo_words(how, size):
    return ("echo", how, str(size), "{n}", "{child}", "echo")


def spawn_words(at_once=1, live=0, mib=0):
    return ("spawn", str(at_once), str(live), str(mib), "{n}", "{true}")


def echoes(pick):
    for beside, amount in (("", pick(5000, 500)), ("busy", pick(500, 50))):
        for how in ("pipes", "pty"):
            for size in (1, 100):
                yield from echo(how, size, beside, amount)


def echo(how, size, beside, amount):
    first = size == 1 and not beside
    runs = runs_of(
        echo_words(how, size),
        amount,
        counted=0 if beside else 200,
        beside=beside,
        peers=ALL_PEERS if first else ("tokio",),
    )
    name = f"echo_{how}_{size}" + (f"_{beside}" if beside else "")
    title = f"echo over {'a PTY' if how == 'pty' else how}, {size} B"
    title += ", busy cores" if beside else ""
    targets = at_most(1.3) if how == "pty" else at_most(3) + NOT_BEHIND_TOKIO
    yield Row(name, f"{title}, median", MEDIAN, runs, targets)
    yield Row(f"{name}_99", f"{title}, 99 %", PERCENTILE, runs)


def spawns(pick):
    one = runs_of(
        spawn_words(), pick(1000, 100), counted=30, peers=ALL_PEERS
    )
    title = "spawn of true, one by one"
    yield Row("spawn", title, PER_SECOND, one, at_least(0.9))
    title = "- processor time of the host each"
    yield Row("spawn_cpu", title, CPU, one, NOT_BEHIND_TOKIO)
    yield Row(
        "spawn_64",
        "spawn of true, 64 at a time",
        PER_SECOND,
        runs_of(spawn_words(64), pick(2000, 200), peers=ALL_PEERS),
        at_least(0.9),
    )
    few = pick(300, 50)
    many = (pick(1000, 200), pick(3000, 600))
    for n in many:
        title = f"spawn beside {n:,} live sessions"
        runs = runs_of(spawn_words(live=n), few)
        yield Row(f"spawn_beside_{n}", title, PER_SECOND, runs)
    yield Row(
        "spawn_beside_many",
        f"- beside {many[1]:,} against beside none",
        PER_SECOND,
        Runs(
            runs_of(spawn_words(live=many[1]), few).ours,
            runs_of(spawn_words(), few).ours,
        ),
        at_least(0.9),
    )
    yield Row(
        "spawn_1gib",
        "spawn with 1 GiB resident",
        PER_SECOND,
        runs_of(spawn_words(mib=1024), few, peers=("tokio", "go")),
    )


def containments(pick):
    def runs(kind, size):
        return runs_of(
            spawn_words(),
            pick(300, 50),
            beside=f"crowd {size}",
            options=("--containment", kind),
        )

    for kind in ("cgroup", "marker"):
        for size in (100, 800):
            title = f"spawn, {kind}, beside {size} other processes"
            name = f"spawn_{kind}_{size}"
            yield Row(name, title, PER_SECOND, runs(kind, size))
    yield Row(
        "spawn_marker_against_cgroup",
        "- beside 800, marker against cgroup",
        PER_SECOND,
        Runs(runs("marker", 800).ours, runs("cgroup", 800).ours),
        at_least(0.8),
    )


def many(pick):
    shells, lines = pick(200, 50), pick(100, 25)
    script = "stty -echo; echo READY; exec sh"
    shell = ("{env}", "PS1=", "ENV=", "{sh}", "-c", script)
    yield Row(
        "agent",
        f"{shells} shells x {lines} echoes",
        SECONDS,
        runs_of(
            ("agent", str(shells), "{n}", *shell),
            lines,
            counted=3,
            peers=ALL_PEERS,
        ),
        at_most(1.15),
    )
    idle = runs_of(
        ("idle", "{n}", "{sleep}", "infinity"),
        pick(1000, 200),
        peers=ALL_PEERS,
    )
    title = "memory of an idle session"
    yield Row("idle_memory", title, MEMORY, idle, value_at_most(4))
    title = "descriptors of an idle session"
    yield Row("idle_descriptors", title, DESCRIPTORS, idle, value_at_most(4))


def tools(pick):
    count = pick(500, 50)
    yield Row(
        "exec",
        "true over the exec tool, against spawn",
        EACH_US,
        runs_of(
            ("exec", "{n}", "{true}"), count, counted=30, limit=spawn_words()
        ),
    )
    by_shell = (*spawn_words()[:-1], "{sh}", "-c", "true")
    yield Row(
        "mcp",
        "MCP call of true, against sh -c true",
        EACH_US,
        Runs(
            Run("ours", "limit", ("mcp", "{n}", "{procession-mcp}"), count),
            Run("limit", "limit", by_shell, count),
        ),
    )


def runners(pick):
    """Compares sessions in a runner with sessions in this process."""
    flow = pick(1024, 128) * MIB
    slow_flow = pick(64, 8) * MIB
    count = pick(3000, 500)
    for name, title, words, amount, reading, targets in (
        ("flood", "flood by pipes", flood_words("pipes", 65536))
        + (flow, RATE, at_least(0.8)),
        ("stdin", "input by a pipe", feed_words(LARGE))
        + (flow, RATE, at_least(0.8)),
        ("pty", "flood on a PTY", flood_words("pty", 65536))
        + (slow_flow, RATE, at_least(0.98)),
        ("echo", "echo over pipes, 1 B", echo_words("pipes", 1))
        + (count, MEDIAN, at_most(1.6)),
        ("echo_pty", "echo over a PTY, 1 B", echo_words("pty", 1))
        + (count, MEDIAN, at_most(1.6)),
        ("spawn", "spawn of true, one by one", spawn_words())
        + (pick(1000, 100), PER_SECOND, at_least(0.9)),
    ):
        here = runs_of(words, amount).ours
        there = runs_of(words, amount, options=("--runner",)).ours
        title += ", runner against local"
        yield Row(
            f"runner_{name}", title, reading, Runs(there, here), targets
        )
