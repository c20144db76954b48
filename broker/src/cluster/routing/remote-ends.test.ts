import { BatchWriter, type GroupId, placeBatch, TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { Group } from '../../partition/group.ts'
import type { PeerReply, RequestName } from '../../partition/peers.ts'
import type { FetchRequest, FetchResult } from '../../partition/requests.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { type RemoteFetch, RemoteReads } from './remote-reads.ts'
import { WatchedEnds } from './watched-ends.ts'

/** A partition at the leader's broker. */
class Led {
  isLeader = true
  end = 0
  readonly #waiting = new Set<() => void>()
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  get waiting(): number {
    return this.#waiting.size
  }

  publish(): void {
    this.end += 1
    for (const wake of this.#waiting) wake()
  }

  depose(): void {
    this.isLeader = false
    for (const wake of this.#waiting) wake()
  }

  async fetch({ offset, waitMs, signal }: FetchRequest): Promise<FetchResult> {
    if (offset >= this.end && waitMs > 0) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake)
          timer.cancel()
          resolve()
        }
        const timer = this.#clock.after(waitMs, wake)
        this.#waiting.add(wake)
        signal?.addEventListener('abort', wake)
      })
    }
    if (!this.isLeader) throw new TailraceError('NOT_LEADER')
    const batches = offset < this.end ? [batchAt(offset)] : []
    return { batches, bytes: 0, nextOffset: offset + batches.length, highWatermark: this.end, logStart: 0 }
  }
}

function batchAt(offset: number): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value: 'x' })
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  placeBatch(batch, 0, offset, 1)
  return batch
}

let clock: ManualClock
let led: Map<GroupId, Led>
let watched: WatchedEnds
let reads: RemoteReads
/** All requests, those that wait and are not answered, and the most of the latter. */
let sent: { readonly name: RequestName; readonly waitMs: number }[]
let open: number
let mostOpen: number
/** Before the next question which places have moved. */
let between: (() => Promise<void>) | null
/** The link between the brokers; down: requests fail. */
let isUp: boolean

const partition = (group: GroupId): Led => {
  let known = led.get(group)
  if (known === undefined) led.set(group, (known = new Led(clock)))
  return known
}

beforeEach(() => {
  clock = new ManualClock(1_700_000_000_000)
  led = new Map()
  ;[sent, open, mostOpen, isUp, between] = [[], 0, 0, true, null]
  const groups = { get: (group: GroupId) => partition(group) as unknown as Group }
  watched = new WatchedEnds({ groups, clock })
  const answer = async (name: RequestName, fields: never): Promise<unknown> => {
    if (name === 'WatchEnds') return { fields: await watched.answer(1, fields) }
    const { partition: number } = fields as { partition: number }
    const { batches, ...figures } = await partition(number).fetch(fields)
    return { fields: { ...figures, rulesVersion: 0 }, body: new Uint8Array(Buffer.concat(batches)) }
  }
  const request = async (_: number, name: RequestName, fields: object): Promise<PeerReply<never>> => {
    const { waitMs } = fields as { waitMs: number }
    sent.push({ name, waitMs })
    if (name === 'WatchEnds' && waitMs > 0) await between?.()
    if (name === 'Fetch') open += 1
    mostOpen = Math.max(mostOpen, open)
    try {
      if (!isUp) throw new TailraceError('CONNECTION_LOST')
      const reply = await answer(name, structuredClone(fields) as never)
      if (!isUp) throw new TailraceError('CONNECTION_LOST')
      return reply as PeerReply<never>
    } finally {
      if (name === 'Fetch') open -= 1
    }
  }
  reads = new RemoteReads({ clock, peers: { request: request as never }, state: { security: { version: 0 } } })
})

const fetch = (group: GroupId, waitMs = 30_000, offset = 0): Promise<RemoteFetch> =>
  reads.fetch(
    { leader: 2, group, topic: 't', partition: Number(group) },
    { offset, maxBytes: 1 << 20, waitMs },
    clock.monotonic(),
  )

/** As Reader does: until there is something, or the time is over. Tells how long it took, null without records. */
async function read(group: GroupId, waitMs = 30_000): Promise<number | null> {
  const asked = clock.monotonic()
  for (;;) {
    const left = asked + waitMs - clock.monotonic()
    const { result, final } = await fetch(group, Math.max(0, left))
    if (result.batches.length > 0) return clock.monotonic() - asked
    if (final) return null
  }
}

