// The ssh launcher against the contract of all launchers and what goes wrong, with a real sshd.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Launcher } from "../../src/launchers/contract.js";
import { sshLauncher } from "../../src/launchers/ssh/index.js";
import { targetSchema } from "../../src/recipes/schema/targets.js";
import { fakeRun, until } from "../fake-run.js";
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

it("secrets of an attempt whose ft was killed before it was started go with the end of the next one", {
  timeout: 120_000,
}, async ({ skip }) => {
  const given = await setUp();
  if (given === null) return skip();
  const run = fakeRun("hang", { id: "20260101-120000-killed", target: { name: "ssh", settings: given.target } });
  const folder = join(sshd!.home, "ft-jobs", "secrets");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${run.id}-1.json`), "{}", { mode: 0o600 });
  const handle = await given.launcher.submit({ ...run.submission, attempt: 2, secrets: { HF_TOKEN: "hf_ssh0123" } });
  const left = () => readdirSync(folder).filter((name) => name.startsWith(run.id));
  expect(left()).toHaveLength(2);
  await until(async () => (await given.trainers(run)) === 1);
  await given.killTrainer(run, handle);
  await until(async () => (await given.launcher.observe(handle, { inode: 0, offset: 0 })).liveness !== "running");
  expect(left()).toEqual([]);
});

afterAll(() => sshd?.stop());
