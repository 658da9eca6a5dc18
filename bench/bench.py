#!/usr/bin/env python3
"""Measures what users of Procession do, beside plain system calls that do the same
("limit") and beside what they would pick instead (the peers), in one run.

The parts: items (runs, readings, targets), flows and sessions (the rows), programs
(paths, and the build of the peers), measure (runs in turns), load (of the machine),
calls (system calls), table (statistics, the table, the JSON file), windows (what is
measured there).

No figure makes it fail; an error does."""

import argparse
import fnmatch
import os
import platform
import sys
import time
from pathlib import Path

# The source tree stays as it is.
sys.dont_write_bytecode = True

from driver import calls, flows, sessions, table, windows
from driver.items import ALL_PEERS
from driver.load import Load
from driver.measure import Failed, Schedule, call
from driver.programs import Programs

CHECKOUT = Path(__file__).resolve().parent.parent
PARTS = (
    flows.floods,
    flows.inputs,
    flows.command_lines,
    flows.command_start,
    sessions.echoes,
    sessions.spawns,
    sessions.containments,
    sessions.many,
    flows.fanouts,
    sessions.tools,
    sessions.runners,
)


def parse_options():
    parser = argparse.ArgumentParser(
        prog="./dev bench", description="Prints a table and writes a JSON file."
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="smaller amounts and fewer repetitions: about two minutes",
    )
    parser.add_argument(
        "--repetitions", type=int, metavar="N", help="5, or 3 when quick"
    )
    parser.add_argument(
        "--only",
        metavar="PATTERN",
        help="only rows whose name matches, such as 'echo_*'; several with commas",
    )
    parser.add_argument(
        "--against",
        metavar="DIR",
        help='another built checkout, as the column "before"',
    )
    parser.add_argument(
        "--list", action="store_true", help="print the names of the rows"
    )
    parser.add_argument(
        "--windows", action="store_true", help=argparse.SUPPRESS
    )
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    preset = "windows-bench" if options.windows else "bench"
    options.build = options.build or CHECKOUT / "build" / preset
    return options


def choose_rows(options):
    def pick(full, quick):
        return quick if options.quick else full

    parts = (windows.rows,) if options.windows else PARTS
    rows = [row for part in parts for row in part(pick)]
    if options.only:
        patterns = options.only.split(",")
        rows = [
            x for x in rows if any(fnmatch.fnmatch(x.name, y) for y in patterns)
        ]
    if not rows:
        sys.exit(f"bench: no row matches {options.only}; see --list")
    return rows


def without_cgroups(rows, programs):
    """Leaves out the rows that need cgroups if there are none."""
    needed = ("--containment", "cgroup")
    needing = [
        x for x in rows for run in x.runs.all() if run.words[:2] == needed
    ]
    if not needing:
        return rows
    try:
        words = ("spawn", "1", "0", "0", "1", programs.paths["true"])
        call([*programs.commands["ours"], *needed, *words])
        return rows
    except Failed:
        programs.remarks.append("no rows with cgroups: none is writable")
        return [x for x in rows if x not in needing]


def count_calls(rows, programs, times):
    """Returns the system calls for each operation, by run."""
    result = {}
    if not calls.available():
        programs.remarks.append("no system calls: strace cannot be used")
        return result
    for row in rows:
        for run in row.runs.all():
            if run.counted and run not in result:
                try:
                    result[run] = calls.count(programs, run, times)
                except Failed as x:
                    programs.remarks.append(f"no system calls of {row.name}: {x}")
    return result


def write_json(options, lines, counted, facts):
    kind = "-windows" if options.windows else ""
    output = CHECKOUT / "build" / f"bench{kind}.json"
    output.parent.mkdir(exist_ok=True)
    output.write_text(table.to_json(lines, counted, facts), encoding="utf-8")
    print(f"wrote {output.relative_to(CHECKOUT)}")


def main():
    options = parse_options()
    rows = choose_rows(options)
    if options.list:
        for row in rows:
            print(f"{row.name:28} {row.title}")
        return 0
    kind = windows.WindowsPrograms if options.windows else Programs
    programs = kind(options.build, options.against)
    wanted = {run.program for row in rows for run in row.runs.peers}
    programs.add_peers(x for x in ALL_PEERS if x in wanted)
    rows = without_cgroups(rows, programs)
    repetitions = options.repetitions or (3 if options.quick else 5)
    schedule = Schedule(programs, rows)
    started, load = time.monotonic(), Load()
    schedule.execute(repetitions)
    took = time.monotonic() - started
    others = load.others(took)
    counted = {}
    if not options.windows:
        counted = count_calls(rows, programs, 1 if options.quick else 3)

    lines = [table.make_line(row, schedule.results) for row in rows]
    columns = [x for x in ALL_PEERS if x in wanted & programs.commands.keys()]
    print()
    table.print_table(lines, columns, programs.before is not None)
    table.print_costs(lines, counted)
    print(f"\n{repetitions} repetitions in {took:.0f} s, {os.cpu_count()} cores")
    if others is not None:
        print(f"meanwhile other programs kept {others:.1f} cores busy")
    for x in (*programs.remarks, *(f"FAILED {y}" for y in schedule.errors)):
        print(x)
    facts = {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "other_cores": others,
        "repetitions": repetitions,
        "quick": options.quick,
        "seconds": took,
        "remarks": programs.remarks,
        "errors": schedule.errors,
    }
    write_json(options, lines, counted, facts)
    return 1 if schedule.errors else 0


if __name__ == "__main__":
    sys.exit(main())
