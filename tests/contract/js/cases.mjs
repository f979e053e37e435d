// What a JavaScript program may ask of a sandbox. Every exported function is a case; it fails by throwing.
// The addresses and the key come from the environment, as `e2b` itself reads them.
import assert from "node:assert/strict";

import {
  AuthenticationError,
  CommandExitError,
  FileNotFoundError,
  FileType,
  FilesystemEventType,
  InvalidArgumentError,
  NotEnoughSpaceError,
  NotFoundError,
  RateLimitError,
  Sandbox,
  SandboxError,
  SandboxNotFoundError,
  Template,
  TimeoutError,
} from "e2b";

const PATIENCE_MS = 20_000;

async function inSandbox(use, options = {}) {
  const sandbox = await Sandbox.create({ timeoutMs: 120_000, ...options });
  try {
    return await use(sandbox);
  } finally {
    await sandbox.kill();
  }
}

/** A promise with a deadline, for what no event may ever tell. */
function within(promise, what) {
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Error(`${what} did not happen`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A promise, and what keeps it. */
function awaited() {
  let keep;
  const promise = new Promise((resolve) => (keep = resolve));
  return { promise, keep };
}

async function pages(options) {
  const paginator = Sandbox.list(options);
  const found = [];
  while (paginator.hasNext) found.push(await paginator.nextItems());
  return found;
}

const ids = (infos) => infos.map((info) => info.sandboxId);

export async function a_sandbox_lives_and_dies() {
  const sandbox = await Sandbox.create();
  assert.match(sandbox.sandboxId, /^[a-z0-9]+$/);
  assert.equal(await sandbox.isRunning(), true);
  const again = await Sandbox.connect(sandbox.sandboxId);
  assert.equal((await again.commands.run("echo again")).stdout, "again\n");
  assert.equal(await sandbox.kill(), true);
  assert.equal(await sandbox.isRunning(), false);
  assert.equal(await Sandbox.kill(sandbox.sandboxId), false);
}

export async function what_is_told_of_a_sandbox() {
  const metadata = { purpose: "a b&c=d/é" };
  await inSandbox(
    async (sandbox) => {
      const info = await sandbox.getInfo();
      assert.equal(info.sandboxId, sandbox.sandboxId);
      assert.equal(info.templateId, "base");
      assert.deepEqual(info.metadata, metadata);
      assert.equal(info.state, "running");
      assert.equal(info.envdVersion, "0.6.13");
      assert.ok(info.cpuCount >= 1 && info.memoryMB >= 1);
      assert.ok(info.endAt - info.startedAt > 110_000);
      assert.deepEqual(info.lifecycle, { onTimeout: "kill", autoResume: false });
    },
    { metadata },
  );
}

export async function a_list_is_filtered_ordered_and_paged() {
  const metadata = { list: `js ${Date.now()}&=/%` };
  const made = [];
  try {
    for (let n = 0; n < 3; n++) made.push(await Sandbox.create({ metadata }));
    const oldestFirst = made.map((sandbox) => sandbox.sandboxId);
    const asc = await pages({ query: { metadata }, order: "asc", limit: 2 });
    assert.deepEqual(asc.map(ids), [oldestFirst.slice(0, 2), oldestFirst.slice(2)]);
    const desc = await pages({ query: { metadata } });
    assert.deepEqual(desc.map(ids), [oldestFirst.toReversed()]);
    assert.ok(await made[0].pause());
    const states = async (...state) => ids((await pages({ query: { metadata, state } })).flat());
    assert.deepEqual(await states("paused"), [oldestFirst[0]]);
    assert.deepEqual(await states("running"), oldestFirst.slice(1).toReversed());
    assert.equal((await states("running", "paused")).length, 3);
    const startedAfter = (await made[1].getInfo()).startedAt;
    const later = await pages({ query: { metadata, startedAfter: new Date(startedAfter.getTime() + 1) } });
    assert.ok(ids(later.flat()).includes(oldestFirst[2]) && !ids(later.flat()).includes(oldestFirst[0]));
    assert.equal((await pages({ query: { metadata, template: "base" } })).flat().length, 3);
    assert.equal((await pages({ query: { metadata, template: "other" } })).flat().length, 0);
    const done = Sandbox.list({ query: { metadata: { list: "nobody" } } });
    assert.deepEqual(await done.nextItems(), []);
    await assert.rejects(done.nextItems());
  } finally {
    await Promise.all(made.map((sandbox) => sandbox.kill()));
  }
}

export async function a_timeout_counts_from_now() {
  await inSandbox(async (sandbox) => {
    await sandbox.setTimeout(500_000);
    assert.ok((await sandbox.getInfo()).endAt - Date.now() > 480_000);
    await Sandbox.setTimeout(sandbox.sandboxId, 30_000);
    assert.ok((await sandbox.getInfo()).endAt - Date.now() < 31_000);
    await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 10_000 });
    assert.ok((await sandbox.getInfo()).endAt - Date.now() > 20_000, "connect never shortens");
  });
}

