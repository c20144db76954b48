import type { GroupId } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import type { Group, Groups } from '../../partition/group.ts'
import type { Clock } from '../../platform/clock.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import { MetadataState, type Topic } from '../metadata/metadata-state.ts'
import { Reconciler } from './reconciler.ts'

const noMachines = {
  has: () => false,
  machineOf: () => Promise.reject(new Error('no machine')),
  forget: async () => {},
}

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
    awake: 0,
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
  const reconciler = new Reconciler({
    brokerId: 2,
    groups,
    state,
    clock: promptClock,
    logger: silentLogger,
    limits: { maxBatchBytes: 1000, largestMaxBatchBytes: 1000 },
    machines: noMachines,
    confirmGone: async () => {},
    onProgress: () => {},
    onRemoved: () => {},
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

/** A topic of many partitions on brokers 2 and 3, which are preferred in turn, as broker 2 sees it. */
function manyPartitions(count: number, clock: Clock) {
  const state = new MetadataState()
  const broker = { id: 2, http: 'b2:1', peer: 'b2:2', pid: 1, incarnation: 'i', directoryId: 'd' }
  state.apply(1, { id: 'register', command: { type: 'register-broker', broker } })
  const partitions = Array.from({ length: count }, (_, at) => ({ replicas: at % 2 === 0 ? [3, 2] : [2, 3] }))
  const create = { type: 'create-topic', name: 'many', topicId: 't', config: {}, partitions } as const
  const opened: GroupId[] = []
  const groups = {
    awake: 0,
    get: () => undefined,
    stored: () => [],
    open: async ({ group }: { group: GroupId }) => {
      opened.push(group)
      return { update: () => {} } as unknown as Group
    },
    allOpened: () => {},
  } as unknown as Groups
  const reconciler = new Reconciler({
    brokerId: 2,
    groups,
    state,
    limits: { maxBatchBytes: 1000, largestMaxBatchBytes: 1000 },
    machines: noMachines,
    clock,
    logger: silentLogger,
    confirmGone: async () => {},
    onProgress: () => {},
    onRemoved: () => {},
  })
  reconciler.caughtUp()
  reconciler.created(state.apply(2, { id: 'create', command: create })!.created as Topic)
  return { opened, reconciler }
}

test('thousands of replicas are opened in many turns: other work does not wait for all of them', async () => {
  const clock = new ManualClock(0)
  const turns: (() => void)[] = []
  const { opened } = manyPartitions(1000, {
    now: () => 0,
    monotonic: () => 0,
    every: () => ({ cancel: () => {} }),
    after: (_ms, call) => clock.after(0, call),
    soon: (call) => turns.push(call),
  })
  let most = opened.length
  while (opened.length < 1000) {
    const before = opened.length
    const turn = turns.shift()
    if (turn === undefined) await clock.advance(1, settled)
    else turn()
    await settled()
    most = Math.max(most, opened.length - before)
  }
  expect(most).toBeLessThanOrEqual(128)
})

test('a preferred leader opens a new group shortly after the others do, not after all other groups', async () => {
  const clock = new ManualClock(0)
  const places = new Map<GroupId, number>()
  // Each turn takes 2 ms.
  const soon = (call: () => void): void => void clock.after(2, call)
  const slow: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    soon,
    after: (ms, call) => clock.after(ms, call),
    every: (ms, call) => clock.every(ms, call),
  }
  const { opened, reconciler } = manyPartitions(8000, slow)
  for (let ms = 0; reconciler.pending > 0; ms += 1) {
    expect(ms).toBeLessThan(1000)
    await clock.advance(1, settled)
    for (const group of opened.slice(places.size)) places.set(group, ms)
  }
  const times = [...places].sort(([a], [b]) => a - b).map(([, at]) => at)
  // Neighbours have different preferred leaders.
  for (let at = 1; at < times.length; at += 1) expect(Math.abs(times[at]! - times[at - 1]!)).toBeLessThanOrEqual(40)
})
