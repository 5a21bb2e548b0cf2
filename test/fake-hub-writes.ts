// The writing half of the fake Hub: what @huggingface/hub sends to make a repository, upload LFS objects in parts, commit on a parent, and tag.
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Branches } from "./fake-hub.js";

export interface HubWrites {
  isMade: boolean;
  isPrivate: boolean;
  /** Branches that were committed to, and tags. */
  refs: Branches;
  /** Every commit by its id. */
  commits: Branches;
  /** LFS objects that are whole, by sha256. */
  objects: Map<string, Buffer>;
  /** Awaited before a part is taken: lets a test stop an upload in the middle. */
  onPart: (oid: string, part: number) => Promise<void> | void;
  /** Called before a commit is judged: another writer. */
  onCommit: () => void;
  /** Spoils what it stores. */
  spoil: boolean;
}

export function newWrites({ isNew }: { isNew: boolean }): HubWrites {
  return {
    ...{ isMade: !isNew, isPrivate: true, refs: {}, commits: {}, objects: new Map(), spoil: false },
    ...{ onPart: () => {}, onCommit: () => {} },
  };
}

interface Hub {
  id: string;
  url: string;
  /** Branches and tags, main among them. */
  refs: Branches;
  writes: HubWrites;
}

const partBytes = 1_000;
const parts = new Map<string, Buffer>();

export function answerWrite(request: IncomingMessage, response: ServerResponse, hub: Hub): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", async () => {
    const path = decodeURIComponent(new URL(request.url!, hub.url).pathname);
    const [status, body, headers = {}] = await route(path, Buffer.concat(chunks), hub);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
}

type Answer = [status: number, body: object, headers?: Record<string, string>];

async function route(path: string, body: Buffer, hub: Hub): Promise<Answer> {
  const { id, writes } = hub;
  if (path === "/api/repos/create") {
    if (writes.isMade) return [409, { error: "You already created this model repo" }];
    writes.isMade = true;
    writes.isPrivate = JSON.parse(body.toString()).visibility === "private";
    return [200, { url: `${hub.url}/${id}`, id: "1" }];
  }
  if (!writes.isMade) return [404, { error: "Repository not found" }];
  if (path === `/${id}.git/info/lfs/objects/batch`) return batch(JSON.parse(body.toString()), hub);
  const [, oid, part] = /^\/lfs\/([0-9a-f]+)\/(\d+|complete)$/.exec(path) ?? [];
  if (oid && part === "complete") return complete(oid, JSON.parse(body.toString()), writes);
  if (oid) {
    await writes.onPart(oid, Number(part));
    parts.set(`${oid}/${part}`, body);
    return [200, {}, { etag: `"${createHash("md5").update(body).digest("hex")}"` }];
  }
  const [, what, revision = ""] = new RegExp(`^/api/models/${id}/(preupload|commit|tag|branch)/(.+)$`).exec(path) ?? [];
  if (what === "preupload") {
    const { files } = JSON.parse(body.toString()) as { files: { path: string; size: number }[] };
    const mode = (size: number) => (size >= partBytes ? "lfs" : "regular");
    return [200, { files: files.map((file) => ({ path: file.path, uploadMode: mode(file.size) })) }];
  }
  if (what === "branch") {
    writes.refs[revision] = hub.refs.main!;
    return [200, {}];
  }
  if (what === "tag") {
    const { tag } = JSON.parse(body.toString()) as { tag: string };
    if (writes.refs[tag]) return [409, { error: "Tag reference exists already" }];
    writes.refs[tag] = writes.commits[revision] ?? hub.refs[revision]!;
    return [200, {}];
  }
  return what === "commit" ? commit(revision, body.toString(), hub) : [404, { error: "no such route" }];
}

function batch({ objects }: { objects: { oid: string; size: number }[] }, { url, writes }: Hub): Answer {
  const answers = objects.map(({ oid, size }) => {
    if (writes.objects.has(oid)) return { oid, size }; // it is there: nothing to send
    const numbers = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => index + 1);
    const urls = numbers.map((part) => [String(part).padStart(5, "0"), `${url}/lfs/${oid}/${part}`]);
    const header = { chunk_size: String(partBytes), ...Object.fromEntries(urls) };
    return { oid, size, actions: { upload: { href: `${url}/lfs/${oid}/complete`, header } } };
  });
  return [200, { transfer: "multipart", objects: answers }];
}

function complete(oid: string, asked: { parts: { partNumber: number }[] }, writes: HubWrites): Answer {
  const content = Buffer.concat(
    asked.parts.map(({ partNumber }) => parts.get(`${oid}/${partNumber}`) ?? Buffer.alloc(0)),
  );
  if (createHash("sha256").update(content).digest("hex") !== oid) return [400, { error: "checksum mismatch" }];
  writes.objects.set(oid, content);
  return [200, {}];
}

/** One JSON a line: the header, then what is added or deleted. A parent that is not the branch's head is refused. */
function commit(branch: string, body: string, hub: Hub): Answer {
  const { writes } = hub;
  writes.onCommit();
  const head = writes.refs[branch] ?? hub.refs[branch];
  const [header, ...operations] = body
    .split("\n")
    .map((line) => JSON.parse(line) as { value: Record<string, string> & { size: number }; key: string });
  if (!head) return [404, { error: "no such branch" }];
  if (header!.value.parentCommit && header!.value.parentCommit !== head.commit) {
    return [412, { error: "A commit has happened since. Please refresh and try again." }];
  }
  const files: Record<string, Buffer> = { ...head.files };
  for (const { key, value } of operations) {
    if (key === "deletedFile") delete files[value.path!];
    else if (key === "file") files[value.path!] = Buffer.from(value.content!, "base64");
    else {
      const content = writes.objects.get(value.oid!);
      if (!content) return [400, { error: "LFS object is missing" }];
      files[value.path!] = writes.spoil ? Buffer.concat([content, Buffer.from("!")]) : content;
    }
  }
  const oid = createHash("sha1").update(`${head.commit}\n${body}`).digest("hex");
  writes.refs[branch] = { commit: oid, files };
  writes.commits[oid] = writes.refs[branch]!;
  return [200, { success: true, commitOid: oid, commitUrl: `${hub.url}/${hub.id}/commit/${oid}`, hookOutput: "" }];
}
