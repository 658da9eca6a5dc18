"""The few rows that are measured on Windows, or under Wine."""

import os
from pathlib import Path

from driver.flows import flood_words
from driver.items import MEDIAN, MIB, RATE, Row, Runs, at_least, runs_of
from driver.programs import Programs
from driver.sessions import echo_words

UNDER_WINE = Path(__file__).resolve().parents[2] / "cmake" / "under-wine"


def rows(pick):
    """Compares sessions with overlapped calls, and those of a runner with them."""
    for name, title, words, amount, reading, targets in (
        ("flood", "flood by pipes", flood_words("pipes", 65536))
        + (pick(128, 32) * MIB, RATE, at_least(0.5)),
        ("echo", "echo over pipes, 1 B", echo_words("pipes", 1))
        + (pick(1000, 300), MEDIAN, ()),
    ):
        here = runs_of(words, amount)
        there = runs_of(words, amount, options=("--runner",))
        yield Row(name, title, reading, here, targets)
        title += ", runner against local"
        yield Row(f"runner_{name}", title, reading, Runs(there.ours, here.ours))


class WindowsPrograms(Programs):
    """The programs of a build for Windows, run under Wine unless we are there."""

    def __init__(self, build, against=None):
        super().__init__(build, against)
        wine = os.name != "nt"
        for name, program in (("ours", "procession_bench"), ("limit", "bench_limit")):
            path = str(self.bin / f"{program}.exe")
            self.commands[name] = [str(UNDER_WINE), path] if wine else [path]
        child = self.bin.resolve() / "bench_child.exe"
        self.paths["child"] = f"Z:{child}" if wine else str(child)
