// Signatures, cards and bills of materials, judged by others: OpenSSF's own model-signing, CycloneDX's own schema.
import { generateKeyPairSync } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Validator } from "@cfworker/json-schema";
import { execa } from "execa";
import { beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { type AdapterProject, adapterProject } from "./adapter-project.js";
import { modelSigning } from "./engine-packages.js";
import { emptyFolder, ft } from "./project.js";

const minutes = 5 * 60_000;
const keys = emptyFolder();
let reference = "";
let project: AdapterProject;
const run = (line: string) => ft(line.split(" "), project.dir);

beforeAll(async () => {
  reference = await modelSigning();
  project = await adapterProject({
    versions: 1,
    base: () => ({ id: "Qwen/Qwen2.5-3B-Instruct", revision: "c".repeat(40) }),
    spoil: nameBase,
  });
  for (const curve of ["prime256v1", "secp384r1", "secp521r1"]) {
    const pair = generateKeyPairSync("ec", { namedCurve: curve });
    writeKey(`${curve}.pem`, pair.privateKey.export({ type: "sec1", format: "pem" })); // as `openssl ecparam -genkey` writes it
    writeKey(`${curve}.pub`, pair.publicKey.export({ type: "spki", format: "pem" }));
    if (curve !== "prime256v1") continue;
    const locked = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "correct horse" } as const;
    writeKey("locked.pem", pair.privateKey.export(locked));
  }
  writeFileSync(join(keys, "passphrase"), "correct horse\n");
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeKey("rsa.pem", rsa.privateKey.export({ type: "pkcs8", format: "pem" }));
}, minutes);

function writeKey(name: string, pem: string | Buffer): void {
  writeFileSync(join(keys, name), pem, { mode: 0o600 });
}

function nameBase(_version: number, folder: string): void {
  const file = join(folder, "adapter_config.json");
  writeFileSync(
    file,
    JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), base_model_name_or_path: "Qwen/Qwen2.5-3B-Instruct" }),
  );
}

it.each(["prime256v1", "secp384r1", "secp521r1"])(
  "signs with %s what the reference verifies, and verifies what the reference signed",
  { timeout: minutes },
  async (curve) => {
    const folder = project.folder(1);
    const signed = await run(`adapters sign support-bot --key ${keys}/${curve}.pem`);
    expect(signed, signed.stderr).toMatchObject({ exitCode: 0 });
    writeFileSync(join(folder, "README.md"), "a card may come later");
    const ignored = { cwd: folder, reject: false } as const;
    const theirs = await execa(
      reference,
      ["verify", "key", folder, "--signature", join(folder, "model.sig"), "--public_key", `${keys}/${curve}.pub`],
      ignored,
    );
    expect(theirs.exitCode, theirs.stderr).toBe(0);
    expect((await run(`adapters verify support-bot --key ${keys}/${curve}.pub`)).stdout).toContain(
      "files are as the key sha256",
    );

    await execa(
      reference,
      ["sign", "key", folder, "--signature", join(folder, "model.sig"), "--private_key", `${keys}/${curve}.pem`],
      { cwd: folder },
    );
    const ours = await run(`adapters verify support-bot --key ${keys}/${curve}.pub`);
    expect(ours, ours.stdout).toMatchObject({ exitCode: 0 });
    rmSync(join(folder, "README.md"));
  },
);

it("says whose or what a wrong signature is", { timeout: minutes }, async () => {
  const copy = join(emptyFolder(), "adapter");
  await run(`adapters sign support-bot --key ${keys}/prime256v1.pem`);
  const verified = async (key = "prime256v1.pub") =>
    JSON.parse((await run(`adapters verify ${copy} --key ${keys}/${key} --json`)).stdout).checks.at(-1).message;
  const anew = () => {
    rmSync(copy, { recursive: true, force: true });
    cpSync(project.folder(1), copy, { recursive: true });
  };
  anew();
  expect(await verified()).toMatch(/files are as the key/);
  expect(await verified("secp384r1.pub")).toMatch(/signed with another key/);
  writeFileSync(join(copy, "tokenizer.json"), "{}");
  expect(await verified()).toBe("tokenizer.json was changed after it was signed");
  anew();
  rmSync(join(copy, "tokenizer.json"));
  expect(await verified()).toBe("tokenizer.json was signed and is missing");
  anew();
  writeFileSync(join(copy, "extra.json"), "{}");
  expect(await verified()).toBe("extra.json is there and was not signed");
  anew();
  const bundle = JSON.parse(readFileSync(join(copy, "model.sig"), "utf8"));
  const statement = Buffer.from(bundle.dsseEnvelope.payload, "base64")
    .toString()
    .replace("tokenizer.json", "tokenizes.json");
  bundle.dsseEnvelope.payload = Buffer.from(statement).toString("base64");
  writeFileSync(join(copy, "model.sig"), JSON.stringify(bundle));
  expect(await verified()).toMatch(/what it signs was changed/);
  writeFileSync(join(copy, "model.sig"), "{}");
  expect(await verified()).toMatch(/no bundle of model-signing/);
  rmSync(join(copy, "model.sig"));
  expect(await verified()).toMatch(/was not signed/);
});

