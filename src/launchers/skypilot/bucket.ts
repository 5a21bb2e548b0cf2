// The bucket that outlives a run's machines, through its cloud's own program, with the login that SkyPilot uses too.
import { FtError } from "../../errors.js";
import { visibleLine } from "../../report/visible.js";
import { runProgram } from "../hosts/this-machine.js";

const tools: Record<
  string,
  { sync(from: string, to: string): string[]; put(to: string): string[]; read(from: string): string[] }
> = {
  s3: {
    sync: (from, to) => ["aws", "s3", "sync", "--only-show-errors", from, to],
    put: (to) => ["aws", "s3", "cp", "--only-show-errors", "-", to],
    read: (from) => ["aws", "s3", "cp", "--only-show-errors", from, "-"],
  },
  gs: {
    sync: (from, to) => ["gcloud", "storage", "rsync", "--recursive", from, to],
    put: (to) => ["gcloud", "storage", "cp", "-", to],
    read: (from) => ["gcloud", "storage", "cat", from],
  },
};

const syncTimeoutMs = 24 * 3_600_000;

/** What the bucket has below `path`, into a folder. Both programs check what they bring, and go on where they were. */
export async function fetchFromBucket(
  bucket: string,
  path: string,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const argv = toolOf(bucket).sync(`${bucket}/${path}`, folder);
  const result = await runProgram(argv, { timeoutMs: syncTimeoutMs, signal }, bucket);
  if (result.exitCode !== 0 && !nothingThere.test(result.stderr)) throw refused(bucket, argv[0]!, result);
}

/** gcloud finds fault with a folder to which nothing was brought yet, where aws brings nothing; of a missing bucket it says something else. */
const nothingThere = /Did not find existing container at/;

export async function putIntoBucket(bucket: string, path: string, content: string): Promise<void> {
  const argv = toolOf(bucket).put(`${bucket}/${path}`);
  const result = await runProgram(argv, { input: content, timeoutMs: 120_000 }, bucket);
  if (result.exitCode !== 0) throw refused(bucket, argv[0]!, result);
}

/** Null: there is no such file, or it cannot be read now. */
export async function readFromBucket(bucket: string, path: string): Promise<Uint8Array | null> {
  const result = await runProgram(toolOf(bucket).read(`${bucket}/${path}`), { timeoutMs: 300_000 }, bucket);
  return result.exitCode === 0 ? result.stdout : null;
}

/** Null: it is there. */
export async function missingBucketTool(bucket: string): Promise<string | null> {
  const [file] = toolOf(bucket).put(bucket);
  return (await runProgram([file!, "--version"], { timeoutMs: 30_000 }, bucket)).exitCode === 127 ? file! : null;
}

function toolOf(bucket: string) {
  return tools[bucket.slice(0, bucket.indexOf("://"))]!;
}

function refused(bucket: string, tool: string, { exitCode, stderr }: { exitCode: number; stderr: string }): FtError {
  const isMissing = exitCode === 127;
  return new FtError({
    code: isMissing ? "env.no-bucket-tool" : "launcher.bucket",
    exit: isMissing ? "environment" : "refused",
    message: isMissing
      ? `there is no \`${tool}\` on this machine, which reaches ${bucket}`
      : `${bucket} was not reached`,
    why: isMissing ? undefined : visibleLine(stderr.trim().split("\n").at(-1) ?? `exit code ${exitCode}`),
    next: isMissing ? "install the cloud's own program, and log in" : `see that \`${tool}\` may read and write there`,
  });
}
