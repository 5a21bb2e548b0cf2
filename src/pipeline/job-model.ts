// The base as job.json names it: where it lies here, and where another machine gets the same one.
import type { ModelFacts } from "../models/facts.js";
import type { Job } from "../runs/job.js";

/** Of a model that was fetched. Folders, GGUF files and the embedded model are on this machine alone. */
export function jobModel({ asked, source, id, revision, dir }: ModelFacts): Job["model"] {
  const hub = source === "hub" ? { id, revision: revision! } : null;
  return { asked, id, revision: revision!, path: dir!, hub };
}
