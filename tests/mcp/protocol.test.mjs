// What a client that knows the protocol less well than the official one sends.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Raw, gone } from "./server.mjs";

/// Runs `f` with a server that must end in order.
async function with_server(f, more, before) {
  const server = new Raw(more, before);
  await f(server);
  assert.equal(await server.end(), 0);
}

test("each version of the protocol gets what it knows", async () => {
  for (const [version, annotations, structured] of [
    ["2024-11-05", false, false],
    ["2025-03-26", true, false],
    ["2025-06-18", true, true],
  ])
    await with_server(async (server) => {
      const hello = await server.initialize(version);
      assert.equal(hello.protocolVersion, version);
      const { tools } = (await server.ask(1, "tools/list")).result;
      assert.equal("annotations" in tools[0], annotations);
      assert.equal("outputSchema" in tools[0], structured);
      server.call(2, "exec_command", { command: "echo hi" });
      const { result } = await server.next();
      assert.match(result.content[0].text, /Output:\nhi\n$/);
      assert.equal("structuredContent" in result, structured);
    });
});

test("a version that nobody knows is answered with the latest we do", () =>
  with_server(async (server) => {
    const hello = await server.initialize("2099-01-01");
    assert.equal(hello.protocolVersion, "2025-06-18");
  }));

test("what is no message is an error that says so, and no end", () =>
  with_server(
    async (server) => {
      for (const [line, code] of [
        ["{", -32700],
        ["nothing", -32700],
        ['{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32600],
        ["17", -32600],
        ["{}", -32600],
        ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
        ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
        ['{"jsonrpc":"2.0","id":[1],"method":"ping"}', -32600],
        ['{"jsonrpc":"2.0","id":1,"method":7}', -32600],
        ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600],
        ["[]", -32600],
        ['{"jsonrpc":"2.0","id":1,"method":"tools/list"}', -32600],
        ['{"jsonrpc":"2.0","id":1,"method":"initialize"}', -32602],
        ["[".repeat(3000), -32600],
        ["[".repeat(1500) + "]".repeat(1500), -32600],
        ['{"a":'.repeat(500) + "1" + "}".repeat(500), -32600],
        ["x".repeat(5000), -32600],
      ]) {
        server.write(line + "\n");
        const answer = await server.next();
        assert.equal(answer.error.code, code, line.slice(0, 80));
      }
      server.child.stdin.write(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
      assert.equal((await server.next()).error.code, -32700);
      server.write("\n  \r\n");
      assert.deepEqual((await server.ask(5, "ping")).result, {});
    },
    ["--max-line", "4096"],
  ));

test("requests that cannot be are refused by their id", () =>
  with_server(async (server) => {
    await server.initialize();
    const refused = async (method, params, code) => {
      const answer = await server.ask("x", method, params);
      assert.equal(answer.id, "x");
      assert.equal(answer.error.code, code);
    };
    await refused("initialize", { protocolVersion: "2025-06-18" }, -32600);
    await refused("resources/list", {}, -32601);
    await refused("tools/call", {}, -32602);
    await refused("tools/call", { name: "poll", arguments: 3 }, -32602);
    for (const args of [
      {},
      { command: 3 },
      { command: "a", argv: ["b"] },
      { command: "a", unknown: 1 },
      { command: "a", tty: "yes" },
      { command: "a", yield_time_ms: -1 },
      { command: "a", yield_time_ms: 1.5 },
      { command: "a", yield_time_ms: 1e30 },
      { command: "a", rows: 70000 },
      { command: "a", env: { A: 1 } },
      { command: "a", until: "b" },
      { argv: [1] },
    ])
      await refused(
        "tools/call",
        { name: "exec_command", arguments: args },
        -32602,
      );
    // What the exec tool refuses is a result.
    server.call(1, "exec_command", { command: "a", tty: true, rows: 0 });
    const { result } = await server.next();
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, /invalid_argument/);
  }));

test("notifications and answers to nothing are not answered", () =>
  with_server(async (server) => {
    await server.initialize();
    server.send({ jsonrpc: "2.0", id: 9, result: {} });
    server.send({ jsonrpc: "2.0", method: "notifications/none" });
    server.send({ jsonrpc: "2.0", method: "notifications/cancelled" });
    server.send({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: 77 },
    });
    assert.equal((await server.ask(1, "ping")).id, 1);
  }));

test("a call does not keep others waiting, and one id is one call", () =>
  with_server(async (server) => {
    await server.initialize();
    server.call(1, "exec_command", { command: "read line", session_id: "s" });
    server.call(1, "list_sessions", {});
    assert.equal((await server.next()).error.code, -32600);
    server.call(2, "poll", { session_id: "s" });
    assert.match((await server.next()).result.content[0].text, /busy/);
    server.call(3, "terminate", { session_id: "s" });
    const answers = [await server.next(), await server.next()];
    assert.deepEqual(answers.map((x) => x.id).sort(), [1, 3]);
  }));