export async function metrics_are_told() {
  await inSandbox(async (sandbox) => {
    const metrics = await sandbox.getMetrics();
    assert.ok(metrics.length >= 1);
    const { cpuCount, cpuUsedPct, memTotal, diskTotal, timestamp } = metrics.at(-1);
    assert.ok(cpuCount >= 1 && cpuUsedPct >= 0 && memTotal > 0 && diskTotal > 0 && timestamp instanceof Date);
    const before = { start: new Date(Date.now() - 7_200_000), end: new Date(Date.now() - 3_600_000) };
    assert.deepEqual(await Sandbox.getMetrics(sandbox.sandboxId, before), []);
  });
}

export async function a_paused_sandbox_wakes_by_connect() {
  await inSandbox(async (sandbox) => {
    const handle = await sandbox.commands.run("sleep 0.2; echo kept > kept; sleep 600", { background: true, timeoutMs: 0 });
    assert.equal(await sandbox.pause(), true);
    assert.equal(await sandbox.pause(), false);
    assert.equal((await sandbox.getInfo()).state, "paused");
    const same = await sandbox.connect();
    assert.equal(same.sandboxId, sandbox.sandboxId);
    assert.ok((await sandbox.commands.list()).some((process) => process.pid === handle.pid), "memory is kept");
    await handle.kill();
  });
}

export async function a_pause_may_forget_the_memory() {
  await inSandbox(async (sandbox) => {
    await sandbox.files.write("kept", "kept");
    await sandbox.commands.run("sleep 3777", { background: true, timeoutMs: 0 });
    assert.equal(await sandbox.pause({ keepMemory: false }), true);
    assert.equal(await sandbox.isRunning(), false);
    await sandbox.connect();
    assert.equal(await sandbox.files.read("kept"), "kept");
    assert.equal((await sandbox.commands.list()).length, 0);
  });
}

export async function a_snapshot_is_taken_listed_begun_with_and_deleted() {
  const name = `js-${Date.now()}`;
  await inSandbox(async (sandbox) => {
    await sandbox.files.write("state", "before");
    const taken = await sandbox.createSnapshot({ name });
    assert.deepEqual(taken.names, [`local/${name}`]);
    assert.equal(await Template.exists(name), true);
    await sandbox.files.write("state", "after");
    const listed = async (options) => (await Sandbox.listSnapshots(options).nextItems()).map((each) => each.snapshotId);
    assert.deepEqual(await listed({ sandboxId: sandbox.sandboxId }), [taken.snapshotId]);
    assert.deepEqual(await listed({ name }), [taken.snapshotId]);
    const begun = await Sandbox.create(taken.snapshotId);
    try {
      assert.equal(await begun.files.read("state"), "before");
      assert.equal(await Sandbox.deleteSnapshot(taken.snapshotId), true);
      assert.equal(await Sandbox.deleteSnapshot(taken.snapshotId), false);
      // it stands upon what was deleted, and goes on
      assert.equal(await begun.files.read("state"), "before");
      await begun.files.write("more", "x");
    } finally {
      await begun.kill();
    }
    assert.deepEqual(await listed({ name }), []);
    await assert.rejects(Sandbox.create(taken.snapshotId), SandboxError);
    await assert.rejects(Sandbox.createSnapshot("i" + "0".repeat(20)), SandboxNotFoundError);
  });
}

export async function forks_begin_with_the_same_files() {
  await inSandbox(async (sandbox) => {
    await sandbox.files.write("state", "before");
    const forks = await sandbox.fork({ count: 2, timeoutMs: 60_000 });
    try {
      assert.equal(new Set([sandbox, ...forks].map((each) => each.sandboxId)).size, 3);
      for (const fork of forks) {
        assert.equal(await fork.files.read("state"), "before");
        await fork.files.write("state", fork.sandboxId);
      }
      assert.equal(await sandbox.files.read("state"), "before");
    } finally {
      await Promise.all(forks.map((fork) => fork.kill()));
    }
    await assert.rejects(sandbox.fork({ count: 21 }), /400: count must be 1 to 20/);
  });
}

