// The items with child_process, and for a terminal with node-pty, if it is there
// (--has-terminal tells). The arguments are those of bench/limit/measured.hpp.
"use strict";
const { spawn } = require("child_process");
const fs = require("fs");

// The first echoes also load pages and caches.
const WARM_UP = 100;
const now = () => Number(process.hrtime.bigint()) / 1e9;
const show = (name, value) => console.log(name, value);

/// The measured part of a run: from its creation until it is reported.
class Phase {
  constructor() {
    this.before = process.resourceUsage();
    this.start = now();
  }

  report(operations) {
    const seconds = now() - this.start;
    const after = process.resourceUsage();
    const used = (name) => after[name] - this.before[name];
    show("seconds", seconds);
    show("operations", operations);
    show("cpu_s", (used("userCPUTime") + used("systemCPUTime")) / 1e6);
    show("nvcsw", used("voluntaryContextSwitches"));
    show("nivcsw", used("involuntaryContextSwitches"));
    return seconds;
  }

  reportFlow(size) {
    const mib = size / 1048576;
    show("mib_per_s", mib / this.report(mib));
  }
}

function showTimes(times) {
  const sum = times.reduce((a, b) => a + b, 0);
  times.sort((a, b) => a - b);
  show("p50_us", times[times.length >> 1] * 1e6);
  show("p99_us", times[Math.floor(times.length * 0.99)] * 1e6);
  show("mean_us", (sum / times.length) * 1e6);
}

/// Returns the KiB of memory that only this process has.
function privateMemory() {
  const status = fs.readFileSync("/proc/self/status", "utf8");
  return Number(/RssAnon:\s+(\d+)/.exec(status)[1]);
}

const openDescriptors = () => fs.readdirSync("/proc/self/fd").length - 1;

function expect(right, what) {
  if (!right) throw new Error(what);
}

/// Starts a command; `ended` resolves when it and its output have ended.
function start(words, stdin = "ignore") {
  const child = spawn(words[0], words.slice(1), {
    stdio: [stdin, "pipe", "pipe"],
  });
  child.stderr.resume();
  child.ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(signal ?? code));
  });
  return child;
}

const startTerminal = (words) =>
  require("node-pty").spawn(words[0], words.slice(1), { encoding: null });

async function flood(how, size, ...words) {
  size = Number(size);
  let got = 0;
  const phase = new Phase();
  if (how === "pty") {
    // node-pty drops what is unread when the child ends, so this one is killed
    // when everything has come.
    const script = '"$@"; read wait';
    const child = startTerminal(["/bin/sh", "-c", script, "sh", ...words]);
    await new Promise((resolve) => {
      child.onData((data) => {
        got += data.length;
        if (got >= size) resolve();
      });
      child.onExit(resolve);
    });
    child.kill("SIGKILL");
  } else {
    const child = start(words);
    child.stdout.on("data", (data) => (got += data.length));
    expect((await child.ended) === 0, "the child failed");
  }
  expect(got === size, `${got} bytes instead of ${size}`);
  phase.reportFlow(size);
}

async function feed(size, block, ...words) {
  size = Number(size);
  block = Buffer.alloc(Number(block), "x");
  const phase = new Phase();
  const child = start(words, "pipe");
  let answer = "";
  child.stdout.on("data", (data) => (answer += data));
  for (let left = size; left > 0; left -= block.length) {
    const next = left < block.length ? block.subarray(0, left) : block;
    if (!child.stdin.write(next))
      await new Promise((resolve) => child.stdin.once("drain", resolve));
  }
  child.stdin.end();
  expect((await child.ended) === 0, "the child failed");
  expect(Number(answer) === size, "input is missing");
  phase.reportFlow(size);
}

async function fanout(subscribers, size, ...words) {
  size = Number(size);
  const child = start(words, "pipe");
  const got = new Array(Number(subscribers)).fill(0);
  got.forEach((_, i) =>
    child.stdout.on("data", (data) => (got[i] += data.length)),
  );
  const phase = new Phase();
  child.stdin.write("x");
  expect((await child.ended) === 0, "the child failed");
  expect(
    got.every((x) => x === size),
    "output is missing",
  );
  phase.reportFlow(size);
}

