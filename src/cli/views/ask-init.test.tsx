// The questions of `ft init`, key by key.
import { setTimeout as sleep } from "node:timers/promises";
import { render } from "ink-testing-library";
import { describe, expect, it } from "vitest";
import { Questions } from "./ask-init.js";

const [down, up, enter, esc, backspace] = ["\u001b[B", "\u001b[A", "\r", "\u001b", "\u007f"];

function ask(given: Parameters<typeof Questions>[0]["given"]) {
  const answers: unknown[] = [];
  const app = render(<Questions given={given} onDone={(all) => answers.push(all)} />);
  const see = async (pattern: RegExp) => {
    await expect.poll(() => app.lastFrame()).toMatch(pattern);
    await sleep(50); // the frame is there a moment before its keys are
  };
  return { app, answers, see, type: (...keys: string[]) => keys.forEach((key) => void app.stdin.write(key)) };
}

describe("the questions of ft init", () => {
  it("asks for base, method and data, and shows the answers", async () => {
    const { app, answers, see, type } = ask({});
    await see(/Which model/);
    type(down, down, up, enter);
    await see(/✓ base qwen3-0.6b\nWhat is trained/);
    type(up, enter);
    await see(/✓ method full/);
    type("rowz", backspace, "s.jsonl", enter);
    await expect.poll(() => answers).toEqual([{ base: "qwen3-0.6b", method: "full", data: "rows.jsonl" }]);
    expect(app.lastFrame()).toMatch(/✓ data rows\.jsonl$/);
  });

  it("asks only for what is open, and takes Enter for the usual place of the data", async () => {
    const { answers, see, type } = ask({ base: "smollm2-135m", method: "lora" });
    await see(/Your rows/);
    type(enter);
    await expect.poll(() => answers).toEqual([{ base: "smollm2-135m", method: "lora", data: "data/train.jsonl" }]);
  });

  it("takes any other base as typed, but not an empty one", async () => {
    const { answers, see, type } = ask({ method: "lora", data: "d" });
    await see(/Which model/);
    type(up, enter);
    await see(/Alias, hub id/);
    type(enter, "org/name", enter);
    await expect.poll(() => answers).toEqual([{ base: "org/name", method: "lora", data: "d" }]);
  });

  it("takes an answer that is pasted or typed ahead, its Enter with it", async () => {
    const { answers, see, type } = ask({ method: "lora" });
    await see(/Which model/);
    type(up, enter);
    await see(/Alias, hub id/);
    type("org/name\r\n");
    await see(/Your rows/);
    type("my rows.jsonl\r");
    await expect.poll(() => answers).toEqual([{ base: "org/name", method: "lora", data: "my rows.jsonl" }]);
  });

  it("Esc leaves without an answer", async () => {
    const { answers, see, type } = ask({});
    await see(/Esc to leave/);
    type(esc);
    type(enter);
    await sleep(100);
    expect(answers).toEqual([]);
  });
});
