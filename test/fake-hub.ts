// A small Hub for tests: model or dataset info, tree and files with Range over real HTTP, with the refusals that the real one gives. It can be written to as
// well (fake-hub-writes.ts): repositories, LFS uploads in parts, commits, tags.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerWrite, type HubWrites, newWrites } from "./fake-hub-writes.js";

export const commit = "0123456789abcdef0123456789abcdef01234567";

export interface FakeHub {
  url: string;
  /** "GET /path [range]" of each request so far. */
  requests: string[];
  /** What was written to it, and how it takes what comes. */
  writes: HubWrites;
  /** Changes how the next answers are given. */
  behaviour: {
    /** Answers this many requests with 503 first. */
    unavailable: number;
    /** Closes a file's connection after this many bytes, once. */
    cutAfter: number | null;
    /** The files ask for an accepted licence. */
    gated: boolean;
    /** This many files are sent with a wrong byte. */
    corrupt: number;
    /** Of these paths. */
    corruptOnly: RegExp;
    /** The commit that main is at. */
    main: string;
    /** Answers this to every request whose method and path match, so many times. */
    refuse: { of: RegExp; status: number; times: number; retryAfter?: string } | null;
  };
  close(): Promise<void>;
}

/** Serves one repository; files of 1 kB and more are LFS files. `branches`: besides main, each with its own commit and files. */
export async function startFakeHub(
  id: string,
  files: Record<string, Buffer>,
  {
    type = "model",
    branches = {},
    isNew = false,
  }: { type?: "model" | "dataset"; branches?: Branches; isNew?: boolean } = {},
): Promise<FakeHub> {
  const requests: string[] = [];
  const behaviour: FakeHub["behaviour"] = {
    ...{ unavailable: 0, cutAfter: null, gated: false, corrupt: 0, corruptOnly: /./, main: commit, refuse: null },
  };
  const writes = newWrites({ isNew });
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    requests.push(`${line}${request.headers.range ? ` ${request.headers.range}` : ""}`);
    if (behaviour.unavailable > 0) {
      behaviour.unavailable -= 1;
      response.writeHead(503).end();
      return;
    }
    const { refuse } = behaviour;
    if (refuse && refuse.times > 0 && refuse.of.test(line)) {
      refuse.times -= 1;
      const again = refuse.retryAfter ? { "retry-after": refuse.retryAfter } : {};
      response.writeHead(refuse.status, { "content-type": "application/json", ...again }).end('{"error":"refused"}');
      return;
    }
    const repository = { id, type, branches: { main: { commit: behaviour.main, files }, ...branches, ...writes.refs } };
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (isRead && writes.isMade) answer(request, response, repository, behaviour, writes);
    else if (isRead) refuse404(response);
    else answerWrite(request, response, { id, url: hub.url, refs: repository.branches, writes });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const hub: FakeHub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    writes,
    behaviour,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return hub;
}

function refuse404(response: ServerResponse): void {
  refuse(response, 404, "RepoNotFound");
}

export type Branches = Record<string, { commit: string; files: Record<string, Buffer> }>;

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { id, type, branches }: { id: string; type: "model" | "dataset"; branches: Branches },
  behaviour: FakeHub["behaviour"],
  writes: HubWrites,
): void {
  const { pathname } = new URL(request.url ?? "", "http://hub");
  const [, what, encoded = "", rest = ""] = /\/(revision|tree|resolve)\/([^/]+)\/?(.*)$/.exec(pathname) ?? [];
  const revision = decodeURIComponent(encoded);
  const commits: Branches = { [commit]: { commit, files: branches.main!.files }, ...writes.commits, ...branches };
  const at = commits[revision] ?? Object.values(branches).find((branch) => branch.commit === revision);
  const content = at?.files[decodeURIComponent(rest)];
  const isHere = what === "resolve" ? pathname.startsWith(type === "dataset" ? `/datasets/${id}/` : `/${id}/`) : true;
  if (!pathname.includes(`/${id}/`) || !isHere || (what !== "resolve" && !pathname.startsWith(`/api/${type}s/${id}/`)))
    refuse(response, 404, "RepoNotFound");
  else if (!at) refuse(response, 404, "RevisionNotFound");
  else if (what === "revision")
    json(response, { id, sha: at.commit, private: writes.isPrivate, lastModified: "2026-01-01" });
  else if (what === "tree") json(response, Object.entries(at.files).map(treeEntry));
  else if (!content) refuse(response, 404, "EntryNotFound");
  else if (behaviour.gated) refuse(response, request.headers.authorization ? 403 : 401, "GatedRepo");
  else {
    response.setHeader("x-repo-commit", at.commit); // huggingface_hub takes no file without it
    sendFile(request, response, content, behaviour);
  }
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  behaviour: FakeHub["behaviour"],
): void {
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "");
  const start = Number(range?.[1] ?? 0);
  const end = range?.[2] ? Number(range[2]) + 1 : content.length;
  let body = Buffer.from(content.subarray(start, end));
  const isProbe = range?.[2] === "0";
  if (behaviour.corrupt > 0 && behaviour.corruptOnly.test(request.url!) && !isProbe && content.length >= 1000) {
    behaviour.corrupt -= 1;
    body = Buffer.concat([Buffer.from([body[0]! ^ 1]), body.subarray(1)]);
  }
  response.writeHead(range ? 206 : 200, {
    "content-length": body.length,
    "content-range": `bytes ${start}-${end - 1}/${content.length}`,
    etag: `"${hash("sha256", content)}"`,
  });
  if (behaviour.cutAfter === null || isProbe || body.length <= behaviour.cutAfter) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, behaviour.cutAfter), () => setTimeout(() => response.destroy(), 50));
  behaviour.cutAfter = null;
}

function treeEntry([path, content]: [string, Buffer]): object {
  const oid = hash("sha1", Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]));
  const lfs = { oid: hash("sha256", content), size: content.length, pointerSize: 130 };
  return { type: "file", path, oid, size: content.length, ...(content.length >= 1000 ? { lfs } : {}) };
}

function hash(algorithm: string, content: Buffer): string {
  return createHash(algorithm).update(content).digest("hex");
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "x-error-code": code, "content-type": "application/json" }).end(`{"error":"${code}"}`);
}
