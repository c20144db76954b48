import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'

interface Link {
  readonly broker: BrokerId
  readonly source: BrokerId
}

/** The source of each broker. */
export function sourcesOf(links: readonly Link[]): ReadonlyMap<BrokerId, BrokerId> {
  return new Map(links.map(({ broker, source }) => [broker, source]))
}

/** `broker`, its source, the source's source and so on, as far as they are cascade brokers; ends at a cycle. */
export function ancestorsOf(broker: BrokerId, sourceOf: ReadonlyMap<BrokerId, BrokerId>): BrokerId[] {
  const chain: BrokerId[] = []
  for (let at: BrokerId | undefined = broker; at !== undefined && at !== 0 && !chain.includes(at); ) {
    chain.push(at)
    at = sourceOf.get(at)
  }
  return chain
}

/**
 * Whether `broker` may copy from `source` (0: the assigned one).
 * @throws TailraceError UNKNOWN_BROKER, CASCADE_CYCLE
 */
export function checkAssignment(
  broker: BrokerId,
  source: BrokerId,
  links: readonly Link[],
  level0: ReadonlySet<BrokerId>,
): void {
  const isKnown = (id: BrokerId): boolean => links.some((link) => link.broker === id)
  if (!isKnown(broker)) throw new TailraceError('UNKNOWN_BROKER', `No cascade broker ${broker} is heard of.`)
  if (source === 0) return
  if (!isKnown(source) && !level0.has(source)) throw new TailraceError('UNKNOWN_BROKER', `${source} is not heard of.`)
  const chain = ancestorsOf(source, sourcesOf(links))
  if (chain.includes(broker)) throw new TailraceError('CASCADE_CYCLE', `${chain.join(' copies from ')}.`)
}
