// The slurm launcher and what goes wrong, with real daemons.
import { afterAll } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { slurmLauncher } from "../../src/launchers/slurm/index.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { type Slurm, startSlurm } from "../services/slurm.js";
import { faults } from "./faults.js";
import { killAlone, livingTrainers } from "./processes.js";

let slurm: Slurm | null = null;

faults("slurm", async () => {
  slurm = await startSlurm({ killWait: 5 });
  if (slurm === null) return null;
  Object.assign(process.env, slurm.env);
  return {
    launcher: slurmLauncher as Launcher<unknown>,
    target: targetSchema.parse({ launcher: "slurm" }),
    killTrainer: (run) => killAlone(run.dir),
    trainers: livingTrainers,
    restartDaemon: slurm.restart,
  };
});

afterAll(() => slurm?.stop(), 60_000);
