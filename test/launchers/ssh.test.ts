// The ssh launcher against the contract of all launchers and what goes wrong, with a real sshd.
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { sshLauncher } from "../../src/launchers/ssh/index.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { type Sshd, startSshd } from "../services/sshd.js";
import { conformance } from "./conformance.js";
import { cutLink, type Faulty, faults, type Linked } from "./faults.js";
import { killSupervisor, livingTrainers } from "./processes.js";

let sshd: Sshd | null = null;

async function setUp(): Promise<(Faulty & Linked) | null> {
  sshd ??= await startSshd();
  if (sshd === null) return null;
  const { cut, restore, restart } = sshd;
  const dir = join(sshd.home, "ft-jobs");
  return {
    launcher: sshLauncher as Launcher<unknown>,
    target: targetSchema.parse({ launcher: "ssh", at: { host: sshd.alias, config: sshd.configFile }, dir }),
    killTrainer: (run) => killSupervisor(join(dir, "runs", run.id)),
    trainers: livingTrainers,
    restartDaemon: restart,
    link: { cut, restore },
  };
}

conformance("ssh", setUp);
faults("ssh", setUp);
cutLink("ssh", setUp);

afterAll(() => sshd?.stop());
