import { type BrokerId, TailraceError } from '@tailrace/schemas'
import type { BrokerCondition } from '../api/condition.ts'
import { whyNot } from '../cluster/members/conditions.ts'
import type { HttpClient } from '../platform/http-client.ts'
import type { Uplink } from './upstream/uplink.ts'
import type { Vouching } from './upstream/vouching.ts'
import { checkConditions } from './wire/answer-checks.ts'

const ASK_MS = 3_000

export interface ConditionsAboveDeps {
  readonly brokerId: BrokerId
  readonly uplink: Pick<Uplink, 'whenSession' | 'last'>
  readonly client: HttpClient
  readonly vouch: Vouching
}

/**
 * A cascade broker knows how other brokers are from its source, which it asks in its own name. Where that does not
 * tell, none is known.
 */
export async function conditionsAbove({
  brokerId,
  uplink,
  client,
  vouch,
}: ConditionsAboveDeps): Promise<readonly BrokerCondition[]> {
  try {
    const { address } = await uplink.whenSession(0)
    const header = vouch.header(undefined)
    const told = await client.request('GET', address, '/cluster/conditions', undefined, ASK_MS, header)
    return checkConditions(told, address).filter(({ broker }) => broker !== brokerId)
  } catch (error) {
    const why = `The source has not told: ${whyNot(TailraceError.from(error))}`
    const others = (uplink.last?.cluster.brokers ?? []).filter(({ id }) => id !== brokerId)
    return others.map(({ id }) => ({ broker: id, condition: null, why }))
  }
}
