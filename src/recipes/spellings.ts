// Where a recipe can say one thing in two ways.

/** `method: lora` is short for a map with this key. */
export const shortForms: Record<string, string> = { method: "type", objective: "type", engine: "name" };

/** Of two such keys the nearer one holds: `--set` over the file, the file over what it extends. */
const alternatives: Record<string, Record<string, string>> = {
  train: { epochs: "max_steps", max_steps: "epochs" },
  data: { eval: "eval_fraction", eval_fraction: "eval" },
};

/** The path that one stands in place of, if there is one. */
export function alternativeTo([section, key, ...below]: string[]): string[] | null {
  const other = below.length === 0 ? alternatives[section!]?.[key!] : undefined;
  return other === undefined ? null : [section!, other];
}
