import { type AskerFields, BatchWriter, placeBatch, TailraceError } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import type { PeerReply, RequestName } from '../../partition/peers.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { RemoteReads } from './remote-reads.ts'

interface Asked {
  readonly name: RequestName
  readonly fields: {
    readonly partition: number
    readonly offset: number
    readonly waitMs: number
    readonly asker?: AskerFields | null
  }
  readonly answer: (batches: readonly Uint8Array[], rulesVersion?: number) => void
  readonly fail: (error: TailraceError) => void
}

let clock: ManualClock
let reads: RemoteReads
/** Requests that are not answered yet. */
let open: Asked[]
let sent: number
let mostOpen: number
/** Of the asking broker. */
let rules: { version: number }

beforeEach(() => {
  clock = new ManualClock(1_700_000_000_000)
  open = []
  sent = 0
  mostOpen = 0
  const request = (_to: number, name: RequestName, fields: object): Promise<PeerReply<never>> =>
    new Promise((resolve, reject) => {
      // The leader's broker is of an earlier version.
      if (name === 'WatchEnds') return reject(new TailraceError('UNSUPPORTED_MESSAGE'))
      sent += 1
      const asked: Asked = {
        name,
        fields: fields as Asked['fields'],
        answer: (batches, rulesVersion = 0) => {
          open = open.filter((other) => other !== asked)
          const { offset } = asked.fields
          const figures = { offset: 0, nextOffset: offset + batches.length, highWatermark: offset + batches.length }
          const body = new Uint8Array(Buffer.concat(batches))
          resolve({ fields: { correlation: 1, ...figures, logStart: 0, rulesVersion }, body } as never)
        },
        fail: reject,
      }
      open.push(asked)
      mostOpen = Math.max(mostOpen, open.length)
      const { waitMs } = asked.fields
      if (waitMs > 0) clock.after(waitMs, () => open.includes(asked) && asked.answer([]))
    })
  rules = { version: 0 }
  reads = new RemoteReads({ clock, peers: { request: request as never }, state: { security: rules } })
})

function batchAt(offset: number): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value: 'x'.repeat(100) })
  const batch = writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
  placeBatch(batch, 0, offset, 1)
  return batch
}

const wanted = { offset: 7, maxBytes: 1 << 20, waitMs: 30_000 }
const fetch = (partition = 0, changes = {}) =>
  reads.fetch({ leader: 2, group: partition + 1, topic: 't', partition }, { ...wanted, ...changes }, clock.monotonic())

test('one request waits for all readers of a place, and each gets as much as it asked for', async () => {
  const batches = [batchAt(7), batchAt(8), batchAt(9)]
  const readers = Array.from({ length: 5000 }, () => fetch())
  const modest = fetch(0, { maxBytes: batches[0]!.length + batches[1]!.length })
  await clock.advance(1)
  expect(open).toHaveLength(1)
  open[0]!.answer(batches)
  for (const { result } of await Promise.all(readers)) expect(result.nextOffset).toBe(10)
  expect((await modest).result).toMatchObject({ nextOffset: 9, bytes: batches[0]!.length * 2 })
})

test('thousands of waits at a broker that watches no ends leave the link to others, take turns, and all are answered', async () => {
  const partitions = 3000
  const found = new Set<number>()
  for (let partition = 0; partition < partitions; partition++) {
    const again = async (): Promise<void> => {
      const { result, final } = await fetch(partition)
      if (result.batches.length > 0) found.add(partition)
      else if (!final) await again()
    }
    void again()
  }
  await clock.advance(6_000)
  expect(mostOpen).toBe(1024)
  for (let ms = 0; ms < 3_000 && found.size < partitions; ms += 50) {
    for (const asked of [...open]) asked.answer([batchAt(7)])
    await clock.advance(50)
  }
  expect(found.size).toBe(partitions)
})

