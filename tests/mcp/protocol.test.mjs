// Messages of a client that knows the protocol less well than the official one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Raw, configuration, facts, gone } from "./server.mjs";

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
    ["2025-11-25", true, true],
  ])
    await with_server(async (server) => {
      const hello = await server.initialize(version);
      assert.equal(hello.protocolVersion, version);
      const { tools } = (await server.ask(1, "tools/list")).result;
      assert.equal("annotations" in tools[0], annotations);
      const list = tools.find((x) => x.name === "list_sessions");
      assert.equal("outputSchema" in list, structured);
      assert.equal("title" in list, structured);
      server.call(2, "exec_command", { command: "echo hi" });
      const { result } = await server.next();
      assert.match(result.content[0].text, /Output:\nhi\n$/);
      // Clients that know structured content show a model nothing else.
      assert.equal("structuredContent" in result, false);
      server.call(3, "list_sessions", {});
      const { result: sessions } = await server.next();
      assert.equal("structuredContent" in sessions, structured);
    });
});

test("a version that nobody knows is answered with the latest we do", () =>
  with_server(async (server) => {
    const hello = await server.initialize("2099-01-01");
    assert.equal(hello.protocolVersion, "2025-11-25");
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
      server.write('{"jsonrpc":"2.0","id":2,"method":"ping","params":{"x":1e999}}\n');
      const overflow = await server.next();
      assert.equal(overflow.id, 2);
      assert.equal((await server.ask(1.5, "ping")).id, 1.5);
      assert.equal(overflow.error.code, -32700);
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
    await refused("tools/call", { name: "none", arguments: {} }, -32602);
    // A refusal by the exec tool is a result.
    server.call(1, "exec_command", { command: "a", tty: true, rows: 0 });
    const { result } = await server.next();
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, /invalid_argument/);
  }));

test("what a model gets wrong is told to it, with the right usage", () =>
  with_server(async (server) => {
    await server.initialize();
    for (const [name, args, pattern] of [
      ["exec_command", null, /give either "command" or "argv"/],
      ["exec_command", {}, /give either "command" or "argv"/],
      ["exec_command", 3, /"arguments" must be an object/],
      ["exec_command", { command: 3 }, /"command" must be a string/],
      ["exec_command", { command: "a", argv: ["b"] }, /give either/],
      ["exec_command", { command: "a", cmd: "b" }, /the same argument/],
      ["exec_command", { command: "a", unknown: 1 }, /"unknown" is not an argument/],
      ["exec_command", { command: "a", tty: "yes" }, /"tty" must be true or false/],
      ["exec_command", { command: "a", yield_time_ms: -1 }, /integer from 0/],
      ["exec_command", { command: "a", yield_time_ms: 1.5 }, /integer from 0/],
      ["exec_command", { command: "a", yield_time_ms: "1" }, /integer from 0/],
      ["exec_command", { command: "a", yield_time_ms: 1e30 }, /integer from 0/],
      ["exec_command", { command: "a", rows: 70000 }, /from 0 to 65535/],
      ["exec_command", { command: "a", env: { A: 1 } }, /"env" must have strings/],
      ["exec_command", { command: "a", env: ["A=1"] }, /"env" must be an object/],
      ["exec_command", { command: "a", until: { b: 1 } }, /list of strings/],
      ["exec_command", { command: "a", until_regex: ["("] }, /regular expression '\('/],
      ["exec_command", { command: "a", stdin: "some text" }, /write_stdin/],
      ["exec_command", { argv: [1] }, /"argv" must be a list of strings/],
      ["exec_command", { command: "a", tty: true, rows: 0 }, /invalid_argument/],
      ["poll", 3, /"arguments" must be an object/],
      ["poll", {}, /"session_id" is missing.*session_id \(string, required\)/],
      ["write_stdin", { session_id: "x", text: "y" }, /no_such_session/],
      ["resize_session", { session_id: "x" }, /"rows" is missing/],
      ["signal_session", { session_id: "x", signal: "SIGNONE" }, /SIGHUP/],
      ["list_sessions", { all: true }, /Arguments of list_sessions: none/],
    ]) {
      server.call(1, name, args);
      const { result } = await server.next();
      const text = result?.content[0].text;
      assert.equal(result?.isError, true, JSON.stringify([name, args]));
      assert.match(text, pattern);
      // In words that no program would print.
      assert.doesNotMatch(text, /json\.exception|type_error/);
    }
    server.call(2, "exec_command", { command: "cat", session_id: "s", yield_time_ms: 0 });
    await server.next();
    server.call(3, "write_stdin", { session_id: "s", text: "x" });
    const { result } = await server.next();
    assert.equal(result.isError, true);
    assert.match(result.content[0].text, /stdin_closed|already_exited|no_such_session/);
  }));

