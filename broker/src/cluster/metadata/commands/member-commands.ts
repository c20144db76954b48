import type { BrokerId, Timestamp } from '@tailrace/schemas'
import { areTexts, isBrokerSet, isNatural, isPositive } from './command-checks.ts'

/** The members of the cluster beside its founders. `at`, `broker`, `by`: time, broker and operator of the request. */
export type MemberCommand = JoinBroker | RemoveBroker | ForcedCluster

/** A new broker is admitted, under the index of this command. */
export interface JoinBroker {
  readonly type: 'join-broker'
  readonly joining: {
    readonly id: BrokerId
    readonly directoryId: string
    readonly peer: string
    readonly http: string
  }
  readonly at: Timestamp
  readonly broker: BrokerId
}
/** Permanent: neither the id nor the data directory is taken again. */
export interface RemoveBroker {
  readonly type: 'remove-broker'
  readonly removed: BrokerId
  readonly at: Timestamp
  readonly broker: BrokerId
  readonly by: string
}
/** The first command after the metadata group's members were forced (M83), which needed no log. */
export interface ForcedCluster {
  readonly type: 'forced-cluster'
  readonly members: readonly BrokerId[]
  readonly at: Timestamp
  readonly broker: BrokerId
  readonly by: string
}

export function isMemberCommand(value: { type?: string }): value is MemberCommand {
  const command = value as MemberCommand
  switch (command.type) {
    case 'join-broker': {
      const { id, directoryId, peer, http } = (command.joining ?? {}) as Partial<JoinBroker['joining']>
      return isPositive(id) && areTexts(directoryId, peer, http) && isRequest(command)
    }
    case 'remove-broker':
      return isPositive(command.removed) && isRequest(command) && areTexts(command.by)
    case 'forced-cluster':
      return isBrokerSet(command.members) && isRequest(command) && areTexts(command.by)
    default:
      return false
  }
}

function isRequest({ at, broker }: { at?: unknown; broker?: unknown }): boolean {
  return isNatural(at) && isPositive(broker)
}
