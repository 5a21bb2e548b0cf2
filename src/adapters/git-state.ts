// The state of the project's git repository, for lineage: which recipe and data were committed when the adapter was made.
import { execa } from "execa";
import { z } from "zod";

/** `dirty`: something that git does not ignore was changed or not yet added. */
export const gitStateSchema = z.object({ commit: z.string(), dirty: z.boolean() });
export type GitState = z.output<typeof gitStateSchema>;

/** Null where there is no git, no repository or no commit yet: lineage then says so, nothing fails. */
export async function gitState(dir: string): Promise<GitState | null> {
  const git = (...args: string[]) =>
    execa("git", args, { cwd: dir, reject: false, env: { GIT_OPTIONAL_LOCKS: "0" }, timeout: 10_000 });
  const head = await git("rev-parse", "--verify", "HEAD");
  if (head.failed) return null;
  const status = await git("status", "--porcelain");
  return status.failed ? null : { commit: head.stdout, dirty: status.stdout !== "" };
}
