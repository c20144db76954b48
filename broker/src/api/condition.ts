import type { BrokerId, ConditionFields } from '@tailrace/schemas'

/** How a broker is, as it says itself. */
export type Condition = ConditionFields

export interface BrokerCondition {
  readonly broker: BrokerId
  /** Null: not known. */
  readonly condition: Condition | null
  /** For people: why it is not known; empty where it is. */
  readonly why: string
}
