import { expect, test } from 'vitest'
import { MetadataState } from '../metadata/metadata-state.ts'
import { drawPicture } from './draw-picture.ts'

const everyone = {
  brokers: [1, 2, 3, 4],
  steady: () => true,
  lost: () => false,
  resting: () => false,
  mostReplicas: 10,
}

function state(): MetadataState {
  const made = new MetadataState()
  const partitions = [{ replicas: [1, 2, 3] }, { replicas: [2, 3, 1] }]
  made.apply(1, { id: 'c', command: { type: 'create-topic', name: 't', topicId: 't', config: {}, partitions } })
  for (const id of [1, 2, 3]) {
    const broker = { id, http: 'h:1', peer: `p${id}:1`, pid: 1, incarnation: 'i', directoryId: 'd', rack: `r${id}` }
    made.apply(1 + id, { id: `r${id}`, command: { type: 'register-broker', broker } })
  }
  return made
}
const told = new Map([1, 2].map((id) => [id, { roomBytes: 100 }]))
const figures = { brokers: told, partitions: new Map([[1, { bytes: 5, bytesPerSecond: 6 }]]) }

test('brokers and partitions as they are', () => {
  const { brokers, partitions } = drawPicture(state(), figures, { ...everyone, resting: (group) => group === 2 })
  expect(partitions).toEqual([
    { group: 1, replicas: [1, 2, 3], leaderFixed: false, bytes: 5, bytesPerSecond: 6, settled: true },
    { group: 2, replicas: [2, 3, 1], leaderFixed: false, bytes: 0, bytesPerSecond: 0, settled: false },
  ])
  expect(brokers[0]).toEqual({
    id: 1,
    rack: 'r1',
    host: 'p1',
    up: true,
    leaving: null,
    open: true,
    roomBytes: 100,
    roomReplicas: 8,
  })
  // It has told nothing, and one that has never registered stands alone.
  expect(brokers[2]).toMatchObject({ up: false, open: false, roomBytes: 0 })
  expect(brokers[3]).toMatchObject({ id: 4, rack: 'host broker 4', up: false, open: false })
})

test('a partition under way counts where it is going to be, and takes room there', () => {
  const made = state()
  const command = { type: 'assign-replicas', topicId: 't', partition: 0, replicas: [4, 2, 3] } as const
  made.apply(9, { id: 'a', command })
  const { brokers, partitions } = drawPicture(made, figures, everyone)
  expect(partitions[0]).toMatchObject({ replicas: [4, 2, 3], settled: false })
  expect(brokers.map(({ roomReplicas }) => roomReplicas)).toEqual([8, 8, 8, 9])
})

test('brokers that are drained or lost', () => {
  const made = state()
  made.upkeep = { draining: [1], balancing: false }
  const { brokers } = drawPicture(made, figures, { ...everyone, lost: (id) => id < 3, steady: (id) => id === 3 })
  expect(brokers.map(({ leaving }) => leaving)).toEqual(['drained', 'lost', null, null])
  expect(brokers.map(({ open }) => open)).toEqual([false, false, false, false])
})