/** Readers that come back, as subscribers do, until they have got something. */
function follow(groups: number): Map<GroupId, number> {
  const got = new Map<GroupId, number>()
  const one = async (group: GroupId): Promise<void> => {
    while ((await read(group)) === null);
    got.set(group, clock.monotonic())
  }
  for (let group = 1; group <= groups; group++) void one(group)
  return got
}

const asked = (name: RequestName): number => sent.filter((one) => one.name === name).length

test('idle partitions, more than there are requests that may wait, cost a request in ten seconds', async () => {
  const got = follow(1100)
  await clock.advance(1)
  // The others do not wait for their turn, but where all wait together.
  expect(mostOpen).toBe(1024)
  partition(1100).publish()
  await clock.advance(1)
  expect([...got]).toEqual([[1100, 1]])
  // Readers that have not asked for the place itself do so once.
  await clock.advance(40_000)
  sent = []
  await clock.advance(40_000)
  expect([asked('Fetch'), asked('WatchEnds')]).toEqual([0, 4])
})

test('each reader gets what comes at once, and no other is woken', async () => {
  const got = follow(1050)
  await clock.advance(30_000)
  for (const group of [3, 1049, 700]) {
    sent = []
    const at = clock.monotonic()
    partition(group).publish()
    await clock.advance(1)
    expect([got.get(group), asked('Fetch')]).toEqual([at, 1])
  }
  expect(got.size).toBe(3)
})

test('what is published while an end is told to the other broker, or told to have moved, is not missed', async () => {
  const got = follow(2)
  // The end of the first waits, behind which the ends are told.
  await clock.advance(5_000, async () => {
    partition(1).publish()
    await settled()
  })
  partition(2).publish()
  await clock.advance(1)
  expect([...got.keys()].toSorted()).toEqual([1, 2])
})

test('what moves between two questions is told by the answer to the second', async () => {
  const got = follow(2)
  await clock.advance(8_000)
  between = async () => {
    between = null
    partition(2).publish()
    await settled()
  }
  partition(1).publish()
  for (let turn = 0; turn < 5; turn++) await clock.advance(0)
  expect([...got.keys()]).toEqual([1, 2])
})

test('a leader that leads no longer says so', async () => {
  const failed = expect(read(1)).rejects.toMatchObject({ code: 'NOT_LEADER' })
  await clock.advance(8_000)
  partition(1).depose()
  await clock.advance(1)
  await failed
})

test('a lost link sends all readers away, and they are watched again when it is back', async () => {
  const failed = [1, 2].map((group) => expect(read(group)).rejects.toMatchObject({ code: 'CONNECTION_LOST' }))
  await clock.advance(8_000)
  expect(partition(1).waiting).toBe(1)
  isUp = false
  watched.end(1)
  await clock.advance(1)
  await Promise.all(failed)
  expect(partition(1).waiting).toBe(0)
  isUp = true
  follow(2)
  await clock.advance(30_000)
  sent = []
  await clock.advance(20_000)
  expect([asked('Fetch'), asked('WatchEnds')]).toEqual([0, 2])
})

test('a broker that has forgotten the session is told anew', async () => {
  const got = follow(2)
  await clock.advance(8_000)
  // As behind a restart that the link did not show.
  watched.end(1)
  await clock.advance(60_000)
  sent = []
  await clock.advance(20_000)
  expect(asked('WatchEnds')).toBe(2)
  partition(2).publish()
  await clock.advance(1)
  expect([...got.keys()]).toEqual([2])
})

test('an answer without records is newer than its question', async () => {
  follow(1)
  await clock.advance(8_000)
  sent = []
  // No request was sent since it came: it asks itself.
  expect(await during(read(1, 500))).toBeNull()
  expect(sent.filter(({ name }) => name === 'Fetch')).toEqual([{ name: 'Fetch', waitMs: 0 }])
  sent = []
  expect(await during(read(1, 25_000))).toBeNull()
  expect(asked('Fetch')).toBe(0)
})

async function during<T>(reading: Promise<T>): Promise<T> {
  await clock.advance(30_000)
  return reading
}

test('what nobody waits for any more is forgotten by both, and a leader that answers too early is left alone', async () => {
  const over = read(1, 12_000)
  await clock.advance(12_000)
  expect([await over, partition(1).waiting]).toEqual([null, 1])
  await clock.advance(20_000)
  expect(partition(1).waiting).toBe(0)
  sent = []
  await clock.advance(60_000)
  expect(sent).toEqual([])
  watched.answer = async () => ({ known: true, moved: [] })
  follow(1)
  await clock.advance(20_000)
  expect(asked('WatchEnds')).toBeLessThan(12)
})
