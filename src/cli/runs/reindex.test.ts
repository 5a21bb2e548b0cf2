// `ft runs reindex` on a damaged store: set aside, rebuilt, and every command says to use it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { eventLine } from "../../../test/event-line.js";
import { fakeRun } from "../../../test/fake-run.js";
import { runFt } from "../../../test/run-ft.js";
import { storeFile } from "../../paths.js";
import { openStore } from "../../store/open.js";

it("rebuilds a store that is damaged in its middle, and keeps the damaged one", async () => {
  const { projectDir: cwd, dir, id } = fakeRun("losses 1 0");
  writeFileSync(
    join(dir, "supervisor.json"),
    JSON.stringify({ pid: 2 ** 22, startTime: "1", attempt: 1, startedAt: 0 }),
  );
  const end = { kind: "end", status: "failed", exitCode: 1 };
  writeFileSync(join(dir, "events.jsonl"), eventLine(1, { kind: "phase", phase: "training" }) + eventLine(2, end));
  openStore(cwd).close();
  expect((await runFt(["runs", "reindex"], { cwd })).out).toMatch(/^taken over: runs 1, evaluations 0/);

  const bytes = readFileSync(storeFile(cwd));
  bytes.fill(0x5a, 4096);
  writeFileSync(storeFile(cwd), bytes);
  const listed = await runFt(["runs", "ls", "--json"], { cwd });
  expect(listed.code).toBe(6);
  expect(JSON.parse(listed.out).error).toMatchObject({
    code: "store.corrupt",
    next: expect.stringContaining("reindex"),
  });

  const { code, err } = await runFt(["runs", "reindex"], { cwd });
  expect(code).toBe(0);
  expect(err).toMatch(/kept as .*broken/);
  expect(readdirSync(join(cwd, ".ft")).some((name) => name.startsWith("ft.db.broken-"))).toBe(true);
  expect(JSON.parse((await runFt(["runs", "show", id, "--json"], { cwd })).out).run).toMatchObject({
    id,
    state: "failed",
  });
});
