// What starts `ft ci` every night elsewhere - the GitHub Action and its workflow, GitLab's template, cron, systemd: linted, and executed with the real ft.
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packageRoot } from "../src/paths.js";
import { emptyFolder, ftBinary, tinyProject } from "./project.js";
import { actionlint } from "./services/actionlint.js";
import { ensurePrograms } from "./services/programs.js";

const template = (name: string) => join(packageRoot, "examples/nightly", name);
const read = (name: string) => readFileSync(template(name), "utf8");

describe("linted", () => {
  it("the workflow is sound, and gives the Action what it takes", async (test) => {
    const lint = await actionlint();
    if (!lint) return test.skip();
    const dir = emptyFolder();
    mkdirSync(join(dir, ".git"));
    mkdirSync(join(dir, ".github/workflows"), { recursive: true });
    cpSync(join(packageRoot, "action.yml"), join(dir, "action.yml"));
    const workflow = read("github-workflow.yml").replace(/uses: OWNER\/ft@\S+/, "uses: ./");
    const file = join(dir, ".github/workflows/ft-nightly.yml");
    writeFileSync(file, workflow);
    expect(await lint(file)).toBe("");
    // Without this the line above could say nothing of the Action.
    writeFileSync(file, workflow.replace("recipe: ft.yaml", "recpe: ft.yaml"));
    expect(await lint(file)).toContain('input "recpe" is not defined in action "ft nightly"');
  });

  it("systemd accepts the service and the timer", async (test) => {
    if (!(await ensurePrograms(["systemd-analyze"], ["systemd"]))) return test.skip();
    const units = [template("ft-nightly.service"), template("ft-nightly.timer")];
    const { exitCode, all } = await execa("systemd-analyze", ["verify", "--man=no", ...units], {
      reject: false,
      all: true,
    });
    expect([exitCode, all]).toEqual([0, ""]);
  });

  it("cron accepts the crontab", async (test) => {
    if (!(await ensurePrograms(["crontab"], ["cron"]))) return test.skip();
    const { exitCode, stderr } = await execa("crontab", ["-n", template("crontab")], { reject: false });
    expect([exitCode, stderr.includes("error")], stderr).toEqual([0, false]);
  });
});

