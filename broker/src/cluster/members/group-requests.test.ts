import { expect, it } from 'vitest'
import { answersHere } from '../requests/answers-here.ts'
import { GroupRequestAnswerer } from './group-requests.ts'

it('a broker without a replica of the group says that it does not lead it, so that the broker that asks looks for the leader again', async () => {
  const state = { partitionOf: () => undefined }
  const deps = { brokerId: 1, groups: { get: () => undefined }, state, storage: { writable: true } }
  const groupRequests = new GroupRequestAnswerer({ ...deps, changeMetadata: async () => {} } as never)
  const notLeader = expect.objectContaining({ code: 'NOT_LEADER', retriable: true })
  const here = answersHere(1, groupRequests)
  await expect(here('GroupReport', { group: 7, tail: false })).rejects.toEqual(notLeader)
  await expect(here('DriveChange', { group: 7, change: 3 })).rejects.toEqual(notLeader)
  await expect(here('TransferLeadership', { group: 7, to: 2 })).rejects.toEqual(notLeader)
})