test("a batch is answered as one, where there are batches", () =>
  with_server(async (server) => {
    await server.initialize("2025-03-26");
    server.send([
      { jsonrpc: "2.0", id: 1, method: "ping" },
      { jsonrpc: "2.0", method: "notifications/none" },
      {
        jsonrpc: "2.0",
        id: 2,
        method: "tools/call",
        params: { name: "exec_command", arguments: { command: "echo hi" } },
      },
      3,
    ]);
    const answers = await server.next();
    assert.deepEqual(answers.map((x) => x.id).sort(), [1, 2, null]);
    server.send([{ jsonrpc: "2.0", method: "notifications/none" }]);
    assert.equal((await server.ask(4, "ping")).id, 4);
  }));

test("there are no batches in the latest version", () =>
  with_server(async (server) => {
    await server.initialize();
    server.send([{ jsonrpc: "2.0", id: 1, method: "ping" }]);
    assert.equal((await server.next()).error.code, -32600);
  }));

test("progress stops with the answer", () =>
  with_server(
    async (server) => {
      await server.initialize();
      server.call(
        1,
        "exec_command",
        { command: "read line", session_id: "s" },
        { progressToken: "t" },
      );
      const first = await server.next();
      assert.equal(first.method, "notifications/progress");
      assert.equal(first.params.progressToken, "t");
      server.call(2, "terminate", { session_id: "s" });
      const last = new Set();
      while (last.size < 2) {
        const x = await server.next();
        if (x.id) last.add(x.id);
        else assert.ok(!last.has(1));
      }
      for (let i = 0; i < 20; ++i)
        assert.equal((await server.ask(`p${i}`, "ping")).id, `p${i}`);
    },
    ["--progress", "0.01"],
  ));

test("what was asked before the end is answered, and no process is left", async () => {
  const server = new Raw();
  await server.initialize();
  server.call(1, "exec_command", {
    command: "echo $$; exec sleep 1000",
    until: ["\n"],
  });
  const { result } = await server.next();
  const pid = Number(result.structuredContent.output);
  server.call(2, "poll", {
    session_id: result.structuredContent.session_id,
    yield_time_ms: 300000,
  });
  server.write('{"jsonrpc":"2.0","id":3,"method":"ping"}');
  const end = server.end();
  const answers = [await server.next(), await server.next()];
  assert.deepEqual(answers.map((x) => x.id).sort(), [2, 3]);
  assert.equal(await end, 0);
  assert.ok(await gone(pid));
});

test("a server that is killed leaves no process either", async () => {
  const server = new Raw();
  await server.initialize();
  server.call(1, "exec_command", {
    command: "echo $$; exec sleep 1000",
    until: ["\n"],
  });
  const { result } = await server.next();
  server.child.kill("SIGKILL");
  await server.exit;
  assert.ok(await gone(Number(result.structuredContent.output)));
});

test("a client that does not read is not read, and gets everything later", async () => {
  const server = new Raw();
  await server.initialize();
  // Far more than what pipes hold: 200 kB of questions, 20 MB of answers.
  const count = 5000;
  let text = "";
  for (let i = 0; i < count; ++i)
    text += `{"jsonrpc":"2.0","id":${i},"method":"tools/list"}\n`;
  server.write(text);
  for (let i = 0; i < count; ++i) {
    const answer = await server.next();
    if (answer.id !== i) assert.equal(answer.id, i);
  }
  assert.equal(await server.end(), 0);
});

test("input larger than what may wait arrives whole, and its end after it", () =>
  with_server(async (server) => {
    await server.initialize();
    server.call(1, "exec_command", {
      command: "sleep 1; wc -c && echo saved",
      yield_time_ms: 250,
    });
    const { session_id } = (await server.next()).result.structuredContent;
    server.call(2, "write_stdin", {
      session_id,
      text: "x".repeat(1500000),
      close: true,
      yield_time_ms: 20000,
    });
    const { result } = await server.next();
    assert.match(result.content[0].text, /Output:\n1500000\nsaved\n$/);
    assert.equal(result.structuredContent.written_bytes, 1500000);
  }));

test("streams that do not block are waited for", () =>
  with_server(
    async (server) => {
      await server.initialize();
      // More than fits into the server's output at a time.
      for (let i = 0; i < 8; ++i)
        server.call(i, "exec_command", {
          command: "head -c 500000 /dev/zero | tr '\\0' x",
          max_output_bytes: 1000000,
        });
      for (let i = 0; i < 8; ++i)
        assert.match(
          (await server.next()).result.content[0].text,
          /Output:\nx{500000}$/,
        );
    },
    [],
    [
      "python3",
      "-c",
      "import os, sys; [os.set_blocking(x, False) for x in (0, 1)];" +
        "os.execv(sys.argv[1], sys.argv[1:])",
    ],
  ));

const container = ["unshare", "-pf", "--mount-proc"];
const contained =
  spawnSync(container[0], [...container.slice(1), "true"]).status === 0;

test(
  "as the first process of a container the server reaps orphans",
  { skip: contained ? false : "needs root" },
  () =>
    with_server(
      async (server) => {
        await server.initialize();
        for (let i = 0; i < 30; ++i) {
          server.call(i, "exec_command", {
            command: "sh -c 'setsid true &'",
          });
          await server.next();
        }
        server.call(30, "exec_command", {
          command:
            "while grep -q State:.Z /proc/[0-9]*/status; do sleep 0.05; done",
          timeout_ms: 20000,
          yield_time_ms: 30000,
        });
        const { result } = await server.next();
        assert.equal(result.structuredContent.exit_code, 0);
      },
      [],
      container,
    ),
);
