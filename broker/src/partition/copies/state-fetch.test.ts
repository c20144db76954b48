import { type Message, TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import type { LogInstall } from '../../log/log-storage.ts'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import type { Peers } from '../peers.ts'
import { encodeManifest, STATE_FILE } from './copy-manifest.ts'
import { StateFetch } from './state-fetch.ts'

const CHUNK = 4
const PATIENCE_MS = 1000
const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const checked = (body: Uint8Array) => ({ fields: { crc32c: nodeCrc32c(body, 0, body.length) }, body })
/** One bit differs from the bytes that the checksum was made of. */
const damaged = (body: Uint8Array) => ({ ...checked(body), body: body.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) })

interface Asked {
  readonly name: string
  readonly place: string
  readonly at: number
}

/**
 * A source with a copy of two files, and the requests that it got. `answer` may put another answer in the place of the
 * right one.
 */
class Source {
  files: Record<string, string> = { one: 'abcdefghij', two: 'klm' }
  stateBytes: number | null = 6
  state = 'STATE!'
  readonly ends = { prevIndex: 0, lastIndex: 9, lastTerm: 2 }
  answer: (asked: Asked, count: number) => 'right' | 'damaged' | Uint8Array | TailraceError = () => 'right'
  readonly asked: Asked[] = []
  readonly closed: boolean[] = []
  #copy = 0
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  async request(_to: number, name: string, fields: object): Promise<unknown> {
    if (name === 'CopyClose') {
      this.closed.push((fields as Message<'CopyClose'>).damaged)
      return {}
    }
    const { file, position, maxBytes, copy } = fields as Message<'CopyRead'>
    const asked = { name, place: name === 'CopyRead' ? `${file} ${position}` : '', at: this.#clock.monotonic() }
    this.asked.push(asked)
    const other = this.answer(asked, this.asked.length)
    if (other instanceof TailraceError) throw other
    if (name === 'CopyOpen') this.#copy++
    else expect(copy).toBe(this.#copy)
    const text = file === STATE_FILE ? this.state : this.files[file]
    const right = text === undefined ? this.#manifest() : bytesOf(text).subarray(position, position + maxBytes)
    const reply = other instanceof Uint8Array ? checked(other) : other === 'damaged' ? damaged(right) : checked(right)
    return { body: reply.body, fields: { ...reply.fields, copy: this.#copy } }
  }

  #manifest(): Uint8Array {
    const files = Object.entries(this.files).map(([name, text]) => ({ name, bytes: text.length }))
    const terms = [{ term: 2, index: this.ends.prevIndex + 1, offset: 0 }]
    return encodeManifest({
      description: { ...this.ends, prevTerm: 0, startOffset: 0, endOffset: 9, terms, configurations: [] },
      files,
      stateBytes: this.stateBytes,
    })
  }
}

/** Received bytes are kept by the name of their file and the ends of their copy, as the log keeps them. */
function world() {
  const clock = new ManualClock()
  const source = new Source(clock)
  const kept = new Map<string, string>()
  const beginInstall = async (_group: number, description: LogInstall['description'], files: LogInstall['files']) => {
    const { prevIndex, lastIndex, lastTerm } = description
    const key = (name: string) => `${name} ${prevIndex} to ${lastIndex} of ${lastTerm}`
    const have = (name: string) => kept.get(key(name))?.length ?? 0
    const write = async (name: string, position: number, bytes: Uint8Array) => {
      expect(position).toBe(have(name))
      kept.set(key(name), (kept.get(key(name)) ?? '') + textOf(bytes))
    }
    return { description, files, have, write } as LogInstall
  }
  const throttled: number[] = []
  const throttle = { take: async (bytes: number) => void throttled.push(bytes) }
  const peers = source as unknown as Peers
  const deps = { group: 1, storage: { beginInstall }, peers, clock, crc32c: nodeCrc32c, throttle }
  const request = { from: 1, source: 2, lastIndex: 5, lastTerm: 2 }
  const fetch = new StateFetch({ ...deps, chunkBytes: CHUNK, patienceMs: PATIENCE_MS }, request)
  /** The outcome, within a minute of the clock. */
  const end = async <T>(work: Promise<T>): Promise<T | string> => {
    const outcome = work.catch((error: TailraceError) => error.code)
    await clock.advance(60_000, settled)
    return outcome
  }
  return { source, kept, fetch, throttled, clock, end }
}

const allPlaces = ['', 'one 0', 'one 4', 'one 8', 'two 0']

describe('M54 the segments of a copy', () => {
  it('come piece by piece, each file as long as described, as fast as the rate allows', async () => {
    const { source, kept, fetch, throttled, end } = world()
    expect(await end(fetch.segments())).toMatchObject({ manifest: { description: { lastIndex: 9 } } })
    expect([...kept]).toEqual([
      ['one 0 to 9 of 2', 'abcdefghij'],
      ['two 0 to 9 of 2', 'klm'],
    ])
    expect(source.asked.map(({ place }) => place)).toEqual(allPlaces)
    expect(throttled).toEqual([CHUNK, CHUNK, CHUNK, CHUNK])
    expect([fetch.receivedBytes, fetch.totalBytes, fetch.source]).toEqual([13, 13 + 6, 2])
  })

  it.each([
    ['damaged', 'damaged' as const],
    ['lost', new TailraceError('CONNECTION_LOST')],
    ['late', new TailraceError('TIMED_OUT')],
    ['refused for now', new TailraceError('OVERLOADED')],
  ])('ask again for a piece that was %s, after a pause and at the same place', async (_, fault) => {
    const { source, kept, fetch, end } = world()
    source.answer = (_asked, count) => (count === 3 || count === 4 ? fault : 'right')
    await end(fetch.segments())
    expect(source.asked.map(({ place }) => place)).toEqual(['', 'one 0', 'one 4', 'one 4', 'one 4', 'one 8', 'two 0'])
    expect(source.asked.map(({ at }) => at)).toEqual([0, 0, 0, 100, 200, 200, 200])
    expect(kept.get('one 0 to 9 of 2')).toBe('abcdefghij')
    expect(fetch.receivedBytes).toBe(13)
  })

  it('are given up when no piece comes for too long, and at once for an error that another request does not repair', async () => {
    const lost = world()
    lost.source.answer = (_asked, count) => (count > 2 ? new TailraceError('CONNECTION_LOST') : 'right')
    expect(await lost.end(lost.fetch.segments())).toBe('CONNECTION_LOST')
    expect(lost.source.asked.at(-1)!.at).toBe(PATIENCE_MS)
    const refused = world()
    refused.source.answer = (_asked, count) => (count > 2 ? new TailraceError('UNKNOWN_PARTITION') : 'right')
    expect(await refused.end(refused.fetch.segments())).toBe('UNKNOWN_PARTITION')
    expect(refused.source.asked).toHaveLength(3)
  })

  it('continue at their place when the source has opened the same copy anew, or another attempt has some of them', async () => {
    const { source, kept, fetch, end } = world()
    kept.set('one 0 to 9 of 2', 'abcd')
    source.answer = (_asked, count) => (count === 3 ? new TailraceError('CLOSED') : 'right')
    await end(fetch.segments())
    expect(source.asked.map(({ place }) => place)).toEqual(['', 'one 4', 'one 8', '', 'one 8', 'two 0'])
    expect(kept.get('one 0 to 9 of 2')).toBe('abcdefghij')
    expect(fetch.receivedBytes).toBe(13)
  })

  it.each([
    ['begins elsewhere', { prevIndex: 3 }],
    ['ends elsewhere', { lastIndex: 12 }],
    ['ends in another term', { lastTerm: 3 }],
  ])('begin anew when the source now has a copy that %s', async (_, ends) => {
    const { source, kept, fetch, end } = world()
    source.answer = (_asked, count) => {
      if (count !== 3) return 'right'
      Object.assign(source.ends, ends)
      source.files = { one: 'ABCDE' }
      return new TailraceError('CLOSED')
    }
    expect(await end(fetch.segments())).toMatchObject({ manifest: { description: ends } })
    expect(source.asked.map(({ place }) => place)).toEqual(['', 'one 0', 'one 4', '', 'one 0', 'one 4'])
    const { prevIndex, lastIndex, lastTerm } = source.ends
    expect(kept.get(`one ${prevIndex} to ${lastIndex} of ${lastTerm}`)).toBe('ABCDE')
    expect([fetch.receivedBytes, fetch.totalBytes]).toEqual([5, 5 + 6])
  })

  it.each([
    ['shorter', bytesOf('')],
    ['longer', bytesOf('ijk')],
  ])('are refused when a file is %s than described', async (_, piece) => {
    const { source, kept, fetch, end } = world()
    source.answer = ({ place }) => (place === 'one 8' ? piece : 'right')
    expect(await end(fetch.segments())).toBe('STORAGE_CORRUPT')
    expect(kept.get('one 0 to 9 of 2')).toBe('abcdefgh')
  })

  it('are refused when their manifest is damaged', async () => {
    const { source, fetch, end } = world()
    source.answer = () => 'damaged'
    expect(await end(fetch.segments())).toBe('STORAGE_CORRUPT')
  })

  it('come no further once they are stopped', async () => {
    const { source, fetch, end } = world()
    source.answer = (_asked, count) => {
      if (count === 2) fetch.stop()
      return 'right'
    }
    fetch.checkGoing()
    expect(await end(fetch.segments())).toBe('ABORTED')
    expect(() => fetch.checkGoing()).toThrow(expect.objectContaining({ code: 'ABORTED' }))
    expect(source.asked).toHaveLength(2)
  })
})

describe('M54 the derived state of a copy', () => {
  it('comes in pieces that are put together', async () => {
    const { source, fetch, end } = world()
    expect(textOf((await end(fetch.derivedState())) as Uint8Array)).toBe('STATE!')
    expect(source.asked.map(({ place }) => place)).toEqual(['', '#state 0', '#state 4'])
    expect(fetch.receivedBytes).toBe(6)
  })

  it('is empty where the manifest names none', async () => {
    const { source, fetch, end } = world()
    source.stateBytes = null
    source.state = ''
    expect(await end(fetch.derivedState())).toEqual(new Uint8Array(0))
  })

  it.each([
    ['longer', 'STATES!', 'STORAGE_CORRUPT'],
    ['shorter', 'STAT', 'STORAGE_CORRUPT'],
  ])('is refused when it is %s than described', async (_, state, code) => {
    const { source, fetch, end } = world()
    source.state = state
    expect(await end(fetch.derivedState())).toBe(code)
  })

  it('is refused when it would not fit into memory, and is given up when its copy is gone', async () => {
    const large = world()
    large.source.stateBytes = (256 << 20) + 1
    expect(await large.end(large.fetch.derivedState())).toBe('FRAME_TOO_LARGE')
    const largest = world()
    largest.source.stateBytes = 256 << 20
    expect(await largest.end(largest.fetch.derivedState())).toBe('STORAGE_CORRUPT')
    const gone = world()
    gone.source.answer = ({ place }) => (place === '#state 4' ? new TailraceError('CLOSED') : 'right')
    expect(await gone.end(gone.fetch.derivedState())).toBe('CONNECTION_LOST')
    expect(gone.source.asked).toHaveLength(3)
  })
})

it('M54 the source is told that its copy has served, or that it is damaged, and need not answer', async () => {
  const { source, fetch, end } = world()
  await end(fetch.close())
  await end(fetch.complain())
  expect(source.closed).toEqual([false, true])
})
