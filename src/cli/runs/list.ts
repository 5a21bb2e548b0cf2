// `ft runs ls`.
import { FtError } from "../../errors.js";
import { listRuns, type Run, stateChanges, timeTrained } from "../../runs/run-store.js";
import { type RunState, runStates } from "../../runs/state.js";
import { writeJson } from "../io.js";
import type { CommandContext } from "../program.js";
import { duration, lossText, timestamp } from "../views/format.js";
import { plainTable } from "../views/plain-table.js";
import { withRuns } from "./with-runs.js";

export async function listCommand({ io }: CommandContext, flags: { state?: string; json?: boolean }): Promise<void> {
  const filter = flags.state === undefined ? {} : { state: parseState(flags.state) };
  const { runs, took } = await withRuns(io, (store) => {
    const runs = store ? listRuns(store, filter) : [];
    const took = runs.map(({ id }) => timeTrained(stateChanges(store!, id), io.now()));
    return { runs, took };
  });
  if (flags.json) return writeJson(io, { ok: true, runs });
  if (runs.length === 0) io.err.write(flags.state ? `no run is ${flags.state}\n` : "no runs yet; start one: ft run\n");
  else io.out.write(runTable(runs, took));
}

function parseState(text: string): RunState {
  const state = runStates.find((known) => known === text);
  if (state) return state;
  throw new FtError({
    code: "usage.state",
    exit: "usage",
    message: `${text} is no state of a run`,
    next: `one of: ${runStates.join(", ")}`,
  });
}

/** `took`: of each run, ms. */
function runTable(runs: Run[], took: (number | null)[]): string {
  const right = "right" as const;
  const hasOthers = runs.some(({ target }) => target !== "local");
  const columns = [
    { head: "run" },
    { head: "name" },
    ...(hasOthers ? [{ head: "on" }] : []),
    { head: "state" },
    { head: "step", align: right },
    { head: "loss", align: right },
    { head: "started" },
    { head: "took", align: right },
  ];
  const rows = runs.map(({ id, name, target, state, step, totalSteps, loss, createdAt }, index) => [
    id,
    name,
    ...(hasOthers ? [target] : []),
    state,
    step === null ? "" : `${step}${totalSteps ? `/${totalSteps}` : ""}`,
    loss === null ? "" : lossText(loss),
    timestamp(createdAt),
    took[index] == null ? "" : duration(took[index]),
  ]);
  return `${plainTable(columns, rows).join("\n")}\n`;
}
