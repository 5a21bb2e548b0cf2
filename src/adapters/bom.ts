// A version as a CycloneDX 1.6 ML-BOM: the adapter, the base under it, the data behind it, the tools that made it, with hashes, licences and scores.
import { createHash } from "node:crypto";
import * as Enums from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import * as Serialize from "@cyclonedx/cyclonedx-library/Serialize";
import * as Spec from "@cyclonedx/cyclonedx-library/Spec";
import { findHubId } from "../models/catalogue.js";
import { licenceOf } from "../models/licences.js";
import type { Lineage } from "./lineage.js";

/** The document as JSON. The same version gives the same text. `ft`: this program's version. */
export function billOfMaterials(lineage: Lineage, ft: string): string {
  const { name, version, base, dataSha256, engine, createdAt } = lineage;
  const model = Enums.ComponentType.MachineLearningModel;
  const data = new Models.Component(Enums.ComponentType.Data, `${name} training rows`, {
    bomRef: "data",
    hashes: sha256(dataSha256),
    components: new Models.ComponentRepository(
      Object.entries(lineage.sources ?? {}).map(
        ([path, source]) =>
          new Models.Component(Enums.ComponentType.Data, path, {
            bomRef: `data/${path}`,
            description: `${source.rows} rows`,
            hashes: sha256(source.sha256),
          }),
      ),
    ),
  });
  const below = new Models.Component(model, base.id, {
    bomRef: "base",
    version: base.revision,
    licenses: licencesOf(base.id),
    externalReferences: new Models.ExternalReferenceRepository(
      findHubId(base.id)
        ? [new Models.ExternalReference(`https://huggingface.co/${base.id}`, Enums.ExternalReferenceType.Distribution)]
        : [],
    ),
  });
  const adapter = new Models.Component(model, name, {
    bomRef: "adapter",
    version: String(version),
    dependencies: new Models.BomRefRepository([below.bomRef, data.bomRef]),
    components: new Models.ComponentRepository(
      lineage.files.map(
        ({ path, sha256: hex }) =>
          new Models.Component(Enums.ComponentType.File, path, { bomRef: `file/${path}`, hashes: sha256(hex) }),
      ),
    ),
  });
  const tool = (toolName: string, toolVersion: string) =>
    new Models.Component(Enums.ComponentType.Application, toolName, { version: toolVersion });
  const bom = new Models.Bom({
    serialNumber: serialNumber(lineage),
    metadata: new Models.Metadata({
      timestamp: new Date(createdAt),
      component: adapter,
      tools: new Models.Tools({
        components: new Models.ComponentRepository([tool("ft", ft), tool(engine.name, engine.version)]),
      }),
    }),
    components: new Models.ComponentRepository([below, data]),
  });
  const normalized = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)
    .makeForBom()
    .normalize(bom, { sortLists: true });
  // The library has no model cards.
  Object.assign(normalized.metadata!.component!, { modelCard: modelCard(lineage) });
  return `${JSON.stringify(normalized, null, 2)}\n`;
}

/** As the schema calls it: the approach, the data by reference, the scores with the bounds of the difference from the base. */
function modelCard({ method, comparison }: Lineage): object {
  const metrics = (comparison ?? []).flatMap(({ metric, base, adapter, difference, low, high }) => [
    { type: metric, value: String(adapter) },
    { type: `${metric} of the base`, value: String(base) },
    {
      type: `${metric}, difference from the base (95 % interval)`,
      value: String(difference),
      ...(Number.isFinite(low) && Number.isFinite(high)
        ? { confidenceInterval: { lowerBound: String(low), upperBound: String(high) } }
        : {}),
    },
  ]);
  return {
    modelParameters: {
      task: "text-generation",
      datasets: [{ ref: "data" }],
      modelArchitecture: method === "full" ? "fine-tuned transformer" : `transformer with ${method} adapter`,
    },
    ...(metrics.length > 0 ? { quantitativeAnalysis: { performanceMetrics: metrics } } : {}),
  };
}

function licencesOf(baseId: string): Models.LicenseRepository {
  const known = findHubId(baseId);
  if (!known) return new Models.LicenseRepository();
  const { spdx, name } = licenceOf(known);
  if (spdx === null) return new Models.LicenseRepository([new Models.NamedLicense(name)]);
  const isExpression = /\s/.test(spdx);
  return new Models.LicenseRepository([
    isExpression ? new Models.LicenseExpression(spdx) : new Models.SpdxLicense(spdx),
  ]);
}

function sha256(hex: string): Models.HashDictionary {
  return new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], hex]]);
}

/** A UUID (version 8: by own rule) of what the document is about. */
function serialNumber({ name, version, run, files }: Lineage): string {
  const hex = createHash("sha256")
    .update(JSON.stringify([name, version, run, files]))
    .digest("hex");
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
