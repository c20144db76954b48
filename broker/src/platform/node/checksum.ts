import { crc32c } from '@node-rs/crc32'
import type { Crc32c } from '../checksum.ts'

/** CRC-32C with the processor's own instruction. */
export const nodeCrc32c: Crc32c = (bytes, start, end) =>
  crc32c(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start))
