// Which target a name means, and what a wrong targets.yaml is told.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder, tinyProject } from "../../test/project.js";
import { runFt } from "../../test/run-ft.js";
import type { FtError } from "../errors.js";
import { resolveTarget } from "./targets.js";

function configWith(text: string): { XDG_CONFIG_HOME: string } {
  const dir = emptyFolder();
  mkdirSync(join(dir, "ft"));
  writeFileSync(join(dir, "ft/targets.yaml"), text);
  return { XDG_CONFIG_HOME: dir };
}

const box = "targets:\n  gpu-box: { launcher: ssh, at: me@gpu-box }\n";

describe("a target", () => {
  it("is found by its name, with every key filled in", () => {
    expect(resolveTarget("gpu-box", configWith(box))).toEqual({
      name: "gpu-box",
      settings: {
        ...{ launcher: "ssh", at: { host: "me@gpu-box" }, dir: "~/ft-jobs", python: "python3" },
        ...{ base: "fetch", env: {}, secrets: ["HF_TOKEN"] },
      },
    });
  });

  it("is a launcher's name where it needs no settings, and the target's keys where the recipe has them", () => {
    expect(resolveTarget("local", {}).settings).toEqual({ launcher: "local" });
    expect(resolveTarget({ launcher: "local" }, {}).name).toBe("local");
  });

  it.each([
    ["gpu-bx", "targets.unknown", /did you mean gpu-box/],
    ["ssh", "targets.incomplete", /at: /],
  ])("called %s is refused (%s) with the next step", (name, code, next) => {
    const error = (() => {
      try {
        resolveTarget(name, configWith(box));
      } catch (caught) {
        return caught as { code: string; why: string; next: string };
      }
    })();
    expect(error).toMatchObject({ code });
    expect(`${error!.why} ${error!.next}`).toMatch(next);
  });
});

describe("a wrong targets.yaml", () => {
  it.each([
    ["targets:\n  box: { launcher: ssh, at: box, pyhton: 3 }\n", "unknown key pyhton, did you mean python?", 2],
    [
      "targets:\n  box:\n    launcher: ssh\n    at: '-oProxyCommand=touch /tmp/x'\n",
      "no spaces, quotes or shell signs",
      4,
    ],
    ["targets:\n  box: {\n", "", 3],
  ])("%j names file, line and what is wrong", (text, why, line) => {
    const env = configWith(text);
    try {
      resolveTarget("box", env);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "targets.invalid", exit: "usage", where: { line } });
      expect((error as FtError).problems[0]!.message).toContain(why);
    }
  });

  it("is told all of its mistakes at once, each with its line", () => {
    const text = `targets:
  box: { launcher: ssh, at: box, drr: /x, envv: {} }
  where: { at: box }
  a b: { launcher: local }
  big: { launcher: docker, shm: big }
`;
    try {
      resolveTarget("box", configWith(text));
      expect.unreachable();
    } catch (error) {
      const told = (error as FtError).problems.map(({ message, where }) => `${where!.line} ${message}`);
      expect(told).toEqual([
        "2 targets.box: unknown key drr, did you mean dir?",
        "2 targets.box: unknown key envv, did you mean env?",
        expect.stringMatching(/^3 targets\.where\.launcher: /),
        "4 targets.a b: use letters, digits, '.', '_' and '-'",
        expect.stringMatching(/^5 targets\.big\.shm: a number with a unit/),
      ]);
    }
  });
});

describe("ft", () => {
  it("names a wrong target, and goes on with the others", async () => {
    const env = configWith("targets:\n  bad: { launcher: ssh, at: box, pyhton: 3 }\n  here: { launcher: local }\n");
    const cwd = tinyProject();
    const words = "target bad cannot be used: targets.bad: unknown key pyhton, did you mean python?";
    const listed = await runFt(["launch", "targets"], { cwd, env });
    expect([listed.code, listed.out]).toEqual([2, expect.stringMatching(/bad +ssh +line 2: .*did you mean python/)]);
    expect(listed.out).toMatch(/here +local/);
    expect((await runFt(["run", "--dry-run", "--on", "here"], { cwd, env })).code).toBe(0);
    rmSync(join(cwd, "data"), { recursive: true }); // so that nothing is trained
    for (const args of [
      ["doctor", "--on", "here"],
      ["runs", "reap", "--yes"],
      ["run", "--on", "here"],
    ]) {
      const { err } = await runFt(args, { cwd, env });
      expect(err, args.join(" ")).toContain(words);
    }
    const meant = await runFt(["run", "--on", "bad"], { cwd, env });
    expect([meant.code, meant.err]).toEqual([2, expect.stringContaining("targets.yaml:2: targets.bad: unknown key")]);
  });

  it("knows that a name is no target before it looks at the data", async () => {
    const cwd = tinyProject();
    rmSync(join(cwd, "data"), { recursive: true });
    for (const args of [["run"], ["run", "--dry-run"], ["plan"]]) {
      const { code, err } = await runFt([...args, "--on", "gpu-bx"], { cwd, env: configWith(box) });
      expect([code, err], args.join(" ")).toEqual([2, expect.stringContaining("did you mean gpu-box?")]);
    }
  });

  it("lists targets, says which do not answer, and refuses a run on one that is not there before anything is fetched", async () => {
    const env = configWith("targets:\n  nowhere: { launcher: ssh, at: { host: 127.0.0.1, port: 1 } }\n");
    const cwd = tinyProject();
    const listed = JSON.parse((await runFt(["launch", "targets", "--json"], { cwd, env })).out);
    expect(listed.targets.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(["nowhere", "local"]),
    );
    const checked = await runFt(["launch", "targets", "--check"], { cwd, env });
    expect(checked.code).toBe(6);
    expect(checked.out).toMatch(/nowhere +ssh +127.0.0.1 +127.0.0.1 takes no ssh connection at this port: .*refused/);
    const run = await runFt(["run", "--on", "nowhere"], { cwd, env });
    expect([run.code, run.err]).toEqual([6, expect.stringContaining("127.0.0.1 takes no ssh connection")]);
    expect((await runFt(["run", "--on", "docker-box"], { cwd, env })).code).toBe(2);
    expect((await runFt(["doctor", "--on", "nowhere"], { cwd, env })).code).toBe(6);
    const rendered = await runFt(["render", "--set", "compute.on=nowhere"], { cwd, env });
    expect([rendered.code, rendered.out + rendered.err]).toEqual([
      0,
      expect.stringContaining("rendered for this machine: 127.0.0.1 takes no ssh connection"),
    ]);
  });
});
