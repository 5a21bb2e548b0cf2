// Flags of `ft plan` through the built binary: what is written, what is refused, and how it ends.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { emptyFolder, ft } from "./project.js";

let dir = "";
const plan = (...args: string[]) =>
  ft(["plan", ...args], dir, { HOME: dir, FT_CACHE: join(dir, "ft"), HF_HUB_OFFLINE: "1" });
const planned = async (...args: string[]) => JSON.parse((await plan(...args, "--json")).stdout).plan;

const recipe = "name: x\nmodel: { base: qwen3-8b }\nmethod: { type: lora }\ndata: { train: train.jsonl }\n";

beforeEach(() => {
  dir = emptyFolder();
  writeFileSync(join(dir, "ft.yaml"), recipe);
  const rows = Array.from({ length: 400 }, (_, row) => ({
    messages: [
      { role: "user", content: `question ${row} ${"word ".repeat(40)}` },
      { role: "assistant", content: `answer ${row}` },
    ],
  }));
  writeFileSync(join(dir, "train.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
});

describe("--apply", () => {
  it("writes nothing that is not enough, says so, and ends with 5", async () => {
    const flags = ["--set", "model.base=llama3.1-70b", "--set", "method.type=qlora", "--gpu", "l4", "--apply"];
    const { exitCode, stdout, stderr } = await plan(...flags);
    expect(exitCode).toBe(5);
    expect(stdout).toMatch(/^nothing that ft can change makes it fit$/m);
    expect(stdout).not.toContain("to make it fit");
    expect(stderr).toContain("note: --apply wrote nothing: nothing that ft can change makes it fit NVIDIA L4");
    expect(readFileSync(join(dir, "ft.yaml"), "utf8")).toBe(recipe);
  });

  it("says that there is nothing to write where it fits", async () => {
    const { exitCode, stderr } = await plan("--gpu", "h200", "--apply");
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/--apply wrote nothing: it fits NVIDIA H200.* as it is/);
    expect(readFileSync(join(dir, "ft.yaml"), "utf8")).toBe(recipe);
  });
});

it("FSDP2 is refused with an optimizer of bitsandbytes, before a run finds out", async () => {
  const sets = ["compute.parallel=fsdp", "compute.gpus=2", "train.optimizer=paged_adamw_8bit"];
  const { exitCode, stderr } = await plan("--gpu", "2x a100-40", ...sets.flatMap((set) => ["--set", set]));
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/paged_adamw_8bit cannot go with compute\.parallel fsdp[\s\S]*use adamw/);
});

describe("train.micro_batch auto", () => {
  const auto = ["--set", "train.micro_batch=auto", "--set", "train.batch_size=16"];

  it("is as many rows as fit each GPU that is named, not this machine", async () => {
    const { plans, advice } = await planned(...auto, "--gpu", "h200", "--gpu", "rtx4090", "--gpu", "2x h200");
    expect(advice).toBeNull();
    expect(plans.map(({ batch }: { batch: object }) => batch)).toMatchObject([
      { rows: 16, accumulation: 1 },
      { rows: 2, accumulation: 8 },
      { rows: 8, accumulation: 1 },
    ]);
    const more = await planned("--set", "train.micro_batch=4", "--set", "train.batch_size=16", "--gpu", "rtx4090");
    expect(more.plans[0].verdict).not.toBe("fits");
  });

  it("is what fits the smallest GPU, where a GPU is asked for and none is here", async () => {
    const { where, plans } = await planned(...auto, "--set", "compute.device=cuda");
    expect({ where, verdict: plans[0].verdict }).toEqual({ where: "smallest", verdict: "fits" });
  });
});
