// The part of lz4js that ft calls; the package has no types.
declare module "lz4js" {
  /** Unpacks an LZ4 frame. Throws Error when it is none. */
  export function decompress(frame: Uint8Array): Uint8Array;
}