test('reads that are answered at once do not queue behind waits, and leave room as well', async () => {
  for (let partition = 0; partition < 2000; partition++) void fetch(partition)
  await clock.advance(1)
  const short = Array.from({ length: 3000 }, (_, at) => fetch(at, { waitMs: 0 }))
  const position = { kind: 'LATEST' as const, value: 0 }
  const search = reads.findOffset(
    2,
    { topic: 't', partition: 0, position, topicId: '', linearizable: false },
    undefined,
  )
  await clock.advance(1)
  expect(open.length).toBe(2048)
  for (let turn = 0; turn < 10; turn++) {
    for (const asked of open.filter(({ fields, name }) => name === 'FindOffset' || fields.waitMs === 0))
      asked.answer([])
    await clock.advance(1)
  }
  expect((await Promise.all(short)).every(({ final }) => final)).toBe(true)
  await search
})

const reader = (name: string) => {
  return { asker: { principal: `User:${name}`, groups: [], host: '10.0.0.1', kind: 'scram', via: [] } }
}

test('a request for one reader names it, with the version of the rules here; one for many names none', async () => {
  rules.version = 7
  const token = { term: 1, index: 2, seal: '0123456789abcdef' }
  const position = { kind: 'LATEST' as const, value: 0 }
  const { asker } = reader('ann')
  void fetch(0, { ...reader('ann'), waitMs: 0 })
  void fetch(0, { ...reader('ann'), token })
  void fetch(0, { ...reader('ann'), linearizable: true })
  void reads.findOffset(2, { topic: 't', partition: 0, position, topicId: '', linearizable: false }, asker)
  void fetch(0, reader('ann'))
  void fetch(0, reader('bob'))
  await clock.advance(1)
  const named = open.map(({ fields }) => fields.asker)
  expect(named).toEqual([...Array(4).fill({ ...asker, rulesVersion: 7 }), undefined])
})

test('of what a shared wait has brought, newer rules of the leader decide for each reader', async () => {
  rules.version = 7
  const outcome = (name: string) =>
    fetch(0, reader(name)).then(
      ({ result }) => result.nextOffset,
      ({ code }) => code,
    )
  const [ann, bob] = [outcome('ann'), outcome('bob')]
  await clock.advance(1)
  open[0]!.answer([batchAt(7)], 8)
  await clock.advance(1)
  expect(open.map(({ fields }) => [fields.asker?.principal, fields.waitMs])).toEqual([
    ['User:ann', 0],
    ['User:bob', 0],
  ])
  const [first, second] = open
  first!.answer([batchAt(7)], 8)
  second!.fail(new TailraceError('AUTHORIZATION_FAILED'))
  expect([await ann, await bob]).toEqual([8, 'AUTHORIZATION_FAILED'])
})

test('a wait for nobody in particular tells that the leader has newer rules', async () => {
  rules.version = 7
  const [one, other] = [fetch(0), fetch(1)]
  await clock.advance(1)
  open[0]!.answer([batchAt(7)], 8)
  open[0]!.answer([batchAt(7)], 7)
  expect([(await one).result.newerRules, (await other).result.newerRules]).toEqual([true, undefined])
})

test('a leader that has the same rules, or older ones, is not asked again', async () => {
  rules.version = 7
  const found = fetch(0, reader('ann'))
  await clock.advance(1)
  open[0]!.answer([batchAt(7)], 7)
  expect((await found).result.nextOffset).toBe(8)
  expect(sent).toBe(1)
})

test('a wait that began before a reader came does not tell it that there are no records', async () => {
  const first = fetch(0, { waitMs: 1000 })
  await clock.advance(500)
  const second = fetch(0, { waitMs: 500 })
  await clock.advance(600)
  expect(sent).toBe(1)
  expect([(await first).final, (await second).final]).toEqual([true, false])
})

test('a reader with less time waits for itself; tokens and linearizable reads are never shared', async () => {
  void fetch()
  void fetch(0, { waitMs: 100 })
  void fetch(0, { linearizable: true })
  void fetch(0, { token: { term: 1, index: 1, seal: '' } })
  await clock.advance(1)
  expect(open.map(({ fields }) => fields.waitMs)).toEqual([5000, 100, 5000, 5000])
})

test('a wait that fails fails for all, and the next one begins anew', async () => {
  const readers = [fetch(), fetch()]
  await clock.advance(1)
  open[0]!.fail(new TailraceError('NOT_LEADER'))
  for (const reader of readers) await expect(reader).rejects.toMatchObject({ code: 'NOT_LEADER' })
  void fetch()
  await clock.advance(1)
  expect(sent).toBe(2)
})
