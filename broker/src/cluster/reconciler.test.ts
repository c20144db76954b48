import type { GroupId } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { promptClock, settled } from '../../../test/conformance/prompt-clock.ts'
import type { Group, Groups } from '../partition/types.ts'
import { MetadataState, type Topic } from './metadata-state.ts'
import { Reconciler } from './reconciler.ts'

test('a topic that is deleted while its replica is being opened takes the replica with it', async () => {
  const state = new MetadataState()
  const create = {
    type: 'create-topic',
    name: 'flights',
    topicId: 't',
    config: {},
    partitions: [{ replicas: [2] }],
  } as const
  const broker = { id: 2, http: 'b2:1', peer: 'b2:2', pid: 1, incarnation: 'i', directoryId: 'd' }
  state.apply(1, { id: 'register', command: { type: 'register-broker', broker } })
  const topic = state.apply(2, { id: 'create', command: create })!.created as Topic
  const open = new Map<GroupId, Group>()
  const opening = Promise.withResolvers<void>()
  const groups = {
    get: (group: GroupId) => open.get(group),
    stored: () => [],
    open: async ({ group }: { group: GroupId }) => {
      await opening.promise
      open.set(group, { update: () => {} } as unknown as Group)
      return open.get(group)!
    },
    remove: async (group: GroupId) => void open.delete(group),
    allOpened: () => {},
  } as unknown as Groups
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  const reconciler = new Reconciler({
    ...{ brokerId: 2, groups, state, clock: promptClock, logger: silent, maxBatchBytes: 1000 },
    ...{ confirmGone: async () => {}, onProgress: () => {}, onRemoved: () => {} },
  })
  reconciler.caughtUp()
  await settled()
  state.apply(3, { id: 'delete', command: { type: 'delete-topic', name: 'flights' } })
  reconciler.deleted(topic)
  opening.resolve()
  await settled()
  expect([...open.keys()]).toEqual([])
  expect(reconciler.pending).toBe(0)
})

test('thousands of replicas are opened in many turns: what else happens does not wait for all of them', async () => {
  const state = new MetadataState()
  const broker = { id: 2, http: 'b2:1', peer: 'b2:2', pid: 1, incarnation: 'i', directoryId: 'd' }
  state.apply(1, { id: 'register', command: { type: 'register-broker', broker } })
  const partitions = Array.from({ length: 1000 }, () => ({ replicas: [2] }))
  const create = { type: 'create-topic', name: 'many', topicId: 't', config: {}, partitions } as const
  let opened = 0
  const groups = {
    get: () => undefined,
    stored: () => [],
    open: async () => {
      opened += 1
      return { update: () => {} } as unknown as Group
    },
    allOpened: () => {},
  } as unknown as Groups
  const turns: (() => void)[] = []
  const reconciler = new Reconciler({
    ...{ brokerId: 2, groups, state, maxBatchBytes: 1000, clock: { ...promptClock, soon: (call) => turns.push(call) } },
    logger: { info: () => {}, warn: () => {}, error: () => {} },
    ...{ confirmGone: async () => {}, onProgress: () => {}, onRemoved: () => {} },
  })
  reconciler.caughtUp()
  reconciler.created(state.apply(2, { id: 'create', command: create })!.created as Topic)
  let most = 0
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    const before = opened
    turn()
    await settled()
    most = Math.max(most, opened - before)
  }
  expect(opened).toBe(1000)
  expect(most).toBeLessThanOrEqual(128)
})
