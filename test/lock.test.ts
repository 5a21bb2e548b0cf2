// ft.lock.json and the run that would only repeat another, through the built binary with real TRL.
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ft, tinyProject } from "./project.js";

const minutes = 60_000;
const newRow = '{"messages":[{"role":"user","content":"one more"},{"role":"assistant","content":"yes"}]}\n';

it(
  "a second run of the same does nothing; what matters makes a new one, what does not matter does not",
  async () => {
    const dir = tinyProject({ maxSteps: 2 });
    const runs = () => readdirSync(join(dir, ".ft/runs")).length;
    const first = await ft(["run", "--json"], dir);
    expect(first.exitCode, first.stderr).toBe(0);
    const { run } = JSON.parse(first.stdout);
    expect(JSON.parse(readFileSync(join(dir, "ft.lock.json"), "utf8")).recipes["ft.yaml"]).toMatchObject({
      base: { revision: expect.any(String) },
      engine: { name: "trl", version: "1.16.0" },
    });

    const again = await ft(["run"], dir);
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringMatching(/^adapter tiny@1 {2}/)]);
    expect(again.stderr).toContain(`nothing changed since run ${run.id}`);
    const coded = await ft(["run", "--exit-code", "--json"], dir);
    expect(coded.exitCode).toBe(9);
    expect(JSON.parse(coded.stdout)).toMatchObject({ unchanged: true, run: { id: run.id }, adapter: { version: 1 } });
    expect(runs()).toBe(1);

    // The store is only an index: rebuilt, it still knows.
    rmSync(join(dir, ".ft/ft.db"));
    expect((await ft(["run", "--exit-code"], dir)).exitCode).toBe(9);
    appendFileSync(join(dir, "ft.yaml"), "# a comment changes nothing\n");
    expect((await ft(["run", "--exit-code"], dir)).exitCode).toBe(9);

    for (const change of [
      () => appendFileSync(join(dir, "data/train.jsonl"), newRow),
      () => replace(join(dir, "ft.yaml"), "max_new_tokens: 8", "max_new_tokens: 9"),
      () => writeFileSync(join(dir, "own.jinja"), chatml),
    ]) {
      change();
      const sets = existsSync(join(dir, "own.jinja")) ? ["--set", "model.template=own.jinja"] : [];
      const changed = await ft(["run", "--exit-code", ...sets], dir);
      expect(changed.exitCode, changed.stderr).toBe(0);
    }
    expect(runs()).toBe(4);
    expect((await ft(["run", "--force"], dir)).exitCode).toBe(0);
    expect(runs()).toBe(5);
  },
  6 * minutes,
);

it(
  "--frozen trains what is locked, and names what is not before anything is made",
  async () => {
    const dir = tinyProject({ maxSteps: 2 });
    const missing = await ft(["run", "--frozen"], dir);
    expect([missing.exitCode, missing.stderr]).toEqual([3, expect.stringContaining("ft.yaml is not locked")]);
    expect((await ft(["lock", "--check"], dir)).exitCode).toBe(3);

    const locked = await ft(["lock"], dir);
    expect(locked.exitCode, locked.stderr).toBe(0);
    const text = readFileSync(join(dir, "ft.lock.json"), "utf8");
    expect((await ft(["lock", "--check"], dir)).exitCode).toBe(0);
    expect((await ft(["run", "--frozen"], dir)).exitCode).toBe(0);

    appendFileSync(join(dir, "data/train.jsonl"), newRow);
    replace(join(dir, "ft.yaml"), "rank: 8", "rank: 4");
    const drifted = await ft(["run", "--frozen", "--json"], dir);
    expect(drifted.exitCode).toBe(3);
    const { error } = JSON.parse(drifted.stdout);
    expect(error.code).toBe("lock.drift");
    expect(error.problems.map(({ message }: { message: string }) => message.split(":")[0])).toEqual([
      "recipe",
      "training rows",
    ]);
    expect(readFileSync(join(dir, "ft.lock.json"), "utf8")).toBe(text);
    expect(readdirSync(join(dir, ".ft/runs"))).toHaveLength(1);

    expect((await ft(["lock"], dir)).exitCode).toBe(0);
    expect((await ft(["lock", "--check"], dir)).exitCode).toBe(0);
    writeFileSync(join(dir, "ft.lock.json"), "<<<<<<< ours\n");
    expect((await ft(["run", "--frozen"], dir)).exitCode).toBe(3);
  },
  6 * minutes,
);

function replace(file: string, before: string, after: string): void {
  const text = readFileSync(file, "utf8");
  expect(text).toContain(before);
  writeFileSync(file, text.replace(before, after));
}

const chatml = `{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;
