// compute.budget while a run goes on: real TRL on the tiny model is stopped with a checkpoint, though no ft looks on, and can go on after that.
import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { machineName, writeCalibration } from "../src/plan/calibration/calibration-file.js";
import { emptyFolder, ft as runFt, tinyProject } from "./project.js";

const minutes = 60_000;

it(
  "stops at its hours with ft away, says why, refuses to go on within the budget, and goes on to the end without it",
  async () => {
    const dir = tinyProject({ maxSteps: 1600, saveEvery: 200, evaluated: false });
    // Past runs are said to have been twenty times as fast as this machine: some 27 s by the estimate, and far more in truth.
    const speed = { trl: { factor: 20, least: 20, most: 20, runs: 50 } };
    const config = { XDG_CONFIG_HOME: emptyFolder() };
    const taught = { at: 0, runs: 50, memory: {}, speed, points: { memory: {}, speed: {} } };
    writeCalibration(config, machineName(null), taught);
    const ft = (args: string[]) => runFt(args, dir, config);
    appendFileSync(join(dir, "ft.yaml"), "compute: { budget: { hours: 0.008 } }\n");
    const started = await ft(["run", "--detach", "--json"]);
    expect(started.exitCode, started.stderr).toBe(0);
    const { id } = JSON.parse(started.stdout).run as { id: string };
    const show = async () => JSON.parse((await ft(["runs", "show", id, "--json"])).stdout).run;

    let run = await show();
    for (let asked = 0; run.state !== "cancelled" && asked < 200; asked++) {
      await sleep(1000);
      run = await show();
    }
    expect(run).toMatchObject({ state: "cancelled", exitCode: 33, failure: { class: "budget" } });
    expect(run.failure.message).toContain("compute.budget.hours is used up");
    expect(run.history.map(({ reason }: { reason: string }) => reason)).toContain(run.failure.message);
    const watched = await ft(["runs", "watch", id]);
    expect({ code: watched.exitCode, says: watched.stderr.includes(`ft runs resume ${id} --ignore-budget`) }).toEqual({
      ...{ code: 10, says: true },
    });

    const refused = await ft(["runs", "resume", id]);
    expect({ code: refused.exitCode, says: refused.stderr.includes("has used up compute.budget.hours") }).toEqual({
      ...{ code: 5, says: true },
    });
    const resumed = await ft(["runs", "resume", id, "--ignore-budget"]);
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    expect(await show()).toMatchObject({ state: "succeeded", step: 1600, failure: null });
    expect(readdirSync(join(dir, ".ft/runs", id))).toContain("COMPLETE");
  },
  20 * minutes,
);
