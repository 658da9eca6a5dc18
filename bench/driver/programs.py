"""The measured programs: where they are, and how the peers are built."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "peers"
TOOLS = ("sh", "true", "sleep", "env", "timeout")
OWN = ("procession", "procession-mcp")


class Missing(Exception):
    """A peer cannot be measured; the text says what would help."""


class Programs:
    """The programs of one build, and those of another one, if there is one."""

    def __init__(self, build, against=None):
        self.bin = build / "bin"
        self.before = against and find_before(against)
        self.peers_place = build / "peers"
        self.commands = {
            "ours": [str(self.bin / "procession_bench")],
            "limit": [str(self.bin / "bench_limit")],
        }
        self.paths = {x: shutil.which(x) or x for x in TOOLS}
        self.paths["child"] = str(self.bin / "bench_child")
        # Why a peer is missing, or cannot do an item.
        self.remarks = []
        self.has_terminal = {}

    def add_peers(self, names):
        """Builds these peers; those that cannot be built are left out."""
        self.peers_place.mkdir(parents=True, exist_ok=True)
        for name in names:
            try:
                self.commands[name] = getattr(self, f"add_{name}")()
            except Missing as x:
                self.remarks.append(f"no column {name}: {x}")

    def can(self, run):
        """Whether a run's program is there and knows the item."""
        if run.program not in self.commands:
            return False
        item = run.words[0]
        if item == "fanout" and run.program in ("boost", "python"):
            return False
        needs_terminal = item == "agent" or run.words[1] == "pty"
        return not needs_terminal or self.has_terminal.get(run.program, True)

    def command(self, run, amount, before=False):
        """Returns the command line of a run, as a list."""
        words = [self.fill(x, amount, before) for x in run.words]
        if before and run.program == "ours":
            return [str(self.before / "procession_bench"), *words]
        return [*self.commands[run.program], *words]

    def fill(self, text, amount=0, before=False):
        place = self.before if before else self.bin
        own = {x: str(place / x) for x in OWN}
        return text.format_map({**self.paths, **own, "n": amount})

    # The peers.

    def add_boost(self):
        path = self.bin / "bench_peer_boost"
        if not path.exists():
            raise Missing("Boost.Process is not there, or not header-only")
        return [str(path)]

    def add_python(self):
        return [sys.executable, str(SOURCE / "asyncio_peer.py")]

    def add_node(self):
        node = shutil.which("node")
        if not node:
            raise Missing("needs the package nodejs")
        command = [node, str(SOURCE / "node_peer.js")]
        modules = self.peers_place / "node_modules"
        os.environ["NODE_PATH"] = str(modules)
        test = subprocess.run([*command, "--has-terminal"], check=False)
        self.has_terminal["node"] = test.returncode == 0
        if test.returncode != 0:
            self.remarks.append(
                "node without a PTY: needs node-pty; npm install"
                f" --prefix {self.peers_place} node-pty"
            )
        return command

    def add_go(self):
        packages = "golang-go and golang-github-creack-pty-dev"
        # Where Debian puts the sources of Go packages.
        path = Path("/usr/share/gocode")
        if not shutil.which("go") or not (path / "src").exists():
            raise Missing(f"needs the packages {packages}")
        program = self.peers_place / "bench_peer_go"
        self.build(
            "go",
            ["go", "build", "-o", str(program), "."],
            cwd=SOURCE / "go",
            env={
                **os.environ,
                "GO111MODULE": "off",
                "GOPATH": str(path),
                "GOCACHE": str(self.peers_place / "go-cache"),
            },
        )
        return [str(program)]

    def add_tokio(self):
        # Where Debian puts the sources of Rust packages.
        path = Path("/usr/share/cargo/registry")
        if not shutil.which("cargo") or not any(path.glob("tokio-[0-9]*")):
            raise Missing("needs the packages cargo and librust-tokio-dev")
        # cargo writes beside the sources.
        copy = self.peers_place / "tokio-source"
        shutil.copytree(SOURCE / "tokio", copy, dirs_exist_ok=True)
        target = self.peers_place / "tokio"
        self.build(
            "tokio",
            ["cargo", "build", "--release", "--offline"]
            + ["--target-dir", str(target)]
            + ["--config", 'source.crates-io.replace-with="debian"']
            + ["--config", f'source.debian.directory="{path}"'],
            cwd=copy,
        )
        return [str(target / "release" / "bench_peer_tokio")]

    def build(self, name, command, **more):
        log = self.peers_place / f"{name}.log"
        with open(log, "wb") as out:
            result = subprocess.run(
                command, stdout=out, stderr=out, check=False, **more
            )
        if result.returncode != 0:
            raise Missing(f"it does not build, see {log}")


def find_before(checkout):
    """Returns the directory of the programs of another built checkout."""
    place = Path(checkout).resolve() / "build" / "bench" / "bin"
    if not (place / "procession_bench").exists():
        sys.exit(f"bench: {checkout} has no build/bench/bin/procession_bench")
    return place
