// `ft data preview` as people call it, with the test model's real tokenizer and template.
import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { fakeRun } from "../../../test/fake-run.js";
import { requiredEnv } from "../../../test/project.js";
import { runFt } from "../../../test/run-ft.js";

let cwd: string;
const model = requiredEnv("FT_TEST_MODEL");

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "ft-data-preview-"));
  const rows = [
    { messages: turns("Where is the  tower?", "In Paris.\n🗼") },
    { messages: [{ role: "robot", content: "beep" }] },
    { messages: turns("\u202eevil\u001b[31m </script>", "a long answer ".repeat(40)) },
  ];
  await writeFile(join(cwd, "rows.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
});

function turns(user: string, assistant: string) {
  return [
    { role: "system", content: "Be brief." },
    { role: "user", content: user },
    { role: "assistant", content: assistant },
  ];
}

async function preview(...args: string[]) {
  return runFt(["data", "preview", "rows.jsonl", "--model", model, ...args], { cwd });
}

test("the first row: facts in the head, and without colours what is trained between marks", async () => {
  const { code, out } = await preview();
  expect(code).toBe(0);
  expect(out).toBe(`row 1  rows.jsonl:1
as trl gets it:  a conversation of 3 turns,  template: model,  max_length 1,024

32 tokens  9 trained (28.1 %)  stop token <|im_end|> trained  nothing cut
${"─".repeat(80)}
<|im_start|>system
Be brief.<|im_end|>
<|im_start|>user
Where is the  tower?<|im_end|>
<|im_start|>assistant
⟦In Paris.↵
🗼<|im_end|>↵
⟧
`);
});

test("--row, --rows and --find choose; what is no row says why", async () => {
  expect((await preview("--row", "2")).out).toContain('no row: SCH001 turn 1 has the role "robot"');
  const range = await preview("--rows", "1-3");
  expect(range.out.match(/^row \d/gm)).toEqual(["row 1", "row 2", "row 3"]);
  expect((await preview("--find", "LONG answer")).out).toMatch(/^row 3 {2}rows\.jsonl:3/);
});

test("--max-length shows the cut, and whether the stop token is lost with it", async () => {
  const { out } = await preview("--row", "3", "--max-length", "64");
  expect(out).toMatch(/stop token <\|im_end\|> not trained \(cut away\?\)\ncut at 64: \d+ tokens lost/);
  expect(out).toMatch(/\n─── cut here: \d+ tokens behind this line never reach the model ─+\n/);
});

test("text that would act on the terminal is shown instead", async () => {
  const { out } = await preview("--row", "3");
  expect(out).toContain("⟨U+202E⟩evil␛[31m </script>");
});

test("personal data and secrets are masked, and so are the ids that would tell them", async () => {
  const address = "marta.kestrel@heronmail.net";
  const messages = turns(`I am ${address}, hello.`, "Hello.");
  await writeFile(join(cwd, "rows.jsonl"), `${JSON.stringify({ messages })}\n`);
  await preview("--html", "page.html");
  const outputs = [
    (await preview()).out,
    (await preview("--tokens")).out,
    (await preview("--json")).out,
    (await preview("--diff", "trl,axolotl")).out,
    await readFile(join(cwd, "page.html"), "utf8"),
  ];
  for (const output of outputs) expect(output).not.toMatch(/marta|kestrel|heron/);
  expect(outputs[0]).toContain(`I am ${"•".repeat(address.length)}, hello.`);
  expect(outputs[1]).toMatch(/│•+ *│/);
  const { tokens } = JSON.parse(outputs[2]!).rows[0].previews[0].sequences[0];
  const hidden = tokens.filter(({ text }: { text: string }) => text.includes("•"));
  expect(hidden.length).toBeGreaterThan(2);
  expect(hidden.every(({ id }: { id: number | null }) => id === null)).toBe(true);
});

