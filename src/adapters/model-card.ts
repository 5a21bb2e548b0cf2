// README.md of an adapter on the Hub: what it was made from, and what it is worth. Metadata as the Hub's model cards have it.
import { stringify } from "yaml";
import type { Lineage } from "./lineage.js";

/** https://huggingface.co/docs/hub/model-cards: `base_model_relation: adapter` makes the Hub list it below its base. */
export function modelCard(lineage: Lineage, licence: string | null): string {
  const { name, version, method, base, engine, dataSha256, comparison } = lineage;
  const isAdapter = method !== "full";
  const metadata = {
    base_model: base.id,
    base_model_relation: isAdapter ? "adapter" : "finetune",
    library_name: isAdapter ? "peft" : "transformers",
    ...(licence ? { license: licence } : {}),
    tags: ["ft", engine.name, method],
  };
  const rows = (comparison ?? []).map(
    (row) => `| ${row.metric} | ${row.base.toPrecision(4)} | ${row.adapter.toPrecision(4)} | ${row.n} |`,
  );
  const table =
    rows.length > 0 ? ["", "| metric | base | this | examples |", "| --- | --- | --- | --- |", ...rows] : [];
  const lines = [
    `# ${name}, version ${version}`,
    "",
    `Trained by ft with ${engine.name} ${engine.version}, ${method}, from ${base.id} at revision ${base.revision}.`,
    `Training rows: sha256 ${dataSha256}. ft-lineage.json has every file's checksum.`,
    ...table,
  ];
  return `---\n${stringify(metadata)}---\n\n${lines.join("\n")}\n`;
}
