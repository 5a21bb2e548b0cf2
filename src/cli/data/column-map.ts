// --columns and --roles: what stands for what in files that use other names, as data.columns and data.roles say it in a recipe.
import { FtError } from "../../errors.js";
import { nearest } from "../../nearest.js";
import { type ColumnMap, columnsSchema, rolesSchema } from "../../recipes/schema/columns.js";

/** @throws FtError usage.columns, usage.roles */
export function columnMapOf(flags: { columns?: string[]; roles?: string[] }): ColumnMap {
  const columns = flags.columns && pairs("columns", flags.columns);
  const roles = flags.roles && pairs("roles", flags.roles);
  const known = Object.keys(columnsSchema.shape);
  const unknown = Object.keys(columns ?? {}).find((target) => !known.includes(target));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    throw wrong(
      "columns",
      `ft knows no column ${unknown}`,
      near ? `did you mean ${near}?` : `one of: ${known.join(", ")}`,
    );
  }
  const read = rolesSchema.safeParse(roles ?? {});
  if (!read.success) throw wrong("roles", "a role stands for another one", "give for example --roles bot=assistant");
  return { ...(columns && { columns: columnsSchema.parse(columns) }), ...(roles && { roles: read.data }) };
}

function pairs(flag: "columns" | "roles", given: string[]): Record<string, string> {
  const example = flag === "columns" ? "prompt=question" : "bot=assistant";
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1 || at === pair.length - 1)
        throw wrong(flag, `${pair} is no pair`, `give for example --${flag} ${example}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function wrong(flag: "columns" | "roles", message: string, next: string): FtError {
  return new FtError({ code: `usage.${flag}`, exit: "usage", message: `--${flag}: ${message}`, next });
}
