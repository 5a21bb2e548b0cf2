import { EventEmitter } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { run, train, upToTraining } from "../../test/run-updates.js";
import type { RunUpdate } from "../runs/update.js";
import type { Io } from "./io.js";
import { watchInk } from "./views/watch-ink.js";
import { watchRun } from "./watch-run.js";

const actions = { stop: async () => {} };
const { updates } = train(upToTraining(), 20, 20).update({ type: "state", state: "succeeded" });

function pipe() {
  const captured = { out: "", err: "" };
  const output = (name: "out" | "err") => ({
    write: (text: string) => {
      captured[name] += text;
    },
    isTTY: false,
    columns: 80,
  });
  const io: Io = { out: output("out"), err: output("err"), stdin: process.stdin, env: {}, cwd: "/", now: () => 0 };
  return { io, captured };
}

/** Goes on until it is closed, as a run does. */
function endless() {
  const source = { isClosed: false };
  async function* generate(): AsyncGenerator<RunUpdate> {
    try {
      yield* updates.slice(0, -1);
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        yield { type: "log", line: "still there" };
      }
    } finally {
      source.isClosed = true;
    }
  }
  return { source, generate };
}

async function* told(): AsyncGenerator<RunUpdate> {
  yield* updates;
}

async function* broken(): AsyncGenerator<RunUpdate> {
  yield* updates.slice(0, 3);
  throw new Error("the store is gone");
}

test("in a pipe: plain lines on stderr, nothing on stdout, no escapes", async () => {
  const { io, captured } = pipe();
  expect(await watchRun(io, run, told(), actions)).toBe("ended");
  expect(captured.out).toBe("");
  expect(captured.err).toContain(" training step 20/20 (100%)");
  expect(stripVTControlCharacters(captured.err)).toBe(captured.err);
});

test("with json: every update a line of stdout, in order, nothing on stderr", async () => {
  const { io, captured } = pipe();
  expect(await watchRun(io, run, told(), actions, { json: true })).toBe("ended");
  const lines = captured.out.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(updates);
  expect(captured.err).toBe("");
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s in a pipe leaves the run alone, closes the source and stops listening",
  async (signal) => {
    const { source, generate } = endless();
    const listeners = process.listenerCount(signal);
    const end = watchRun(pipe().io, run, generate(), actions);
    await expect.poll(() => process.listenerCount(signal)).toBe(listeners + 1);
    process.emit(signal);
    expect(await end).toBe("interrupted");
    expect(source.isClosed).toBe(true);
    expect(process.listenerCount(signal)).toBe(listeners);
  },
);

test("what the source throws is thrown, in a pipe and in a terminal", async () => {
  await expect(watchRun(pipe().io, run, broken(), actions)).rejects.toThrow("the store is gone");
  const { terminal, stdin } = fakeTerminal();
  await expect(watchInk(terminal, run, broken(), actions)).rejects.toThrow("the store is gone");
  expect(stdin.isRaw).toBe(false);
});

test("in a terminal: the last frame stays, without question", async () => {
  const { terminal, shown } = fakeTerminal();
  expect(await watchInk(terminal, run, told(), actions)).toBe("ended");
  expect(shown()).toMatch(/succeeded[\s\S]*100% +step 20\/20/);
  expect(shown()).not.toContain("Ctrl-C");
});

test("in a terminal: d detaches without stopping and closes the source", async () => {
  const { terminal, press, shown } = fakeTerminal();
  const { source, generate } = endless();
  const end = watchInk(terminal, run, generate(), { stop: () => Promise.reject(new Error("must not be called")) });
  await expect.poll(shown).toContain("step 20/20");
  await press("\x03");
  await expect.poll(shown).toContain("[d]etach");
  await press("d");
  expect(await end).toBe("detached");
  expect(source.isClosed).toBe(true);
  expect(shown()).not.toContain("[d]etach");
});

test("in a terminal: a signal leaves the run alone, with the terminal restored", async () => {
  const { terminal, stdin, shown } = fakeTerminal();
  let tell = (): void => {};
  const end = watchInk(terminal, run, endless().generate(), actions, (listener) => {
    tell = listener;
    return () => {};
  });
  await expect.poll(shown).toContain("step 20/20");
  tell();
  expect(await end).toBe("interrupted");
  expect(stdin.isRaw).toBe(false);
});

test("in a terminal: s stops, and the run's end ends the watching", async () => {
  const { terminal, press, shown } = fakeTerminal();
  let stopped = (): void => {};
  const asked = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  async function* untilStopped(): AsyncGenerator<RunUpdate> {
    yield* updates.slice(0, -1);
    await asked;
    yield { type: "state", state: "cancelled" };
  }
  const end = watchInk(terminal, run, untilStopped(), { stop: async () => stopped() });
  await expect.poll(shown).toContain("step 20/20");
  await press("\x03");
  await expect.poll(shown).toContain("[s]top");
  await press("s");
  expect(await end).toBe("stopped");
  expect(shown()).toContain("cancelled");
});

/** Enough of a terminal for Ink: a keyboard that can be pressed and a screen that remembers its last frame. */
function fakeTerminal() {
  const keys: string[] = [];
  const stdin = Object.assign(new EventEmitter(), {
    ...{ isTTY: true, isRaw: false, setEncoding() {}, ref() {}, unref() {}, resume() {}, pause() {} },
    setRawMode(isRaw: boolean) {
      stdin.isRaw = isRaw;
    },
    read: () => keys.shift() ?? null,
  });
  let frame = "";
  const screen = Object.assign(new EventEmitter(), {
    ...{ isTTY: true, columns: 80, rows: 24 },
    write(text: string) {
      const plain = stripVTControlCharacters(text);
      if (plain.trim()) frame = plain;
      return true;
    },
  });
  const press = async (key: string) => {
    keys.push(key);
    stdin.emit("readable");
  };
  const terminal = { stdin: stdin as unknown as NodeJS.ReadStream, screen: screen as unknown as NodeJS.WriteStream };
  return { terminal, stdin, press, shown: () => frame };
}
