// Shared by the tests: the command of the README, and a client
// that speaks JSON-RPC by hand, mistakes included.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

const { PROCESSION_SOURCE: source, PROCESSION_BIN: bin } = process.env;

/// Returns the MCP configuration of the README, for this tree and this build.
export function configuration() {
  const readme = readFileSync(`${source}/README.md`, "utf8");
  const block = readme.match(/```json\n(\{\s*"mcpServers"[^]*?)```/);
  if (!block) throw new Error("the README has no MCP configuration");
  const { command, args } = JSON.parse(block[1]).mcpServers.procession;
  const place = "/path/to/procession/build/release/bin/";
  if (!command.startsWith(place))
    throw new Error(`the README's command is elsewhere: ${command}`);
  return { command: command.replace(place, `${bin}/`), args };
}

/// Returns a result's part for programs, with the output from its text.
export function facts(result) {
  if (result.structuredContent) return result.structuredContent;
  const text = result.content[0].text;
  const at = text.indexOf("Output:\n");
  const output = at < 0 ? undefined : text.slice(at + "Output:\n".length);
  return { ...result._meta?.["procession/result"], output };
}

/// Fails if `promise` takes longer than anything should take here.
export async function soon(promise, what) {
  const stop = new AbortController();
  const late = setTimeout(60000, null, { signal: stop.signal }).then(() => {
    throw new Error(`too late: ${what}`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}

/// A server to which only the test talks.
export class Raw {
  /// @param before a program and its arguments that start the server.
  constructor(more = [], before = []) {
    const { command, args } = configuration();
    const [program, ...words] = [...before, command, ...args, ...more];
    this.child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdin.on("error", () => {});
    this.lines = createInterface({ input: this.child.stdout })[
      Symbol.asyncIterator
    ]();
    this.exit = new Promise((resolve) =>
      this.child.on("exit", (code, signal) => resolve(signal ?? code)),
    );
  }

  send(message) {
    this.write(JSON.stringify(message) + "\n");
  }

  write(text) {
    this.child.stdin.write(text);
  }

  /// Returns the next message; undefined when none will come.
  async next() {
    const { value, done } = await soon(this.lines.next(), "a message");
    return done ? undefined : JSON.parse(value);
  }

  async ask(id, method, params) {
    this.send({ jsonrpc: "2.0", id, method, params });
    return this.next();
  }

  call(id, name, args, meta) {
    this.send({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name, arguments: args, _meta: meta },
    });
  }

  async initialize(version = "2025-11-25") {
    const answer = await this.ask("init", "initialize", {
      protocolVersion: version,
      capabilities: {},
      clientInfo: { name: "raw", version: "0" },
    });
    this.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    return answer.result;
  }

  /// Closes the server's input. @returns how it ended.
  async end() {
    this.child.stdin.end();
    return soon(this.exit, "the end of the server");
  }
}

/// Returns whether a process of that number is gone in time, zombies included.
export async function gone(pid) {
  for (let i = 0; i < 1000; ++i) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await setTimeout(10);
  }
  return false;
}
