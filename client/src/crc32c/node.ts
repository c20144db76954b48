import { crc32c as native } from '@node-rs/crc32'
import type { Crc32c } from '@tailrace/schemas'

/**
 * With the processor's own instruction: in JavaScript the sum over a batch costs as much as everything else done with
 * it.
 */
export const crc32c: Crc32c = (bytes, start, end) =>
  native(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start))
