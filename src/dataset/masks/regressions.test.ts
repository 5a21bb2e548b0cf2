// Faults of masks that were reported to the trainers, by their names: each row is one that went wrong, and what ft says of it.
import { readFileSync, writeFileSync } from "node:fs";
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { type RealTokenizer, realTokenizer } from "../../../test/real-tokenizers.js";
import { readTemplate } from "../../models/template.js";
import type { CanonicalRow, Message } from "../canonical.js";
import { checkDataset } from "../check-dataset.js";
import { compileTemplate } from "../template/compile.js";
import { tokenRules } from "../token-rules.js";
import { loadMaskModel } from "./load-mask-model.js";
import type { MaskEngine, MaskedLine, MaskModel } from "./mask-model.js";
import { predictMask } from "./predict-mask.js";
import { responseSpans } from "./unsloth-responses.js";

vi.setConfig({ testTimeout: 600_000 }); // the first test that names a tokenizer may fetch it

const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string): Message => ({ role: "assistant", content });
const chat = (...messages: Message[]) => ({ kind: "messages", messages }) as const;
const twoTurns = chat(user("Is it?"), assistant("Yes."), user("And this?"), assistant("No."));

const chatml = `{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`;
const mistral =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }}[/INST]{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}";

describe("transformers", () => {
  test("#47325: a block that ends in the first token is trained to the end of the conversation", async () => {
    const template =
      "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ '<|user|>' + m.content }}{% endif %}{% endfor %}";
    const row = chat(assistant("A"), user("user message"));
    const [line] = await linesOf("smollm2", row, "trl", template);
    expect([...line!.trained]).not.toContain(0);
    expect(await rulesFound("smollm2", row, "trl", template)).toContain("TOK006");
  });

  test("#34494: an answer that is cut keeps its mask up to the cut", async () => {
    const row = chat(user("Short?"), assistant("A long answer. ".repeat(40)));
    const [line] = await linesOf("qwen3", row, "trl");
    expect(line).toMatchObject({ kept: 64, dropped: false });
    expect(line!.trained.subarray(0, 64)).toContain(1);
    expect(await rulesFound("qwen3", row, "trl")).toEqual(expect.arrayContaining(["TOK001", "TOK003"]));
  });

  test("#44521: a conversation with an image, whose mask comes out empty, is refused", async () => {
    const image = { type: "image_url", image_url: { url: "https://a.b/c.png" } };
    const content = [image, { type: "text", text: "What?" }];
    const dir = await mkdtemp(join(tmpdir(), "ft-image-"));
    writeFileSync(
      join(dir, "train.jsonl"),
      JSON.stringify({ messages: [{ role: "user", content }, assistant("Cat.")] }),
    );
    const train = [{ path: "train.jsonl", format: "auto" as const, weight: 1 }];
    const { findings } = await checkDataset({ dir, train, format: "auto", seed: 0, model: null });
    expect(findings.map(({ rule }) => rule)).toContain("SCH006");
  });
});

test("tokenizers #1553: Llama 3's offsets do not lose the mask", async () => {
  const [line] = await linesOf("llama3_1", twoTurns, "trl", marked("<|eot_id|>"));
  expect(await trainedText("llama3_1", line!)).toEqual(["Yes.<|eot_id|>", "No.<|eot_id|>"]);
});

describe("TRL", () => {
  test("#3927: a row whose answer lies beyond max_length trains nothing", async () => {
    const row = chat(user("A long question. ".repeat(40)), assistant("Yes."));
    const [line] = await linesOf("qwen3", row, "trl");
    expect(line!.dropped).toBe(true);
    expect(await rulesFound("qwen3", row, "trl")).toContain("TOK002");
  });
});

describe("Axolotl", () => {
  test("#2089: with Mistral's template each answer is trained with its end, and no question", async () => {
    const [line] = await linesOf("mistral_v3", twoTurns, "axolotl", mistral);
    expect(await trainedText("mistral_v3", line!)).toEqual([" Yes.</s>", " No.</s>"]);
  });

  test("#3088: with Qwen 3's template, which cuts the reasoning of earlier turns, the answers are trained", async () => {
    const row = chat(user("Hi"), assistant("Hi there!"), user("How are you?"), assistant("<think>Well.</think>Great."));
    const [line] = await linesOf("qwen3", row, "axolotl");
    expect((await trainedText("qwen3", line!)).join()).toMatch(/Hi there!<\|im_end\|>.*Great\.<\|im_end\|>/s);
  });

  test("#3754: Gemma's end of turn is never trained where the tokenizer's end of sequence is another", async () => {
    const dir = await gemmaThatEndsWithEos();
    const found = await rulesFound(dir, twoTurns, "axolotl");
    expect(found).toContain("TOK003");
    expect(await rulesFound(dir, twoTurns, "trl")).not.toContain("TOK003");
  });
});

