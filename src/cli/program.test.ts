// What holds for every command: wrong command lines are told with exit code 2, and as JSON to who asked for JSON.
import { expect, it } from "vitest";
import { emptyFolder } from "../../test/project.js";
import { runFt } from "../../test/run-ft.js";

it.each([
  [["run", "--bogus", "--json"], "unknown option '--bogus'"],
  [["init", "--method", "loora", "--json"], "'loora' is invalid"],
  [["frobnicate", "--json"], "unknown command"],
])("%j ends with 2 and says why, to people and as JSON", async (args, why) => {
  const { code, out, err } = await runFt(args, { cwd: emptyFolder() });
  expect(code).toBe(2);
  expect(JSON.parse(out)).toMatchObject({ ok: false, error: { exit: 2, message: expect.stringContaining(why) } });
  expect(err).toContain(why);
});

it("help knows nested commands", async () => {
  const { code, out } = await runFt(["help", "data", "check"], { cwd: emptyFolder() });
  expect([code, out]).toEqual([0, expect.stringContaining("ft data check")]);
  expect((await runFt(["help", "data", "chekc"], { cwd: emptyFolder() })).code).toBe(2);
});
