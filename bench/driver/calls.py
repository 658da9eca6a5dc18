"""Counts the system calls of a program for each operation.

strace counts the calls of all threads of the measured process. With
`-b execve` it lets go of a child in the moment in which that executes another
program, so that of a child only the few calls before it are counted, which are
also work of the measured process; the same holds for the limit. Each item runs
with N and with 4 N operations; the difference belongs to 3 N operations, and what
happens once cancels out. A runner is another program, so it is not counted.

The calls of a flow depend on how much is there when it is read, and strace makes
the reader slower, so that its reads are larger than they are without it. The
median of some measurements is only an estimate then."""

import shutil
import statistics
import tempfile

from driver.measure import Failed, call, readings

FACTOR = 4


def available():
    strace = shutil.which("strace")
    if not strace:
        return False
    try:
        call([strace, "-f", "-c", "-b", "execve", "-o", "/dev/null", "true"])
        return True
    except Failed:
        return False


def count(programs, run, times):
    """Returns the calls for each operation, the median of some measurements."""
    return statistics.median(difference(programs, run) for _ in range(times))


def difference(programs, run):
    few, first = counted_run(programs, run, run.counted)
    many, second = counted_run(programs, run, FACTOR * run.counted)
    return (many - few) / (second - first)


def counted_run(programs, run, amount):
    """Returns the calls of a run, and its operations."""
    with tempfile.NamedTemporaryFile("r") as report:
        strace = ["strace", "-f", "-c", "-b", "execve", "-o", report.name]
        text = call([*strace, *programs.command(run, amount)])
        return total(report.read()), readings(text)["operations"]


def total(report):
    """Returns the total of strace's table: "% time, seconds, usecs, calls"."""
    for line in report.splitlines():
        words = line.split()
        if words and words[-1] == "total":
            return int(words[3])
    raise Failed("strace counted nothing")
