import { TailraceError } from '@tailrace/schemas'

/** How the files and connections that one process may have open are divided. */
export interface OpenFileBudget {
  /** Segments that stay open for the next read or write. */
  readonly segments: number
  /** Files of the state store that stay open. */
  readonly store: number
  /** Connections that other brokers have not introduced themselves on. */
  readonly unknownPeers: number
  /** Connections of clients; Infinity where the system sets no limit. */
  readonly clients: number
}

const most: OpenFileBudget = { segments: 256, store: 64, unknownPeers: 64, clients: Number.POSITIVE_INFINITY }
const least: OpenFileBudget = { segments: 16, store: 16, unknownPeers: 8, clients: 16 }
/** Node.js itself, listeners, logs, the journal with its spare files, checkpoints, copies that are made or fetched. */
const always = 64
/** Known peers, each way, beside those that have not introduced themselves yet. */
const knownPeers = 16
const leastLimit = always + knownPeers + least.segments + least.store + least.unknownPeers + least.clients

/**
 * Divides the limit so that the log has enough before clients get the rest: a client that is refused comes again, a log
 * that cannot open its next file stops the broker.
 * @param limit null: there is none
 * @throws TailraceError INVALID_SETTING when nothing would be left for clients
 */
export function openFileBudget(limit: number | null): OpenFileBudget {
  if (limit === null) return most
  if (limit < leastLimit) {
    throw new TailraceError(
      'INVALID_SETTING',
      `This process may have ${limit} files and connections open, but needs ${leastLimit} at least: raise the limit (ulimit -n, LimitNOFILE of systemd).`,
    )
  }
  const spare = limit - leastLimit
  const share = (part: 'segments' | 'store' | 'unknownPeers', of: number): number =>
    Math.min(most[part], least[part] + Math.floor(spare / of))
  const [segments, store, unknownPeers] = [share('segments', 4), share('store', 8), share('unknownPeers', 16)]
  return { segments, store, unknownPeers, clients: limit - always - knownPeers - segments - store - unknownPeers }
}
