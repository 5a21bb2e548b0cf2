// The slurm launcher against the contract of all launchers, with real daemons: on a machine of the cluster, and through ssh to its login node.
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { slurmLauncher } from "../../src/launchers/slurm/index.js";
import { type Target, targetSchema } from "../../src/recipes/schema/targets.js";
import { startSlurm } from "../services/slurm.js";
import { type Sshd, startSshd } from "../services/sshd.js";
import { type Conforming, conformance } from "./conformance.js";
import { cutLink, type Linked } from "./faults.js";
import { killAlone, livingTrainers } from "./processes.js";

let sshd: Sshd | null = null;
const slurm = startSlurm({ killWait: 5 });
afterAll(async () => {
  await sshd?.stop();
  await (await slurm)?.stop();
}, 60_000);

/** `runs`: where the run folders lie when it is not their home. */
function conforming(target: Target, runs: string | null): Conforming {
  return {
    launcher: slurmLauncher as Launcher<unknown>,
    target,
    killTrainer: (run) => killAlone(runs === null ? run.dir : join(runs, run.id)),
    trainers: livingTrainers,
  };
}

conformance("slurm", async () => {
  const { env } = (await slurm) ?? {};
  if (!env) return null;
  Object.assign(process.env, env);
  return conforming(targetSchema.parse({ launcher: "slurm" }), null);
});

async function throughSsh(): Promise<Linked | null> {
  const { env } = (await slurm) ?? {};
  if (!env) return null;
  sshd ??= await startSshd({ env });
  if (sshd === null) return null;
  const { cut, restore } = sshd;
  const dir = join(sshd.home, "ft-jobs");
  const login = { host: sshd.alias, config: sshd.configFile };
  const target = targetSchema.parse({ launcher: "slurm", login, dir });
  return { ...conforming(target, join(dir, "runs")), link: { cut, restore } };
}

conformance("slurm, through ssh", throughSsh);

it("a login node's disk is counted for the runs, its memory is not the nodes'", { timeout: 120_000 }, async ({
  skip,
}) => {
  const given = await throughSsh();
  if (given === null) return skip();
  const engine = { name: "trl", version: "1.16.0" };
  const { device } = await given.launcher.probe(given.target, { engine, base: null });
  expect(device.elsewhere).toMatchObject({ ramBytes: null, room: { jobs: { freeBytes: expect.any(Number) } } });
});

cutLink("slurm, through ssh", throughSsh);
