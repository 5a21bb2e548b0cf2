// Events taken out of logs as platforms give them: with prefixes, colours, repeats, torn ends and what a hostile trainer may print.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { eventLine } from "../../test/event-line.js";
import { emptyFolder } from "../../test/project.js";
import { isComplete, newEvents, takeIntoEvents } from "./log-events.js";

const line = (seq: number, attempt = 1) =>
  eventLine(seq, { kind: "warning", message: "a\u001b[1m b ü" }, attempt).trim();
const bytes = (text: string) => new TextEncoder().encode(text);
const take = (text: string | Uint8Array, known = new Set<string>()) =>
  newEvents(typeof text === "string" ? bytes(text) : text, known);

describe("newEvents", () => {
  it.each([
    ["nothing", (event: string) => `ft-event ${event}`],
    ["a name and a process", (event: string) => `(ft-run, pid=123) ft-event ${event}`],
    [
      "colours on both sides",
      (event: string) => `\u001b[36m(head, rank=0, pid=9)\u001b[0m ft-event ${event}\u001b[0m\r`,
    ],
    ["a time", (event: string) => `2026-11-27T10:00:00.123456789Z ft-event ${event}`],
    ["a progress bar", (event: string) => ` 10%|#    |\r 20%|##   |ft-event ${event}`],
    ["a title for the terminal", (event: string) => `\u001b]0;owned\u0007ft-event ${event}`],
  ])("takes an event with %s before it", (_what, written) => {
    expect(take(`${written(line(1))}\n`)).toEqual([line(1)]);
  });

  it("leaves out what is no event, and does not stumble over it", () => {
    const foreign = [
      "loading",
      "ft-event",
      "ft-event {",
      "ft-event {}",
      'ft-event {"attempt":1,"seq":1}',
      "ft-event [1]",
      "\u0000",
    ];
    const noise = Uint8Array.from([0xff, 0xfe, 0x00, 0x0a, 0xc3, 0x0a]);
    const log = Buffer.concat([bytes(`${foreign.join("\n")}\n`), noise, bytes(`ft-event ${line(1)}\n`), noise]);
    expect(take(log)).toEqual([line(1)]);
  });

  it("takes NULs and invalid bytes within a line as damage on the way", () => {
    expect(take(`\u0000\u0000ft-event ${line(1)}\u0000\n`)).toEqual([line(1)]);
    const broken = bytes(`ft-event ${line(1)}\n`);
    broken[broken.length - 2] = 0xff; // the closing brace
    expect(take(broken)).toEqual([]);
  });

  it("leaves a torn last line to the next look, and takes one that only lacks its newline", () => {
    const whole = `ft-event ${line(1)}\nft-event ${line(2)}`;
    const known = new Set<string>();
    expect(take(whole.slice(0, -5), known)).toEqual([line(1)]);
    expect(take(whole, known)).toEqual([line(2)]);
    expect(take(whole, known)).toEqual([]);
  });

  it("takes a line once, however often a rotated log repeats it, and the same number of another attempt anew", () => {
    const log = [line(1), line(2), line(1), line(2), line(1, 2)].map((event) => `ft-event ${event}`).join("\n");
    expect(take(`nt ${line(7)}\n${log}`)).toEqual([line(1), line(2), line(1, 2)]);
  });

  it("does not look at a line of many megabytes", () => {
    expect(take(`ft-event {"v":1,"attempt":1,"seq":1,"kind":"warning","message":"${"x".repeat(5 << 20)}"}\n`)).toEqual(
      [],
    );
  });
});

describe("takeIntoEvents", () => {
  it("appends what the file does not have, on a line of its own", async () => {
    const file = join(emptyFolder(), "events.jsonl");
    writeFileSync(file, `${line(1)}\n{"v":1,"att`);
    expect(await takeIntoEvents(file, { log: bytes(`ft-event ${line(1)}\nft-event ${line(2)}\n`) })).toBe(1);
    expect(readFileSync(file, "utf8")).toBe(`${line(1)}\n{"v":1,"att\n${line(2)}\n`);
  });

  it("fills gaps from the collected file of the far side", async () => {
    const file = join(emptyFolder(), "events.jsonl");
    await takeIntoEvents(file, { log: bytes(`ft-event ${line(1)}\nft-event ${line(3)}\n`) });
    expect(await takeIntoEvents(file, { collected: bytes(`${line(1)}\n${line(2)}\n${line(3)}\n`) })).toBe(1);
    expect(readFileSync(file, "utf8")).toBe(`${line(1)}\n${line(3)}\n${line(2)}\n`);
  });

  it("doubles nothing when several look at the same moment", async () => {
    const file = join(emptyFolder(), "events.jsonl");
    const log = bytes(Array.from({ length: 50 }, (_, index) => `ft-event ${line(index + 1)}\n`).join(""));
    const taken = await Promise.all([1, 2, 3].map(() => takeIntoEvents(file, { log })));
    expect(taken.sort()).toEqual([0, 0, 50]);
    expect(readFileSync(file, "utf8").trim().split("\n").length).toBe(50);
  });
});

it("isComplete: no number is left out, and the last attempt said its end", () => {
  const end = (seq: number, attempt = 1) => eventLine(seq, { kind: "end", status: "succeeded", exitCode: 0 }, attempt);
  const complete = (...lines: string[]) => isComplete(bytes(lines.map((one) => `${one.trim()}\n`).join("")));
  expect(complete()).toBe(false);
  expect(complete(line(1), line(2))).toBe(false);
  expect(complete(line(1), end(2))).toBe(true);
  expect(complete(line(1), end(3))).toBe(false);
  expect(complete(end(2), line(1))).toBe(true);
  expect(complete(line(1), end(2), line(1, 2))).toBe(false);
  expect(complete(line(1), line(1, 2), end(2, 2))).toBe(true);
});
