import { expect, it } from 'vitest'
import { GroupRequestAnswerer } from './group-requests.ts'

it('a broker without a replica of the group says that it does not lead it, so that who asks looks for the leader again', async () => {
  const state = { partitionOf: () => undefined }
  const deps = { brokerId: 1, groups: { get: () => undefined }, state, writable: () => true }
  const groupRequests = new GroupRequestAnswerer({ ...deps, changeMetadata: async () => {} } as never)
  const notLeader = expect.objectContaining({ code: 'NOT_LEADER', retriable: true })
  await expect(groupRequests.answer({ do: 'report', group: 7, tail: false })).rejects.toEqual(notLeader)
  await expect(groupRequests.answer({ do: 'drive', group: 7, change: 3 })).rejects.toEqual(notLeader)
  await expect(groupRequests.answer({ do: 'transfer', group: 7, to: 2 })).rejects.toEqual(notLeader)
})
