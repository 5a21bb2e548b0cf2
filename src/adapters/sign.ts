// Signatures in the OpenSSF model-signing format (v1.0): an in-toto statement of every file's sha256 in a DSSE envelope in a Sigstore bundle, signed with an
// elliptic-curve key. PyPI's `model-signing` reads what this writes, and the other way round.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { z } from "zod";
import { FtError } from "../errors.js";
import { sha256OfFile } from "./lineage.js";
import type { Check } from "./lora-checks.js";

export const signatureFile = "model.sig";

/** Not under the signature: what the Hub and git keep, and the card, which can be made again from the lineage, which is. */
const unsigned = [signatureFile, "README.md", ".git", ".gitattributes", ".github", ".gitignore"];

const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
const payloadType = "application/vnd.in-toto+json";
const statementType = "https://in-toto.io/Statement/v1";
const predicateType = "https://model_signing/signature/v1.0";

const bundleSchema = z.object({
  mediaType: z.literal(bundleType),
  verificationMaterial: z.object({ publicKey: z.object({ hint: z.string().nullish() }) }),
  dsseEnvelope: z.object({
    payload: z.base64(),
    payloadType: z.literal(payloadType),
    signatures: z.array(z.object({ sig: z.base64() })).length(1),
  }),
});

const statementSchema = z.object({
  _type: z.literal(statementType),
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: z.string() }) })).length(1),
  predicateType: z.literal(predicateType),
  predicate: z.object({
    serialization: z.object({
      method: z.literal("files"),
      hash_type: z.literal("sha256"),
      ignore_paths: z.array(z.string()).default([]),
    }),
    resources: z
      .array(z.object({ name: z.string(), algorithm: z.literal("sha256"), digest: z.string().regex(/^[0-9a-f]{64}$/) }))
      .min(1),
  }),
});

/**
 * Signs every file of the folder into its `model.sig`, in place of one that is there. `keyFile`: PEM of an EC private key (P-256, P-384, P-521); `passphrase`:
 * of an encrypted one. Throws FtError sign.key (usage): the key cannot be read, is of another kind, or wants another passphrase.
 */
export async function signFolder(
  dir: string,
  keyFile: string,
  passphrase: string | null,
): Promise<{ file: string; keySha256: string }> {
  const key = readPrivateKey(keyFile, passphrase);
  const resources = await resourcesOf(dir, unsigned);
  const statement = {
    _type: statementType,
    subject: [{ name: basename(dir), digest: { sha256: rootDigest(resources) } }],
    predicateType,
    predicate: {
      serialization: { method: "files", hash_type: "sha256", allow_symlinks: false, ignore_paths: unsigned },
      resources,
    },
  };
  const payload = Buffer.from(JSON.stringify(statement));
  const publicKey = createPublicKey(key);
  const bundle = {
    mediaType: bundleType,
    verificationMaterial: { publicKey: { hint: keyHint(publicKey) }, tlogEntries: [] },
    dsseEnvelope: {
      payload: payload.toString("base64"),
      payloadType,
      signatures: [{ sig: sign(digestFor(key), preAuthentication(payload), key).toString("base64"), keyid: "" }],
    },
  };
  const file = join(dir, signatureFile);
  writeFileSync(`${file}.draft`, JSON.stringify(bundle));
  renameSync(`${file}.draft`, file);
  return { file, keySha256: keyHint(publicKey) };
}

/**
 * Whether the folder's `model.sig` is by the owner of this key, and every file is as it was signed, none more and none less. A value, not a throw, but for
 * a key that is none: FtError sign.key (usage).
 */
