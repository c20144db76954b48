import { expect, test } from 'vitest'
import type { Group } from '../../partition/group.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { LeadershipRequests, type LeadershipRequestsDeps } from './leadership-requests.ts'

/** A broker that leads group 7 in term 4, of which broker 2 is the preferred replica. */
function groupRequests() {
  const transferred: number[] = []
  const group = {
    id: 7,
    term: 4,
    isLeader: true,
    unfit: null as string | null,
    trouble: null as string | null,
    inSync: [1, 2],
    status: () => ({ inSync: group.inSync, trouble: group.trouble }),
    transferLeadership: async (to: number) => void transferred.push(to),
  }
  const world = {
    open: true,
    writable: true,
    partition: { replicas: [1, 2], priorities: { 2: 0.5 } } as { replicas: number[]; change?: object } | undefined,
  }
  const one = new LeadershipRequests({
    groups: { get: () => (world.open ? group : undefined) } as unknown as LeadershipRequestsDeps['groups'],
    state: { partitionOf: () => world.partition } as unknown as MetadataState,
    storage: world,
  })
  return { one, group, world, transferred, led: group as unknown as Group }
}

test('a leadership is given back to the preferred replica', async () => {
  const { one, led, transferred } = groupRequests()
  expect(await one.giveBack(led, 2)).toEqual({ outcome: 'returned' })
  expect(transferred).toEqual([2])
})

test('one that an operator has put here stays until it ends: not while it goes on, but in a later term, or when it was lost', async () => {
  const { one, group, led, transferred } = groupRequests()
  one.keep(led)
  one.forget(7)
  expect(await one.giveBack(led, 2)).toEqual({ outcome: 'kept' })
  group.term = 5
  expect(await one.giveBack(led, 2)).toEqual({ outcome: 'returned' })
  one.keep(led)
  group.isLeader = false
  one.forget(7)
  group.isLeader = true
  expect(await one.giveBack(led, 2)).toEqual({ outcome: 'returned' })
  expect(transferred).toEqual([2, 2])
})

test('one of a group that is gone is forgotten', async () => {
  const { one, world, led } = groupRequests()
  one.keep(led)
  world.open = false
  one.forget(7)
  expect(await one.giveBack(led, 2)).toEqual({ outcome: 'returned' })
})

test.each([
  ['there is no such partition any more', 'INVALID_MEMBERS', { partition: undefined }, {}],
  ['another replica is preferred', 'INVALID_MEMBERS', { partition: { replicas: [1, 2] } }, {}],
  ['its members change', 'MEMBERS_CHANGING', { partition: { replicas: [2, 1], change: {} } }, {}],
  ['that replica is not in sync', 'TRANSFER_FAILED', {}, { inSync: [1] }],
])('no leadership is given back when %s', async (_, code, world, group) => {
  const all = groupRequests()
  Object.assign(all.world, world)
  Object.assign(all.group, group)
  await expect(all.one.giveBack(all.led, 2)).rejects.toMatchObject({ code })
  expect(all.transferred).toEqual([])
})

test.each([
  ['is not open', { open: false }, {}],
  ['is unfit', {}, { unfit: 'it is behind' }],
  ['has trouble', {}, { trouble: 'a damaged segment' }],
  ['has a full disk', { writable: false }, {}],
])('a replica that %s may not lead', (_, world, group) => {
  const all = groupRequests()
  all.one.mayLead(7)
  Object.assign(all.world, world)
  Object.assign(all.group, group)
  expect(() => all.one.mayLead(7)).toThrow(expect.objectContaining({ code: 'TRANSFER_FAILED' }))
})
