"""The words of the table: runs of programs, readings, targets and rows."""

from dataclasses import dataclass, replace

MIB = 1 << 20
ALL_PEERS = ("tokio", "go", "boost", "python", "node")


@dataclass(frozen=True)
class Run:
    """One run of a program. Rows that need the same run share it."""

    # The column that it fills: ours, limit or a peer.
    who: str
    # The program's name in Programs, and its command line, in which {n} stands
    # for the amount and other names for paths.
    program: str
    words: tuple[str, ...]
    amount: int
    # A smaller amount for counting system calls; 0: they are not counted.
    counted: int = 0
    # What surrounds it: "busy" cores, or a "crowd SIZE" of processes.
    beside: str = ""
    # A shell command and the number of bytes that it must write.
    check: tuple[str, int] | None = None


@dataclass(frozen=True)
class Reading:
    """A value that a run has, and what is printed of it."""

    name: str
    unit: str
    less_is_better: bool = False


RATE = Reading("mib_per_s", "MiB/s")
PER_SECOND = Reading("per_s", "1/s")
MEDIAN = Reading("p50_us", "us", True)
PERCENTILE = Reading("p99_us", "us", True)
EACH_US = Reading("each_us", "us", True)
EACH_MS = Reading("each_ms", "ms", True)
CPU = Reading("cpu_us", "us", True)
SECONDS = Reading("seconds", "s", True)
PER_GIB = Reading("s_per_gib", "s/GiB", True)
MEMORY = Reading("kib_each", "KiB", True)
DESCRIPTORS = Reading("descriptors_each", "", True)


@dataclass(frozen=True)
class Target:
    """A bound for the value itself, or for its ratio to another column."""

    to: str
    at_least: bool
    bound: float

    def __str__(self):
        sign = ">=" if self.at_least else "<="
        if self.to in ("limit", "value"):
            return f"{sign} {self.bound:g}"
        return f"{sign} {self.to}"

    def met_by(self, x):
        return x >= self.bound if self.at_least else x <= self.bound


def at_least(bound):
    return (Target("limit", True, bound),)


def at_most(bound):
    return (Target("limit", False, bound),)


def value_at_most(bound):
    return (Target("value", False, bound),)


NOT_BEHIND_TOKIO = (Target("tokio", False, 1.0),)


@dataclass(frozen=True)
class Runs:
    """The runs of an item, and what ours is compared with."""

    ours: Run
    # The limit's, or another one of ours.
    limit: Run
    peers: tuple[Run, ...] = ()

    def all(self):
        return (self.ours, self.limit, *self.peers)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    title: str
    reading: Reading
    runs: Runs
    targets: tuple[Target, ...] = ()


def runs_of(
    words, amount, counted=0, beside="", options=(), peers=(), limit=None
):
    """Returns the runs of an item: the words are the same for all.

    `options` are those of ours; `limit` replaces the words of the limit."""
    ours = Run("ours", "ours", (*options, *words), amount, counted, beside)
    other = replace(ours, who="limit", program="limit", words=limit or words)
    others = (
        replace(ours, who=x, program=x, words=words, counted=0) for x in peers
    )
    return Runs(ours, other, tuple(others))