async function echo(how, size, count, ...words) {
  const message = Buffer.alloc(Number(size), "x");
  count = Number(count);
  const terminal = how === "pty";
  const child = terminal ? startTerminal(words) : start(words, "pipe");
  const write = (data) => (terminal ? child : child.stdin).write(data);
  // The first byte says that the child is ready.
  let missing = 1;
  let warmUp = WARM_UP;
  let asked = 0;
  let phase = null;
  const times = [];
  await new Promise((resolve) => {
    const take = (data) => {
      missing -= data.length;
      if (missing > 0) return;
      if (phase) times.push(now() - asked);
      if (times.length === count) return resolve();
      if (warmUp === 0 && !phase) phase = new Phase();
      warmUp = Math.max(0, warmUp - 1);
      missing = message.length;
      asked = now();
      write(message);
    };
    if (terminal) child.onData(take);
    else child.stdout.on("data", take);
  });
  phase.report(count);
  showTimes(times);
  const ended = terminal
    ? new Promise((resolve) => child.onExit(resolve))
    : child.ended;
  child.kill("SIGKILL");
  await ended;
}

/// A shell that answers one line after the other.
class Shell {
  constructor(words) {
    this.child = startTerminal(words);
    this.waiting = null;
    this.child.onData((data) => {
      for (const byte of data)
        if (byte === 10 && this.waiting) this.waiting();
    });
    this.ready = this.line().then(() => this.ask("ready"));
  }

  line() {
    return new Promise((resolve) => (this.waiting = resolve));
  }

  ask(text) {
    const answer = this.line();
    this.child.write(`echo ${text}\n`);
    return answer;
  }
}

async function agent(count, echoes, ...words) {
  echoes = Number(echoes);
  const shells = Array.from({ length: count }, () => new Shell(words));
  await Promise.all(shells.map((x) => x.ready));
  const times = [];
  const talk = async (shell) => {
    for (let i = 0; i < echoes; ++i) {
      const asked = now();
      await shell.ask(`done-${i}`);
      times.push(now() - asked);
    }
  };
  const phase = new Phase();
  await Promise.all(shells.map(talk));
  phase.report(shells.length * echoes);
  showTimes(times);
  shells.forEach((x) => x.child.kill("SIGKILL"));
}

async function runToEnd(words) {
  const child = start(words);
  child.stdout.resume();
  expect((await child.ended) === 0, "the child failed");
}

async function spawnMany(atOnce, live, mib, count, ...words) {
  const ballast = Buffer.alloc(Number(mib) * 1048576, "x");
  const others = Array.from({ length: live }, () =>
    start(["/bin/sleep", "infinity"]),
  );
  await runToEnd(words);
  let left = Number(count);
  const work = async () => {
    while (left > 0) {
      --left;
      await runToEnd(words);
    }
  };
  const phase = new Phase();
  await Promise.all(Array.from({ length: atOnce }, work));
  show("per_s", count / phase.report(Number(count)));
  others.forEach((x) => x.stdout.resume() && x.kill("SIGKILL"));
  await Promise.all(others.map((x) => x.ended));
  expect(ballast.length === mib * 1048576, "the memory is gone");
}

async function idle(count, ...words) {
  count = Number(count);
  const children = [start(words, "pipe")];
  const before = { memory: privateMemory(), descriptors: openDescriptors() };
  const phase = new Phase();
  while (children.length <= count) children.push(start(words, "pipe"));
  // The starts are complete when the loop has run.
  await new Promise((resolve) => setImmediate(resolve));
  phase.report(count);
  const each = (after, x) => Math.max(0, after - x) / count;
  show("kib_each", each(privateMemory(), before.memory));
  show("descriptors_each", each(openDescriptors(), before.descriptors));
  children.forEach((x) => x.stdout.resume() && x.kill("SIGKILL"));
  await Promise.all(children.map((x) => x.ended));
}

function hasTerminal() {
  try {
    require("node-pty").spawn("/bin/true", [], {}).kill();
    return true;
  } catch {
    return false;
  }
}

const items = { flood, feed, fanout, echo, agent, spawn: spawnMany, idle };
const [name, ...words] = process.argv.slice(2);
if (name === "--has-terminal") process.exit(hasTerminal() ? 0 : 1);
if (!items[name]) {
  console.error("no such item");
  process.exit(2);
}
items[name](...words).then(
  () => process.exit(0),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
