import type { BrokerId } from '@tailrace/schemas'
import { METADATA_GROUP } from '@tailrace/schemas'
import type { Peers } from '../../partition/peers.ts'
import type { GroupReport, GroupRequest } from './group-requests.ts'
import { GROUP_OPERATION } from './group-requests.ts'

const REPLY_MS = 5000

/** The brokers of the cluster as another broker knows them: the members of its metadata group. None where it does not answer. */
export async function membersAsToldBy(broker: BrokerId, peers: Pick<Peers, 'request'>): Promise<readonly BrokerId[]> {
  const request: GroupRequest = { do: 'report', group: METADATA_GROUP, tail: false }
  const fields = { operation: GROUP_OPERATION, json: JSON.stringify(request) }
  try {
    const reply = await peers.request(broker, 'Admin', fields, [], REPLY_MS)
    const { voters, outgoing, learners } = (JSON.parse(reply.fields.json) as GroupReport).status.configuration
    return [...voters, ...outgoing, ...learners]
  } catch {
    return []
  }
}
