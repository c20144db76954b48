import { crc32c } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint-codec.ts'
import { NO_FENCE } from './fence.ts'

function checkpointOf(producers: number, fence: number = NO_FENCE, deletedBefore = 0): Checkpoint {
  const commitIndex = 2 ** 50
  const batchOf = (producerId: number, at: number) => ({
    producerId,
    epoch: 3,
    baseSequence: 2 ** 31 - 1 - at,
    records: 1 + at,
    index: commitIndex - producerId * 10 - at,
    baseOffset: 2 ** 52 + producerId,
  })
  return {
    commitIndex,
    highWatermark: Number.MAX_SAFE_INTEGER,
    producersIndex: commitIndex + 9,
    producers: Array.from({ length: producers }, (_, at) => [
      at,
      { epoch: 3, batches: [0, 1, 2, 3, 4].slice(0, at % 6).map((batch) => batchOf(at, batch)) },
    ]),
    fence,
    deletedBefore,
  }
}

test.each([NO_FENCE, 0, 7, Number.MAX_SAFE_INTEGER])(
  'M42 a checkpoint comes back as it was, with fence %s',
  (fence) => {
    for (const deleted of [0, 1, 2 ** 52]) {
      for (const checkpoint of [checkpointOf(0, fence, deleted), checkpointOf(100, fence, deleted)]) {
        expect(decodeCheckpoint(encodeCheckpoint(checkpoint, crc32c), crc32c)).toEqual(checkpoint)
      }
    }
  },
)

test('a partition that never had a fence, or a deletion, has the bytes that brokers from before it write', () => {
  const without = encodeCheckpoint(checkpointOf(3), crc32c)
  const zero = encodeCheckpoint(checkpointOf(3, 0), crc32c)
  expect([...zero.subarray(9, -1)]).toEqual([...without.subarray(9)])
  const deleted = encodeCheckpoint(checkpointOf(3, 0, 1), crc32c)
  expect([...deleted.subarray(9, -1)]).toEqual([...zero.subarray(9)])
})

test('M42 with any bit flipped, or cut off at any place, it is not taken for a checkpoint', () => {
  const sound = encodeCheckpoint(checkpointOf(4, 7, 9), crc32c)
  for (let bit = 0; bit < sound.length * 8; bit += 1) {
    const damaged = sound.slice()
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    expect(decodeCheckpoint(damaged, crc32c)).toBeNull()
  }
  for (let length = 0; length < sound.length; length += 1) {
    expect(decodeCheckpoint(sound.subarray(0, length), crc32c)).toBeNull()
  }
})

test('the JSON of older versions is still read', () => {
  const checkpoint = { ...checkpointOf(3), producersIndex: 2 ** 50 }
  const json = (version: number): Uint8Array =>
    new TextEncoder().encode(
      JSON.stringify({ version, ...checkpoint, producersIndex: undefined, fence: undefined, deletedBefore: undefined }),
    )
  expect(decodeCheckpoint(json(1), crc32c)).toEqual(checkpoint)
  expect(decodeCheckpoint(json(7), crc32c)).toBeNull()
  expect(decodeCheckpoint(new TextEncoder().encode('{"version":1,'), crc32c)).toBeNull()
})

test('10,000 producers take less than 2 MB', () => {
  expect(encodeCheckpoint(checkpointOf(10_000), crc32c).length).toBeLessThan(2_000_000)
})
