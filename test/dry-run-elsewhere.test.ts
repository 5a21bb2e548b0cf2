// `ft run --dry-run --on box` through the built binary and a real sshd: the machine is asked once what it has, and what cannot be told is said in words.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { emptyFolder, ft, tinyProject } from "./project.js";
import { findProgram } from "./services/programs.js";
import { startSshd } from "./services/sshd.js";

test("a dry run asks its target once, with --frozen too, and says plainly that its time is not known", {
  timeout: 120_000,
}, async ({ skip }) => {
  const sshd = await startSshd();
  if (!sshd) return skip();
  onTestFinished(() => sshd.stop());
  const [bin, config] = [emptyFolder(), emptyFolder()];
  const log = join(bin, "log");
  writeFileSync(join(bin, "ssh"), `#!/bin/sh\necho "$*" | tail -n 1 >> ${log}\nexec ${findProgram("ssh")} "$@"\n`);
  chmodSync(join(bin, "ssh"), 0o755);
  mkdirSync(join(config, "ft"));
  const box = { launcher: "ssh", at: { host: sshd.alias, config: sshd.configFile } };
  writeFileSync(join(config, "ft/targets.yaml"), JSON.stringify({ targets: { box } }));
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, XDG_CONFIG_HOME: config };
  const project = tinyProject();
  expect((await ft(["lock"], project)).exitCode).toBe(0);
  for (const flags of [[], ["--frozen"]]) {
    rmSync(log, { force: true });
    const { exitCode, stdout, stderr } = await ft(["run", "--dry-run", "--on", "box", ...flags], project, env);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^takes +an unknown time \(ft has no figures of how fast .* computes/m);
    const asked = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => / '?machine'? /.test(line));
    expect(asked, flags.join()).toHaveLength(1);
  }
});
