"""The rows about flows of bytes, through the library and the command line."""

from driver.items import (
    ALL_PEERS,
    EACH_MS,
    MIB,
    PER_GIB,
    RATE,
    Row,
    Run,
    Runs,
    at_least,
    at_most,
    runs_of,
)

SMALL = 4096
LARGE = 256 * 1024


def flood_words(how, block):
    return ("flood", how, "{n}", "{child}", "flood", "{n}", str(block))


def feed_words(block):
    return ("feed", "{n}", str(block), "{child}", "sink")


def floods(pick):
    for name, block, amount in (
        ("512", 512, pick(128, 32)),
        ("4k", SMALL, pick(1024, 128)),
        ("8k", 8192, pick(1024, 128)),
        ("64k", 65536, pick(2048, 256)),
        ("1m", MIB, pick(2048, 256)),
    ):
        yield Row(
            f"flood_{name}",
            f"flood by pipes, blocks of {name}",
            RATE,
            runs_of(
                flood_words("pipes", block),
                amount * MIB,
                counted=8 * MIB,
                peers=ALL_PEERS if name in ("4k", "64k") else (),
            ),
            at_least(0.95) if name == "4k" else (),
        )
    for name, script, size in known_commands(pick(1024, 128) * MIB):
        words = ("flood", "pipes", str(size), "{sh}", "-c", f"exec {script}")
        if name == "yes":
            words = words[:-1] + (script,)
        yield Row(name, f"flood of {name}", RATE, runs_of(words, size))
    yield Row(
        "flood_pty",
        "flood on a PTY",
        RATE,
        runs_of(
            flood_words("pty", 65536),
            pick(64, 8) * MIB,
            counted=MIB,
            peers=ALL_PEERS,
        ),
        at_least(0.98),
    )


def inputs(pick):
    for name, block, amount, peers in (
        ("large", LARGE, pick(1024, 128), ALL_PEERS),
        ("4k", SMALL, pick(512, 64), ("tokio",)),
    ):
        yield Row(
            f"stdin_{name}",
            f"input by a pipe, {name} writes",
            RATE,
            runs_of(
                feed_words(block),
                amount * MIB,
                counted=8 * MIB,
                peers=peers,
            ),
            at_least(0.95),
        )


def fanouts(pick):
    def runs(subscribers):
        return runs_of(
            ("fanout", str(subscribers), "{n}")
            + ("{child}", "gated-flood", "{n}", "65536"),
            pick(512, 64) * MIB,
            peers=("tokio", "go", "node"),
        )

    for n in (1, 8, 64):
        title = f"flood to {n} subscriber{'s' if n > 1 else ''}"
        yield Row(f"fanout_{n}", title, PER_GIB, runs(n))
    yield Row(
        "fanout_64_against_1",
        "- to 64 against to 1",
        PER_GIB,
        Runs(runs(64).ours, runs(1).ours),
        at_most(1.3),
    )


def known_commands(size):
    """Returns names, scripts and exact sizes of floods of about `size`."""
    # Each of these numbers has eight digits.
    lines = size // 9
    first = 10_000_000
    return (
        ("head", f"head -c {size} /dev/zero", size),
        ("yes", f"yes | head -c {size}", size),
        ("seq", f"seq {first} {first + lines - 1}", 9 * lines),
    )


def command_line(name, title, count, size, ours, limit, targets=()):
    """Returns a row that compares two shell commands."""

    def run(who, script):
        words = ("command_line", "{n}", str(size), "{sh}", "-c", script)
        return Run(who, "limit", words, count, check=(script, size))

    runs = Runs(run("ours", ours), run("limit", limit))
    return Row(name, title, RATE, runs, targets)


def command_lines(pick):
    count = pick(2, 1)
    for name, script, size in known_commands(pick(512, 64) * MIB):
        command = f"sh -c '{script}'" if name == "yes" else script
        ours = "{procession} run --pipes -- " + command
        yield command_line(
            f"cli_{name}",
            f"run {name}, to /dev/null",
            count,
            size,
            ours,
            f"{script} | cat",
            at_least(0.9) if name == "head" else (),
        )
        # One more hop, so a cat stands in our place, too.
        yield command_line(
            f"cli_{name}_cat",
            f"run {name}, into cat",
            count,
            size,
            ours + " | cat",
            f"{script} | cat | cat",
        )
    for name, script, size in known_commands(pick(32, 4) * MIB):
        command = f"sh -c '{script}'" if name == "yes" else script
        # A terminal makes two characters of each line end.
        more = {"head": 0, "yes": size // 2, "seq": size // 9}[name]
        yield command_line(
            f"cli_{name}_pty",
            f"run --pty {name}, against script",
            count,
            size + more,
            "{procession} run --pty -- " + command,
            f'script -qec "{script}" /dev/null',
        )


def command_start(pick):
    def run(who, *words):
        words = ("command_line", "{n}", "0", *words)
        return Run(who, "limit", words, pick(50, 10))

    yield Row(
        "cli_true",
        "run true, against timeout",
        EACH_MS,
        Runs(
            run("ours", "{procession}", "run", "--", "true"),
            run("limit", "{timeout}", "10", "true"),
        ),
        at_most(2),
    )
