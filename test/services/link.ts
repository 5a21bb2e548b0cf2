// A network link that a test can cut: a TCP proxy on 127.0.0.1 before a real service.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";

export interface Link {
  port: number;
  /** From now on nothing passes, and nobody is told: open connections stay open and silent, new ones are accepted and hear nothing. */
  cut(): void;
  /** What was held back flows on, in both directions. */
  restore(): void;
  /** Resets every open connection, as a router that forgot them does. New ones pass. */
  reset(): void;
  close(): Promise<void>;
}

/** Starts a proxy to a port of 127.0.0.1. */
export async function startLink(target: number): Promise<Link> {
  const sockets = new Set<Socket>();
  let held: (() => void)[] | null = null;
  /** Bytes, ends and resets all wait here while the link is cut. */
  const passes = (what: () => void) => (held ? held.push(what) : what());

  const server = createServer({ allowHalfOpen: true }, (near) => {
    keep(near);
    passes(() => {
      const far = keep(connect({ port: target, host: "127.0.0.1", allowHalfOpen: true }));
      near.pipe(gate()).pipe(far);
      far.pipe(gate()).pipe(near);
      near.on("close", () => passes(() => far.destroy()));
      far.on("close", () => passes(() => near.destroy()));
    });
  });

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    return socket;
  }

  const gate = () =>
    new Transform({
      transform: (chunk, _encoding, done) => void passes(() => done(null, chunk)),
      flush: (done) => void passes(() => done()),
    });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      held ??= [];
    },
    restore: () => {
      const waiting = held ?? [];
      held = null;
      for (const what of waiting) what();
    },
    reset: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
