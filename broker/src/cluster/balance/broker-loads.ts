import type { BrokerId, HoldingFields } from '@tailrace/schemas'
import { METADATA_GROUP, TailraceError } from '@tailrace/schemas'
import type { Groups } from '../../partition/group.ts'
import type { Peers } from '../../partition/peers.ts'
import type { WatchedStorage } from '../members/conditions.ts'
import { isNatural, isPositive } from '../metadata/commands/command-checks.ts'

/** A broker that does not answer sooner is planned without. */
const ANSWER_MS = 5000

/** What this broker's replicas and its disk hold. */
export function loadHere(groups: Pick<Groups, 'all'>, { usage }: Pick<WatchedStorage, 'usage'>): HoldingFields {
  const replicas: HoldingFields['replicas'] = []
  for (const { id: group, sizeBytes: bytes, firstStored: logStart, highWatermark } of groups.all()) {
    if (group !== METADATA_GROUP) replicas.push({ group, bytes, logStart, highWatermark })
  }
  const { freeBytes, reserveBytes } = usage
  return { freeBytes: Math.max(0, Math.round(freeBytes)), reserveBytes, replicas }
}

/** Checks beyond Avro's types. */
export function isLoad({ freeBytes, reserveBytes, replicas }: HoldingFields): boolean {
  return (
    [freeBytes, reserveBytes].every(isNatural) &&
    replicas.every((replica) => isPositive(replica.group) && figuresOf(replica).every(isNatural)) &&
    new Set(replicas.map(({ group }) => group)).size === replicas.length
  )
}

function figuresOf({ bytes, logStart, highWatermark }: HoldingFields['replicas'][number]): number[] {
  return [bytes, logStart, highWatermark]
}

/** Asks brokers for their loads, all at once. Those that do not answer, or are of an earlier version, are left out. */
export async function askLoads(
  brokers: readonly BrokerId[],
  peers: Pick<Peers, 'request'>,
  own: { readonly brokerId: BrokerId; readonly load: () => HoldingFields },
): Promise<Map<BrokerId, HoldingFields>> {
  const loads = new Map<BrokerId, HoldingFields>()
  await Promise.all(
    brokers.map(async (broker) => {
      try {
        const load =
          broker === own.brokerId ? own.load() : (await peers.request(broker, 'BrokerLoad', {}, [], ANSWER_MS)).fields
        loads.set(broker, load)
      } catch (error) {
        if (!(error instanceof TailraceError)) throw error
      }
    }),
  )
  return loads
}
