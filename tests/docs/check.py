#!/usr/bin/env python3
"""Compiles or runs every block of the documents as it stands, and compiles the
examples in the public headers.

check.py --source DIR --build DIR --compiler CXX [--caf DIR] [--flags FLAGS]

The language of a block says what it is:

  cpp      a program: compiled against the installed tree and run. A `text`
           block right after it is what it prints. Without a `main` it must be
           a part of an example, which is a test
  cmake    part of the project by which the programs are compiled: its target
           is the first program of the page, or the example that the page shows
  console  commands after "$ ", each followed by what it prints; "..." stands
           for any text. They share a directory
  bat      for Windows: the presets that it names exist
  json     parsed; a program that it names exists
  text     see cpp; alone, a picture
  hex      docs/protocol.md's own test decodes it

Programs that not every machine has (ssh, bwrap, docker, sudo) are replaced by
stand-ins that run the rest of their command line.
"""

import argparse
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

TIME_LIMIT = 120  # seconds, for one program or command

STAND_IN = """#!/bin/sh
# Runs the command that stands after the options, from the first word that is
# one of our programs.
while [ $# -gt 0 ]; do
  case $1 in procession*|sh|make) exec "$@" ;; esac
  shift
done
exit 127
"""


# Names that the examples in headers use; their own declarations hide them.
EXAMPLES = """#include <procession/all.hpp>
#include <procession/actors/asio_process.hpp>

#include <boost/asio.hpp>
#include <caf/all.hpp>
#include <iostream>

using namespace procession;
using namespace std::chrono_literals;

struct any_loop {
  template <class F>
  void post(F) {}
};
"""

EXAMPLE = """
%(result)s example_%(number)s(
  [[maybe_unused]] procession::host& host,
  [[maybe_unused]] procession::runtime& rt,
  [[maybe_unused]] caf::actor_system& sys,
  [[maybe_unused]] spawner where,
  [[maybe_unused]] caf::event_based_actor* self,
  [[maybe_unused]] %(shell)s shell,
  [[maybe_unused]] caf::expected<spawned_process> make,
  [[maybe_unused]] const output& chunk,
  [[maybe_unused]] command database,
  [[maybe_unused]] command server,
  [[maybe_unused]] pattern_watch& watch,
  [[maybe_unused]] any_loop& loop) {
  using boost::asio::async_read_until;
  using boost::asio::async_write;
  using boost::asio::buffer;
  using boost::asio::dynamic_buffer;
  using boost::asio::use_awaitable;
  {
%(text)s  }
}
"""


class Block:
    def __init__(self, page, line, language, text):
        self.page, self.line = page, line
        self.language, self.text = language, text

    def __str__(self):
        return f"{self.page}:{self.line}"


def blocks_of(source, page):
    """Returns the blocks of a page, also indented ones of unknown language."""
    result = []
    lines = (source / page).read_text().splitlines()
    at = 0
    while at < len(lines):
        fence = re.match(r"```(\S*)$", lines[at])
        if fence:
            end = lines.index("```", at + 1)
            result.append(Block(page, at + 1, fence[1],
                                "\n".join(lines[at + 1:end]) + "\n"))
            at = end
        elif (lines[at].startswith("    ") and at > 0 and not lines[at - 1]
              and not in_list(lines, at)):
            result.append(Block(page, at + 1, "", lines[at]))
        at += 1
    return result


def in_list(lines, at):
    """Returns whether an indented line continues an item of a list."""
    for line in reversed(lines[:at]):
        if line and not line.startswith(" "):
            return re.match(r"([-*]|\d+\.) ", line) is not None
    return False


def examples_in(text):
    """Returns the text that is indented like code in `///` comments."""
    found = []
    for comment in re.findall(r"(?:^ *///.*\n)+", text, re.MULTILINE):
        lines = [re.sub(r"^ *///", "", x) for x in comment.splitlines()]
        for at, line in enumerate(lines):
            if line.startswith("     ") and at > 0 and not lines[at - 1]:
                code = itertools.takewhile(
                    lambda x: x.startswith("     ") or not x, lines[at:])
                found.append("\n".join(code).rstrip() + "\n")
    return [textwrap.dedent(x) for x in found]


def pattern_of(text):
    """Returns a regular expression for the printed text."""
    return ".*".join(re.escape(x) for x in text.strip().split("..."))


