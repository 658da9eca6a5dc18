// The official client drives the command of the README.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { configuration, facts, gone } from "./server.mjs";

async function connect(more = []) {
  const { command, args } = configuration();
  const transport = new StdioClientTransport({
    command,
    args: [...args, ...more],
    env: process.env,
  });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  return client;
}

/// Runs `f` with a connected client.
async function with_client(f, more) {
  const client = await connect(more);
  try {
    // From now on the client checks results against their schemas.
    await client.listTools();
    await f(client, async (name, args, options) => {
      const params = { name, arguments: args ?? {} };
      const result = await client.callTool(params, undefined, options);
      assert.equal(result.isError ?? false, false, result.content[0].text);
      return facts(result);
    });
  } finally {
    await client.close();
  }
}

test("the client finds the server and its tools", () =>
  with_client(async (client) => {
    assert.equal(client.getServerVersion().name, "procession");
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map((x) => x.name).sort(), [
      "exec_command",
      "list_sessions",
      "poll",
      "resize_session",
      "signal_session",
      "terminate",
      "terminate_all",
      "write_stdin",
    ]);
    for (const tool of tools) {
      assert.equal(tool.inputSchema.type, "object");
      assert.equal("outputSchema" in tool, /list|all/.test(tool.name));
      assert.ok(tool.description.length > 20);
      assert.equal(typeof tool.annotations.readOnlyHint, "boolean");
    }
    await client.ping();
  }));

