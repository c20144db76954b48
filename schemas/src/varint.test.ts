import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VarintReader, varintBytes, varlongBytes, writeVarint, writeVarlong } from './varint.ts'

/** The definition, in the 64-bit arithmetic that numbers lack. */
function reference(value: number): number[] {
  let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  const bytes: number[] = []
  for (; zigzag >= 0x80n; zigzag >>= 7n) bytes.push(Number(zigzag & 0x7fn) | 0x80)
  return [...bytes, Number(zigzag)]
}

const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 63, 64, -64, -65, 0x7fffffff, -0x80000000))
const safeInteger = fc.oneof(
  fc.maxSafeInteger(),
  int32,
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 31, -(2 ** 31) - 1, 2 ** 52, -(2 ** 52)),
)

test('a varint is written like the definition, takes the announced bytes, and is read back', () => {
  fc.assert(
    fc.property(int32, (value) => {
      const bytes = new Uint8Array(10)
      const end = writeVarint(bytes, 1, value)
      expect([...bytes.subarray(1, end)]).toEqual(reference(value))
      expect(varintBytes(value)).toBe(end - 1)
      const reader = new VarintReader(bytes, 1, end)
      expect(reader.varint()).toBe(value)
      expect(reader.at).toBe(end)
    }),
    { numRuns: 1000 },
  )
})

test('a varlong covers all safe integers', () => {
  fc.assert(
    fc.property(safeInteger, (value) => {
      const bytes = new Uint8Array(12)
      const end = writeVarlong(bytes, 1, value)
      expect([...bytes.subarray(1, end)]).toEqual(reference(value))
      expect(varlongBytes(value)).toBe(end - 1)
      const reader = new VarintReader(bytes, 1, end)
      expect(reader.varlong()).toBe(value)
      expect(reader.at).toBe(end)
    }),
    { numRuns: 1000 },
  )
})

test.each([
  ['a varint past its end', 'varint', [0x80], 1],
  ['a varint of six bytes', 'varint', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01], 6],
  ['a varint past 32 bits', 'varint', [0xff, 0xff, 0xff, 0xff, 0x1f], 5],
  ['a varint in bytes that belong to someone else', 'varint', [0x80, 0x01], 1],
  ['a varlong past its end', 'varlong', [0x80, 0x80], 2],
  ['a varlong of eleven bytes', 'varlong', Array(10).fill(0x80).concat(1), 11],
  ['a varlong past the safe integers', 'varlong', reference(Number.MAX_SAFE_INTEGER).with(7, 0x3f), 8],
  ['the smallest int64', 'varlong', [...Array(9).fill(0xff), 0x01], 10],
] as const)('%s is refused', (_, kind, bytes, end) => {
  const reader = new VarintReader(Uint8Array.from(bytes), 0, end)
  expect(() => reader[kind]()).toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }))
})
