import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { Io } from "./io.js";
import { createProgress, liveLine } from "./show-progress.js";

function terminal({ isTTY, env = {} }: { isTTY: boolean; env?: Record<string, string> }) {
  const written: string[] = [];
  const output = { write: (text: string) => void written.push(text), isTTY, columns: 80 };
  const io: Io = { out: output, err: output, stdin: process.stdin, env, cwd: "/", now: () => 0 };
  return { io, written, text: () => written.join("") };
}

test.each([
  ["a pipe", { isTTY: false }],
  ["CI", { isTTY: true, env: { CI: "true" } }],
])("in %s: one line a label, no escapes", (_, where) => {
  const { io, text } = terminal(where);
  const progress = createProgress(io);
  for (let mb = 0; mb <= 98; mb++) progress.update({ label: "downloading", doneBytes: mb * 1e6, totalBytes: 98e6 });
  progress.note("using the cache");
  progress.update({ label: "converting" });
  progress.done("environment ready");
  expect(text()).toBe("downloading\nusing the cache\nconverting\nenvironment ready\n");
});

test("on a terminal: one redrawn line, notes above it, and what is done stays", () => {
  const { io, written, text } = terminal({ isTTY: true });
  const progress = createProgress(io);
  progress.update({ label: "downloading", doneBytes: 1e6, totalBytes: 4e6 });
  progress.note("using the cache");
  progress.done("ready");
  progress.done();
  expect(stripVTControlCharacters(text()).split("\r").filter(Boolean)).toEqual([
    "⠋ downloading  25 %  1.0 of 4.0 MB  0s",
    "using the cache\n",
    "⠋ downloading  25 %  1.0 of 4.0 MB  0s",
    "ready\n",
  ]);
  expect(written.every((part) => part.startsWith("\r\x1b[2K"))).toBe(true);
});

test("the line shows spinner, share, bytes and time, and is cut at the label", () => {
  const gigabytes = { label: "downloading packages", doneBytes: 1.2e9, totalBytes: 2.95e9 };
  expect(liveLine(gigabytes, 95_000, 80)).toBe("⠋ downloading packages  40 %  1.20 of 2.95 GB  1m35s");
  const narrow = liveLine(gigabytes, 95_000, 44);
  expect(narrow).toMatch(/^⠋ downl.*… {2}40 % {2}1\.20 of 2\.95 GB {2}1m35s$/);
  expect(narrow.length).toBeLessThan(44);
  expect(liveLine({ label: "installing", doneBytes: 5 }, 100, 80)).toBe("⠙ installing  0s");
});
