import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import type { SentRecord } from './publish.ts'
import { type LineCondition, publishTogether } from './publish-together.ts'

/** A partition that ends at 7 and remembers what it was asked. */
function sinkOf() {
  const asked: unknown[] = []
  return {
    asked,
    async sendBatch(topic: string, records: readonly SentRecord[], condition: LineCondition) {
      asked.push({ topic, records, condition })
      if (condition.expectedOffset !== undefined && condition.expectedOffset !== 7) {
        throw new TailraceError('WRONG_EXPECTED_OFFSET', undefined, { endOffset: 7 })
      }
      return records.map((_, at) => ({ offset: 7 + at }))
    },
    async fence(topic: string, partition: number, token: number) {
      asked.push({ topic, partition, token })
      return 7
    },
  }
}

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

const options = { topic: 't', format: 'json', keyField: 'k', valueField: null, json: false } as const

describe('publishing lines under a condition', () => {
  it('sends all of them at once, and prints where the partition ends', async () => {
    const [sink, terminal] = [sinkOf(), memoryTerminal()]
    const condition = { partition: 2, expectedOffset: 7 }
    const input = { chunks: chunks('{"k":"a"}\n{"k":"b"}\n'), bytes: null }
    expect(await publishTogether(input, { ...options, condition }, sink, terminal)).toBe(0)
    expect(sink.asked).toMatchObject([{ topic: 't', records: [{}, {}], condition }])
    expect(terminal.text()).toBe('published 2 records to t/2 at 7; it ends at 9\n')
    const again = { chunks: chunks('{"k":"a"}'), bytes: null }
    await publishTogether(again, { ...options, condition, json: true }, sink, terminal)
    expect(JSON.parse(terminal.text().split('\n')[1]!)).toEqual({
      topic: 't',
      partition: 2,
      records: 1,
      offset: 7,
      endOffset: 8,
    })
  })

  it('without a line has the fence accepted', async () => {
    const [sink, terminal] = [sinkOf(), memoryTerminal()]
    const condition = { partition: 2, fence: 4 }
    expect(await publishTogether({ chunks: chunks(''), bytes: 0 }, { ...options, condition }, sink, terminal)).toBe(0)
    expect(sink.asked).toEqual([{ topic: 't', partition: 2, token: 4 }])
    expect(terminal.text()).toBe('t/2 has accepted fence 4; it ends at 7\n')
  })

  it.each([
    ['a line that is no record', '{"k":"a"}\n{oops', { fence: 1 }, /^line 2 is not JSON.*nothing was published$/],
    ['no line with an expected offset', '', { expectedOffset: 7, fence: 1 }, /needs a line/],
    ['no line and no fence', '', { expectedOffset: 7 }, /needs a line/],
  ])('refuses %s', async (_what, text, given, message) => {
    const sink = sinkOf()
    const condition = { partition: 2, ...given }
    const published = publishTogether(
      { chunks: chunks(text), bytes: null },
      { ...options, condition },
      sink,
      memoryTerminal(),
    )
    await expect(published).rejects.toThrow(message)
    expect(sink.asked).toEqual([])
  })

  it('fails with the error of the partition', async () => {
    const condition = { partition: 2, expectedOffset: 5 }
    const input = { chunks: chunks('{"k":"a"}'), bytes: null }
    const published = publishTogether(input, { ...options, condition }, sinkOf(), memoryTerminal())
    await expect(published).rejects.toMatchObject({ code: 'WRONG_EXPECTED_OFFSET', endOffset: 7 })
  })
})
