// The Hub's jobs and dataset repositories in small, over real HTTP: jobs are processes of this machine, and both of the Hub's own clients
// (@huggingface/hub here, huggingface_hub in the jobs) speak to it.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

interface FakeJob {
  body: Record<string, unknown> & {
    command: string[];
    environment: Record<string, string>;
    secrets: Record<string, string>;
    labels: Record<string, string>;
  };
  id: string;
  stage: string;
  folder: string;
  child: ChildProcess;
  log: string[];
  isCancelled: boolean;
}

export interface FakeHubJobs {
  url: string;
  jobs: Map<string, FakeJob>;
  /** Of the one repository: path -> content. */
  files: Map<string, Buffer>;
  /**
   * `isDown`: answers everything with 503. `isBusy`: a job that is started waits for its hardware. `hasNoLogs`: of no job. `isReadOnly`: no commit
   * is taken.
   */
  behaviour: { isDown: boolean; isBusy: boolean; hasNoLogs: boolean; isReadOnly: boolean };
  close(): Promise<void>;
}

const sha = "0123456789abcdef0123456789abcdef01234567";

/** `python`: has huggingface_hub; it is `python3` to the jobs. */
export async function startFakeHubJobs(python: string): Promise<FakeHubJobs> {
  const root = mkdtempSync(join(tmpdir(), "ft-hub-jobs-"));
  const bin = join(root, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "python3"), `#!/bin/sh\nexec "${python}" "$@"\n`, { mode: 0o755 });
  const jobs = new Map<string, FakeJob>();
  const files = new Map<string, Buffer>();
  const behaviour = { isDown: false, isBusy: false, hasNoLogs: false, isReadOnly: false };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (behaviour.isDown) return void response.writeHead(503).end("{}");
      if (!request.headers.authorization) return void response.writeHead(401).end("{}");
      const body = Buffer.concat(chunks).toString();
      const path = decodeURIComponent(new URL(request.url!, "http://hub").pathname);
      if (path.startsWith("/api/jobs/")) answerJobs(request, response, { path, body });
      else answerRepository(request, response, { path, body });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function answerJobs(
    request: IncomingMessage,
    response: ServerResponse,
    { path, body }: { path: string; body: string },
  ) {
    const [namespace, id, what] = path.split("/").slice(3);
    if (namespace === "hardware") return json(response, hardware);
    if (!id && request.method === "POST") return json(response, shown(startJob(JSON.parse(body))));
    if (!id) return json(response, [...jobs.values()].map(shown));
    const job = jobs.get(id);
    if (!job) return json(response, { error: "no such job" }, 404);
    if (what === "cancel") cancel(job);
    if (what !== "logs") return json(response, shown(job));
    if (behaviour.hasNoLogs) return json(response, { error: "Internal Error" }, 500);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": keep-alive\n\n");
    if (job.stage === "SCHEDULING") return; // a stream without end or content
    const tail = Number(new URL(request.url!, "http://hub").searchParams.get("tail") ?? 0);
    for (const line of job.log.slice(-tail))
      response.write(`data: ${JSON.stringify({ data: line, timestamp: new Date() })}\n\n`);
    if (job.stage !== "RUNNING") response.end(); // of one that runs the stream stays open
  }

  function startJob(body: FakeJob["body"]): FakeJob {
    if (typeof body.timeoutSeconds !== "number") throw new Error("a job without a timeout ends after half an hour");
    const id = `job${jobs.size + 1}`;
    const folder = join(root, id);
    mkdirSync(folder);
    const [program, ...args] = body.command;
    const quiet = { HF_HUB_DISABLE_TELEMETRY: "1", HF_HUB_DISABLE_PROGRESS_BARS: "1", HF_HUB_DISABLE_XET: "1" };
    const env = {
      ...quiet,
      ...body.environment,
      ...body.secrets,
      HF_ENDPOINT: url,
      HOME: folder,
      PATH: `${bin}:${process.env.PATH}`,
    };
    const [file, argv] = behaviour.isBusy ? ["sleep", ["3600"]] : [program!, args];
    const child = spawn(file, argv, { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const job: FakeJob = {
      body,
      id,
      stage: behaviour.isBusy ? "SCHEDULING" : "RUNNING",
      folder,
      child,
      log: ["===== Job started at now ====="],
      isCancelled: false,
    };
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on("line", (line) => job.log.push(`${line}\n`));
    }
    child.on("exit", (code) => {
      killGroup(child);
      setTimeout(() => {
        job.stage = job.isCancelled ? "CANCELED" : code === 0 ? "COMPLETED" : "ERROR";
      }, 100);
    });
    jobs.set(id, job);
    return job;
  }

  function answerRepository(
    request: IncomingMessage,
    response: ServerResponse,
    { path, body }: { path: string; body: string },
  ) {
    const [, what, rest = ""] =
      /\/(create|preupload|commit|revision|tree|resolve)(?:\/[^/]+)?\/?(.*)$/.exec(path) ?? [];
    if (what === "commit" && behaviour.isReadOnly) return json(response, { error: "Forbidden" }, 403);
    if (what === "create") return json(response, { url: `${url}/datasets/me/ft-jobs`, id: "1" });
    if (what === "preupload") {
      const asked = (JSON.parse(body) as { files: { path: string }[] }).files;
      return json(response, { files: asked.map(({ path }) => ({ path, uploadMode: "regular", shouldIgnore: false })) });
    }
    if (what === "commit") {
      for (const line of body.trim().split("\n")) take(JSON.parse(line));
      return json(response, { success: true, commitOid: sha, commitUrl: `${url}/commit/${sha}`, hookOutput: "" });
    }
    if (what === "revision")
      return json(response, {
        id: "me/ft-jobs",
        sha,
        private: true,
        siblings: [...files.keys()].map((rfilename) => ({ rfilename })),
      });
    if (what === "tree") {
      const found = [...files].filter(([name]) => rest === "" || name.startsWith(`${rest}/`));
      if (found.length === 0) return json(response, { error: "none" }, 404, { "x-error-code": "EntryNotFound" });
      return json(
        response,
        found.map(([name, content]) => ({ type: "file", path: name, size: content.length, oid: blobHash(content) })),
      );
    }
    const content = files.get(rest);
    if (!content) return json(response, { error: "none" }, 404, { "x-error-code": "EntryNotFound" });
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const part = content.subarray(from);
    response.writeHead(request.headers.range ? 206 : 200, {
      ...{ "content-length": part.length, etag: `"${blobHash(content)}"`, "x-repo-commit": sha },
      ...(request.headers.range ? { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : part);
  }

  function take({ key, value }: { key: string; value: { path: string; content: string } }): void {
    if (key === "file") files.set(value.path, Buffer.from(value.content, "base64"));
    if (key === "deletedFile") files.delete(value.path);
  }

  return {
    ...{ url, jobs, files, behaviour },
    async close() {
      for (const { child } of jobs.values()) killGroup(child);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function cancel(job: FakeJob): void {
  job.isCancelled = true;
  killGroup(job.child);
}

function killGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, "SIGKILL");
  } catch {
    // gone already
  }
}

function shown({ id, stage, body }: FakeJob): object {
  const { secrets, command, environment, ...rest } = body;
  return {
    type: "job",
    id,
    createdAt: "2026-01-01",
    status: { stage, message: null, failureCount: 0 },
    command,
    environment,
    secrets: Object.keys(secrets),
    ...rest,
  };
}

const accelerator = { type: "gpu", model: "Nvidia A10G", quantity: "1", vram: "24 GB", manufacturer: "Nvidia" };
const hardware = [
  {
    name: "cpu-basic",
    prettyName: "CPU Basic",
    cpu: "2 vCPU",
    ram: "16 GB",
    accelerator: null,
    unitCostMicroUSD: 167,
    unitCostUSD: 0.000167,
    unitLabel: "minute",
  },
  {
    name: "a10g-small",
    prettyName: "Nvidia A10G - small",
    cpu: "4 vCPU",
    ram: "15 GB",
    accelerator,
    unitCostMicroUSD: 16667,
    unitCostUSD: 0.016667,
    unitLabel: "minute",
  },
];

function blobHash(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

function json(response: ServerResponse, value: unknown, status = 200, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}