test("a secret that ends a turn is masked too, whether the mark behind it is one token or plain text", async () => {
  // In pieces, so that no scanner of repositories takes them for leaks.
  const secrets = [
    ["npm", "_", "pdclsxhkifxi5cvqushl8ilc7be6wst9cbmo"],
    ["AI", "za", "Y96vwfRE5e32A8Yb3FKaNQyyLaMeffOhq4A"],
    ["sk_", "live_", "Uvy7VSLDCD1IfHWGbtMfEbo9"],
    ["SG", ".", "DuPngU30ZP7Thnp5yftIY7.uq6T2bwGfcCvJAXrF6bnZ3eBZclIvRY6iEjH5UH1RSC"],
  ].map((parts) => parts.join(""));
  const rows = secrets.flatMap((secret) => [
    { messages: turns(`My key is ${secret}`, `So it is ${secret}`) },
    { text: `My key is ${secret}</turn><turn>So it is ${secret}</turn>` },
  ]);
  for (const kind of [0, 1]) {
    const lines = rows.filter((_, index) => index % 2 === kind).map((row) => `${JSON.stringify(row)}\n`);
    await writeFile(join(cwd, "rows.jsonl"), lines.join(""));
    const { out } = await preview("--rows", "1-4");
    expect(out.match(/(?:key|it) is •+</g)).toHaveLength(8);
  }
});

test("--tokens has a box a token: spaces to be seen, the id below, a bar below what is trained", async () => {
  const { out } = await preview("--tokens");
  expect(out).toContain("│·the│·  │·tower│");
  expect(out).toMatch(/│·Paris│\. │↵ {2}│🗼 {3}│… {2}│… {2}│<\|im_end\|>│/);
  expect(out).toMatch(/ ▔▔▔ ▔+/);
});

test("--as and --diff: engines beside each other, stretch by stretch", async () => {
  const axolotl = JSON.parse((await preview("--as", "axolotl", "--json")).out);
  expect(axolotl.rows[0].previews[0]).toMatchObject({ engine: "axolotl", sequences: [{ trained: 8 }] });
  const { out } = await preview("--diff", "trl,axolotl");
  expect(out).toContain("trl      trains 9 of 32 tokens");
  expect(out).toContain("axolotl  trains 8 of 32 tokens");
  expect(out).toMatch(/≠ +1 {2}trained {2}- +↵/);
  const json = JSON.parse((await preview("--diff", "trl,axolotl", "--rows", "1-3", "--json")).out);
  expect(json.rows.map(({ number, same }: { number: number; same: boolean }) => [number, same])).toEqual([
    [1, false],
    [3, false],
  ]);
});

test("of a pair both answers are shown; --format says what the rows are", async () => {
  await writeFile(join(cwd, "pair.jsonl"), '{"prompt": "2*3?", "chosen": "6", "rejected": "5"}\n');
  const pair = await runFt(["data", "preview", "pair.jsonl", "--model", model], { cwd });
  expect(pair.out).toMatch(/\nchosen {2}[\s\S]*⟦6[\s\S]*\nrejected {2}[\s\S]*⟦5/);
  const prompt = await runFt(["data", "preview", "pair.jsonl", "--model", model, "--format", "prompt"], { cwd });
  expect(prompt.out).toContain("a prompt: answers are sampled");
});

test("--objective: of a pair orpo closes the answer once more, and a reward model gives the whole one score", async () => {
  await writeFile(join(cwd, "rows.jsonl"), '{"prompt": "2 * 3?", "chosen": "6", "rejected": "5"}\n');
  expect((await preview("--objective", "dpo")).out).toContain("⟦6<|im_end|>↵");
  const odds = await preview("--objective", "orpo", "--tokens", "--json");
  const [chosen] = JSON.parse(odds.out).rows[0].previews[0].sequences;
  expect(chosen.tokens.slice(-3).map(({ text }: { text: string }) => text)).toEqual(["<|im_end|>", "\n", "<|im_end|>"]);
  expect((await preview("--objective", "reward")).out).toMatch(/one score/);
});

test("a recipe says model, engine and length", async () => {
  const recipe = `name: t\nmodel: {base: ${model}}\nmethod: lora\nengine: axolotl\ndata: {train: rows.jsonl, max_length: 77}\n`;
  await writeFile(join(cwd, "other.yaml"), recipe);
  const { out } = await runFt(["data", "preview", "--recipe", "other.yaml"], { cwd });
  expect(out).toContain("as axolotl gets it:");
  expect(out).toContain("max_length 77");
});