test("what means the same is as good", () =>
  with_server(async (server) => {
    await server.initialize();
    for (const [args, output] of [
      [{ cmd: "echo 1" }, "1\n"],
      [{ script: "echo 2", description: "Counts" }, "2\n"],
      [{ command: ["sh", "-c", "echo $0", "three"] }, "three\n"],
      [{ command: "pwd", workdir: "/tmp" }, "/tmp\n"],
      [{ command: "echo 4", yield_time_ms: 1000.0, argv: null, env: null }, "4\n"],
      [{ command: "echo 5", timeout: 10 }, "5\n"],
      [{ command: "echo 6", timeout: 120000.0, cols: 80.0 }, "6\n"],
      [{ command: "echo seven; cat", stdin: "open", wait_for: "seven" }, "seven\n"],
    ]) {
      server.send({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "exec_command", arguments: args },
      });
      const { result } = await server.next();
      assert.equal(result.isError, false, result.content[0].text);
      assert.equal(facts(result).output, output);
    }
    // JSON.stringify would write 1000.
    server.write(
      '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":' +
        '"exec_command","arguments":{"command":"echo 8","yield_time_ms":1000.0}}}\n',
    );
    assert.equal(facts((await server.next()).result).output, "8\n");
    server.call(3, "exec_command", { cmd: "cat", pty: true, session_id: "s", run_in_background: true });
    assert.equal(facts((await server.next()).result).state, "running");
    server.call(4, "write_stdin", { session: "s", chars: "nine", key: "Return", until: "nine" });
    assert.match(facts((await server.next()).result).output, /nine\r\nnine/);
    server.call(5, "list_sessions", null);
    assert.match((await server.next()).result.content[0].text, /^s: running/m);
    server.call(6, "terminate", { id: "s" });
    assert.equal(facts((await server.next()).result).state, "closed");
    server.send({ jsonrpc: "2.0", id: 7, method: "ping", params: null });
    assert.deepEqual((await server.next()).result, {});
  }));

test("an answer has the id of its request wherever that can be read", () =>
  with_server(
    async (server) => {
      await server.initialize();
      const call = (id, command) =>
        `{"jsonrpc":"2.0","method":"tools/call","params":{"id":1,"name":` +
        `"exec_command","arguments":{"command":"${command}"}},"id":${id}}`;
      for (const [line, id, code] of [
        [call(5, "echo \\ud800"), 5, -32700],
        [call('"a\\"b"', "echo \\udc00 \\\\"), 'a"b', -32700],
        [call(6, "x".repeat(5000)), 6, -32600],
        [call('"seven"', "\\\"id\\\":8, ".repeat(1000)), "seven", -32600],
        ['{"id":9,"jsonrpc":"2.0","method":"ping","params":' + "[".repeat(50) + "]".repeat(50) + "}", 9, -32600],
        ['{"id":10,"params":"' + "x".repeat(5000), 10, -32600],
        ['{"id":[1],"params":"' + "x".repeat(5000), null, -32600],
        ['[{"id":1,"params":"' + "x".repeat(5000), null, -32600],
      ]) {
        server.write(line + "\n");
        const answer = await server.next();
        assert.equal(answer.error.code, code);
        assert.equal(answer.id, id, line.slice(0, 80));
      }
    },
    ["--max-line", "4096"],
  ));

test("the shell is the one that is asked for", async () => {
  await with_server(async (server) => {
    await server.initialize();
    server.call(1, "exec_command", { command: "set -o pipefail; [[ -n $BASH ]] && echo bash" });
    assert.equal(facts((await server.next()).result).output, "bash\n");
  });
  await with_server(
    async (server) => {
      await server.initialize();
      const { tools } = (await server.ask(1, "tools/list")).result;
      assert.match(tools[0].description, /sh -u -c COMMAND/);
      server.call(2, "exec_command", { command: "echo $none" });
      assert.notEqual(facts((await server.next()).result).exit_code, 0);
    },
    ["--shell", "sh -u -c"],
  );
});

