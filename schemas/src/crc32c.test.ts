import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'

/** One bit at a time, straight from the definition. */
function slowCrc(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}

test('gives the check values of RFC 3720 B.4', () => {
  const check = (bytes: Uint8Array) => crc32c(bytes, 0, bytes.length)
  expect(check(new TextEncoder().encode('123456789'))).toBe(0xe3069283)
  expect(check(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(check(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(check(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
  expect(check(new Uint8Array(0))).toBe(0)
})

test('agrees with the definition for every length and start', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(100), (bytes, a, b) => {
      const start = Math.min(a, b, bytes.length)
      const end = Math.min(Math.max(a, b), bytes.length)
      expect(crc32c(bytes, start, end)).toBe(slowCrc(bytes.subarray(start, end)))
    }),
  )
})
