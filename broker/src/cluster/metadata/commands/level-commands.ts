import type { BrokerId, Timestamp } from '@tailrace/schemas'
import { areTexts, isNatural, isPositive } from './command-checks.ts'

/**
 * From here on the log may hold commands that brokers below this level cannot read. `at`, `broker`, `by`: time, broker
 * and operator of the request.
 */
export interface SetFeatureLevel {
  readonly type: 'set-feature-level'
  readonly level: number
  readonly at: Timestamp
  readonly broker: BrokerId
  readonly by: string
}

export function isLevelCommand(value: { type?: string }): value is SetFeatureLevel {
  const { type, level, at, broker, by } = value as SetFeatureLevel
  return type === 'set-feature-level' && isPositive(level) && isNatural(at) && isPositive(broker) && areTexts(by)
}
