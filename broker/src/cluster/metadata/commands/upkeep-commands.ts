import type { BrokerId, Timestamp } from '@tailrace/schemas'
import { areTexts, isNatural, isPositive } from './command-checks.ts'

/**
 * What an operator wants of the spread of replicas, of the third feature level; the metadata leader carries it out.
 * `at`, `broker`, `by`: time, broker and operator of the request.
 */
export type UpkeepCommand = SetDraining | SetBalancing

interface Asked {
  readonly at: Timestamp
  readonly broker: BrokerId
  readonly by: string
}
/** The replicas and leaderships of this broker go to others, and it gets no new ones; or that is called off. */
export interface SetDraining extends Asked {
  readonly type: 'set-draining'
  readonly drained: BrokerId
  readonly draining: boolean
}
/** Replicas and leaderships are spread evenly now. False: that is done, or called off. */
export interface SetBalancing extends Asked {
  readonly type: 'set-balancing'
  readonly balancing: boolean
}

export function isUpkeepCommand(value: { type?: string }): value is UpkeepCommand {
  const command = value as UpkeepCommand
  switch (command.type) {
    case 'set-draining':
      return isPositive(command.drained) && typeof command.draining === 'boolean' && isAsked(command)
    case 'set-balancing':
      return typeof command.balancing === 'boolean' && isAsked(command)
    default:
      return false
  }
}

function isAsked({ at, broker, by }: Partial<Asked>): boolean {
  return isNatural(at) && isPositive(broker) && areTexts(by)
}
