// `ft lock`: writes ft.lock.json without training, or checks that it still holds.
import type { Command } from "commander";
import { FtError } from "../errors.js";
import type { LockEntry } from "../recipes/lock-file.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

interface Flags {
  check?: boolean;
  update?: boolean;
  json?: boolean;
}

export function registerLock(program: Command, { io }: CommandContext): void {
  program
    .command("lock [recipe]")
    .description(
      "pin what a recipe resolves to in ft.lock.json: base revision, data, template, engine, chosen defaults",
    )
    .option("--check", "write nothing; exit code 3 when the lock is missing or differs")
    .option("--update", "take the base's newest revision from the Hub, and choose open keys anew")
    .option("--json", "print JSON")
    .action(async (file: string | undefined, { check, update = false, json }: Flags) => {
      if (check && update) throw contradiction();
      const { loadRecipe } = await import("../recipes/load.js");
      const { checkLock, lockRecipe } = await import("../pipeline/lock-recipe.js");
      const { preparing } = await import("./preparing.js");
      const name = file ?? "ft.yaml";
      const loaded = loadRecipe(name, { cwd: io.cwd, env: io.env });
      if (check) {
        const { entry } = await preparing(io, (context) => checkLock(loaded, context));
        return json ? writeJson(io, { ok: true, entry }) : io.out.write(`${name} is as ft.lock.json has it\n`);
      }
      const locked = await preparing(io, (context) => lockRecipe(loaded, context, { update }));
      if (json) return writeJson(io, { ok: true, ...locked });
      const { driftText } = await import("../recipes/lock-drift.js");
      for (const each of locked.drift) io.out.write(`${driftText(each)}\n`);
      if (locked.isNew) io.out.write(entryText(locked.entry));
      io.err.write(
        locked.isNew || locked.drift.length > 0 ? "ft.lock.json written; commit it\n" : "ft.lock.json is up to date\n",
      );
    });
}

function entryText({ base, data, engine }: LockEntry): string {
  const files = Object.entries(data).map(([path, { rows }]) => `${path} (${rows} rows)`);
  return `base    ${base.id} @ ${base.revision.replace(/[0-9a-f]{40,}/, (hash) => hash.slice(0, 12))}
data    ${files.join(", ")}
engine  ${engine.name} ${engine.version}
`;
}

function contradiction(): FtError {
  return new FtError({
    code: "usage.lock",
    exit: "usage",
    message: "--check writes nothing, and --update writes",
    next: "give one of them",
  });
}
