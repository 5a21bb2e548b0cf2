// Which stored evaluations a comparison puts side by side: for each suite the newest of the candidate, and of the others those of the very same suite and decoding.
import { isDeepStrictEqual } from "node:util";
import { aliasesOf } from "../../adapters/aliases.js";
import { findAdapter, listAdapters, type RegisteredAdapter } from "../../adapters/registry.js";
import { FtError } from "../../errors.js";
import type { EvaluationManifest, Subject } from "../../eval/record.js";
import { indexEvaluations, listEvaluations } from "../../eval/record-store.js";
import type { Store } from "../../store/open.js";
import { adapterSubject, baseSubject, isSameSubject, subjectLabel } from "./subject.js";

export interface SuiteSides {
  suite: EvaluationManifest["suite"];
  /** The candidate is the last. */
  sides: { label: string; manifest: EvaluationManifest }[];
  /** Sides without an evaluation that can be compared, and why. */
  missing: { label: string; why: string }[];
}

/**
 * Default: base, champion (where the line has one) and the newest version. `names`: suites; none: all that the candidate was evaluated on.
 * Throws FtError adapter.unknown, eval.nothing-stored (usage).
 */
export function storedSides(store: Store, projectDir: string, wanted: WantedSides): SuiteSides[] {
  const { candidate, suites } = findSides(store, projectDir, wanted);
  if (suites.length === 0) throw nothingStored(candidate, wanted.names);
  return suites;
}

interface WantedSides {
  references: readonly string[];
  names: readonly string[];
}

/** The same; no suites where the candidate was not evaluated. */
export function findSides(
  store: Store,
  projectDir: string,
  { references, names }: WantedSides,
): { candidate: Subject; suites: SuiteSides[] } {
  indexEvaluations(store, projectDir, { anew: false });
  const subjects = subjectsOf(listAdapters(store, projectDir), projectDir, references);
  const candidate = subjects.at(-1)!;
  const all = listEvaluations(store);
  const newest = new Map<string, EvaluationManifest>();
  for (const manifest of all) {
    if (isSameSubject(manifest.subject, candidate) && !newest.has(manifest.suite.name)) {
      newest.set(manifest.suite.name, manifest);
    }
  }
  const chosen = [...newest.values()].filter(({ suite }) => names.length === 0 || names.includes(suite.name));
  return { candidate, suites: chosen.reverse().map((manifest) => sidesOf(manifest, subjects, all)) };
}

function sidesOf(candidate: EvaluationManifest, subjects: Subject[], all: EvaluationManifest[]): SuiteSides {
  const found: SuiteSides = { suite: candidate.suite, sides: [], missing: [] };
  for (const subject of subjects.slice(0, -1)) {
    const label = subjectLabel(subject);
    const own = all.filter((one) => one.suite.name === candidate.suite.name && isSameSubject(one.subject, subject));
    const manifest = own.find((one) => isComparable(one, candidate));
    if (manifest) found.sides.push({ label, manifest });
    else found.missing.push({ label, why: own[0] ? whyNot(own[0], candidate) : notEvaluated });
  }
  found.sides.push({ label: subjectLabel(subjects.at(-1)!), manifest: candidate });
  return found;
}

export const notEvaluated = "it was not evaluated on it";

function isComparable(one: EvaluationManifest, candidate: EvaluationManifest): boolean {
  return one.suite.sha256 === candidate.suite.sha256 && isDeepStrictEqual(one.decoding, candidate.decoding);
}

function whyNot(one: EvaluationManifest, candidate: EvaluationManifest): string {
  return one.suite.sha256 === candidate.suite.sha256
    ? "its answers were made with another decoding"
    : "it was evaluated on other items or with other settings of the suite";
}

function subjectsOf(adapters: RegisteredAdapter[], projectDir: string, references: readonly string[]): Subject[] {
  if (references.length === 0) return defaultSubjects(adapters, projectDir);
  const named = references.filter((reference) => reference !== "base" || adapters.some(({ name }) => name === "base"));
  const found = named.map((reference) => adapterSubject(findAdapter(adapters, reference)));
  const base = found.at(-1) ?? adapterSubject(newestOf(adapters));
  return references.map((reference) =>
    named.includes(reference) ? found[named.indexOf(reference)]! : baseSubject(base),
  );
}

function defaultSubjects(adapters: RegisteredAdapter[], projectDir: string): Subject[] {
  const candidate = newestOf(adapters);
  const { champion } = aliasesOf(projectDir, candidate.name);
  const before = adapters.filter(({ name, version }) => name === candidate.name && version === champion);
  const subject = adapterSubject(candidate);
  return [baseSubject(subject), ...before.filter((one) => one !== candidate).map(adapterSubject), subject];
}

function newestOf(adapters: RegisteredAdapter[]): RegisteredAdapter {
  const newest = adapters.reduce<RegisteredAdapter | null>(
    (best, one) => (best === null || one.createdAt > best.createdAt ? one : best),
    null,
  );
  if (newest) return newest;
  throw new FtError({
    code: "adapter.unknown",
    exit: "usage",
    message: "no adapter is registered here: there is nothing to compare",
    next: "train one: ft run; ft eval show has what is stored",
  });
}

function nothingStored(subject: Subject, names: readonly string[]): FtError {
  const label = subjectLabel(subject);
  return new FtError({
    code: "eval.nothing-stored",
    exit: "usage",
    message: `${label} has no stored evaluation${names.length > 0 ? ` on ${names.join(", ")}` : ""}`,
    next: `evaluate it: ft eval run ${label}`,
  });
}
