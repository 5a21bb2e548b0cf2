// The embedded model for real: environment from the lock, weights from wherever they can be had, an answer that a broken
// conversion would not give, and the mask that transformers makes of the built-in chat templates.
import { execa } from "execa";
import { beforeAll, expect, test } from "vitest";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { findUv } from "../src/engines/env/uv.js";
import { describeModel } from "../src/models/describe.js";
import type { ModelFacts } from "../src/models/facts.js";
import { fetchModel } from "../src/models/fetch.js";
import { resolveModel } from "../src/models/resolve.js";
import { builtinTemplates, readTemplate } from "../src/models/template.js";

const { env } = process;
const cwd = process.cwd();
const onProgress = () => undefined;
const python = async () => (await ensureEnvironment({ name: "trl", version: "1.16.0" }, { env, onProgress })).python;
const model = resolveModel("smollm2-135m", { cwd, env });
let facts: ModelFacts;

beforeAll(async () => {
  facts = await fetchModel(model, { env, cwd, template: "auto", onProgress, python, uv: () => findUv({ env }) });
}, 600_000);

async function runPython(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await execa(await python(), ["-c", script, ...args], { env: { HF_HUB_OFFLINE: "1" } });
  return stdout;
}

const ask = `
import sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
messages = [{"role": "user", "content": "What is the capital of France?"}]
ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
out = model.generate(**ids, max_new_tokens=20, do_sample=False)
print(tokenizer.decode(out[0, ids["input_ids"].shape[1]:]))
`;

test("smollm2-135m is found again without a request, knows the capital of France, and stops", {
  timeout: 120_000,
}, async () => {
  expect(facts).toMatchObject({ source: "embedded", id: "HuggingFaceTB/SmolLM2-135M-Instruct", maxContext: 8192 });
  expect(facts.revision).toMatch(/^(gguf-sha256:[0-9a-f]{64}|[0-9a-f]{40})$/);
  expect(facts.template?.source).toContain("<|im_start|>");
  expect(await describeModel(model, { env, cwd, template: "auto" })).toEqual(facts);
  expect(await runPython(ask, facts.dir ?? "")).toMatch(/Paris.*<\|im_end\|>/s);
});

const mask = `
import json, sys
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
tokenizer.add_tokens(["<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>", "[INST]", "[/INST]"], special_tokens=True)
messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "France?"}, {"role": "assistant", "content": "Paris."},
            {"role": "user", "content": "Italy?"}, {"role": "assistant", "content": "Rome."}]
for name, template in json.loads(sys.argv[2]).items():
    out = tokenizer.apply_chat_template(messages, chat_template=template, return_dict=True, return_assistant_tokens_mask=True)
    trained = [i for i, m in zip(out["input_ids"], out["assistant_masks"]) if m]
    prompt = tokenizer.apply_chat_template(messages[:-1], chat_template=template, tokenize=False, add_generation_prompt=True)
    print(json.dumps([name, tokenizer.decode(out["input_ids"]), tokenizer.decode(trained), prompt]))
`;

/** Name -> whole conversation, what carries loss. SmolLM2's bos is <|im_start|>, its eos <|im_end|>. */
const expected: Record<string, [string, string]> = {
  chatml: [
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nFrance?<|im_end|>\n<|im_start|>assistant\nParis.<|im_end|>\n" +
      "<|im_start|>user\nItaly?<|im_end|>\n<|im_start|>assistant\nRome.<|im_end|>\n",
    "Paris.<|im_end|>Rome.<|im_end|>",
  ],
  llama3: [
    "<|im_start|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nFrance?<|eot_id|>" +
      "<|start_header_id|>assistant<|end_header_id|>\n\nParis.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nItaly?<|eot_id|>" +
      "<|start_header_id|>assistant<|end_header_id|>\n\nRome.<|eot_id|>",
    "Paris.<|eot_id|>Rome.<|eot_id|>",
  ],
  mistral: [
    "<|im_start|>[INST] Be brief.\n\nFrance? [/INST] Paris.<|im_end|>[INST] Italy? [/INST] Rome.<|im_end|>",
    " Paris.<|im_end|> Rome.<|im_end|>",
  ],
  zephyr: [
    "<|system|>\nBe brief.<|im_end|>\n<|user|>\nFrance?<|im_end|>\n<|assistant|>\nParis.<|im_end|>\n" +
      "<|user|>\nItaly?<|im_end|>\n<|assistant|>\nRome.<|im_end|>\n",
    "Paris.<|im_end|>Rome.<|im_end|>",
  ],
};

test("every built-in template trains exactly the answers and their end, and asks with a prefix of what it trains", {
  timeout: 120_000,
}, async () => {
  const names = builtinTemplates();
  expect(names).toEqual(Object.keys(expected));
  const sources = Object.fromEntries(names.map((name) => [name, readTemplate(name, { dir: null, cwd })?.source]));
  const lines = (await runPython(mask, facts.dir ?? "", JSON.stringify(sources))).trim().split("\n");
  for (const line of lines) {
    const [name, whole, trained, prompt] = JSON.parse(line) as [string, string, string, string];
    expect([whole, trained], name).toEqual(expected[name]);
    expect(whole.startsWith(prompt), name).toBe(true);
  }
  expect(lines).toHaveLength(names.length);
});
