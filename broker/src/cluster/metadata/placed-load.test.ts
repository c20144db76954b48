import { expect, test } from 'vitest'
import { MetadataState } from './metadata-state.ts'
import { type LoadFigures, placedLoad } from './placed-load.ts'
import { placePartitions } from './placement.ts'
import { rackedBroker } from './racks.ts'

const MiB = 1024 * 1024

/** Four brokers; each list is a topic of one partition, of the groups 1, 2, … */
function stateOf(...topics: number[][]): MetadataState {
  const state = new MetadataState()
  let index = 0
  for (const replicas of topics) {
    index += 1
    const topic = { name: `t${index}`, topicId: `t${index}`, config: {}, partitions: [{ replicas }] }
    state.apply(index, { id: `t${index}`, command: { type: 'create-topic', ...topic } })
  }
  for (const id of [1, 2, 3, 4]) {
    index += 1
    const broker = { id, http: 'h:1', peer: `p${id}:1`, pid: 1, incarnation: 'i', directoryId: 'd' }
    state.apply(index, { id: `b${id}`, command: { type: 'register-broker', broker } })
  }
  return state
}

/** Sizes and rates in MiB, by group. */
function figuresOf(sizes: readonly number[], rates: readonly number[] = []): LoadFigures {
  const partitions = sizes.map((size, at) => [
    at + 1,
    { bytes: size * MiB, bytesPerSecond: (rates[at] ?? 0) * MiB },
  ]) as [number, { bytes: number; bytesPerSecond: number }][]
  return { brokers: new Map(), partitions: new Map(partitions) }
}

const place = (state: MetadataState, figures: LoadFigures | null, partitions: number, replicas: number): number[][] =>
  placePartitions(
    [...state.brokers.values()].map((broker) => rackedBroker(broker)),
    placedLoad(state, figures, 100),
    partitions,
    replicas,
  )

test('counts replicas where nothing is known, and of those that are new', () => {
  const state = stateOf([1, 2], [1, 3])
  const counts = { replicas: new Map([1, 2, 3].map((id) => [id, id === 1 ? 2 : 1])), leaders: new Map([[1, 2]]) }
  const room = new Map([1, 2, 3, 4].map((id) => [id, [98, 99, 99, 100][id - 1]]))
  expect(placedLoad(state, null, 100)).toEqual({ ...counts, room })
  expect(placedLoad(state, figuresOf([]), 100)).toEqual({ ...counts, room })
})

test('a replica of several times the mean size and traffic counts as several', () => {
  const state = stateOf([1], [2], [3], [3])
  const { replicas } = placedLoad(state, figuresOf([100, 0, 0, 0], [100, 0, 0, 0]), 100)
  expect(replicas).toEqual(new Map([1, 2, 3].map((id) => [id, id === 1 ? 4 : 0])))
  // Of differences below a MiB, and of one in a second, nothing follows.
  expect(placedLoad(state, figuresOf([0.2, 0, 0.1, 0], [0.1, 0.2, 0, 0]), 100)).toEqual(placedLoad(state, null, 100))
})

test('new partitions go to brokers with less data and traffic, though these have as many replicas', () => {
  const state = stateOf([1, 2], [2, 1], [3, 4], [4, 3])
  expect(new Set(place(state, null, 2, 2).flat())).toEqual(new Set([1, 2, 3, 4]))
  const heavy = figuresOf([500, 500, 5, 5], [20, 20, 0, 0])
  expect(new Set(place(state, heavy, 2, 2).flat())).toEqual(new Set([3, 4]))
  expect(new Set(place(state, figuresOf([500, 500, 5, 5]), 1, 2).flat())).toEqual(new Set([3, 4]))
})

test('a broker whose disk is nearly full gets none while others can', () => {
  const state = stateOf()
  const brokers = new Map([1, 2, 3, 4].map((id) => [id, { roomBytes: id === 1 ? 0 : 1 }]))
  const figures = { brokers, partitions: new Map() }
  expect(new Set(place(state, figures, 6, 3).flat())).toEqual(new Set([2, 3, 4]))
  expect(new Set(place(state, figures, 2, 4).flat())).toEqual(new Set([1, 2, 3, 4]))
})
