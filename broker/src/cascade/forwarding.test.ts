import { BatchWriter, type ErrorCode, TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { ManualClock } from '../platform/testing/clock.ts'
import { Forwarding } from './forwarding.ts'
import type { Uplink } from './upstream/uplink.ts'
import { vouching } from './upstream/vouching.ts'

type Answer = { fields: object; body?: Uint8Array } | ErrorCode

/** A cascade broker whose source answers so, one after the other. `unreachable`: no connection to it can be made. */
function forwarding(answers: Answer[], unreachable = false) {
  const clock = new ManualClock()
  const asked: [name: string, fields: Record<string, unknown>][] = []
  const link = {
    request: async (name: string, fields: Record<string, unknown>) => {
      asked.push([name, fields])
      const answer = answers.shift()!
      if (typeof answer === 'string') throw new TailraceError(answer)
      return { body: new Uint8Array(0), ...answer }
    },
  }
  const forward = async (): Promise<typeof link> => {
    if (unreachable) throw new Error('no route')
    return link
  }
  const uplink = { whenSession: async () => ({ forward }) } as unknown as Uplink
  const pass = (ms: number) => clock.advance(ms, () => new Promise((resolve) => setImmediate(resolve)))
  const published = async (wait: boolean, timeoutMs = 1000): Promise<unknown> => {
    let outcome: unknown = 'pending'
    one.publish('t', 2, new Uint8Array(5), { timeoutMs, wait, topicId: 'id' }).then(
      (found) => (outcome = found),
      ({ code }) => (outcome = code),
    )
    await pass(2000)
    return outcome
  }
  const one = new Forwarding(uplink, vouching(true), clock)
  return { one, asked, published }
}

function batch(value: string): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression: 0 })
}

test('fetched batches come as the source has sent them', async () => {
  const batches = [batch('a'), batch('bcd')]
  const body = new Uint8Array(Buffer.concat(batches))
  const { one, asked } = forwarding([{ fields: { nextOffset: 9, highWatermark: 12, logStart: 3 }, body }])
  const token = { term: 4, index: 5, seal: 's' }
  const result = await one.fetch('t', 2, { offset: 7, maxBytes: 100, waitMs: 0.5, token, topicId: 'id' } as never)
  expect(result).toMatchObject({ bytes: body.length, nextOffset: 9, highWatermark: 12, logStart: 3 })
  expect(result.batches.map((one) => Buffer.from(one))).toEqual(batches.map((one) => Buffer.from(one)))
  const covered = { tokenTerm: 4, tokenIndex: 5, tokenSeal: 's' }
  const place = { topic: 't', partition: 2, offset: 7, maxBytes: 100, waitMs: 1, topicId: 'id', linearizable: false }
  expect(asked).toEqual([['Fetch', { ...place, ...covered }]])
})

test('a publish is answered with the fields of the answer of the source, and with no token where there is none', async () => {
  const told = { baseOffset: 7, lastOffset: 9, duplicate: true, holders: [1, 3] }
  expect(await forwarding([{ fields: told }]).published(false)).toEqual(told)
  const token = { term: 2, index: 5, seal: 'ab' }
  expect(await forwarding([{ fields: { ...told, ...token } }]).published(false)).toEqual({ ...told, token })
})

test('a publish that waits is sent again if nothing was written, until its time is over', async () => {
  const fields = { baseOffset: 7, lastOffset: 7, duplicate: false }
  const { asked, published } = forwarding(['NOT_LEADER', 'NOT_READY', 'LEADER_UNAVAILABLE', { fields }])
  expect(await published(true)).toMatchObject(fields)
  expect(asked).toHaveLength(4)
  const late = forwarding(Array.from({ length: 100 }, (): Answer => 'NOT_LEADER'))
  expect([await late.published(true, 200), late.asked.length]).toEqual(['NOT_LEADER', 4])
  const once = forwarding(['NOT_LEADER'])
  expect([await once.published(false), once.asked.length]).toEqual(['NOT_LEADER', 1])
})

test.each([
  ['CONNECTION_LOST', 'OUTCOME_UNKNOWN'],
  ['TIMED_OUT', 'OUTCOME_UNKNOWN'],
  ['INVALID_BATCH', 'INVALID_BATCH'],
] as const)('a publish that ends with %s is not sent again: %s', async (code, shown) => {
  const { asked, published } = forwarding([code])
  expect([await published(true), asked.length]).toEqual([shown, 1])
})

test('a source that cannot be reached has written nothing', async () => {
  expect(await forwarding([], true).published(false)).toBe('LEADER_UNAVAILABLE')
})

test('a condition goes to the source in a message that an older one refuses, and the refusal comes as it is', async () => {
  const fields = { baseOffset: 7, lastOffset: 6, duplicate: false }
  const { one, asked } = forwarding([{ fields }, 'FENCED', 'UNSUPPORTED_MESSAGE'])
  const options = { timeoutMs: 1000, wait: true, condition: { fence: 3 } }
  expect(await one.publish('t', 2, new Uint8Array(0), options)).toMatchObject(fields)
  expect(asked).toMatchObject([['PublishIf', { topic: 't', partition: 2, expectedOffset: -1, fence: 3 }]])
  for (const code of ['FENCED', 'UNSUPPORTED_MESSAGE']) {
    await expect(one.publish('t', 2, batch('a'), options)).rejects.toMatchObject({ code })
  }
  expect(asked).toHaveLength(3)
})