describe("executed", () => {
  let dir = "";
  /** A package with the program `ft` in it, and a folder for a PATH. */
  let packed = "";
  const shell = (script: string, cwd: string, env: Record<string, string | undefined>) =>
    execa("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script], {
      ...{ cwd, env: { HOME: process.env.HOME, ...env }, extendEnv: false, reject: false, stdin: "ignore" },
    });

  beforeAll(() => {
    dir = tinyProject({ maxSteps: 2 });
    appendFileSync(join(dir, "ft.yaml"), "gate: { min_items: 4 }\n");
    packed = emptyFolder();
    writeFileSync(
      join(packed, "package.json"),
      JSON.stringify({ name: "ft-cli", version: "0.0.0", bin: { ft: "ft" } }),
    );
    writeFileSync(join(packed, "ft"), `#!/bin/sh\nexec "${process.execPath}" "${ftBinary}" "$@"\n`, { mode: 0o755 });
  });

  /** Runs the Action's shell steps one after another as GitHub's runner does; ends at the first that fails. */
  async function action(cwd: string, inputs: Record<string, string>) {
    const { inputs: known, outputs, runs } = parse(readFileSync(join(packageRoot, "action.yml"), "utf8"));
    const temp = emptyFolder();
    const files = { GITHUB_OUTPUT: join(temp, "output"), GITHUB_PATH: join(temp, "path") };
    const summary = join(temp, "summary");
    const steps: Record<string, Record<string, string>> = {};
    const given: Record<string, string> = {};
    for (const [name, { default: value }] of Object.entries<{ default: string }>(known))
      given[name] = inputs[name] ?? value;
    const filled = (text: string) =>
      text.replace(/\$\{\{ (\w+)\.([\w-]+)(?:\.outputs\.([\w-]+))? \}\}/g, (_, context, name, output) =>
        context === "inputs" ? given[name]! : (steps[name]?.[output] ?? ""),
      );
    let path = process.env.PATH!;
    let [exitCode, stderr] = [0, ""];
    for (const { id, shell: program, run, env = {} } of runs.steps) {
      if (run === undefined || exitCode !== 0) continue;
      expect(program).toBe("bash");
      for (const file of Object.values(files)) writeFileSync(file, "");
      const ended = await shell(run, cwd, {
        ...{ PATH: path, CI: "true", GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: cwd, GITHUB_ACTION_PATH: packageRoot },
        ...{ RUNNER_TEMP: temp, GITHUB_STEP_SUMMARY: summary, ...files },
        ...Object.fromEntries(Object.entries<string>(env).map(([name, value]) => [name, filled(value)])),
      });
      [exitCode, stderr] = [ended.exitCode ?? 1, stderr + ended.stderr];
      const added = readFileSync(files.GITHUB_PATH, "utf8").split("\n").filter(Boolean);
      path = [...added.reverse(), path].join(":");
      const lines = readFileSync(files.GITHUB_OUTPUT, "utf8").split("\n").filter(Boolean);
      if (id) steps[id] = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
    }
    const told = Object.entries<{ value: string }>(outputs).map(([name, { value }]) => [name, filled(value)]);
    const report = existsSync(summary) ? readFileSync(summary, "utf8") : "";
    return { exitCode, stderr, outputs: Object.fromEntries(told), steps, report };
  }

  it("the Action trains, ends with 8 while nothing is promoted, and tells how the night ended", async () => {
    const first = await action(dir, {});
    expect([first.exitCode, first.outputs], first.stderr).toMatchObject([8, { outcome: "held", champion: "" }]);
    expect(first.stderr).toContain("::error");
    const { exitCode, outputs, report, steps, stderr } = await action(dir, { args: "--accept-first" });
    expect([exitCode, outputs], stderr).toMatchObject([
      0,
      { outcome: "promoted", adapter: "tiny@1", champion: "tiny@1" },
    ]);
    expect(readFileSync(outputs.junit!, "utf8")).toContain("<testsuites");
    expect(report).toContain("## ft ci tiny: promoted");
    expect(existsSync(join(dir, steps.ft!.state!))).toBe(true);
  }, 600_000);

  it("the Action ends as ft ended, where the recipe lies elsewhere too", async () => {
    const other = emptyFolder();
    mkdirSync(join(other, "bots"));
    writeFileSync(join(other, "bots/ft.yaml"), "name: [\n");
    const night = await action(other, { recipe: "bots/ft.yaml" });
    expect([night.exitCode, night.steps.ft!.state]).toEqual([3, "bots/.ft"]);
    expect(night.stderr).toContain("bots/ft.yaml:");
  });

  it("GitLab's script installs ft and runs the night, in a new checkout to which the cache was brought back", async () => {
    const job = parse(read("gitlab-ci.yml"))["ft-nightly"];
    const [checkout, prefix] = [emptyFolder(), emptyFolder()];
    const brought = ["ft.yaml", "data", ...job.cache.paths];
    for (const name of brought)
      cpSync(join(dir, name), join(checkout, name), { recursive: true, verbatimSymlinks: true });
    const { exitCode, stdout, stderr } = await shell([...job.before_script, ...job.script].join("\n"), checkout, {
      ...{
        PATH: `${join(prefix, "bin")}:${process.env.PATH}`,
        NPM_CONFIG_PREFIX: prefix,
        CI: "true",
        GITLAB_CI: "true",
      },
      ...{ ...job.variables, FT_PACKAGE: packed },
    });
    expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
    expect(stdout).toContain("ft ci tiny: unchanged");
    for (const file of [...job.artifacts.paths, job.artifacts.reports.junit]) {
      expect(readFileSync(join(checkout, file), "utf8")).toContain("tiny");
    }
  });

  it("cron's line is silent in a good night, and prints the report of a bad one", async () => {
    const lines = read("crontab")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const job = lines.pop()!;
    const known = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
    const night = (project: string) =>
      execa("/bin/sh", ["-c", job.split(" ").slice(5).join(" ")], {
        env: { HOME: process.env.HOME, ...known, PATH: `${packed}:${known.PATH}`, PROJECT: project },
        ...{ extendEnv: false, reject: false, cwd: "/" },
      });
    const good = await night(dir);
    expect([good.exitCode, good.stdout, good.stderr]).toEqual([0, "", ""]);
    expect(readFileSync(join(dir, "night.log"), "utf8")).toContain("tiny@1");
    expect((await night(emptyFolder())).stdout).toContain("ft.yaml");
  });

  it("systemd's command runs the night", async () => {
    const [file, ...args] = /^ExecStart=(.*)$/m.exec(read("ft-nightly.service"))![1]!.split(" ");
    const env = { HOME: process.env.HOME, PATH: `${packed}:/usr/local/bin:/usr/bin:/bin` };
    const { exitCode, stdout } = await execa(file!, args, { cwd: dir, env, extendEnv: false, reject: false });
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining("tiny@1")]);
  });
});
