import { METADATA_GROUP } from '@tailrace/schemas'
import { describe, expect, it, test } from 'vitest'
import { PeerPermissions, type PeerPermissionsDeps } from './peer-permissions.ts'

const GROUP = 7
const partition = { replicas: [1, 2], change: null, outcasts: [] as number[] }

/**
 * Broker 9 is not of the cluster; by the metadata 1 and 2 hold the group, and 3 is a member of the group as it is open
 * here.
 */
function permissions(given: { caughtUp?: boolean; outcasts?: number[]; opened?: boolean } = {}): PeerPermissions {
  const { caughtUp = true, outcasts = [], opened = false } = given
  const configuration = { voters: [3], outgoing: [], learners: [] }
  return new PeerPermissions({
    formation: { trusts: (id: number) => id !== 9, isMember: (id: number) => id <= 3 },
    state: {
      partitionOf: (group: number) => (group === GROUP ? { ...partition, outcasts } : undefined),
      head: { nextGroup: 20 },
    },
    groups: { get: () => (opened ? { configuration } : undefined) },
    caughtUp: () => caughtUp,
  } as unknown as PeerPermissionsDeps)
}

test('only voters of the metadata group may lead it, as far as this broker knows them', () => {
  const mayControl = (isCaughtUp: boolean, isOpen = true) => {
    const configuration = { voters: [1, 2], outgoing: [3], learners: [4] }
    const get = (group: number) => (isOpen && group === METADATA_GROUP ? { configuration } : undefined)
    const deps = { groups: { get }, caughtUp: () => isCaughtUp } as unknown as PeerPermissionsDeps
    return [1, 2, 3, 4, 5].map((id) => new PeerPermissions(deps).mayControl(id))
  }
  expect(mayControl(true)).toEqual([true, true, true, false, false])
  expect(mayControl(false)).not.toContain(false)
  expect(mayControl(true, false)).not.toContain(false)
})

describe('the brokers whose messages a group takes', () => {
  it('are the brokers that hold a replica of it, and are of the cluster', () => {
    expect([1, 2, 3, 9].map((id) => permissions().accepts(id, GROUP))).toEqual([true, true, false, false])
    expect(permissions({ caughtUp: false }).accepts(9, GROUP)).toBe(false)
  })

  it('are all of the cluster until this broker has caught up, and those of the group as it is open here', () => {
    expect(permissions({ caughtUp: false }).mayHold(4, GROUP)).toBe(true)
    expect(permissions({ opened: true }).mayHold(3, GROUP)).toBe(true)
    expect(permissions({ opened: true }).mayHold(4, GROUP)).toBe(false)
  })

  it('have no replica that was left behind when members were forced', () => {
    expect(permissions({ outcasts: [2], caughtUp: false }).mayHold(2, GROUP)).toBe(false)
    expect(permissions({ outcasts: [2] }).mayHold(1, GROUP)).toBe(true)
  })

  it('are all in a group that the metadata does not know yet, and none in one that is gone', () => {
    expect(permissions().mayHold(4, 20)).toBe(true)
    expect(permissions().mayHold(4, 19)).toBe(false)
  })

  it('are the members in the metadata group', () => {
    expect([3, 4].map((id) => permissions().mayHold(id, METADATA_GROUP))).toEqual([true, false])
  })
})
