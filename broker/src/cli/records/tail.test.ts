import { describe, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import type { TailedRecord } from './record-text.ts'
import { recordText } from './record-text.ts'
import type { RecordSource, TailOptions } from './tail.ts'
import { tailRecords } from './tail.ts'

const record = (offset: number): TailedRecord => ({
  partition: 0,
  offset,
  timestamp: 0,
  key: 'k',
  value: `v${offset}`,
  headers: {},
})
const options: TailOptions = {
  topics: ['t'],
  range: { from: 'earliest' },
  count: null,
  show: (one) => recordText(one, 'value'),
}

// biome-ignore lint/correctness/useYield: it fails before the first record
async function* fail(): AsyncGenerator<TailedRecord> {
  throw new Error('no topic')
}

/** Hands out `count` records and then waits until it is closed. */
function source(count: number): RecordSource & { asked: unknown[] } {
  const closed = Promise.withResolvers<void>()
  const asked: unknown[] = []
  return {
    asked,
    async *subscribe(topic, given) {
      asked.push([topic, given])
      for (let offset = 0; offset < count; offset++) yield record(offset)
      await closed.promise
    },
    close: async () => closed.resolve(),
  }
}

describe('tailing', () => {
  it('ends after --count records', async () => {
    const terminal = memoryTerminal()
    expect(await tailRecords({ ...options, count: 2 }, source(9), nodeClock, terminal)).toBe(0)
    expect(terminal.text()).toBe('v0\nv1\n')
  })

  it('counts the records that the filter leaves, and shows them as asked', async () => {
    const terminal = memoryTerminal()
    const odd = {
      ...options,
      count: 2,
      filter: ({ offset }: TailedRecord) => offset % 2 === 1,
      show: ({ offset }: TailedRecord, topic: string) => `<${topic} ${offset}>`,
    }
    expect(await tailRecords(odd, source(9), nodeClock, terminal)).toBe(0)
    expect(terminal.text()).toBe('<t 1><t 3>')
  })

  it('shows several topics, and ends all of them with the count, or when one fails', async () => {
    const terminal = memoryTerminal()
    const both = { ...options, topics: ['a', 'b'], show: (_record: TailedRecord, topic: string) => topic }
    expect(await tailRecords({ ...both, count: 5 }, source(3), nodeClock, terminal)).toBe(0)
    expect([...terminal.text()].sort().join('')).toMatch(/^(aaabb|aabbb)$/)
    const { subscribe, close } = source(3)
    const failing: RecordSource = {
      subscribe: (topic, given) => (topic === 'a' ? subscribe(topic, given) : fail()),
      close,
    }
    await expect(tailRecords(both, failing, nodeClock, memoryTerminal())).rejects.toThrow('no topic')
  })

  it('prints the records at hand while it waits, and ends cleanly when interrupted', async () => {
    const terminal = memoryTerminal()
    const tailing = tailRecords(options, source(3), nodeClock, terminal)
    while (terminal.text() === '') await new Promise((resolve) => setImmediate(resolve))
    expect(terminal.text()).toBe('v0\nv1\nv2\n')
    terminal.interrupt('EPIPE')
    expect(await tailing).toBe(0)
  })

  it('asks for the position and the partitions given', async () => {
    const records = source(1)
    const range = { last: 7, until: 'end', partitions: [1] } as const
    await tailRecords(
      { ...options, range: { ...range, partitions: [1] }, count: 1 },
      records,
      nodeClock,
      memoryTerminal(),
    )
    expect(records.asked).toEqual([['t', { ...range, bytes: true }]])
  })

  it('sends no request when it was interrupted before', async () => {
    const records = source(1)
    const terminal = memoryTerminal()
    terminal.interrupt()
    expect(await tailRecords(options, records, nodeClock, terminal)).toBe(0)
    expect(records.asked).toEqual([])
  })

  it('passes on the error of the broker', async () => {
    const failing: RecordSource = { subscribe: fail, close: async () => undefined }
    await expect(tailRecords(options, failing, nodeClock, memoryTerminal())).rejects.toThrow('no topic')
  })
})

describe('a record as text', () => {
  const binary: TailedRecord = {
    partition: 2,
    offset: 5,
    timestamp: 1_700_000_000_000,
    key: null,
    value: new Uint8Array([0xff]),
    headers: { trace: Buffer.from('x'), twice: ['a', new Uint8Array([0xfe])] },
  }

  it('json: the shape of the HTTP API and the partition; bytes that are not UTF-8 carry a marker', () => {
    expect(JSON.parse(recordText(binary, 'json') as string)).toEqual({
      partition: 2,
      offset: 5,
      timestamp: 1_700_000_000_000,
      key: null,
      value: { base64: '/w==' },
      headers: { trace: 'x', twice: ['a', { base64: '/g==' }] },
    })
  })

  it('text: place, time, key and value on one line', () => {
    expect(recordText(binary, 'text')).toBe('2:5  2023-11-14T22:13:20.000Z  -  base64:/w==\n')
  })

  it('text: control characters cannot control the terminal', () => {
    expect(recordText({ ...binary, key: Buffer.from('k'), value: 'a\n\x1b[31m' }, 'text')).toContain(
      'k  a\\u000a\\u001b[31m\n',
    )
  })

  it('value: byte for byte', () => {
    expect(recordText(binary, 'value')).toEqual(new Uint8Array([0xff, 0x0a]))
    expect(recordText({ ...binary, value: null }, 'value')).toEqual(new Uint8Array([0x0a]))
  })
})
