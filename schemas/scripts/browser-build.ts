import { fileURLToPath } from 'node:url'

/**
 * esbuild's `alias` for a browser bundle that holds this package: avsc asks for Node's `util` and `buffer`.
 * Bundle with platform "browser", so that avsc's own replacement of `crypto` is taken.
 */
export const browserAliases: Record<string, string> = {
  util: fileURLToPath(new URL('../src/avro/util-for-browsers.ts', import.meta.url)),
  // With a file name: 'buffer' alone would be Node's own.
  buffer: fileURLToPath(import.meta.resolve('buffer/index.js')),
}
