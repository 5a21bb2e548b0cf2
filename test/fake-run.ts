// A project with one run whose trainer is test/fixtures/trainers/run.py: real folders, real processes, no engine.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Submission } from "../src/launchers/contract.js";
import { packageRoot, runsDir } from "../src/paths.js";
import type { Job } from "../src/runs/job.js";
import { emptyFolder } from "./project.js";

export interface FakeRun {
  projectDir: string;
  id: string;
  dir: string;
  job: Job;
  submission: Submission;
}

/** Makes the job folder; nothing is started, nothing is in a store. `behaviour` as in the fixture's head. */
export function fakeRun(
  behaviour: string,
  {
    projectDir = emptyFolder(),
    id = "20260101-120000-test",
    target = { name: "local", settings: { launcher: "local" } },
    python = "python3",
  }: { projectDir?: string; id?: string; target?: Job["target"]; python?: string } = {},
): FakeRun {
  const dir = join(runsDir(projectDir), id);
  mkdirSync(join(dir, "trainer"), { recursive: true });
  cpSync(join(packageRoot, "test/fixtures/trainers/run.py"), join(dir, "trainer/run.py"));
  const filter = (path: string) => !path.endsWith("__pycache__");
  cpSync(join(packageRoot, "trainer/ft_trainer"), join(dir, "trainer/ft_trainer"), { recursive: true, filter });
  writeFileSync(join(dir, "behaviour.txt"), behaviour);
  const job = { ...fakeJob(id), target };
  writeFileSync(join(dir, "job.json"), JSON.stringify(job));
  const env = { PATH: process.env.PATH ?? "" };
  return {
    projectDir,
    id,
    dir,
    job,
    submission: { job, dir, attempt: 1, resume: false, python, env, secrets: {}, onProgress: () => {} },
  };
}

/** The same with the real supervisor, and a step without an engine: trainer/tests/fake_step.py. */
export function supervisedRun(what: string, options: NonNullable<Parameters<typeof fakeRun>[1]>): FakeRun {
  const run = fakeRun("", options);
  const trainer = join(packageRoot, "trainer");
  for (const name of ["run.py", "ft_trainer"]) {
    const filter = (path: string) => !path.includes("__pycache__");
    cpSync(join(trainer, name), join(run.dir, "trainer", name), { recursive: true, filter });
  }
  cpSync(join(trainer, "tests/fake_step.py"), join(run.dir, "trainer/fake_step.py"));
  mkdirSync(join(run.dir, "model"));
  const step = { name: "train" as const, module: "fake_step", args: [what] };
  const env = { RESULT: "result.json", PYTHONDONTWRITEBYTECODE: "1" };
  const job = { ...run.job, steps: [step], env };
  writeFileSync(join(run.dir, "job.json"), JSON.stringify(job));
  return { ...run, job, submission: { ...run.submission, job } };
}

export function fakeJob(id: string, createdAt = 1_700_000_000_000): Job {
  return {
    version: 1,
    id,
    name: "fake",
    createdAt,
    engine: { name: "trl", version: "0" },
    steps: [],
    env: {},
    model: { asked: "tiny", id: "tiny", revision: "0", path: "/nowhere", hub: null },
    gpus: 0,
    heartbeatSeconds: 10,
    limits: null,
    target: { name: "local", settings: { launcher: "local" } },
    checkpointDir: "out/checkpoints",
    adapterDir: "out/adapter",
  };
}

/** Asks again and again. What is awaited asks a program or a daemon: in a tight loop the questions would be most of the load. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (let asked = condition(); !(await asked); asked = condition()) {
    if (performance.now() > deadline) throw new Error("waited in vain");
    const pauseMs = asked instanceof Promise ? 200 : 20;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
