import type { BrokerId } from '@tailrace/schemas'
import type { BrokerCondition, Condition } from '../api/condition.ts'
import type { CascadeApi } from '../cascade/wire/cascade-messages.ts'
import { earlierVersion } from '../cluster/members/conditions.ts'
import type { Clock } from '../platform/clock.ts'

/** Other brokers are asked again after this time at the soonest, and only while somebody wants to know. */
const AGAIN_MS = 5_000

interface Asked {
  /** Of this broker. */
  condition(): Condition
  /** Never rejects. */
  conditionsOfOthers(): Promise<readonly BrokerCondition[]>
}

/** How all brokers are, by their numbers: this one as it is now, others as they were a few seconds ago. */
export function allConditions(
  brokerId: BrokerId,
  node: Asked,
  clock: Pick<Clock, 'monotonic'>,
): () => Promise<readonly BrokerCondition[]> {
  let askedAt = Number.NEGATIVE_INFINITY
  let asked: Promise<readonly BrokerCondition[]> = Promise.resolve([])
  return async () => {
    if (clock.monotonic() - askedAt >= AGAIN_MS) {
      askedAt = clock.monotonic()
      asked = node.conditionsOfOthers()
    }
    const all = [...(await asked), { broker: brokerId, condition: node.condition(), why: '' }]
    return all.sort((one, other) => one.broker - other.broker)
  }
}

/** Of all cascade brokers, which send it with their beats; none while the metadata leader does not tell of them. */
export async function cascadeConditions(cascade: Pick<CascadeApi, 'status'>): Promise<readonly BrokerCondition[]> {
  const { brokers } = await cascade.status().catch(() => ({ brokers: [] }))
  return brokers.map(({ broker, condition = null }) => ({
    broker,
    condition,
    why: condition === null ? earlierVersion : '',
  }))
}
