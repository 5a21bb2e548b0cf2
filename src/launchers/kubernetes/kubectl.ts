// The cluster through the person's own kubectl: contexts, logins and proxies work as they do by hand.
import { FtError } from "../../errors.js";
import type { KubernetesTarget } from "../../recipes/schema/targets/kubernetes.js";
import { visibleLine } from "../../report/visible.js";
import type { RunOptions, RunResult } from "../hosts/contract.js";
import { runProgram, unreachable } from "../hosts/this-machine.js";

const timeoutMs = 60_000;

export function labelOf({ context, namespace }: KubernetesTarget): string {
  return `kubernetes (${context ? `${context}, ` : ""}namespace ${namespace})`;
}

export function kubectlCommand({ context, namespace }: KubernetesTarget, args: readonly string[]): string[] {
  return ["kubectl", ...(context ? ["--context", context] : []), "--namespace", namespace, ...args];
}

/** What the API server said no with: "NotFound", "AlreadyExists", "Forbidden"; null: it said no such thing. */
export function refusal({ exitCode, stderr }: RunResult): string | null {
  if (exitCode === 0) return null;
  return /^Error from server \((\w+)\)/m.exec(stderr)?.[1] ?? null;
}

/**
 * Returns what the server did or refused with one of `expected`. Throws FtError launcher.unreachable, env.no-kubectl (environment),
 * launcher.refused (refused).
 */
export async function kubectl(
  target: KubernetesTarget,
  args: readonly string[],
  { expected = [], ...options }: Pick<RunOptions, "input" | "signal" | "timeoutMs"> & { expected?: string[] } = {},
): Promise<RunResult> {
  const result = await runProgram(kubectlCommand(target, args), { timeoutMs, ...options }, labelOf(target));
  if (result.exitCode === 0) return result;
  const refused = refusal(result);
  if (refused !== null && expected.includes(refused)) return result;
  throw failure(target, result);
}

export function failure(target: KubernetesTarget, result: RunResult): FtError {
  if (result.exitCode === 127) return missing();
  const words = lastWords(result);
  if (
    refusal(result) ||
    /^error: (the server doesn't have|unable to recognize|.*no matches for kind)/m.test(result.stderr)
  )
    return new FtError({
      code: "launcher.refused",
      exit: "refused",
      message: `${labelOf(target)} refuses what ft asked`,
      why: words,
      next: "mend the target's keys, or ask whoever runs the cluster for that permission; `ft doctor --on <target>` shows what is missing",
    });
  const own = atHome.find(({ says }) => says.test(result.stderr));
  return own
    ? new FtError({
        code: "launcher.unreachable",
        exit: "environment",
        message: own.message(target),
        why: words,
        next: own.next,
      })
    : unreachable(labelOf(target), words);
}

/** What stands between kubectl and the cluster on this machine: no news of a run either, but the cluster is not to blame. */
const atHome = [
  {
    says: /\(Unauthorized\)|getting credentials|client to provide credentials/,
    message: (target: KubernetesTarget) => `${labelOf(target)} does not know who you are`,
    next: "log in to the cluster again, until `kubectl get pods` works; what runs there goes on",
  },
  {
    says: /context "?.*"? does not exist|context was not found|no configuration has been provided|server localhost:8080 was refused/,
    message: ({ context }: KubernetesTarget) =>
      context ? `your kubeconfig has no context ${context}` : "your kubeconfig says no cluster",
    next: "`kubectl config get-contexts` lists what it has; the target's `context` names one",
  },
];

/** kubectl's own verdict; what follows it is advice. */
function lastWords({ stderr }: RunResult): string {
  const lines = stderr.trim().split("\n");
  const verdict = lines.findLast((line) => /^(error|unable to|the connection)/i.test(line));
  return visibleLine((verdict || lines.at(-1) || "kubectl did not say why").slice(0, 500));
}

/** The one that kubectl would use now; undefined: none, as inside a cluster. */
export async function currentContext(): Promise<string | undefined> {
  const { exitCode, stdout } = await runProgram(["kubectl", "config", "current-context"], { timeoutMs }, "kubectl");
  return exitCode === 0 ? Buffer.from(stdout).toString("utf8").trim() || undefined : undefined;
}

function missing(): FtError {
  return new FtError({
    code: "env.no-kubectl",
    exit: "environment",
    message: "there is no kubectl on this machine",
    next: "install it, and see that `kubectl get pods` works",
  });
}
