// The Kubernetes launcher against the contract of all launchers, over a cluster in small: test/fixtures/kubectl.mjs, a real program on PATH.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Launcher } from "../../src/launchers/contract.js";
import { kubernetesLauncher } from "../../src/launchers/kubernetes/index.js";
import { packageRoot } from "../../src/paths.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { emptyFolder } from "../project.js";
import { installProgram } from "../services/install-program.js";
import { conformance } from "./conformance.js";
import { killSupervisor, livingTrainers } from "./processes.js";

conformance("kubernetes", async () => {
  const folder = emptyFolder();
  const cluster = join(folder, "cluster");
  const dir = join(folder, "claim");
  mkdirSync(join(cluster, "claims"), { recursive: true });
  mkdirSync(dir);
  writeFileSync(join(cluster, "claims/runs.json"), JSON.stringify({ metadata: { name: "runs" } }));
  installProgram("kubectl", join(packageRoot, "test/fixtures/kubectl.mjs"));
  process.env.FT_FAKE_CLUSTER = cluster;
  return {
    launcher: kubernetesLauncher as Launcher<unknown>,
    target: targetSchema.parse({ launcher: "kubernetes", image: "none", claim: "runs", dir }),
    killTrainer: (run) => killSupervisor(join(dir, "runs", run.id)),
    trainers: livingTrainers,
  };
});
