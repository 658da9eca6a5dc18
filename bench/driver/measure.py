"""Runs programs, beside what should surround them, and reads what they print."""

import contextlib
import os
import subprocess
import sys

LIMIT_OF_A_RUN = 300


class Failed(Exception):
    """A run ended with an error, or without its figures."""


@contextlib.contextmanager
def surroundings(programs, beside):
    """Has busy cores, or a crowd of processes, beside a run."""
    child = programs.paths["child"]
    with contextlib.ExitStack() as stack:
        if beside == "busy":
            for _ in range(os.cpu_count()):
                spinner = subprocess.Popen([child, "spin"])
                stack.callback(spinner.wait)
                stack.callback(spinner.kill)
        elif beside:
            crowd = subprocess.Popen(
                [child, *beside.split()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            stack.callback(crowd.wait)
            stack.callback(crowd.stdout.close)
            stack.callback(crowd.stdin.close)
            if crowd.stdout.read(1) != b"R":
                raise Failed("there is no crowd")
        yield


def call(command):
    """Returns what a program prints."""
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_OF_A_RUN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {LIMIT_OF_A_RUN} s") from None
    except OSError as x:
        raise Failed(str(x)) from None
    if result.returncode != 0:
        why = result.stderr.strip().splitlines() or ["no message"]
        raise Failed(f"ended with {result.returncode}: {why[-1]}")
    return result.stdout


def readings(text):
    """Returns the values that a program printed, and what follows from them."""
    result = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        result[name] = float(value)
    operations = result["operations"]
    switches = result["nvcsw"] + result["nivcsw"]
    result["cpu_us"] = result["cpu_s"] / operations * 1e6
    result["switches"] = switches / operations
    result["each_us"] = result["seconds"] / operations * 1e6
    result["each_ms"] = result["each_us"] / 1000
    if "mib_per_s" in result:
        result["s_per_gib"] = 1024 / result["mib_per_s"]
    return result


def measure(programs, run, before=False):
    """Executes a run once. Returns its readings."""
    command = programs.command(run, run.amount, before)
    with surroundings(programs, run.beside):
        text = call(command)
    try:
        return readings(text)
    except (KeyError, ValueError) as x:
        raise Failed(f"it printed no figure: {x}") from None


def check(programs, run, before=False):
    """Checks that a command writes as much as it should."""
    script, size = run.check
    script = programs.fill(script, run.amount, before) + " | wc -c"
    got = int(call([programs.paths["sh"], "-c", script]))
    if got != size:
        raise Failed(f"{got} bytes instead of {size}")


class Schedule:
    """Executes runs in turns, so that other load on the machine meets all.

    Runs that some row compares form a group, and stand beside each other."""

    def __init__(self, programs, rows):
        self.programs = programs
        self.groups = group(rows, programs)
        # The readings of each run and column, one for each repetition; what
        # failed is None from then on.
        self.results = {}
        self.errors = []

    def execute(self, repetitions):
        for repetition in range(repetitions):
            for runs in self.groups:
                for run, before in in_turn(runs, repetition):
                    self.step(run, before, repetition)
            print(
                f"repetition {repetition + 1} of {repetitions} is done",
                file=sys.stderr,
                flush=True,
            )

    def step(self, run, before, repetition):
        done = self.results.setdefault((run, before), [])
        if done is None:
            return
        try:
            if repetition == 0 and run.check:
                check(self.programs, run, before)
            done.append(measure(self.programs, run, before))
        except Failed as x:
            self.results[run, before] = None
            who = "before" if before else run.who
            words = " ".join(self.programs.command(run, run.amount, before)[1:])
            self.errors.append(f"{who}: {words}: {x}")
            print(f"FAILED {self.errors[-1]}", file=sys.stderr, flush=True)


def in_turn(runs, repetition):
    """Returns the runs in an order that changes with each repetition."""
    start = repetition // 2 % len(runs)
    turned = runs[start:] + runs[:start]
    return turned if repetition % 2 == 0 else turned[::-1]


def group(rows, programs):
    """Returns lists of runs, each with whether it is one of `before`."""
    groups = []
    for row in rows:
        wanted = [x for x in row.runs.all() if programs.can(x)]
        shared = [x for x in groups if not x.isdisjoint(wanted)]
        # A dictionary is a set that keeps the order.
        merged = dict.fromkeys(y for x in shared for y in x)
        merged.update(dict.fromkeys(wanted))
        place = groups.index(shared[0]) if shared else len(groups)
        groups = [x for x in groups if x not in shared]
        groups.insert(place, merged.keys())
    return [with_before(runs, programs) for runs in groups]


def with_before(runs, programs):
    """Has each run of ours followed by that of the other checkout."""
    result = []
    for run in runs:
        result.append((run, False))
        if programs.before and run.who == "ours":
            result.append((run, True))
    return result