test("bad usage says how to get help", () => {
  const { command } = configuration();
  for (const args of [["--shell", "'"], ["--runner", "'x"], ["--none"]]) {
    const { status, stderr } = spawnSync(command, args, { encoding: "utf8", input: "" });
    assert.equal(status, 2);
    assert.match(stderr, /^procession-mcp: .*; try procession-mcp --help\n$/);
  }
  const help = spawnSync(command, ["--help"], { encoding: "utf8" });
  assert.equal(help.status, 0);
  assert.match(help.stdout, /--shell/);
});

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
    server.call(1, "exec_command", { command: "read line", session_id: "s", stdin: "open" });
    server.call(1, "list_sessions", {});
    assert.equal((await server.next()).error.code, -32600);
    server.call(2, "poll", { session_id: "s" });
    assert.match((await server.next()).result.content[0].text, /busy/);
    server.call(3, "terminate", { session_id: "s" });
    const answers = [await server.next(), await server.next()];
    assert.deepEqual(answers.map((x) => x.id).sort(), [1, 3]);
  }));

test("a name that the client gave is not given again", () =>
  with_server(async (server) => {
    await server.initialize();
    for (const session_id of ["1", "2"]) {
      server.call(session_id, "exec_command", { command: "cat", stdin: "open", session_id, yield_time_ms: 0 });
      assert.equal(facts((await server.next()).result).session_id, session_id);
    }
    server.call(3, "exec_command", { command: "cat", stdin: "open", yield_time_ms: 0 });
    assert.equal(facts((await server.next()).result).session_id, "3");
  }));

test("to cancel a call that was refused ends nobody's session", () =>
  with_server(async (server) => {
    await server.initialize();
    server.call(1, "exec_command", { command: "cat", stdin: "open", session_id: "s", yield_time_ms: 0 });
    await server.next();
    // In one write, so that the call is not answered before it is cancelled.
    const params = { name: "exec_command", arguments: { command: "true", session_id: "s" } };
    server.write(
      [
        { jsonrpc: "2.0", id: 2, method: "tools/call", params },
        { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 2 } },
        { jsonrpc: "2.0", id: 3, method: "ping" },
      ].map((x) => JSON.stringify(x) + "\n").join(""),
    );
    // The refusal may have been faster.
    while ((await server.next()).id !== 3);
    server.call(4, "write_stdin", { session_id: "s", text: "x\n", until: ["x"], yield_time_ms: 30000 });
    for (;;) {
      const answer = await server.next();
      if (answer.id !== 4) continue;
      assert.equal(facts(answer.result).state, "running");
      assert.equal(facts(answer.result).output, "x\n");
      break;
    }
  }));

test("what of the input waits is told only where it is known", () =>
  with_server(async (server) => {
    await server.initialize();
    server.call(1, "exec_command", { command: "trap : INT; echo ready; while :; do sleep 0.1; done", stdin: "open", session_id: "s", until: ["ready"] });
    await server.next();
    for (const args of [
      { text: "\u0003" },
      { text: "abc", yield_time_ms: 0 },
    ]) {
      server.call(2, "write_stdin", { session_id: "s", ...args });
      const { result } = await server.next();
      assert.doesNotMatch(result.content[0].text, /Of the input/);
    }
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

test("there are no batches in other versions", async () => {
  for (const version of ["2024-11-05", "2025-06-18", "2025-11-25"])
    await with_server(async (server) => {
      await server.initialize(version);
      server.send([{ jsonrpc: "2.0", id: 1, method: "ping" }]);
      assert.equal((await server.next()).error.code, -32600);
    });
});

test("progress stops with the answer", () =>
  with_server(
    async (server) => {
      await server.initialize();
      server.call(
        1,
        "exec_command",
        { command: "read line", session_id: "s", stdin: "open" },
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
  const pid = Number(facts(result).output);
  server.call(2, "poll", {
    session_id: facts(result).session_id,
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
  assert.ok(await gone(Number(facts(result).output)));
});

test("a client that does not read is not read, and gets everything later", async () => {
  const server = new Raw();
  await server.initialize();
  // Far more than pipes hold: 200 kB of questions, 20 MB of answers.
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
      stdin: "open",
      yield_time_ms: 250,
    });
    const { session_id } = facts((await server.next()).result);
    server.call(2, "write_stdin", {
      session_id,
      text: "x".repeat(1500000),
      close: true,
      yield_time_ms: 20000,
    });
    const { result } = await server.next();
    assert.match(result.content[0].text, /Output:\n1500000\nsaved\n$/);
    assert.equal(facts(result).written_bytes, 1500000);
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
        assert.equal(facts(result).exit_code, 0);
      },
      [],
      container,
    ),
);
