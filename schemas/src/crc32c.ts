/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) of bytes[start, end) as an unsigned 32-bit number.
 * The broker may put a native implementation in its place; both give the same number.
 */
export type Crc32c = (bytes: Uint8Array, start: number, end: number) => number

const POLYNOMIAL = 0x82f63b78

/**
 * Table k holds the CRC of a byte followed by k zero bytes, so that eight bytes can be looked up at once ("slicing by
 * 8").
 */
function buildTables(): Int32Array[] {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[0]![byte] = crc
  }
  for (let k = 1; k < 8; k++) {
    for (let byte = 0; byte < 256; byte++) {
      const shorter = tables[k - 1]![byte]!
      tables[k]![byte] = (shorter >>> 8) ^ tables[0]![shorter & 0xff]!
    }
  }
  return tables
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = buildTables() as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

/** Portable CRC-32C, eight bytes a step. See {@link Crc32c}. */
export const crc32c: Crc32c = (bytes, start, end) => {
  let crc = -1
  let at = start
  for (const last = end - 8; at <= last; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      T7[crc & 0xff]! ^
      T6[(crc >>> 8) & 0xff]! ^
      T5[(crc >>> 16) & 0xff]! ^
      T4[crc >>> 24]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ T0[(crc ^ bytes[at]!) & 0xff]!
  return ~crc >>> 0
}
