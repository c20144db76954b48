import { expect, it } from 'vitest'
import { StickyPartition } from './sticky-partition.ts'

const settings = { batchBytes: 1000, maxInFlight: 2 }

/** Lanes whose batches stay under way, and the choice of the partition of the next record without a key. */
function topic(partitions: number, first = 0) {
  const lanes = Array.from({ length: partitions }, () => ({
    sealedBatches: 0,
    sealedBytes: 0,
    isCongested: false,
    inFlight: 0,
  }))
  const counts = { inFlight: 0 }
  const sticky = new StickyPartition(settings, counts, () => ((first - 1 + partitions) % partitions) / partitions)
  const publish = (bytes: number): number => {
    const partition = sticky.choose(lanes)
    const lane = lanes[partition]!
    lane.sealedBatches++
    lane.sealedBytes += bytes
    lane.inFlight++
    counts.inFlight++
    return partition
  }
  const answer = (partition: number): void => {
    lanes[partition]!.inFlight--
    counts.inFlight--
  }
  return { lanes, sticky, publish, answer }
}

it('records stay with a partition until its batch has left', () => {
  const { sticky, lanes } = topic(3)
  expect([sticky.choose(lanes), sticky.choose(lanes)]).toEqual([0, 0])
  lanes[0]!.sealedBatches++
  expect([sticky.choose(lanes), sticky.choose(lanes)]).toEqual([1, 1])
})

it('batches that are answered at once go round', () => {
  const { publish, answer } = topic(3)
  const partitions = [1, 2, 3, 4].map(() => {
    const partition = publish(100)
    answer(partition)
    return partition
  })
  expect(partitions).toEqual([0, 1, 2, 0])
})

it('while other partitions have enough under way, small batches stay with one until it has had a full one', () => {
  const { publish, answer } = topic(6)
  expect([1, 2, 3, 4].map(() => publish(100))).toEqual([0, 1, 2, 2])
  answer(0)
  expect(publish(100)).toBe(3)
  expect([600, 400, 100].map(publish)).toEqual([3, 3, 4])
})

it('a partition that cannot send is left, and passed over', () => {
  const { publish, lanes } = topic(4)
  for (let batch = 0; batch < 3; batch++) publish(100)
  lanes[2]!.isCongested = true
  lanes[3]!.isCongested = true
  expect(publish(100)).toBe(0)
})

it('the first partition is any', () => {
  expect([0, 1, 2].map((first) => topic(3, first).publish(1))).toEqual([0, 1, 2])
})
