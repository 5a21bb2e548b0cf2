// The local launcher against the contract of all launchers.

import type { Launcher } from "../../src/launchers/contract.js";
import { localLauncher } from "../../src/launchers/local/index.js";
import { conformance } from "./conformance.js";
import { type Faulty, faults } from "./faults.js";
import { killSupervisor, livingTrainers } from "./processes.js";

const setUp = async (): Promise<Faulty> => ({
  launcher: localLauncher as Launcher<unknown>,
  target: { launcher: "local" },
  killTrainer: (run) => killSupervisor(run.dir),
  trainers: livingTrainers,
});

conformance("local", setUp);
faults("local", setUp);
