import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it, vi } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import type { PublishOptions, RecordSink, SentRecord } from './publish.ts'
import { checkLineFormat, publishLines } from './publish.ts'

const options: PublishOptions = {
  topic: 't',
  format: 'json',
  keyField: 'k',
  valueField: null,
  partition: null,
  json: false,
}

/** Acknowledges every batch after a turn, and remembers how many records waited at one time. */
function slowSink(refuse: (value: unknown) => Error | null = () => null) {
  const sent: ({ topic: string } & SentRecord)[] = []
  let waiting = 0
  const sink = {
    sent,
    mostWaiting: 0,
    largestBatch: 0,
    async sendBatch(topic: string, records: readonly SentRecord[]) {
      for (const record of records) sent.push({ topic, ...record })
      waiting += records.length
      sink.mostWaiting = Math.max(sink.mostWaiting, waiting)
      sink.largestBatch = Math.max(sink.largestBatch, records.length)
      await new Promise((resolve) => setImmediate(resolve))
      waiting -= records.length
      for (const { value } of records) {
        const error = refuse(value)
        if (error !== null) throw error
      }
    },
    flush: async () => undefined,
    close: async () => undefined,
  } satisfies RecordSink & Record<string, unknown>
  return sink
}

const text = (key: SentRecord['key']) => Buffer.from(key ?? '').toString()

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

function publish(text: string, sink: RecordSink, terminal = memoryTerminal(), given: Partial<PublishOptions> = {}) {
  return publishLines({ chunks: chunks(text), bytes: text.length }, { ...options, ...given }, sink, nodeClock, terminal)
}

describe('publishing lines', () => {
  it('sends each with its key and prints records/s', async () => {
    const terminal = memoryTerminal()
    const sink = slowSink()
    expect(await publish('{"k":"a"}\n{"k":"b"}\n', sink, terminal, { partition: 2 })).toBe(0)
    expect(sink.sent.map((record) => [record.topic, text(record.key), record.partition])).toEqual([
      ['t', 'a', 2],
      ['t', 'b', 2],
    ])
    expect(terminal.text()).toMatch(/^published 2 records \(0\.0 MB\) to t in \d+\.\d\d s: [\d,]+ records\/s\n$/)
    expect(terminal.drawn).toEqual([])
  })

  it('reports broken lines by number, publishes the others, and fails at the end', async () => {
    const terminal = memoryTerminal()
    const sink = slowSink()
    expect(await publish('{"k":"a"}\n{oops\n\n{"x":1}\n{"k":"b"}', sink, terminal)).toBe(1)
    expect(sink.sent.map((record) => text(record.key))).toEqual(['a', 'b'])
    expect(terminal.err[0]).toMatch(/^line 2 is not JSON/)
    expect(terminal.err[1]).toBe('line 4 has no field "k"')
    expect(terminal.err[2]).toMatch(/^2 broken lines left out/)
  })

  it('shows ten broken lines, not a million', async () => {
    const terminal = memoryTerminal()
    expect(await publish('x\n'.repeat(50), slowSink(), terminal)).toBe(1)
    expect(terminal.err).toHaveLength(12)
    expect(terminal.err.at(-1)).toMatch(/^50 broken lines/)
  })

  it('keeps a bounded number of records in flight', async () => {
    const sink = slowSink()
    expect(await publish('{"k":"a"}\n'.repeat(150_000), sink)).toBe(0)
    expect(sink.sent).toHaveLength(150_000)
    expect(sink.largestBatch).toBe(5_000)
    expect(sink.mostWaiting).toBeLessThanOrEqual(100_000)
  })

  it('ends at the first refusal, says which lines, and throws the error of the broker', async () => {
    const refusal = new TailraceError('UNKNOWN_TOPIC')
    const refuse = (value: unknown) => (Buffer.from(value as Uint8Array).includes('b') ? refusal : null)
    for (const [texts, published, told] of [
      [['{"k":"a"}\n', '{"k":"b"}\n'], 1, 'line 2 was not acknowledged'],
      [['{"k":"a"}\n', '{"k":"c"}\n\n{"k":"b"}\n'], 1, 'lines 2 to 4 were not all acknowledged'],
    ] as const) {
      const terminal = memoryTerminal()
      const input = { chunks: chunks(...texts), bytes: null }
      await expect(publishLines(input, options, slowSink(refuse), nodeClock, terminal)).rejects.toBe(refusal)
      expect(terminal.text()).toContain(`published ${published} record${published === 1 ? '' : 's'} (`)
      expect(terminal.err).toEqual([`stopped: ${told}`])
    }
  })

  it('sends a long line alone, and as much as a person has typed at once', async () => {
    const sink = slowSink()
    const long = `{"k":"${'x'.repeat(300_000)}"}`
    const input = { chunks: chunks('{"k":"a"}\n', `{"k":"b"}\n${long}\n{"k":"c"}\n`), bytes: null }
    const batches = vi.spyOn(sink, 'sendBatch')
    expect(await publishLines(input, options, sink, nodeClock, memoryTerminal())).toBe(0)
    expect(batches.mock.calls.map(([, records]) => records.map(({ key }) => key!.slice(0, 1)).join(''))).toEqual([
      'a',
      'b',
      'x',
      'c',
    ])
  })

  it('stops reading when interrupted, waits for the records it has sent, and answers 130', async () => {
    const terminal = memoryTerminal()
    const sink = slowSink()
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let turn = 0; ; turn++) {
        if (turn === 3) terminal.interrupt()
        yield Buffer.from('{"k":"a"}\n')
      }
    }
    expect(await publishLines({ chunks: endless(), bytes: null }, options, sink, nodeClock, terminal)).toBe(130)
    expect(terminal.text()).toContain('published 3 records')
  })

  it('prints JSON for programs', async () => {
    const terminal = memoryTerminal()
    await publish('{"k":"a"}', slowSink(), terminal, { json: true })
    expect(JSON.parse(terminal.text())).toMatchObject({ topic: 't', records: 1, bytes: 9, brokenLines: 0 })
  })

  it('clears the bar from a watched terminal at the end', async () => {
    const terminal = memoryTerminal({ watched: true })
    await publish('{"k":"a"}', slowSink(), terminal)
    expect(terminal.drawn.at(-1)).toBe('\r\x1b[K')
  })
})

it('refuses field options for lines of text', () => {
  expect(() => checkLineFormat({ format: 'text', keyField: 'k', valueField: null })).toThrow('need JSON lines')
  expect(() => checkLineFormat({ format: 'text', keyField: null, valueField: null })).not.toThrow()
})
