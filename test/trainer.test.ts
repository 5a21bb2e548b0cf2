// Runs the trainer side's own tests (trainer/tests, Python) in the engine's environment: real trainings on a tiny model.
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

test("the trainer side passes its own tests", { timeout: 900_000 }, async () => {
  const python = process.env.FT_TEST_PYTHON;
  if (!python) throw new Error("FT_TEST_PYTHON is not set: it names the Python of the TRL environment");
  const args = ["-m", "unittest", "discover", "--start-directory", "trainer/tests"];
  const { exitCode, all } = await execa(python, args, { cwd: root, all: true, reject: false });
  expect(exitCode, all).toBe(0);
});