it("opens an encrypted key with the passphrase of a file, and no other kind of key", { timeout: minutes }, async () => {
  expect((await run(`adapters sign support-bot --key ${keys}/locked.pem`)).exitCode).toBe(2);
  const signed = await run(
    `adapters sign support-bot --key ${keys}/locked.pem --passphrase-file ${keys}/passphrase --json`,
  );
  expect(JSON.parse(signed.stdout)).toMatchObject({ ok: true, adapter: "support-bot@1" });
  expect(signed.stdout + signed.stderr).not.toContain("correct horse");
  expect((await run(`adapters verify support-bot --key ${keys}/prime256v1.pub`)).exitCode).toBe(0);
  for (const command of [
    `sign support-bot --key ${keys}/rsa.pem`,
    `verify support-bot --key ${keys}/prime256v1.pem`,
    "sign support-bot --key nothing.pem",
  ]) {
    expect(await run(`adapters ${command}`), command).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("the key cannot be used"),
    });
  }
  expect((await run(`adapters sign support-bot --key ${keys}/locked.pem --passphrase-file nothing`)).exitCode).toBe(2);
});

it("writes a bill of materials that CycloneDX's schema takes", { timeout: minutes }, async () => {
  const file = join(project.dir, "bom.cdx.json");
  expect((await run(`adapters bom support-bot --out ${file}`)).exitCode).toBe(0);
  const text = readFileSync(file, "utf8");
  expect((await run("adapters bom support-bot")).stdout).toBe(text.trimEnd()); // the same version, the same text
  const bom = JSON.parse(text);
  const validator = cycloneDx();
  expect(validator.validate(bom).errors).toEqual([]);
  expect(validator.validate({ ...bom, components: [{ type: "no such type" }] }).valid).toBe(false);
  expect(bom.metadata.component).toMatchObject({
    ...{ type: "machine-learning-model", name: "support-bot", version: "1" },
    modelCard: {
      modelParameters: { datasets: [{ ref: "data" }] },
      quantitativeAnalysis: { performanceMetrics: expect.arrayContaining([{ type: "exact_match", value: "0.51" }]) },
    },
  });
  expect(bom.components.map(({ name }: { name: string }) => name)).toContain("Qwen/Qwen2.5-3B-Instruct");
  expect(text).toContain("d".repeat(64));
});

it("writes a card with metadata, licence, data, scores with intervals and a way to load", {
  timeout: minutes,
}, async () => {
  const card = (await run("adapters export-card support-bot --repo me/bot")).stdout;
  const [, head] = card.split("---\n");
  expect(parse(head!)).toMatchObject({
    ...{ base_model: "Qwen/Qwen2.5-3B-Instruct", base_model_relation: "adapter", library_name: "peft" },
    ...{ license: "other", license_name: "qwen-research" },
  });
  expect(card).toContain("An adapter stays under these terms.");
  expect(card).toContain("| exact_match | 25.0 % | 51.0 % | 26.0 % | 10.0 % to 40.0 % | 200 |");
  expect(card).toContain("| data/tickets.jsonl | 100 |");
  expect(card).toContain(`from_pretrained("Qwen/Qwen2.5-3B-Instruct", revision="${"c".repeat(40)}")`);
  expect(card).toContain('PeftModel.from_pretrained(base, "me/bot", revision="v1")');
  const file = join(project.dir, "CARD.md");
  await run(`adapters export-card support-bot --out ${file}`);
  expect(readFileSync(file, "utf8")).toContain("path/to/this/folder");
});

it("writes documents over older ones of their kind, and over nothing else", { timeout: minutes }, async () => {
  const key = join(project.dir, "precious.pem");
  writeFileSync(key, "-----BEGIN PRIVATE KEY-----");
  for (const command of ["bom", "export-card"]) {
    expect(await run(`adapters ${command} support-bot --out ${key}`)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("is there and is not"),
    });
    const again = `adapters ${command} support-bot --out ${join(project.dir, `${command}.out`)}`;
    for (const _ of [1, 2]) expect((await run(again)).exitCode).toBe(0);
    const nowhere = await run(`adapters ${command} support-bot --out nofolder/x`);
    expect(nowhere).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("nofolder/x cannot be written") });
  }
  expect(readFileSync(key, "utf8")).toBe("-----BEGIN PRIVATE KEY-----");
});

/** The schema files that the library brings; it validates with packages that it does not bring. */
function cycloneDx(): Validator {
  const root = dirname(createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json"));
  const schema = (name: string) =>
    JSON.parse(readFileSync(join(root, "res/schema", `${name}.SNAPSHOT.schema.json`), "utf8"));
  const validator = new Validator(schema("bom-1.6"), "7", false);
  for (const name of ["spdx", "jsf-0.82"]) validator.addSchema(schema(name));
  return validator;
}
