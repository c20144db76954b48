import type { Offset } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { StreamsApi } from '../../api/streams-api.ts'
import { behindMessages, isBoundary } from '../state/json-messages.ts'
import { rangeOf, storedKeys } from '../state/stored-keys.ts'
import type { StreamRecord } from '../state/stream-record.ts'
import { isJson } from '../state/stream-record.ts'
import type { StreamsStore } from '../state/streams-store.ts'

export interface StreamDataDeps {
  readonly store: Pick<StreamsStore, 'range' | 'settled'>
  /** Asks the leader of another stream, for this broker itself. */
  readonly ask: StreamsApi['ask']
}

interface Piece {
  readonly start: Offset
  readonly bytes: Uint8Array
}

/** The bytes of streams: their own from the state store, those that a fork has of its source from that one's leader. */
export class StreamData {
  readonly #deps: StreamDataDeps

  constructor(deps: StreamDataDeps) {
    this.#deps = deps
  }

  /**
   * Whole appends from `offset` up to `upTo`, one at least, and no more once they have `maxBytes`. The first may begin
   * within one.
   * @throws TailraceError INVALID_REQUEST: no message of JSON begins at the offset; UNKNOWN_STREAM: it was deleted
   * meanwhile
   */
  async read(
    stream: StreamRecord,
    { offset, upTo, maxBytes }: { readonly offset: Offset; readonly upTo: Offset; readonly maxBytes: number },
  ): Promise<{ readonly next: Offset; readonly bytes: Uint8Array }> {
    const pieces: Uint8Array[] = []
    let [next, bytes] = [offset, 0]
    const add = (piece: Uint8Array): void => {
      pieces.push(piece)
      next += piece.length
      bytes += piece.length
    }
    const { source } = stream
    while (source !== null && next < Math.min(source.at, upTo) && bytes < maxBytes) {
      const place = { path: source.path, id: source.id, offset: next, upTo: Math.min(source.at, upTo) }
      add((await this.#deps.ask({ kind: 'read', ...place, maxBytes: maxBytes - bytes })).body)
    }
    if (next < upTo && bytes < maxBytes) {
      for await (const piece of this.#own(stream, next)) {
        add(this.#cut(stream, piece, next, upTo))
        if (next >= upTo || bytes >= maxBytes) break
      }
    }
    if (next === offset && offset < upTo) throw new TailraceError('UNKNOWN_STREAM', 'It was deleted meanwhile.')
    return { next, bytes: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces) }
  }

  /**
   * The offset `sub` bytes, or messages of JSON, behind another one, within one append.
   * @throws TailraceError INVALID_REQUEST: the append that begins there has not so much
   */
  async place(stream: StreamRecord, offset: Offset, sub: number, upTo: Offset): Promise<Offset> {
    const { source, type } = stream
    if (sub === 0) return offset
    if (source !== null && offset < source.at) {
      const there = { path: source.path, id: source.id, offset, sub, upTo: Math.min(upTo, source.at) }
      return (await this.#deps.ask({ kind: 'place', ...there })).result.offset
    }
    for await (const piece of offset < upTo ? this.#own(stream, offset) : []) {
      const bytes = this.#cut(stream, piece, offset, upTo)
      const length = isJson(type) ? behindMessages(bytes, sub) : sub
      if (length >= 0 && length <= bytes.length) return offset + length
      break
    }
    throw new TailraceError('INVALID_REQUEST', 'Stream-Fork-Sub-Offset goes beyond the append at Stream-Fork-Offset.')
  }

  /** The stream's own appends, from the one that has the byte at this offset. */
  async *#own({ id }: StreamRecord, offset: Offset): AsyncIterable<Piece> {
    const { store } = this.#deps
    await store.settled()
    const [, end] = rangeOf(storedKeys.dataOf(id))
    for await (const [key, bytes] of store.range(storedKeys.data(id, offset + 1), end)) {
      yield { start: Number(key.slice(-16)) - bytes.length, bytes }
    }
  }

  #cut({ type }: StreamRecord, { start, bytes }: Piece, from: Offset, upTo: Offset): Uint8Array {
    const first = from - start
    if (first > 0 && isJson(type) && !isBoundary(bytes, first)) {
      throw new TailraceError('INVALID_REQUEST', 'No message begins at this offset.')
    }
    return first === 0 && start + bytes.length <= upTo ? bytes : bytes.subarray(first, upTo - start)
  }
}
