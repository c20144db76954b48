import { crc32c } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { Staging } from './staging.ts'

const MIB = 1024 * 1024

function round(staging: Staging, mebibytes: number): number {
  staging.clear()
  staging.beginRecord()
  staging.put(new Uint8Array(mebibytes * MIB), 0, mebibytes * MIB)
  return staging.memoryBytes
}

it('the buffer of large rounds stays while they come, and is released after sixteen small ones', () => {
  const staging = new Staging(crc32c)
  const large = round(staging, 6)
  expect(large).toBeGreaterThan(6 * MIB)
  for (let small = 0; small < 15; small++) expect(round(staging, 1)).toBe(large)
  expect(round(staging, 6)).toBe(large)
  for (let small = 0; small < 16; small++) expect(round(staging, 1)).toBe(large)
  expect(round(staging, 1)).toBeLessThan(4 * MIB)
})
