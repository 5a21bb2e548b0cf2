// A registry of one image with two layers, of which the second one never comes: a pull from it goes on until someone ends it.
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

export interface SlowRegistry {
  /** "127.0.0.1:1234/never:1". */
  image: string;
  /** Who still waits for the second layer. */
  waiting(): number;
  close(): void;
}

export async function startSlowRegistry(): Promise<SlowRegistry> {
  const end = Buffer.alloc(1024); // an empty tar
  const layers = [gzipSync(end), gzipSync(Buffer.concat([end, end]))] as const;
  const config = Buffer.from(
    JSON.stringify({
      ...{ architecture: process.arch === "arm64" ? "arm64" : "amd64", os: "linux", config: {} },
      rootfs: { type: "layers", diff_ids: [digestOf(end), digestOf(Buffer.concat([end, end]))] },
    }),
  );
  const described = (content: Buffer, mediaType: string) => ({
    mediaType,
    size: content.length,
    digest: digestOf(content),
  });
  const docker = "application/vnd.docker";
  const manifest = Buffer.from(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType: `${docker}.distribution.manifest.v2+json` },
      config: described(config, `${docker}.container.image.v1+json`),
      layers: layers.map((layer) => described(layer, `${docker}.image.rootfs.diff.tar.gzip`)),
    }),
  );
  const waiting = new Set<ServerResponse>();
  const server = createServer(({ url = "", method }, response) => {
    const give = (content: Buffer, type: string) => {
      const head = {
        "content-type": type,
        "content-length": content.length,
        "docker-content-digest": digestOf(content),
      };
      response.writeHead(200, head).end(method === "HEAD" ? undefined : content);
    };
    if (url === "/v2/") return response.writeHead(200).end();
    if (url.includes("/manifests/")) return give(manifest, `${docker}.distribution.manifest.v2+json`);
    if (url.endsWith(digestOf(config))) return give(config, "application/octet-stream");
    if (url.endsWith(digestOf(layers[0]))) return give(layers[0], "application/octet-stream");
    if (!url.endsWith(digestOf(layers[1]))) return response.writeHead(404).end();
    waiting.add(response);
    response.once("close", () => waiting.delete(response));
    response.writeHead(200, { "content-length": layers[1].length }).flushHeaders();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    image: `127.0.0.1:${(server.address() as AddressInfo).port}/never:1`,
    waiting: () => waiting.size,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}
