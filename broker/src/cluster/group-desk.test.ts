import { expect, it } from 'vitest'
import { GroupDesk } from './group-desk.ts'

it('a broker without a replica of the group says that it does not lead it, so that who asks looks for the leader again', async () => {
  const state = { partitionOf: () => undefined }
  const deps = { brokerId: 1, groups: { get: () => undefined }, state, writable: () => true }
  const desk = new GroupDesk({ ...deps, changeMetadata: async () => {} } as never)
  const notLeader = expect.objectContaining({ code: 'NOT_LEADER', retriable: true })
  await expect(desk.answer({ do: 'report', group: 7, tail: false })).rejects.toEqual(notLeader)
  await expect(desk.answer({ do: 'drive', group: 7, change: 3 })).rejects.toEqual(notLeader)
  await expect(desk.answer({ do: 'transfer', group: 7, to: 2 })).rejects.toEqual(notLeader)
})