class Checker:
    def __init__(self, options):
        self.options = options
        self.place = options.build / "docs"
        shutil.rmtree(self.place, ignore_errors=True)
        self.programs = self.place / "programs"
        self.programs.mkdir(parents=True)
        self.failures = []

    def fail(self, block, text):
        self.failures.append(f"{block}: {text}")
        print(f"FAILED {block}: {text}", flush=True)

    def run(self, words, **more):
        print("+", *words, flush=True)
        subprocess.run([str(x) for x in words], check=True, **more)

    def check(self, blocks):
        by_language = {}
        for x in blocks:
            by_language.setdefault(x.language, []).append(x)
        for language in by_language:
            if language not in ("cpp", "cmake", "console", "json", "text",
                                "hex", "bat"):
                for x in by_language[language]:
                    self.fail(x, f"no such language is checked: '{language}'")
        cpp = by_language.get("cpp", [])
        programs = [x for x in cpp if "int main(" in x.text]
        self.build(programs, by_language.get("cmake", []))
        for x in programs:
            self.run_program(x, self.text_after(x, blocks))
        self.check_excerpts([x for x in cpp if x not in programs])
        for x in by_language.get("json", []):
            self.check_json(x)
        for x in by_language.get("bat", []):
            self.check_presets(x)
        self.run_commands(by_language.get("console", []))

    def text_after(self, block, blocks):
        """Returns the `text` block after it, unless there is text between."""
        end = block.line + block.text.count("\n") + 1
        for x in blocks:
            if (x.page == block.page and x.language == "text"
                    and end < x.line <= end + 3):
                return x
        return None

    def name_of(self, block):
        return re.sub(r"\W+", "_", f"{block.page}_{block.line}")

    def build(self, programs, cmake):
        prefix = self.place / "prefix"
        self.run(["cmake", "--install", self.options.build, "--prefix",
                  prefix], stdout=subprocess.DEVNULL)
        project = ["cmake_minimum_required(VERSION 3.21)",
                   "project(documents LANGUAGES CXX)",
                   "add_compile_options(-Wall -Wextra -Werror)"]
        for x in programs:
            name = self.name_of(x)
            (self.programs / f"{name}.cpp").write_text(x.text)
            project.append(f"add_executable({name} {name}.cpp)")
        options = [f"-DCMAKE_PREFIX_PATH={prefix}",
                   f"-DCMAKE_CXX_COMPILER={self.options.compiler}",
                   f"-DCAF_ROOT={self.options.caf}",
                   f"-DCMAKE_CXX_FLAGS={self.options.flags}"]
        for x in cmake:
            if "add_executable" in x.text:
                self.build_project(x, programs, options)
                continue
            target = re.search(r"target_link_libraries\((\w+)", x.text)
            if target:
                source = self.source_of(x.page, programs)
                project.append(f"add_executable({target[1]} {source})")
            project.append(x.text)
        for x in programs:
            project.append(f"target_link_libraries({self.name_of(x)} PRIVATE "
                           "procession::procession)")
        (self.programs / "examples.cpp").write_text(self.header_examples())
        project.append("find_package(Boost REQUIRED)")
        project.append("add_library(examples OBJECT examples.cpp)")
        project.append("target_compile_options(examples PRIVATE -Wno-unused)")
        project.append("target_link_libraries(examples PRIVATE "
                       "procession::procession Boost::headers)")
        (self.programs / "CMakeLists.txt").write_text("\n".join(project) + "\n")
        self.configure_and_build(self.programs, self.place / "build", options)

    def build_project(self, block, programs, options):
        """Builds a block that is a whole project, with the page's first program."""
        place = self.place / f"project_{self.name_of(block)}"
        place.mkdir()
        (place / "CMakeLists.txt").write_text(block.text)
        source = re.search(r"add_executable\(\w+ (\w+\.cpp)\)", block.text)
        first = next(x for x in programs if x.page == block.page)
        (place / source[1]).write_text(first.text)
        self.configure_and_build(place, place / "build", options)

    def configure_and_build(self, source, build, options):
        self.run(["cmake", "-S", source, "-B", build, "-G", "Ninja", *options],
                 stdout=subprocess.DEVNULL)
        self.run(["cmake", "--build", build])

    def header_examples(self):
        """Returns a source of the indented code in the public headers' comments."""
        result = EXAMPLES
        source = self.options.source
        count = 0
        for room in ("messages", "io", "platform", "actors"):
            for header in sorted((source / room).glob("*.hpp")):
                for text in examples_in(header.read_text()):
                    count += 1
                    text = text.replace("...", "")
                    line = f'#line 1 "{header.name}: example"\n'
                    if re.match(r"\w+ \w+\(.*\)\n *\{", text):
                        result += line + text
                        continue
                    is_session = header.name in ("session.hpp", "expect.hpp")
                    result += EXAMPLE % {
                        "number": count,
                        "result": ("boost::asio::awaitable<void>"
                                   if "co_await" in text else "void"),
                        "shell": ("const session&" if is_session
                                  else "caf::expected<spawned_process>"),
                        "text": line + text}
        return result

    def source_of(self, page, programs):
        for x in programs:
            if x.page == page:
                return f"{self.name_of(x)}.cpp"
        text = (self.options.source / page).read_text()
        example = re.search(r"\(\.\./(examples/\w+\.cpp)\)", text)
        return self.options.source / example[1]

    def check_excerpts(self, blocks):
        def lines_of(text):
            return "\n".join(x.strip() for x in text.strip().splitlines())
        examples = [lines_of(x.read_text())
                    for x in (self.options.source / "examples").glob("*.cpp")]
        for x in blocks:
            if not any(lines_of(x.text) in y for y in examples):
                self.fail(x, "neither a program nor a part of an example")

    def run_program(self, block, printed):
        program = self.place / "build" / self.name_of(block)
        environment = dict(os.environ)
        environment["PATH"] = (f"{self.options.build / 'bin'}:"
                               + environment["PATH"])
        status, output = self.outcome([str(program)], self.place, block,
                                      environment)
        if status != 0:
            self.fail(block, f"ended with {status}: {output}")
        elif printed and not re.fullmatch(pattern_of(printed.text),
                                          output.strip(), re.DOTALL):
            self.fail(printed, f"the program at {block} prints:\n{output}")

    def outcome(self, words, where, block, environment=None):
        try:
            done = subprocess.run(
                words, cwd=where, env=environment, timeout=TIME_LIMIT,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace")
        except subprocess.TimeoutExpired as x:
            self.fail(block, f"'{words[-1]}' did not end in {TIME_LIMIT} s")
            return 0, str(x.stdout)
        return done.returncode, done.stdout

    def check_json(self, block):
        def programs(x):
            if isinstance(x, dict):
                if isinstance(x.get("command"), str):
                    yield x["command"]
                for y in x.values():
                    yield from programs(y)
        for x in programs(json.loads(block.text)):
            name = pathlib.Path(x).name
            if not (self.options.build / "bin" / name).exists():
                self.fail(block, f"there is no program '{name}'")

    def check_presets(self, block):
        presets = json.loads(
            (self.options.source / "CMakePresets.json").read_text())
        known = {y["name"] for kind in ("configure", "build", "test")
                 for y in presets[f"{kind}Presets"]}
        for x in re.findall(r"--preset (\S+)", block.text):
            if x not in known:
                self.fail(block, f"there is no preset '{x}'")

    def run_commands(self, blocks):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="documents-"))
        os.chmod(directory, 0o755)
        # The documents show the paths of a release build.
        (directory / "build").mkdir()
        (directory / "build/release").symlink_to(self.options.build)
        stand_ins = directory / "stand-ins"
        stand_ins.mkdir()
        for name in ("ssh", "bwrap", "docker", "sudo"):
            (stand_ins / name).write_text(STAND_IN)
            (stand_ins / name).chmod(0o755)
        environment = dict(os.environ)
        environment["PATH"] = ":".join(
            [str(stand_ins), str(self.options.build / "bin"),
             environment["PATH"]])
        for name in ("XDG_RUNTIME_DIR", "HOME"):
            environment[name] = str(directory)
        try:
            for block in blocks:
                self.run_block(block, directory, environment)
        finally:
            shutil.rmtree(directory)

    def run_block(self, block, directory, environment):
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            while command.endswith("\\"):
                more, _, expected = expected.partition("\n")
                command = command[:-1] + more
            if command.startswith("./dev"):
                self.check_dev(block, command)
                continue
            # A comment marks a line that is for a person only.
            if "# as root" in command and os.geteuid() != 0:
                continue
            status, output = self.outcome(["bash", "-c", command], directory,
                                          block, environment)
            if status != 0 and f"# exits with {status}" not in command:
                self.fail(block, f"'{command}' ended with {status}: {output}")
            elif expected and not re.fullmatch(pattern_of(expected),
                                               output.strip(), re.DOTALL):
                self.fail(block, f"'{command}' prints:\n{output}")

    def check_dev(self, block, command):
        """Checks that a command exists that builds and tests all: not run here."""
        name = command.split()[1]
        usage = subprocess.run([self.options.source / "dev", "--help"],
                               capture_output=True, text=True, check=True)
        if not re.search(rf"^  {name}\b", usage.stdout, re.MULTILINE):
            self.fail(block, f"./dev does not know '{name}'")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--caf", default="")
    parser.add_argument("--flags", default="")
    options = parser.parse_args()
    options.source = options.source.resolve()
    options.build = options.build.resolve()
    checker = Checker(options)
    source = checker.options.source
    pages = ["README.md", "SECURITY.md", "CONTRIBUTING.md"] + sorted(
        str(x.relative_to(source)) for x in (source / "docs").glob("*.md"))
    blocks = [x for page in pages for x in blocks_of(source, page)]
    checker.check(blocks)
    print(f"{len(blocks)} blocks, {len(checker.failures)} failures")
    return 1 if checker.failures else 0


if __name__ == "__main__":
    sys.exit(main())