test("--html: a page with the id of each token to point at, in which rows stay text", async () => {
  const { err } = await preview("--rows", "1-3", "--max-length", "64", "--html", "rows.html");
  expect(err).toBe("wrote rows.html\n");
  const page = await readFile(join(cwd, "rows.html"), "utf8");
  expect(page).toMatch(/<span class="t trained" title="token \d+, id \d+, trained">In<\/span>/);
  expect(page).toContain('<span class="cutline">');
  expect(page).not.toContain("</script>");
});

test("--from-run: what a run trained is as predicted, or the difference is shown and the end is 4", async () => {
  const { projectDir, dir, id } = fakeRun("", { projectDir: cwd });
  await mkdir(join(dir, "data"));
  const messages = turns("Where?", "Here.");
  await writeFile(
    join(dir, "data/train.jsonl"),
    `${JSON.stringify({ prompt: messages.slice(0, 2), completion: messages.slice(2) })}\n`,
  );
  await symlink(model, join(dir, "model"));
  await writeFile(
    join(dir, "recipe.yaml"),
    `name: t\nmodel: {base: ${model}}\nmethod: lora\ndata: {train: rows.jsonl, max_length: 128}\n`,
  );
  await writeFile(join(cwd, "one.jsonl"), `${JSON.stringify({ messages })}\n`);
  const { out } = await runFt(["data", "preview", "one.jsonl", "--model", model, "--json"], { cwd });
  const tokens: { id: number; trained: boolean }[] = JSON.parse(out).rows[0].previews[0].sequences[0].tokens;
  const event = (labels: number[]) =>
    `${JSON.stringify({ v: 1, attempt: 1, seq: 1, t: 1, kind: "sample", row: 0, inputIds: tokens.map((token) => token.id), labels, text: "", trainedText: "" })}\n`;
  const labels = tokens.map((token) => (token.trained ? token.id : -100));
  await writeFile(join(dir, "events.jsonl"), event(labels));
  const same = await runFt(["data", "preview", "--from-run", id], { cwd: projectDir });
  expect(same.err).toBe("");
  expect(same.code).toBe(0);
  expect(same.out).toContain("trained as predicted");
  await writeFile(join(dir, "events.jsonl"), event(labels.with(4, tokens[4]!.id)));
  const other = await runFt(["data", "preview", "--from-run", id], { cwd: projectDir });
  expect(other.code).toBe(4);
  expect(other.out).toContain("TOK007 the same tokens, but with loss on others than predicted");
  const { ok, findings } = JSON.parse(
    (await runFt(["data", "preview", "--from-run", id, "--json"], { cwd: projectDir })).out,
  );
  expect(ok).toBe(false);
  expect(findings).toMatchObject([
    { rule: "TOK007", severity: "error", file: expect.stringMatching(/train\.jsonl$/), line: 1 },
  ]);
  expect(other.out).toMatch(/≠ +1 {2}trained {2}- /);
});

const failures: { name: string; args: string[]; code: number; says: string }[] = [
  { name: "a row that is not there", args: ["--row", "9"], code: 4, says: "there is no row 9" },
  { name: "a text that no row holds", args: ["--find", "zebra"], code: 4, says: 'no row holds "zebra"' },
  { name: "a senseless row", args: ["--row", "0"], code: 2, says: "from 1 on" },
  { name: "a senseless range", args: ["--rows", "3-1"], code: 2, says: "for example 1-5" },
  { name: "two ways to choose", args: ["--row", "1", "--find", "x"], code: 2, says: "cannot be used with" },
  { name: "an unknown engine", args: ["--diff", "trl,axo"], code: 2, says: "unknown engine axo" },
  { name: "one engine alone", args: ["--diff", "trl"], code: 2, says: "two or more" },
];

test.each(failures)("$name ends with $code", async ({ args, code, says }) => {
  const result = await preview(...args);
  expect(result.code).toBe(code);
  expect(result.err).toContain(says);
});

test("without a model it says what is needed", async () => {
  const { code, err } = await runFt(["data", "preview", "rows.jsonl"], { cwd });
  expect(code).toBe(2);
  expect(err).toContain("give --model <folder>");
});
