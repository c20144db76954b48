import { createRequire } from 'node:module'
import { type Crc32c, crc32c as portable } from '@tailrace/schemas'

type Native = (bytes: Uint8Array) => number

/**
 * With the processor's own instruction: in JavaScript the sum over a batch costs as much as everything else done with
 * it. Found when the program runs, by a way that bundlers do not follow: a bundle cannot hold a `.node` file. Where it
 * is not found, as in a bundle that stands alone, JavaScript does it.
 */
export const crc32c: Crc32c = checksumWith(() => {
  // A bundle that is CommonJS has no import.meta.url.
  const here = typeof __filename === 'string' ? __filename : import.meta.url
  return (createRequire(here)('@node-rs/crc32') as { crc32c: Native }).crc32c
})

/** `load` throws where there is none. */
export function checksumWith(load: () => Native): Crc32c {
  let native: Native
  try {
    native = load()
  } catch {
    return portable
  }
  return (bytes, start, end) => native(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start))
}