test("a command that ends is answered with all it said and how it ended", () =>
  with_client(async (client, call) => {
    const x = await call("exec_command", {
      command: "echo out; echo err >&2; exit 3",
    });
    assert.equal(x.state, "closed");
    assert.equal(x.exit_code, 3);
    assert.equal(x.output_bytes, 8);
    assert.equal(x.output, "out\nerr\n");
    const dir = mkdtempSync(`${tmpdir()}/mcp-test-`);
    try {
      const y = await call("exec_command", {
        argv: ["sh", "-c", 'echo "$A/$HOME/$PWD"'],
        cwd: dir,
        env: { A: "b c", HOME: null },
      });
      assert.equal(y.output, `b c//${dir}\n`);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }));

test("an answer has its output once, within its budget", () =>
  with_client(async (client) => {
    const result = await client.callTool({
      name: "exec_command",
      arguments: { command: "seq 100000", max_output_bytes: 1000 },
    });
    assert.equal(result.structuredContent, undefined);
    assert.ok(JSON.stringify(result).length < 2000);
    const x = facts(result);
    assert.equal(x.output_bytes, 588895);
    assert.equal(x.omitted_bytes, 588895 - 1000);
    assert.match(x.output, /^1\n2\n/);
    assert.match(x.output, /\n\.\.\. 587895 bytes omitted \.\.\.\n/);
    assert.match(x.output, /\n100000\n$/);
    assert.match(result.content[0].text, /^Ended \(exit code 0\) after /);
  }));

test("a terminal is one that programs like, and is resized", () =>
  with_client(async (client, call) => {
    const x = await call("exec_command", {
      command: "echo $TERM; stty size; read line; stty size",
      tty: true,
      until_regex: ["\\d+ \\d+"],
    });
    assert.match(x.output, /^xterm-256color\r\n24 80/);
    assert.equal(x.matched_text, "24 80");
    const { session_id } = x;
    await call("resize_session", { session_id, rows: 30, cols: 100 });
    const y = await call("write_stdin", { session_id, keys: ["Enter"], yield_time_ms: 30000 });
    assert.match(y.output, /30 100\r\n$/);
  }));

test("a session is signalled", () =>
  with_client(async (client, call) => {
    const { session_id } = await call("exec_command", {
      command: "trap 'echo hung up; exit 6' HUP; echo ready; while :; do sleep 0.02; done",
      until: ["ready"],
    });
    await call("signal_session", { session_id, signal: "hup" });
    const x = await call("poll", { session_id, yield_time_ms: 30000 });
    assert.equal(x.exit_code, 6);
    assert.match(x.output, /hung up\n$/);
  }));

test("what is left in the background is ended and counted, or kept", () =>
  with_client(async (client, call) => {
    const command = "sleep 1000 & echo $!";
    const ended = await client.callTool({ name: "exec_command", arguments: { command } });
    assert.match(ended.content[0].text, /; 1 background process was ended with it\n/);
    assert.equal(facts(ended).background_ended, 1);
    assert.ok(await gone(Number(facts(ended).output)));
    const kept = await call("exec_command", { command, keep_background: true });
    assert.equal(kept.wait, "exited");
    assert.equal(kept.exit_code, 0);
    process.kill(Number(kept.output), 0);
    const { sessions } = await call("list_sessions");
    assert.equal(sessions[0].session_id, kept.session_id);
    const last = await call("terminate", { session_id: kept.session_id });
    assert.equal(last.background_ended, 1);
    assert.ok(await gone(Number(kept.output)));
  }));

test("who does not wait gets what is new", () =>
  with_client(async (client, call) => {
    const { session_id, state } = await call("exec_command", {
      command: "echo one; read line; echo two",
      stdin: "open",
      yield_time_ms: 0,
    });
    assert.equal(state, "running");
    await call("poll", { session_id, until: ["one"], yield_time_ms: 30000 });
    const x = await call("poll", { session_id, yield_time_ms: 0 });
    assert.equal(x.output, "");
    assert.ok(x.wall_time_ms < 1000);
    const y = await call("write_stdin", { session_id, text: "\n", yield_time_ms: 30000 });
    assert.equal(y.output, "two\n");
  }));

test("a shell on a terminal keeps its state, and is typed to and ended", () =>
  with_client(async (client, call) => {
    const shell = await call("exec_command", {
      argv: ["sh"],
      env: { PS1: "ready> " },
      session_id: "my shell",
      tty: true,
      until: ["ready> "],
    });
    assert.equal(shell.wait, "matched");
    assert.equal(shell.session_id, "my shell");
    await call("write_stdin", {
      session_id: "my shell",
      text: "X=4711; cat\n",
    });
    const echo = await call("write_stdin", {
      session_id: "my shell",
      text: "h\u00e4\u20ac\u{1F600}",
      keys: ["enter"],
      yield_time_ms: 30000,
      until: ["h\u00e4\u20ac\u{1F600}"],
    });
    assert.equal(echo.wait, "matched");
    // The second match is not the echo.
    assert.match(echo.output, /\u{1F600}\r\nh\u00e4\u20ac\u{1F600}/u);
    assert.equal(echo.invalid_bytes, 0);
    await call("write_stdin", {
      session_id: "my shell",
      keys: ["ctrl-c"],
      yield_time_ms: 30000,
      until: ["ready> "],
    });
    const state = await call("write_stdin", {
      session_id: "my shell",
      text: "echo got $X\n",
      yield_time_ms: 30000,
      until: ["got 4711"],
    });
    assert.equal(state.wait, "matched");
    const { sessions } = await call("list_sessions");
    assert.equal(sessions.length, 1);
    assert.equal(sessions[0].state, "running");
    const end = await call("terminate", { session_id: "my shell" });
    assert.equal(end.state, "closed");
    assert.deepEqual((await call("list_sessions")).sessions, []);
  }));

test("a session that is not waited for is polled later, and told by its end", () =>
  with_client(async (client, call) => {
    const first = await call("exec_command", {
      command: "echo begun; read line; echo \"said $line\"; read other; exit 7",
      stdin: "open",
      until: ["begun"],
    });
    assert.equal(first.state, "running");
    const id = first.session_id;
    const second = await call("write_stdin", {
      session_id: id,
      text: "yes\n",
      yield_time_ms: 30000,
      until: ["said yes"],
    });
    assert.equal(second.output, "said yes\n");
    assert.equal(second.written_bytes, 4);
    await call("write_stdin", { session_id: id, close: true });
    // The end may have been in that answer already; it is reported only once.
    const last = await client.callTool({
      name: "poll",
      arguments: { session_id: id, yield_time_ms: 60000 },
    });
    if (last.isError) assert.match(last.content[0].text, /no_such_session/);
    else assert.equal(facts(last).exit_code, 7);
  }));

test("who gave a progress token is told while a call waits", () =>
  with_client(
    async (client, call) => {
      let told = 0;
      let enough;
      const progress = new Promise((resolve) => (enough = resolve));
      let last = -1;
      const running = call(
        "exec_command",
        {
          command: "echo $$; read line; echo done",
          stdin: "open",
          session_id: "long",
          yield_time_ms: 30000,
        },
        {
          onprogress: (x) => {
            assert.ok(x.progress > last);
            last = x.progress;
            if (++told === 3) enough();
          },
        },
      );
      await progress;
      await call("terminate", { session_id: "long" });
      const x = await running;
      assert.equal(x.state, "closed");
    },
    ["--progress", "0.02"],
  ));

test("a call that is cancelled ends its command", () =>
  with_client(async (client, call) => {
    const stop = new AbortController();
    const running = call(
      "exec_command",
      { command: "echo $$; exec sleep 1000", session_id: "s" },
      { signal: stop.signal },
    );
    let pid = 0;
    while (pid === 0) pid = (await call("list_sessions")).sessions[0]?.pid ?? 0;
    stop.abort("enough");
    await assert.rejects(running);
    assert.ok(await gone(pid));
  }));

test("a poll that is cancelled leaves the session and its output", () =>
  with_client(async (client, call) => {
    await call("exec_command", {
      command: "echo first; read line; echo second; read line",
      stdin: "open",
      session_id: "s",
      until: ["first"],
    });
    const stop = new AbortController();
    const poll = call(
      "poll",
      { session_id: "s", yield_time_ms: 300000 },
      { signal: stop.signal },
    );
    await client.ping();
    stop.abort("enough");
    await assert.rejects(poll);
    const x = await call("write_stdin", {
      session_id: "s",
      text: "\n",
      yield_time_ms: 30000,
      until: ["second"],
    });
    assert.equal(x.output, "second\n");
  }));

test("what goes wrong is told in words that say where", () =>
  with_client(async (client) => {
    const wrong = async (name, args, pattern) => {
      const result = await client.callTool({ name, arguments: args });
      assert.equal(result.isError, true);
      assert.match(result.content[0].text, pattern);
    };
    await wrong("exec_command", { argv: ["no-such-program"] }, /program_not_found/);
    await wrong("exec_command", { command: "true", cwd: "/nowhere" }, /cwd_not_found/);
    await wrong("poll", { session_id: "nobody" }, /no_such_session/);
    await wrong("exec_command", {}, /give either "command" or "argv"/);
    await assert.rejects(
      client.callTool({ name: "no_such_tool", arguments: {} }),
      (x) => x.code === -32602,
    );
  }));

test("at its limit the server says what could be stopped", () =>
  with_client(
    async (client, call) => {
      await call("exec_command", {
        command: "read line",
        stdin: "open",
        session_id: "only",
        yield_time_ms: 250,
      });
      const result = await client.callTool({
        name: "exec_command",
        arguments: { command: "true" },
      });
      assert.equal(result.isError, true);
      assert.match(result.content[0].text, /session_limit.*only: running.*read line/);
    },
    ["--max-sessions", "1"],
  ));

test("when the client closes, no process is left", async () => {
  const client = await connect();
  const result = await client.callTool({
    name: "exec_command",
    arguments: {
      command: "echo $$; setsid sleep 1000 & echo $!; read line",
      stdin: "open",
      yield_time_ms: 30000,
      until: ["\n"],
    },
  });
  const server = client.transport.pid;
  const [pid] = facts(result).output.split("\n").map(Number);
  assert.ok(pid > 0);
  await client.close();
  assert.ok(await gone(server));
  assert.ok(await gone(pid));
});

test("commands run in a runner when the server is told so", () =>
  with_client(
    async (client, call) => {
      const x = await call("exec_command", { command: "echo from $(id -un)" });
      assert.equal(x.exit_code, 0);
      assert.match(x.output, /^from /);
    },
    ["--runner", `'${process.env.PROCESSION_BIN}/procession-runner' --stdio`],
  ));