export async function checkSignature(dir: string, publicKeyFile: string): Promise<Check> {
  const key = readPublicKey(publicKeyFile);
  const fail = (message: string): Check => ({ check: "signature", ok: false, message });
  let text: string;
  try {
    text = readFileSync(join(dir, signatureFile), "utf8");
  } catch {
    return fail(`there is no ${signatureFile}: it was not signed`);
  }
  const bundle = parsed(bundleSchema, text);
  if (!bundle) return fail(`${signatureFile} is no bundle of model-signing 1.0 made with a key`);
  const { hint } = bundle.verificationMaterial.publicKey;
  if (hint && hint !== keyHint(key)) return fail(`it was signed with another key (sha256 ${hint.slice(0, 12)})`);
  const payload = Buffer.from(bundle.dsseEnvelope.payload, "base64");
  const signature = Buffer.from(bundle.dsseEnvelope.signatures[0]!.sig, "base64");
  if (!verify(digestFor(key), preAuthentication(payload), key, signature)) {
    return fail("the signature is not of this key, or what it signs was changed");
  }
  const statement = parsed(statementSchema, payload.toString("utf8"));
  if (!statement) return fail("it signs something else than files by sha256 (model-signing 1.0)");
  const { resources, serialization } = statement.predicate;
  if (rootDigest(resources) !== statement.subject[0]!.digest.sha256)
    return fail("its list of files contradicts itself");
  const difference = differenceOf(resources, await resourcesOf(dir, [...serialization.ignore_paths, signatureFile]));
  if (difference) return fail(difference);
  return {
    check: "signature",
    ok: true,
    message: `${resources.length} files are as the key sha256 ${keyHint(key).slice(0, 12)} signed them`,
  };
}

interface Resource {
  /** Path with `/`. */
  name: string;
  algorithm: "sha256";
  /** Hex. */
  digest: string;
}

async function resourcesOf(dir: string, ignored: string[]): Promise<Resource[]> {
  const isIgnored = (path: string): boolean => ignored.some((one) => path === one || path.startsWith(`${one}/`));
  const paths = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .filter((path) => !isIgnored(path))
    .sort();
  const resources: Resource[] = [];
  for (const name of paths) resources.push({ name, algorithm: "sha256", digest: await sha256OfFile(join(dir, name)) });
  return resources;
}

function rootDigest(resources: Resource[]): string {
  const hash = createHash("sha256");
  for (const { digest } of resources) hash.update(Buffer.from(digest, "hex"));
  return hash.digest("hex");
}

/** Null: the same. */
function differenceOf(signed: Resource[], found: Resource[]): string | null {
  const now = new Map(found.map(({ name, digest }) => [name, digest]));
  for (const { name, digest } of signed) {
    if (!now.has(name)) return `${name} was signed and is missing`;
    if (now.get(name) !== digest) return `${name} was changed after it was signed`;
    now.delete(name);
  }
  const [extra] = now.keys();
  return extra === undefined ? null : `${extra} is there and was not signed`;
}

/** DSSE's pre-authentication encoding: what is signed says its own type and length. */
function preAuthentication(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
}

/** As Sigstore names keys: sha256 of the PEM. */
function keyHint(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "pem" }))
    .digest("hex");
}

const digests: Record<string, string> = { prime256v1: "sha256", secp384r1: "sha384", secp521r1: "sha512" };

function digestFor(key: KeyObject): string {
  return digests[key.asymmetricKeyDetails!.namedCurve!]!;
}

function readPrivateKey(file: string, passphrase: string | null): KeyObject {
  return readKey(file, (pem) => createPrivateKey({ key: pem, ...(passphrase === null ? {} : { passphrase }) }));
}

function readPublicKey(file: string): KeyObject {
  return readKey(file, (pem) => {
    if (pem.includes("PRIVATE KEY")) throw new Error("it is a private key; give the public one");
    return createPublicKey(pem);
  });
}

function readKey(file: string, parse: (pem: string) => KeyObject): KeyObject {
  const refuse = (why: string, cause?: unknown) =>
    new FtError({
      code: "sign.key",
      exit: "usage",
      message: "the key cannot be used",
      where: { file },
      why,
      next: "give a PEM file of an EC key on P-256, P-384 or P-521: openssl ecparam -name prime256v1 -genkey -noout -out key.pem; openssl ec -in key.pem -pubout -out key.pub; of an encrypted one the passphrase with --passphrase-file",
      cause,
    });
  let key: KeyObject;
  try {
    key = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw refuse((cause as Error).message, cause);
  }
  if (key.asymmetricKeyType !== "ec" || !digests[key.asymmetricKeyDetails?.namedCurve ?? ""]) {
    throw refuse(`it is of kind ${key.asymmetricKeyType} ${key.asymmetricKeyDetails?.namedCurve ?? ""}`.trim());
  }
  return key;
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
