// `ft adapters ls|show|verify|push`: the registry of what was trained.
import type { Command } from "commander";
import type { RegisteredAdapter } from "../adapters/registry.js";
import { exitCodes } from "../errors.js";
import { writeJson } from "./io.js";
import type { CommandContext } from "./program.js";

export function registerAdapters(program: Command, { io, exit }: CommandContext): void {
  const adapters = program.command("adapters").description("trained adapters: ls, show, verify, push");

  adapters
    .command("ls")
    .description("list the registered adapters")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const list = await registered();
      if (json) return writeJson(io, { ok: true, adapters: list });
      if (list.length === 0) return io.err.write("no adapters yet; train one: ft run\n");
      const { adapterTable } = await import("./views/adapters.js");
      io.out.write(adapterTable(list));
    });

  adapters
    .command("show <name[@version]>")
    .description("show an adapter's lineage, comparison and folder, and how to load it")
    .option("--json", "print JSON")
    .action(async (reference: string, { json }: { json?: boolean }) => {
      const { baseFolder } = await import("../adapters/project-adapters.js");
      const { findAdapter } = await import("../adapters/registry.js");
      const adapter = findAdapter(await registered(), reference);
      if (json) return writeJson(io, { ok: true, adapter });
      const { adapterDetails, loadingHint } = await import("./views/adapters.js");
      const { comparisonTable } = await import("./views/comparison-table.js");
      const comparison = adapter.comparison ? comparisonTable(adapter.comparison) : "  not evaluated: ft eval\n";
      const hint = loadingHint(adapter, baseFolder(io.cwd, adapter) ?? adapter.base.id);
      io.out.write(`${adapterDetails(adapter)}\n${comparison}\n${hint}`);
    });

  adapters
    .command("verify <name[@version]|folder>")
    .description("check an adapter's files, weights and lineage; exit code 4 when one is broken")
    .option("--json", "print JSON")
    .action(async (reference: string, { json }: { json?: boolean }) => {
      const { adapterToVerify } = await import("../adapters/project-adapters.js");
      const { verifyAdapter } = await import("../adapters/verify.js");
      const adapter = adapterToVerify(io.cwd, reference);
      const checks = await verifyAdapter(adapter);
      const ok = checks.every((check) => check.ok);
      if (json) writeJson(io, { ok, adapter: reference, folder: adapter.dir, checks });
      else {
        const { checkLines } = await import("./views/adapters.js");
        io.out.write(checkLines(reference, checks));
      }
      if (!ok) exit(exitCodes.data.code);
    });

  adapters
    .command("push <name[@version]>")
    .description("push an adapter to the Hub as one commit, with its lineage and a model card")
    .requiredOption("--repo <org/name>", "repository; made when it is not there")
    .option("--public", "make it public (default: private)")
    .option("--branch <branch>", "branch that gets the commit", "main")
    .option("--json", "print JSON")
    .action(async (reference: string, flags: { repo: string; public?: boolean; branch: string; json?: boolean }) => {
      const { findAdapter } = await import("../adapters/registry.js");
      const { pushAdapter } = await import("../adapters/push.js");
      const adapter = findAdapter(await registered(), reference);
      const target = { repo: flags.repo, private: !flags.public, branch: flags.branch };
      const { url } = await pushAdapter(adapter, target, io.env);
      if (flags.json) return writeJson(io, { ok: true, adapter: `${adapter.name}@${adapter.version}`, ...target, url });
      io.out.write(`pushed ${adapter.name}@${adapter.version}  ${url}\n`);
    });

  /** After what succeeded while no ft was there has been registered. */
  async function registered(): Promise<RegisteredAdapter[]> {
    const { listAdapters } = await import("../adapters/registry.js");
    const { withRuns } = await import("./runs/with-runs.js");
    return withRuns(io, (store) => (store ? listAdapters(store, io.cwd) : []));
  }
}
