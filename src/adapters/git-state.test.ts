// Git's answers for lineage, from real repositories.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { gitState } from "./git-state.js";

it("is null outside a repository and before the first commit, then tells clean from dirty", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ft-git-"));
  const git = (...args: string[]) => execa("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...args], { cwd: dir });
  expect(await gitState(dir)).toBeNull();
  await git("init", "-q");
  expect(await gitState(dir)).toBeNull();
  writeFileSync(join(dir, "ft.yaml"), "name: x\n");
  await git("add", ".");
  await git("commit", "-qm", "first");
  const clean = await gitState(dir);
  expect(clean).toEqual({ commit: expect.stringMatching(/^[0-9a-f]{40}$/), dirty: false });
  writeFileSync(join(dir, "ft.yaml"), "name: y\n");
  expect(await gitState(dir)).toEqual({ ...clean, dirty: true });
  expect(await gitState(join(dir, "no-such-folder"))).toBeNull();
});
