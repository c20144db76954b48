import { BatchWriter, Compression, NO_PRODUCER } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { encodeChanges, type StreamChange } from './change-codec.ts'
import { StreamsMachine } from './streams-machine.ts'
import { removeStreams, StreamsStore } from './streams-store.ts'

const PREFIX = 'streams/7/'
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

async function open(store = new MemoryStore()) {
  const clock = new ManualClock()
  const happened: string[] = []
  const streams = new StreamsStore({ store, clock, logger: silentLogger }, PREFIX)
  const machine = new StreamsMachine({
    store: streams,
    unwrittenBytes: () => streams.waitingBytes,
    clock,
    logger: silentLogger,
    onApplied: ({ index }) => happened.push(`applied ${index}`),
    onReplaced: () => happened.push('replaced'),
  })
  await machine.load()
  return { machine, store, clock, happened }
}

function apply(machine: StreamsMachine, changes: readonly StreamChange[], index = machine.appliedIndex + 1): void {
  machine.apply({ index, term: 3 } as never, encodeChanges(changes, 1000))
}

/** All keys without the prefix, with text. */
function content(store: MemoryStore): Record<string, string> {
  return Object.fromEntries([...store.content].map(([key, value]) => [key, new TextDecoder().decode(value)]))
}

describe('the state machine of durable streams', () => {
  it('stores what an entry says, with its index, and goes on there after a restart', async () => {
    const { machine, store } = await open()
    apply(machine, [
      ['stream/a', bytes('1')],
      ['of/5.0/data/1', new Uint8Array(0)],
    ])
    apply(machine, [['stream/a', null]])
    await machine.store.settled()
    expect(content(store)).toEqual({
      'streams/7/a/format': '1',
      'streams/7/a/head': '{"appliedIndex":2,"appliedTerm":3}',
      'streams/7/a/of/5.0/data/1': '',
    })
    const again = await open(store)
    expect(again.machine.appliedIndex).toBe(2)
    // The log may begin before the index that the store has.
    apply(again.machine, [['stream/b', bytes('2')]], 2)
    expect(again.happened).toEqual([])
  })

  it("keeps no bytes of the batch: they are the log's", async () => {
    const { machine } = await open()
    const batch = encodeChanges([['of/5.0/data/1', bytes('abc')]], 0)
    machine.apply({ index: 1, term: 1 } as never, batch)
    batch.fill(0)
    await machine.store.settled()
    expect(new TextDecoder().decode((await machine.store.get('of/5.0/data/1'))!)).toBe('abc')
  })

  it.each([
    ['of a later version', { version: 2 }],
    ['without a version', {}],
  ])('stops at an entry %s', async (_what, head) => {
    const { machine, happened } = await open()
    const writer = new BatchWriter()
    writer.append({ timestamp: 0, key: null, value: JSON.stringify(head) })
    writer.append({ timestamp: 0, key: 'stream/a', value: '1' })
    const none = { producerId: NO_PRODUCER, producerEpoch: -1, baseSequence: -1, compression: Compression.none }
    machine.apply({ index: 1, term: 1 } as never, writer.finish(none))
    apply(machine, [['stream/b', bytes('1')]], 2)
    expect(machine.unreadable).toMatchObject({ code: 'NEWER_FORMAT' })
    expect(machine.appliedIndex).toBe(0)
    expect(happened).toEqual(['replaced'])
  })

  it('removes what is left of a stream that is gone, also after a restart in the midst of it', async () => {
    const { machine, store } = await open()
    const data = Array.from({ length: 600 }, (_, at): StreamChange => [`of/5.0/data/${at}`, bytes('x')])
    apply(machine, [...data, ['of/5.1/data/0', bytes('y')]])
    await machine.store.settled()
    store.failing = true
    apply(machine, [['garbage/5.0', bytes('1')]])
    await settled()
    store.failing = false
    // As the log would: the store has not got the entry.
    const again = await open(store)
    apply(again.machine, [['garbage/5.0', bytes('1')]], 2)
    await expect
      .poll(() => Object.keys(content(store)).filter((key) => key.includes('/of/')))
      .toEqual(['streams/7/a/of/5.1/data/0'])
    await expect.poll(() => Object.keys(content(store)).filter((key) => key.includes('garbage'))).toEqual([])
  })

  it('gives its state to another replica, which has it as a whole or not at all', async () => {
    const from = await open()
    apply(from.machine, [
      ['stream/a', bytes('1')],
      ['of/5.0/data/1', new Uint8Array(300_000).fill(7)],
    ])
    const snapshot = await from.machine.snapshots.take()
    apply(from.machine, [['stream/later', bytes('1')]])
    const to = await open()
    apply(to.machine, [['stream/old', bytes('1')]])
    const whole: Uint8Array[] = []
    for await (const chunk of snapshot.chunks()) whole.push(chunk.slice())
    await snapshot.close()
    const torn = async function* () {
      yield* whole.slice(0, -1)
      throw new Error('the connection is lost')
    }
    await expect(to.machine.snapshots.restore(1, torn())).rejects.toThrow('the connection is lost')
    await expect(to.machine.snapshots.restore(2, chunksOf(whole))).rejects.toThrow('as of 1, not 2')
    await to.machine.store.settled()
    const before = await open(to.store)
    expect(await before.machine.store.get('stream/old')).not.toBe(null)
    await to.machine.snapshots.restore(1, chunksOf(whole))
    const after = await open(to.store)
    for (const { machine } of [to, after]) {
      expect(machine.appliedIndex).toBe(1)
      expect(await machine.store.get('stream/old')).toBe(null)
      expect(await machine.store.get('stream/later')).toBe(null)
      expect((await machine.store.get('of/5.0/data/1'))!.length).toBe(300_000)
    }
    expect(Object.keys(content(to.store)).filter((key) => key.startsWith('streams/7/a/'))).toEqual([])
  })

  it('nothing is left of a replica that is removed', async () => {
    const { machine, store } = await open()
    apply(machine, [['stream/a', bytes('1')]])
    await machine.close()
    await removeStreams(store, PREFIX)
    expect(content(store)).toEqual({})
  })
})

async function* chunksOf(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks
}
