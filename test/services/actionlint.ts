// actionlint, the checker of GitHub's workflows, from the Go module proxy, made once.
import { dirname, join } from "node:path";
import { execa } from "execa";
import { made } from "../engine-packages.js";
import { sayLoudly } from "./programs.js";

const version = "1.7.12";

/** What is wrong with a workflow, "" for nothing. Null, and said on stderr, where there is no Go to get it with. */
export async function actionlint(): Promise<((file: string) => Promise<string>) | null> {
  if ((await execa("go", ["version"], { reject: false })).failed) {
    sayLoudly("no `go` here to get actionlint with");
    return null;
  }
  const dir = await made(`actionlint-${version}`, async (making) => {
    await execa("go", ["install", `github.com/rhysd/actionlint/cmd/actionlint@v${version}`], {
      env: { GOBIN: making },
    });
  });
  return async (file) => {
    const { stdout, stderr, exitCode } = await execa(
      join(dir, "actionlint"),
      ["-no-color", "-shellcheck=", "-pyflakes=", file],
      {
        ...{ cwd: dirname(file), reject: false },
      },
    );
    if (exitCode !== 0 && exitCode !== 1) throw new Error(`actionlint: ${stderr}`);
    return stdout;
  };
}
