import type { BrokerId } from '@tailrace/schemas'
import { METADATA_GROUP } from '@tailrace/schemas'
import type { Peers } from '../../partition/peers.ts'

const REPLY_MS = 5000

/**
 * The brokers of the cluster as another broker knows them: the members of its metadata group. None where it does not
 * answer.
 */
export async function membersAsToldBy(broker: BrokerId, peers: Pick<Peers, 'request'>): Promise<readonly BrokerId[]> {
  try {
    const fields = { group: METADATA_GROUP, tail: false }
    const reply = await peers.request(broker, 'GroupReport', fields, [], REPLY_MS)
    const { voters, outgoing, learners } = reply.fields.status.configuration
    return [...voters, ...outgoing, ...learners]
  } catch {
    return []
  }
}
