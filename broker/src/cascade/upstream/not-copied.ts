import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { Uplink } from './uplink.ts'

/** The addresses that one message names. */
const MOST_NAMED = 3

/** Of a broker that wants to copy topics that this one, which copies `own`, does not copy. */
export function notTheSource(
  asker: BrokerId,
  own: readonly string[],
  { brokerId, uplink }: { readonly brokerId: BrokerId; readonly uplink: Pick<Uplink, 'last'> },
): TailraceError {
  const detail = `Broker ${brokerId} copies only ${own.join(', ')}, and ${asker} other topics, too. Its source can be`
  return new TailraceError('TOPIC_NOT_COPIED', `${detail} ${levelZero(uplink)}.`)
}

/** The error of a read of a topic that this broker does not copy: it names brokers that have it. */
export function notCopied(
  topic: string,
  { brokerId, uplink }: { readonly brokerId: BrokerId; readonly uplink: Pick<Uplink, 'last'> },
): TailraceError {
  const detail = `"${topic}" is not among the topics of broker ${brokerId}. Read it from ${levelZero(uplink)}.`
  return new TailraceError('TOPIC_NOT_COPIED', detail)
}

/** For people: where all topics are. */
function levelZero({ last }: Pick<Uplink, 'last'>): string {
  const alive = (last?.cluster.brokers ?? []).filter(({ level, http, alive }) => level === 0 && alive && http !== '')
  const named = alive.slice(0, MOST_NAMED).map(({ id, http }) => `${http} (broker ${id})`)
  return named.length === 0 ? 'a broker of level 0' : `a broker of level 0: ${named.join(', ')}`
}
