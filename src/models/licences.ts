// What each licence asks of people who fine-tune a model under it, in plain words; no legal advice. Data: data/licences.yaml.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { packageRoot } from "../paths.js";

const licenceSchema = z.strictObject({
  name: z.string(),
  spdx: z.string().nullable().default(null),
  commercial: z.enum(["yes", "no", "conditions"]),
  /** Monthly active users above which the licensor must be asked first. */
  user_cap: z.int().positive().nullable().default(null),
  /** Which versions of a model the licence withholds from people and companies of the EU. */
  eu_clause: z.enum(["multimodal"]).nullable().default(null),
  attribution: z.string(),
  /** Whether an adapter stays under these terms. */
  inherits: z.enum(["yes", "no", "restrictions"]),
  conditions: z.array(z.string()).min(1),
  evidence: z.enum(["read", "third-party"]),
  source: z.string(),
});

export type Licence = z.output<typeof licenceSchema> & { id: string };

let licences: ReadonlyMap<string, Licence> | undefined;

/** Every licence of the catalogue by its id, in the file's order. */
export function allLicences(): ReadonlyMap<string, Licence> {
  licences ??= readLicences();
  return licences;
}

/** `id` as the catalogue writes it; an unknown one is a fault of the data, not of a person. */
export function licenceOf({ licenceId }: { licenceId: string }): Licence {
  const found = allLicences().get(licenceId);
  if (!found) throw new Error(`data/licences.yaml has no licence ${licenceId}`);
  return found;
}

/** True when the licence grants nothing in this very model to people and companies of the EU. */
export function hasEuClause(model: { licenceId: string; multimodal: boolean }): boolean {
  return licenceOf(model).eu_clause === "multimodal" && model.multimodal;
}

function readLicences(): ReadonlyMap<string, Licence> {
  const text = readFileSync(join(packageRoot, "data/licences.yaml"), "utf8");
  const table = z.record(z.string(), licenceSchema).parse(parse(text, { merge: true }));
  return new Map(Object.entries(table).map(([id, licence]) => [id, { id, ...licence }]));
}
