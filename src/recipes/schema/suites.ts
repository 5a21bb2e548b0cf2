// recipe key `eval.suites`: what else is measured beside the held-out rows.
import { z } from "zod";

const column = z.string().min(1).optional();

/** How an answer is scored. Each gives one number per row, by its `name`. */
const scorerSchemas = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("exact"),
    name: column,
    column: column.describe("column with the right answer; default: the reference"),
    ignore_case: z.boolean().default(false),
  }),
  z.strictObject({
    type: z.literal("contains"),
    name: column,
    column: column.describe(
      "column with the text, or the list of texts, that the answer must hold; default: the reference",
    ),
    any: z.boolean().default(false).describe("one text of the list is enough"),
    ignore_case: z.boolean().default(true),
  }),
  z.strictObject({
    type: z.literal("regex"),
    name: column,
    pattern: z.string().min(1).optional().describe("that the answer must match (JavaScript, flag u)"),
    column: column.describe("column with the pattern, where each row has its own"),
  }),
  z.strictObject({
    type: z.literal("json_schema"),
    name: column,
    schema: z
      .union([z.string().min(1), z.record(z.string(), z.json())])
      .describe("JSON Schema: a file, or written here"),
  }),
  z.strictObject({
    type: z.literal("numeric"),
    name: column,
    column: column.describe("column with the right number; default: the last number of the reference"),
    tolerance: z.number().nonnegative().default(0).describe("absolute difference that still counts as right"),
    relative: z
      .number()
      .nonnegative()
      .default(0)
      .describe("difference that still counts, as a share of the right number"),
  }),
  z.strictObject({ type: z.literal("f1"), name: column, column }),
  z.strictObject({
    type: z.literal("rouge"),
    name: column,
    column,
    variant: z.enum(["rouge1", "rouge2", "rougeL"]).default("rougeL"),
  }),
  z.strictObject({ type: z.literal("bleu"), name: column, column }),
  z.strictObject({ type: z.literal("chrf"), name: column, column }),
  z.strictObject({ type: z.literal("tool_calls"), name: column }),
  z.strictObject({
    type: z.literal("code"),
    name: column,
    tests: z.string().min(1).default("tests").describe("column with Python code that fails when the answer is wrong"),
    timeout: z.number().positive().max(600).default(10).describe("seconds"),
    sandbox: z.enum(["auto", "docker", "podman", "bubblewrap"]).default("auto"),
    image: z.string().min(1).default("python:3.13-slim").describe("of docker and podman: has Python and timeout"),
  }),
  z.strictObject({
    type: z.literal("check"),
    name: column,
    column: z
      .string()
      .min(1)
      .default("check")
      .describe("column that says how this row is scored: {numeric: 42}, {contains: [..]}, {any: [..]}, {regex: ..}"),
  }),
]);
export type Scorer = z.output<typeof scorerSchemas>;

const plainScorers = [
  "exact",
  "contains",
  "numeric",
  "f1",
  "rouge",
  "bleu",
  "chrf",
  "tool_calls",
  "code",
  "check",
] as const;

const scorer = z
  .union([z.enum(plainScorers).transform((type) => scorerSchemas.parse({ type })), scorerSchemas])
  .refine((one) => one.type !== "regex" || (one.pattern === undefined) !== (one.column === undefined), {
    message: "regex takes either a pattern or a column",
  });

const named = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,40}$/, "use lower-case letters, digits, '_' and '-'")
    .refine((name) => name !== "heldout", "heldout is what ft calls the evaluation on held-out rows"),
};

const asked = {
  data: z.string().min(1).describe("rows as of any dataset; the last assistant turn is the reference"),
  max_new_tokens: z.int().positive().default(256).describe("longest answer generated, greedily"),
  slices: z
    .array(z.string().min(1))
    .default([])
    .describe("columns by whose values results are shown apart (a.b: nested)"),
  cluster: column.describe("column whose value rows share that are not independent (one document, one customer)"),
};

const metrics = z
  .record(z.string(), z.enum(["higher", "lower"]))
  .default({})
  .describe("which way is better, of metrics where less is");

/** Of tools that ask the subject through ft's own server. */
const served = {
  max_new_tokens: asked.max_new_tokens,
  slices: z.array(z.string().min(1)).default([]).describe("metadata by whose values results are shown apart"),
  metrics,
};

const defaultRubric =
  "Better is the answer that is correct, does what was asked, and leaves out nothing that matters. Two answers of the same worth are a tie.";

