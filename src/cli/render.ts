// `ft render`: shows every file that the engine would get, without running, network or engine.
import type { Command } from "commander";
import { writeJson } from "./io.js";
import { outputName } from "./output-name.js";
import type { CommandContext } from "./program.js";

interface Flags {
  engine?: string;
  out?: string;
  set?: string[];
  force?: boolean;
  json?: boolean;
}

export function registerRender(program: Command, { io }: CommandContext): void {
  program
    .command("render [recipe]")
    .description("show the engine's files for a recipe (default ft.yaml), without running anything")
    .option("--engine <engine>", "render for this engine: trl, axolotl or unsloth")
    .option("--out <dir>", "write the files into this folder", outputName)
    .option("--set <key=value>", "change a key of the recipe; repeatable", collect)
    .option("--force", "write into a folder that is not empty")
    .option("--json", "print {files, notes, ...} as JSON")
    .action(async (file: string | undefined, flags: Flags) => {
      const { loadRecipe } = await import("../recipes/load.js");
      const { renderOnly, writeRendering } = await import("../pipeline/render-only.js");
      const sets = [...(flags.set ?? []), ...(flags.engine ? [`engine.name=${flags.engine}`] : [])];
      const rendering = await renderOnly(loadRecipe(file ?? "ft.yaml", { cwd: io.cwd, env: io.env, sets }), io.env);
      const written = flags.out
        ? writeRendering(rendering, { cwd: io.cwd, out: flags.out, force: flags.force ?? false })
        : [];
      for (const note of rendering.notes) io.err.write(`note: ${note}\n`);
      if (flags.json) return writeJson(io, { ok: true, written, ...rendering });
      for (const path of written) io.out.write(`${path}\n`);
      if (flags.out) return;
      for (const [path, content] of Object.entries(rendering.files)) io.out.write(`--- ${path}\n${content}\n`);
    });
}

export function collect(value: string, all: string[] = []): string[] {
  return [...all, value];
}

/** `--on` is short for `--set compute.on=`. */
export function setsWithTarget({ set = [], on }: { set?: string[]; on?: string }): string[] {
  return on === undefined ? set : [...set, `compute.on=${JSON.stringify(on)}`];
}
