"""Statistics over the repetitions, the printed table, and the JSON file."""

import json
import math
import statistics
from dataclasses import dataclass


@dataclass
class Cell:
    """The values of one column, one for each repetition."""

    values: list

    @property
    def median(self):
        return statistics.median(self.values)

    def over(self, other):
        """Returns the ratios to another column's, repetition by repetition."""
        return Cell(
            [x / y for x, y in zip(self.values, other.values) if y > 0]
        )


def cell(results, run, reading, before=False):
    """Returns a column's values, or None."""
    done = results.get((run, before))
    values = [x[reading] for x in done or () if reading in x]
    return Cell(values) if values else None


def number(x):
    """Formats three significant digits, but always all before the point."""
    if x == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(x))))
    return f"{x:,.{digits}f}"


@dataclass
class Line:
    """What is known about a row after the measurement."""

    row: object
    cells: dict
    ratio: Cell | None
    verdict: str
    # The medians of processor time and switches, of ours and of the limit.
    costs: dict


def make_line(row, results):
    reading = row.reading.name
    cells = {
        "ours": cell(results, row.runs.ours, reading),
        "before": cell(results, row.runs.ours, reading, before=True),
        "limit": cell(results, row.runs.limit, reading),
    }
    for run in row.runs.peers:
        cells[run.who] = cell(results, run, reading)
    ours, limit = cells["ours"], cells["limit"]
    ratio = ours.over(limit) if ours and limit else None
    ratio = ratio if ratio and ratio.values else None
    costs = {
        run: {x: median(results, run, x) for x in ("cpu_us", "switches")}
        for run in (row.runs.ours, row.runs.limit)
    }
    return Line(row, cells, ratio, judge(row, cells, ratio), costs)


def median(results, run, reading):
    one = cell(results, run, reading)
    return one.median if one else None


def judge(row, cells, ratio):
    """Returns the verdict; a target to a missing column does not count."""
    ours = cells["ours"]
    if not ours or row.runs.limit and not cells["limit"]:
        return "ERROR"
    judged = []
    for target in row.targets:
        other = cells.get(target.to)
        if target.to == "value":
            judged.append(target.met_by(ours.median))
        elif target.to == "limit" and ratio:
            judged.append(target.met_by(ratio.median))
        elif other:
            judged.append(target.met_by(ours.over(other).median))
    if not judged:
        return ""
    return "reached" if all(judged) else "MISSED"


def spread(x):
    """Formats a ratio with its smallest and largest value."""
    if not x:
        return ""
    return f"{x.median:.2f} ({min(x.values):.2f}..{max(x.values):.2f})"


def print_table(lines, columns, against):
    """Prints one line for each row; `columns` are the peers' names."""
    head = ["", "ours"] + ["before", "ours/before"] * against
    head += ["limit", "", "ratio", "target", "", *columns]
    table = [head]
    for x in lines:
        show = {
            name: number(one.median) if one else ""
            for name, one in x.cells.items()
        }
        ours, before = x.cells["ours"], x.cells["before"]
        cells = [x.row.title, show["ours"]]
        if against:
            both = spread(ours.over(before)) if ours and before else ""
            cells += [show["before"], both]
        cells += [show["limit"], x.row.reading.unit, spread(x.ratio)]
        targets = ", ".join(map(str, x.row.targets))
        cells += [targets, x.verdict]
        cells += [show.get(name, "") for name in columns]
        table.append(cells)
    print_aligned(table, left={0, head.index("limit") + 1})
    print("\nlimit: plain system calls, or what the title names.")


def print_costs(lines, calls):
    """Prints what an operation costs its process, for each distinct run."""
    print(
        "\nFor each operation: processor time in us, context switches and system"
        "\ncalls of the measured process without its children. The operation of a"
        "\nflow is a MiB; that of a command line is its run, children included.\n"
    )
    table = [
        ["", "cpu us", "limit", "switches", "limit", "calls", "limit"]
    ]
    seen = set()
    for x in lines:
        runs = x.row.runs
        if runs.ours in seen or runs.limit.who == "ours":
            continue
        seen.add(runs.ours)
        cells = [x.row.title]
        for reading in ("cpu_us", "switches"):
            for run in (runs.ours, runs.limit):
                one = x.costs[run][reading]
                cells.append(number(one) if one is not None else "")
        for run in (runs.ours, runs.limit):
            cells.append(number(calls[run]) if run in calls else "")
        table.append(cells)
    print_aligned(table, left={0})


def print_aligned(table, left):
    widths = [max(len(x) for x in column) for column in zip(*table)]
    for cells in table:
        parts = (
            x.ljust(width) if i in left else x.rjust(width)
            for i, (x, width) in enumerate(zip(cells, widths))
        )
        print("  ".join(parts).rstrip())


def to_json(lines, calls, facts):
    """Returns the content of the JSON file."""

    def shown(one):
        return one and {"median": one.median, "values": one.values}

    def row_facts(x):
        both = (("ours", x.row.runs.ours), ("limit", x.row.runs.limit))
        return {
            "name": x.row.name,
            "title": x.row.title,
            "unit": x.row.reading.unit,
            "less_is_better": x.row.reading.less_is_better,
            "columns": {k: shown(v) for k, v in x.cells.items() if v},
            "ratio": shown(x.ratio),
            "targets": [str(target) for target in x.row.targets],
            "verdict": x.verdict,
            "costs": {
                name: {**x.costs[run], "calls": calls.get(run)}
                for name, run in both
            },
        }

    rows = [row_facts(x) for x in lines]
    return json.dumps({**facts, "rows": rows}, indent=1)
