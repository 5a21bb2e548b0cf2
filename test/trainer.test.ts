// Runs the trainer side's own tests (trainer/tests, Python) in the engine's environment: real trainings on a tiny model.
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

test("the trainer side passes its own tests", { timeout: 1_800_000 }, async () => {
  const python = process.env.FT_TEST_PYTHON;
  if (!python) throw new Error("FT_TEST_PYTHON is not set: it names the Python of the TRL environment");
  const args = ["-m", "unittest", "discover", "--start-directory", "trainer/tests"];
  const { exitCode, all } = await execa(python, args, { cwd: root, all: true, reject: false });
  expect(exitCode, all).toBe(0);
});

test("the supervisor runs on Python 3.9, the oldest that a far machine may have", {
  timeout: 300_000,
}, async (context) => {
  const python = await oldestPython();
  if (python === null) {
    process.stderr.write("SKIPPED: there is no Python 3.9 here, so that the supervisor was not run on it\n");
    context.skip();
  }
  const args = ["-m", "unittest", "test_platform", "test_secrets"];
  const { exitCode, all } = await execa(python!, args, { cwd: join(root, "trainer/tests"), all: true, reject: false });
  expect(exitCode, all).toBe(0);
});

/** On PATH, or of pyenv, whose shim does not run the versions that are not chosen. */
async function oldestPython(): Promise<string | null> {
  const versions = join(homedir(), ".pyenv/versions");
  const ofPyenv = existsSync(versions) ? readdirSync(versions).filter((name) => name.startsWith("3.9.")) : [];
  for (const command of ["python3.9", ...ofPyenv.map((name) => join(versions, name, "bin/python"))]) {
    const { failed, stdout } = await execa(command, ["--version"], { reject: false });
    if (!failed && stdout?.startsWith("Python 3.9.")) return command;
  }
  return null;
}