export async function the_network_is_updated() {
  await inSandbox(async (sandbox) => {
    await sandbox.updateNetwork({ allowInternetAccess: true });
    assert.equal((await sandbox.getInfo()).allowInternetAccess, true);
    await assert.rejects(Sandbox.updateNetwork("i" + "0".repeat(20), {}), SandboxNotFoundError);
  });
}

export async function an_unknown_template_has_no_alias() {
  assert.equal(await Template.exists("no-such-template"), false);
  assert.equal(await Template.exists("base"), true);
}

export async function a_command_tells_output_and_exit_code() {
  await inSandbox(async (sandbox) => {
    const seen = { out: "", err: "" };
    const result = await sandbox.commands.run("echo out; echo err >&2; printf 'é日'", {
      onStdout: (text) => (seen.out += text),
      onStderr: (text) => (seen.err += text),
    });
    assert.deepEqual([result.stdout, result.stderr, result.exitCode], ["out\né日", "err\n", 0]);
    assert.deepEqual(seen, { out: "out\né日", err: "err\n" });
    await assert.rejects(sandbox.commands.run("echo half; echo why >&2; exit 7"), (error) => {
      assert.ok(error instanceof CommandExitError);
      assert.deepEqual([error.exitCode, error.stdout, error.stderr], [7, "half\n", "why\n"]);
      return true;
    });
    const large = await sandbox.commands.run("head -c 2000000 /dev/zero | tr '\\0' x");
    assert.equal(large.stdout.length, 2_000_000);
    const set = await sandbox.commands.run('echo "$A $PWD"', { envs: { A: "a b" }, cwd: "/tmp" });
    assert.equal(set.stdout, "a b /tmp\n");
  });
}

export async function a_background_command_is_fed_joined_and_killed() {
  await inSandbox(async (sandbox) => {
    const heard = awaited();
    const handle = await sandbox.commands.run("cat", {
      background: true,
      stdin: true,
      timeoutMs: 0,
      onStdout: (text) => heard.keep(text),
    });
    await sandbox.commands.sendStdin(handle.pid, "hello\n");
    assert.equal(await within(heard.promise, "the echo"), "hello\n");
    const joined = await sandbox.commands.connect(handle.pid, { timeoutMs: 0 });
    await handle.sendStdin("more\n");
    await sandbox.commands.closeStdin(handle.pid);
    assert.equal((await within(joined.wait(), "the end")).exitCode, 0);
    assert.equal((await handle.wait()).stdout, "hello\nmore\n");

    const sleeper = await sandbox.commands.run("sleep 600", { background: true, timeoutMs: 0 });
    const listed = (await sandbox.commands.list()).find((process) => process.pid === sleeper.pid);
    assert.deepEqual([listed.cmd, listed.args], ["/bin/bash", ["-l", "-c", "sleep 600"]]);
    await sleeper.disconnect();
    assert.ok((await sandbox.commands.list()).some((process) => process.pid === sleeper.pid), "it outlives its client");
    assert.equal(await sandbox.commands.kill(sleeper.pid), true);
    assert.equal(await sandbox.commands.kill(sleeper.pid), false);
    await assert.rejects(sandbox.commands.sendStdin(sleeper.pid, "x"), NotFoundError);
    await assert.rejects(sandbox.commands.connect(sleeper.pid + 100_000), NotFoundError);
  });
}

export async function commands_fail_in_their_own_words() {
  await inSandbox(async (sandbox) => {
    await assert.rejects(sandbox.commands.run("sleep 30", { timeoutMs: 500 }), TimeoutError);
    await assert.rejects(sandbox.commands.run("true", { cwd: "/nowhere" }), InvalidArgumentError);
    await assert.rejects(sandbox.commands.run("true", { user: "nobody-here" }), AuthenticationError);
  });
}

export async function a_terminal_is_one() {
  await inSandbox(async (sandbox) => {
    let text = "";
    const done = awaited();
    const terminal = await sandbox.pty.create({
      cols: 80,
      rows: 24,
      timeoutMs: 0,
      envs: { PS1: "> " },
      onData: (data) => {
        text += new TextDecoder().decode(data);
        if (/size:30 100/.test(text)) done.keep();
      },
    });
    const say = (line) => sandbox.pty.sendInput(terminal.pid, new TextEncoder().encode(line));
    await sandbox.pty.resize(terminal.pid, { cols: 100, rows: 30 });
    await say("echo size:$(stty size)\n");
    await within(done.promise, "the new size");
    await say("exit 3\n");
    await assert.rejects(within(terminal.wait(), "the end"), (error) => error.exitCode === 3);
    assert.equal(await sandbox.pty.kill(terminal.pid), false);
  });
}