export const suiteSchema = z.discriminatedUnion("type", [
  z.strictObject({
    ...named,
    type: z.literal("generate"),
    ...asked,
    scorers: z.array(scorer).min(1),
  }),
  z
    .strictObject({
      ...named,
      type: z.literal("judge"),
      ...asked,
      endpoint: z.url({ protocol: /^https?$/ }).describe("of an OpenAI-compatible server, like https://host/v1"),
      model: z.string().min(1).describe("the judge"),
      api_key_env: z
        .string()
        .regex(/^[A-Z_][A-Z0-9_]*$/, "the name of an environment variable")
        .optional()
        .describe("name of the environment variable that holds the key"),
      rubric: z.string().min(1).default(defaultRubric).describe("what makes an answer better than another"),
      calibrate: z.int().nonnegative().default(10).describe("references judged against themselves first"),
      max_tokens: z.int().positive().default(512).describe("longest verdict"),
      price: z
        .strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() })
        .optional()
        .describe("dollars for a million tokens"),
      max_cost_usd: z.number().positive().optional().describe("stop when the verdicts have cost so much"),
      concurrency: z.int().positive().max(64).default(4).describe("requests at once"),
      timeout: z.number().positive().default(60).describe("seconds for one verdict"),
      retries: z.int().nonnegative().max(10).default(4).describe("after an error that may pass"),
    })
    .refine(({ price, max_cost_usd: most }) => most === undefined || price !== undefined, {
      path: ["max_cost_usd"],
      message: "max_cost_usd needs price, else nobody knows what a verdict costs",
    }),
  z.strictObject({
    ...named,
    type: z.literal("lm-eval"),
    tasks: z
      .array(z.string().regex(/^[\w.-]+$/, "the name of a task"))
      .min(1)
      .describe("of EleutherAI's lm-evaluation-harness"),
    include_path: z.string().min(1).optional().describe("folder with task files of your own"),
    limit: z.int().positive().optional().describe("first items of each task only"),
    num_fewshot: z.int().nonnegative().optional().describe("examples before each question; default: the task's own"),
    chat_template: z.boolean().default(false).describe("put the questions into the chat template"),
    batch_size: z.int().positive().default(8),
  }),
  z.strictObject({
    ...named,
    type: z.literal("promptfoo"),
    config: z.string().min(1).describe("a promptfoo config as it is; its providers are replaced by the subject"),
    ...served,
  }),
  z.strictObject({
    ...named,
    type: z.literal("inspect"),
    task: z.string().min(1).describe("a file of Inspect tasks, file.py or file.py@task"),
    args: z
      .record(z.string().regex(/^\w+$/, "the name of a parameter"), z.union([z.string(), z.number(), z.boolean()]))
      .default({})
      .describe("parameters of the task"),
    limit: z.int().positive().optional().describe("first samples only"),
    ...served,
  }),
  z.strictObject({
    ...named,
    type: z.literal("command"),
    run: z
      .array(z.string())
      .min(1)
      .describe(
        "program and arguments; {model}, {adapter} and {base} stand for the base's folder, the adapter's and the base's name",
      ),
    metrics,
    timeout: z.number().positive().default(3600).describe("seconds"),
  }),
  z.strictObject({
    type: z.literal("builtin"),
    name: z
      .enum(["general", "safety"])
      .describe("general: does it still know and do what the base did; safety: does it still refuse"),
  }),
]);
export type Suite = z.output<typeof suiteSchema>;
export type JudgeSuite = Extract<Suite, { type: "judge" }>;
export type LmEvalSuite = Extract<Suite, { type: "lm-eval" }>;
export type PromptfooSuite = Extract<Suite, { type: "promptfoo" }>;
export type InspectSuite = Extract<Suite, { type: "inspect" }>;
export type CommandSuite = Extract<Suite, { type: "command" }>;

export const suitesSchema = z.array(suiteSchema).superRefine((suites, context) => {
  for (const [index, { name }] of suites.entries()) {
    if (suites.findIndex((other) => other.name === name) === index) continue;
    context.addIssue({ code: "custom", path: [index, "name"], message: `two suites are called ${name}` });
  }
  for (const [index, suite] of suites.entries()) {
    if (suite.type !== "generate") continue;
    const names = suite.scorers.map(({ name, type }) => name ?? type);
    const double = names.find((name, at) => names.indexOf(name) !== at);
    if (double === undefined) continue;
    const message = `two scorers are called ${double}: give one a name`;
    context.addIssue({ code: "custom", path: [index, "scorers"], message });
  }
});