describe("Unsloth", () => {
  const inst = { user: "[INST]", assistant: "[/INST]" };

  test("#1290: markers of one token, [INST] and [/INST], are found", async () => {
    const { tokenizer } = await modelOf("mistral_v3", mistral);
    const [line] = await linesOf("mistral_v3", twoTurns, "unsloth-responses", mistral);
    expect(responseSpans(line!.ids, inst, tokenizer)).toHaveLength(2);
    expect((await trainedText("mistral_v3", line!)).map((text) => text.trim())).toEqual(["Yes.</s>", "No.</s>"]);
  });

  test("#1262: markers with a space that the tokenizer joins to the words beside it, '[INST] ' and '[/INST] ', are found", async () => {
    const { tokenizer } = await modelOf("mistral_v3", mistral);
    const [line] = await linesOf("mistral_v3", twoTurns, "unsloth-responses", mistral);
    const asked = { user: "[INST] ", assistant: "[/INST] " };
    expect(responseSpans(line!.ids, asked, tokenizer)).toHaveLength(2);
  });

  test("#2095: markers of another template train nothing", async () => {
    const { tokenizer } = await modelOf("qwen3", chatml);
    const [line] = await linesOf("qwen3", twoTurns, "unsloth-responses", chatml);
    expect(responseSpans(line!.ids, inst, tokenizer)).toEqual([]);
  });

  test("#11321: a template that opens answers otherwise than its generation prompt does leaves nothing to train", async () => {
    const thinking = chatml.replace("assistant\n' }}{% endif %}", "assistant\n<think>\n' }}{% endif %}");
    const { tokenizer } = await modelOf("qwen3", thinking);
    const [line] = await linesOf("qwen3", twoTurns, "unsloth-responses", thinking);
    const asked = { user: "<|im_start|>user\n", assistant: "<|im_start|>assistant\n<think>\n" };
    expect(responseSpans(line!.ids, asked, tokenizer)).toEqual([]);
    expect((await trainedText("qwen3", line!)).join()).toContain("Yes.<|im_end|>"); // by the marker that ft tells from the template
  });
});

describe("LlamaFactory", () => {
  test("#3995: a row longer than max_length is told, and with data.too_long: drop it is left out, not cut", async () => {
    const row = chat(user("Why?"), assistant("A long answer. ".repeat(40)));
    expect(await rulesFound("qwen3", row, "trl")).toContain("TOK001");
    for (const engine of ["trl", "axolotl"] as const) {
      const model = { ...(await modelOf("qwen3")), tooLong: "drop" } as const;
      const dropped = (each: CanonicalRow) => predictMask(each, model, engine);
      expect(dropped(row)).toMatchObject({ lines: [{ dropped: true }] });
      expect(dropped(chat(user("Why?"), assistant("So.")))).toMatchObject({ lines: [{ dropped: false }] });
      // The answer's end is no longer cut off, so the model still learns to stop.
      const told = tokenRules(model, engine).judge(row, 0);
      expect(told).toEqual([{ rule: "TOK001", message: expect.stringMatching(/the engine leaves it out$/) }]);
    }
  });
});

test("pad and end of sequence are one token (open in many trainers): it stays trained with all three", async () => {
  const own = await modelOf("smollm2");
  expect(own.tokenizer.templateVariables.pad_token).toBe(own.tokenizer.eosToken);
  for (const engine of ["trl", "axolotl", "unsloth"] as const) {
    const lines = await linesOf("smollm2", chat(user("q"), assistant("a")), engine);
    expect(lines[0]!.ids.filter((id, at) => id === own.tokenizer.eosId && lines[0]!.trained[at])).toHaveLength(1);
  }
});

function marked(end: string): string {
  return `{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content + '${end}' }}{% endgeneration %}{% else %}{{ m.content + '${end}' }}{% endif %}{% endfor %}`;
}

const loaded = new Map<string, Promise<MaskModel>>();

/** `where`: a tokenizer by name, or a folder; each is loaded once. */
async function modelOf(where: string, source?: string): Promise<MaskModel> {
  const dir = where.includes("/") ? where : await realTokenizer(where as RealTokenizer);
  const settings = { trainOn: "assistant", maxLength: 64 } as const;
  const own = readTemplate("auto", { dir, cwd: dir });
  if (!loaded.has(dir)) loaded.set(dir, loadMaskModel({ dir, template: own, ...settings }));
  const model = await loaded.get(dir)!;
  if (source === undefined) return model;
  const template = { source, sha256: "", origin: "test", hasGenerationMarkers: source.includes("{% generation %}") };
  return { ...model, template, render: compileTemplate(source, model.tokenizer.templateVariables), renderTwin: null };
}

async function linesOf(where: string, row: CanonicalRow, engine: MaskEngine, template?: string): Promise<MaskedLine[]> {
  const prediction = predictMask(row, await modelOf(where, template), engine);
  if ("unknown" in prediction) throw new Error(prediction.unknown);
  return prediction.lines;
}

/** The stretches of text that carry loss, as far as they are kept. */
async function trainedText(where: string, { ids, trained, kept }: MaskedLine): Promise<string[]> {
  const { tokenizer } = await modelOf(where);
  const stretches: string[][] = [];
  for (let at = 0; at < kept; at += 1) {
    if (!trained[at]) continue;
    if (!trained[at - 1]) stretches.push([]);
    stretches.at(-1)!.push(tokenizer.tokenText(ids[at]!));
  }
  return stretches.map((tokens) => tokens.join(""));
}

async function rulesFound(where: string, row: CanonicalRow, engine: MaskEngine, template?: string): Promise<string[]> {
  const rules = tokenRules(await modelOf(where, template), engine);
  const problems = rules.judge(row, 0);
  return [...problems, ...rules.finish([rules.seen()], { file: "train.jsonl", line: 1 })].map(({ rule }) => rule);
}

/** Gemma 3's tokenizer as the base model has it: <eos>, which its template never writes. */
async function gemmaThatEndsWithEos(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "ft-gemma-"));
  await cp(await realTokenizer("gemma3"), dir, { recursive: true });
  const file = join(dir, "tokenizer_config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...config, eos_token: "<eos>" }));
  return dir;
}
