import { storedJson } from '../../log/store/stored-json.ts'
import type { StreamChange } from '../state/change-codec.ts'
import { rangeOf, storedKeys } from '../state/stored-keys.ts'
import type { StreamsStore } from '../state/streams-store.ts'
import { isLinkRecord, type LinkRecord } from './subscription-record.ts'

export type Link = LinkRecord & { readonly stream: string }

interface Found {
  readonly links: Link[]
  readonly from: string
}

/** Streams that one wake names, and characters of their names; the others are in the next one. */
const MOST_WOKEN = 1_000
const MOST_CHARACTERS = 200_000
/** Streams of one look that may not be seen. */
const MOST_PASSED = 1_000
/** The key alone says it. */
const NOTED = new Uint8Array([1])

/** The streams of subscriptions, in the state store alone: a pattern may match any number of them. */
export class Links {
  readonly #store: Pick<StreamsStore, 'get' | 'range' | 'settled'>

  constructor(store: Pick<StreamsStore, 'get' | 'range' | 'settled'>) {
    this.#store = store
  }

  async get(number: string, stream: string): Promise<LinkRecord | null> {
    await this.#store.settled()
    const key = storedKeys.link(number, stream)
    const bytes = await this.#store.get(key)
    return bytes === null ? null : storedJson(key, bytes, isLinkRecord)
  }

  /** In the order of their streams, behind `after`. */
  async page(number: string, after: string, most: number): Promise<Link[]> {
    await this.#store.settled()
    const prefix = storedKeys.linksOf(number)
    const [first, end] = rangeOf(prefix)
    const links: Link[] = []
    for await (const [key, value] of this.#store.range(after === '' ? first : `${prefix}${after}\0`, end)) {
      links.push({ ...storedJson(key, value, isLinkRecord), stream: key.slice(prefix.length) })
      if (links.length === most) break
    }
    return links
  }

  async hasPending(number: string): Promise<boolean> {
    await this.#store.settled()
    for await (const _ of this.#store.range(...rangeOf(storedKeys.pendingOf(number)))) return true
    return false
  }

  /**
   * Streams that have more than was acked, as far as `may` lets them be seen, from one on and then from the first; no
   * more than one entry of the log has room for. `from`: where to look next. A look ends behind many that may not be
   * seen: anybody may have a subscription to any number of them.
   */
  async pending(number: string, may: (stream: string) => boolean, from: string): Promise<Found> {
    await this.#store.settled()
    const links: Link[] = []
    let [characters, passed] = [0, 0]
    for await (const stream of this.#pendingFrom(number, from)) {
      const link = may(stream) ? await this.get(number, stream) : null
      if (link !== null) {
        characters += stream.length
        if (links.push({ ...link, stream }) === MOST_WOKEN || characters > MOST_CHARACTERS) break
      } else if (++passed === MOST_PASSED) return { links, from: links.length > 0 ? from : stream }
    }
    return { links, from }
  }

  async *#pendingFrom(number: string, from: string): AsyncIterable<string> {
    const prefix = storedKeys.pendingOf(number)
    const [first, end] = rangeOf(prefix)
    for (const [start, stop] of [
      [prefix + from, end],
      [first, prefix + from],
    ] as const) {
      for await (const [key] of this.#store.range(start, stop)) yield key.slice(prefix.length)
    }
  }
}

/** The link as it is from now on; null: there is none. */
export function linkChanges(number: string, stream: string, link: LinkRecord | null): StreamChange[] {
  const value = link === null ? null : new TextEncoder().encode(JSON.stringify(link))
  const isPending = link !== null && link.tail > link.acked
  return [
    [storedKeys.link(number, stream), value],
    [storedKeys.pending(number, stream), isPending ? NOTED : null],
  ]
}
