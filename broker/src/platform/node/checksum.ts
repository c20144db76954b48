import { crc32c as native } from '@node-rs/crc32'
import { crc32c as portable } from '@tailrace/schemas'
import type { Crc32c } from '../checksum.ts'

/** Below this the call into native code costs more than the table. */
const NATIVE_FROM_BYTES = 400

/** CRC-32C with the processor's own instruction. */
export const nodeCrc32c: Crc32c = (bytes, start, end) =>
  end - start < NATIVE_FROM_BYTES
    ? portable(bytes, start, end)
    : native(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start))
