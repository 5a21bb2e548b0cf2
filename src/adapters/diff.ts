// How two versions differ: where they come from, by which recipe, what they scored, and how far apart their weights are.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { runsDir } from "../paths.js";
import { type Difference, differences, type Tree } from "../recipes/resolved.js";
import { readLineage } from "./lineage.js";
import type { RegisteredAdapter } from "./registry.js";
import { compareNorms, type LayerNorms } from "./weight-norms.js";

export interface AdapterDifferences {
  /** Facts of the lineage in which they differ. */
  lineage: Difference[];
  /** Recipe keys in which they differ; null: a run folder is not here. */
  recipe: Difference[] | null;
  /** What each scored against its base, by metric; null: not measured. */
  scores: { metric: string; format: "number" | "percent"; a: number | null; b: number | null; sameRows: boolean }[];
  /** By layer; null: weights that are removed or cannot be read. */
  weights: LayerNorms[] | null;
}

export function diffAdapters(projectDir: string, a: RegisteredAdapter, b: RegisteredAdapter): AdapterDifferences {
  const [recipeA, recipeB] = [recipeOf(projectDir, a), recipeOf(projectDir, b)];
  return {
    lineage: differences(facts(a), facts(b)),
    recipe: recipeA && recipeB && differences(recipeA, recipeB),
    scores: scores(a, b),
    weights: a.removed || b.removed ? null : compareNorms(a.dir, b.dir),
  };
}

function facts({
  dir,
  method,
  base,
  templateSha256,
  dataSha256,
  engine,
  git,
  run,
  createdAt,
}: RegisteredAdapter): Tree {
  const sources = readLineage(dir)?.sources;
  return {
    run,
    created: new Date(createdAt).toISOString(),
    method,
    "base.id": base.id,
    "base.revision": base.revision,
    template: templateSha256,
    data: dataSha256,
    rows: Object.fromEntries(Object.entries(sources ?? {}).map(([path, { rows }]) => [path, rows])),
    engine: `${engine.name} ${engine.version}`,
    git: git ? `${git.commit}${git.dirty ? ", with uncommitted changes" : ""}` : null,
  };
}

/** The resolved recipe that the run folder keeps; as it stands there, so that one of an older ft can be compared too. */
function recipeOf(projectDir: string, { run }: RegisteredAdapter): Tree | null {
  const file = join(runsDir(projectDir), run, "recipe.yaml");
  return existsSync(file) ? (parse(readFileSync(file, "utf8")) as Tree) : null;
}

/** `sameRows`: as far as can be told, the base scored the same on both. */
function scores(a: RegisteredAdapter, b: RegisteredAdapter): AdapterDifferences["scores"] {
  const rows = [...(a.comparison ?? []), ...(b.comparison ?? [])];
  return [...new Set(rows.map(({ metric }) => metric))].map((metric) => {
    const of = ({ comparison }: RegisteredAdapter) => comparison?.find((row) => row.metric === metric);
    const [left, right] = [of(a), of(b)];
    return {
      metric,
      format: (left ?? right)!.format,
      a: left?.adapter ?? null,
      b: right?.adapter ?? null,
      sameRows: left !== undefined && right !== undefined && left.n === right.n && left.base === right.base,
    };
  });
}
