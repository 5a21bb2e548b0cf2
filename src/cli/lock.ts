// `ft lock`: pins what a run needs in ft.lock.json, without training.
import type { Command } from "commander";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";
import { collect } from "./render.js";

interface Flags {
  set?: string[];
  check?: boolean;
  update?: boolean;
  json?: boolean;
}

export function registerLock(program: Command, { io }: CommandContext): void {
  program
    .command("lock [recipe]")
    .description("fetch what a run needs and pin it in ft.lock.json, without training (default ft.yaml)")
    .option("--check", "only compare: end with 3 when the lock is missing or something differs")
    .option("--update", "take the newest revision of a hub model, not the locked one")
    .option("--set <key=value>", "change a key of the recipe; repeatable", collect)
    .option("--json", "print the lock's entry as JSON")
    .action(async (file: string | undefined, flags: Flags) => {
      const { loadRecipe } = await import("../recipes/load.js");
      const { lockEntry, lockName, refuseDrift, requireLockEntry, writeLockEntry } = await import(
        "../pipeline/project-lock.js"
      );
      const { prepare } = await import("../pipeline/prepare.js");
      const { preparing } = await import("./preparing.js");
      const sets = flags.set ?? [];
      const loaded = loadRecipe(file ?? "ft.yaml", { cwd: io.cwd, env: io.env, sets });
      if (flags.check) requireLockEntry(loaded);
      const wanted = flags.update ? { ...loaded, ignoresLock: true } : loaded;
      const { recipe, model, data } = await preparing(io, (context) => prepare(wanted, context));
      const entry = lockEntry(recipe, model, data.facts);
      if (flags.check) refuseDrift(loaded, entry);
      else writeLockEntry(loaded, entry);
      if (flags.json) return writeJson(io, { ok: true, lock: entry });
      const { base, engine } = entry;
      io.out.write(
        `${lockName} ${flags.check ? "holds" : "pins"} ${base.id} @ ${base.revision.slice(0, 24)}, ${engine.name} ${engine.version}\n`,
      );
    });
}