const NAMES = ["plain", "with space", "quote'\".txt", "new\nline", "ünïcödé-日本", "-dash", "per%20cent", "a;b=c", "back\\slash"];

export async function files_come_back_under_any_name() {
  await inSandbox(async (sandbox) => {
    const written = await sandbox.files.write(NAMES.map((name) => ({ path: `deep/${name}`, data: `in ${name}` })));
    assert.deepEqual(written.map((info) => info.path), NAMES.map((name) => `/home/user/deep/${name}`));
    for (const name of NAMES) assert.equal(await sandbox.files.read(`deep/${name}`), `in ${name}`);
    assert.deepEqual((await sandbox.files.list("deep")).map((entry) => entry.name).sort(), NAMES.toSorted());
    // a name that looks escaped is taken as it is where it comes alone: both SDKs then name it in the query
    for (const name of ["a%22b", "a%0Ab", "100%"]) {
      const alone = await sandbox.files.write(name, "odd");
      assert.equal(alone.path, `/home/user/${name}`);
      assert.equal(await sandbox.files.read(name), "odd");
    }
  });
}

export async function every_kind_of_content_goes_both_ways() {
  await inSandbox(async (sandbox) => {
    const bytes = Uint8Array.from({ length: 700_001 }, (_, index) => (index * 7) % 251);
    const same = (got) => assert.ok(Buffer.from(got).equals(Buffer.from(bytes)));
    await sandbox.files.write("buffer", bytes.buffer);
    same(await sandbox.files.read("buffer", { format: "bytes" }));
    same(await (await sandbox.files.read("buffer", { format: "blob" })).arrayBuffer());
    same(await new Response(await sandbox.files.read("buffer", { format: "stream" })).arrayBuffer());
    same(await sandbox.files.read("buffer", { format: "bytes", gzip: true }));
    await sandbox.files.write("stream", new Blob([bytes]).stream());
    same(await sandbox.files.read("stream", { format: "bytes" }));
    await sandbox.files.write("packed", "x".repeat(100_000), { gzip: true });
    assert.equal((await sandbox.files.read("packed", { gzip: true })).length, 100_000);
    await sandbox.files.write("octets", "text", { useOctetStream: true, metadata: { Author: "me", purpose: "test" } });
    assert.deepEqual((await sandbox.files.getInfo("octets")).metadata, { author: "me", purpose: "test" });
    await sandbox.files.write("empty", "");
    assert.equal(await sandbox.files.read("empty"), "");
    assert.deepEqual(await sandbox.files.write([]), []);
  });
}

export async function folders_are_made_listed_moved_and_removed() {
  await inSandbox(async (sandbox) => {
    const { files } = sandbox;
    assert.equal(await files.makeDir("one/two"), true);
    assert.equal(await files.makeDir("one/two"), false);
    await files.write("one/two/file", "x");
    await sandbox.commands.run("ln -s two/file one/link");
    const tree = await files.list("one", { depth: 2 });
    assert.deepEqual(tree.map((entry) => entry.path.slice("/home/user/".length)), ["one/link", "one/two", "one/two/file"]);
    assert.equal(tree[0].symlinkTarget, "/home/user/one/two/file");
    assert.equal(tree[1].type, FileType.DIR);
    const moved = await files.rename("one", "uno");
    assert.equal(moved.path, "/home/user/uno");
    assert.equal(await files.exists("one"), false);
    const info = await files.getInfo("uno/two/file");
    assert.deepEqual([info.name, info.size, info.type, info.permissions], ["file", 1, FileType.FILE, "-rw-r--r--"]);
    await files.remove("uno");
    await files.remove("uno");
    assert.equal(await files.exists("uno"), false);
  });
}

