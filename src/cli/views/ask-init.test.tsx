// The questions of `ft init`, answered by keys.

import { setTimeout as sleep } from "node:timers/promises";
import { render } from "ink-testing-library";
import { expect, it } from "vitest";
import { Questions } from "./ask-init.js";

const down = "\u001b[B";

it("asks for what the flags left open, and hands the answers over once all are there", async () => {
  let answers: unknown;
  const { stdin, lastFrame } = render(<Questions given={{}} onDone={(all) => (answers = all)} />);
  const press = async (keys: string) => {
    await sleep(30);
    stdin.write(keys);
    await sleep(30);
  };
  await press(down);
  expect(lastFrame()).toContain("❯ qwen3-0.6b");
  await press("\r");
  expect(lastFrame()).toContain("✓ base qwen3-0.6b");
  await press("\r");
  expect(lastFrame()).toContain("✓ method lora");
  await press("my.jsonl");
  expect(lastFrame()).toContain("my.jsonl");
  await press("\r");
  expect(answers).toEqual({ base: "qwen3-0.6b", method: "lora", data: "my.jsonl" });
});

it("takes the usual file when nothing is typed, and asks nothing that was given", async () => {
  let answers: unknown;
  const { stdin, lastFrame } = render(
    <Questions given={{ base: "x/y", method: "full" }} onDone={(all) => (answers = all)} />,
  );
  await sleep(30);
  expect(lastFrame()).not.toContain("Which model");
  stdin.write("\r");
  await sleep(30);
  expect(answers).toEqual({ base: "x/y", method: "full", data: "data/train.jsonl" });
});