export async function files_fail_in_their_own_words() {
  await inSandbox(async (sandbox) => {
    const { files } = sandbox;
    await files.write("file", "x");
    await assert.rejects(files.read("no"), FileNotFoundError);
    await assert.rejects(files.read("no", { format: "stream" }), FileNotFoundError);
    await assert.rejects(files.list("no"), FileNotFoundError);
    await assert.rejects(files.rename("no", "x"), FileNotFoundError);
    await assert.rejects(files.getInfo("no"), FileNotFoundError);
    await assert.rejects(files.list("file"), InvalidArgumentError);
    await assert.rejects(files.list("file", { depth: 0 }), InvalidArgumentError);
    await assert.rejects(files.read("/home/user"), InvalidArgumentError);
    await assert.rejects(files.makeDir("file"), InvalidArgumentError);
    await assert.rejects(files.watchDir("no", () => {}), FileNotFoundError);
    await assert.rejects(files.watchDir("file", () => {}), InvalidArgumentError);
    await assert.rejects(files.write("x", "x", { user: "nobody-here" }), AuthenticationError);
    await assert.rejects(files.write("x", "x", { metadata: { "a b": "c" } }), InvalidArgumentError);
  });
}

export async function changes_are_watched() {
  await inSandbox(async (sandbox) => {
    await sandbox.files.makeDir("seen/below");
    const events = [];
    const removed = awaited();
    const ended = awaited();
    const watch = await sandbox.files.watchDir(
      "seen",
      (event) => {
        events.push(event);
        if (event.type === FilesystemEventType.REMOVE) removed.keep();
      },
      { recursive: true, includeEntry: true, timeoutMs: 0, onExit: (error) => ended.keep(error) },
    );
    await sandbox.files.write("seen/below/file", "x");
    await sandbox.commands.run("chmod 600 seen/below/file; mv seen/below/file seen/below/other; rm seen/below/other");
    await within(removed.promise, "the removal");
    const told = events.map((event) => `${event.type} ${event.name}`);
    for (const each of ["create below/file", "write below/file", "chmod below/file", "rename below/file", "remove below/other"]) {
      assert.ok(told.includes(each), `${each} is not in ${told}`);
    }
    assert.equal(events[0].entry?.path, "/home/user/seen/below/file");
    await watch.stop();
    await within(ended.promise, "the end of the watch");
  });
}

export async function signed_addresses_carry_files() {
  await inSandbox(async (sandbox) => {
    await sandbox.files.write("a b+é", "signed");
    const url = await sandbox.downloadUrl("a b+é", { useSignatureExpiration: 60 });
    assert.equal(await (await fetch(url)).text(), "signed");
    const form = new FormData();
    form.append("file", new Blob(["sent"]));
    const sent = await fetch(await sandbox.uploadUrl("up"), { method: "POST", body: form });
    assert.equal(sent.status, 200);
    assert.equal(await sandbox.files.read("up"), "sent");
    const late = await fetch(await sandbox.downloadUrl("up", { useSignatureExpiration: -60 }));
    assert.deepEqual([late.status, await late.json()], [401, { code: 401, message: "signature is already expired" }]);
  });
}

export async function a_dead_sandbox_is_told_as_gone() {
  const sandbox = await Sandbox.create();
  const handle = await sandbox.commands.run("sleep 600", { background: true, timeoutMs: 0 });
  const ended = handle.wait().then(
    () => undefined,
    (error) => error,
  );
  await sandbox.kill();
  assert.ok((await within(ended, "the end of its command")) instanceof Error);
  // this SDK calls a start that finds no sandbox by another name than everything else
  await assert.rejects(sandbox.commands.run("true"), SandboxNotFoundError);
  await assert.rejects(sandbox.commands.list(), TimeoutError);
  await assert.rejects(sandbox.files.read("x"), TimeoutError);
  for (const ask of [
    () => sandbox.getInfo(),
    () => sandbox.setTimeout(1000),
    () => sandbox.getMetrics(),
    () => sandbox.pause(),
    () => sandbox.connect(),
  ]) {
    await assert.rejects(ask, SandboxNotFoundError);
  }
}

export async function the_control_plane_refuses_in_typed_errors() {
  await assert.rejects(Sandbox.create({ apiKey: "e2b_" + "0".repeat(40) }), AuthenticationError);
  await assert.rejects(Sandbox.create("no-such-template"), (error) => {
    assert.ok(error instanceof SandboxError);
    assert.match(error.message, /404/);
    return true;
  });
  await assert.rejects(Sandbox.create({ metadata: { a: 1 } }), SandboxError);
}

export async function a_full_disk_is_told_by_its_type() {
  await inSandbox(async (sandbox) => {
    await assert.rejects(sandbox.files.write("/dev/full", "x"), NotEnoughSpaceError);
  });
}

/** At a host that has room for one alone. */
export async function bounded_as_many_as_there_may_be() {
  await inSandbox(async () => {
    await assert.rejects(Sandbox.create(), RateLimitError);
  });
  await inSandbox(async (sandbox) => assert.ok(await sandbox.isRunning()));
}
