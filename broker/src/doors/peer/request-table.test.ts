import { type Frame, TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import type { RequestName } from '../../partition/peers.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { PeerLimits } from './limits.ts'
import { RequestTable } from './request-table.ts'

const limits = { maxRequests: 3, maxRequestBytes: 100, maxFrameBytes: 1000, maxHeaderBytes: 100 }

function table() {
  const clock = new ManualClock()
  const requests = new RequestTable(clock, limits as PeerLimits)
  const outcomes: string[] = []
  const ask = (name: RequestName, bytes: number, timeoutMs = 1000): number => {
    requests.checkRoom(bytes)
    const correlation = requests.newCorrelation()
    requests.add(correlation, name, bytes, timeoutMs).then(
      ({ fields }) => outcomes.push(`${correlation} ${JSON.stringify(fields)}`),
      ({ code }) => outcomes.push(`${correlation} ${code}`),
    )
    return correlation
  }
  const answer = (name: string, correlation: number, fields: object = {}): boolean =>
    requests.settle({ name, fields: { correlation, ...fields }, body: new Uint8Array(0) } as unknown as Frame)
  const pass = (ms: number) => clock.advance(ms)
  return { requests, outcomes, ask, answer, pass }
}

const overloaded = expect.objectContaining({ code: 'OVERLOADED' })

test('so many requests and bytes wait at once, and one of any size where there is no other', () => {
  const { requests, ask, answer } = table()
  expect(() => requests.checkRoom(901)).toThrow(expect.objectContaining({ code: 'FRAME_TOO_LARGE' }))
  const large = ask('Publish', 900)
  expect(() => requests.checkRoom(1)).toThrow(overloaded)
  expect(answer('PublishReply', large)).toBe(true)
  ask('Publish', 60)
  expect(() => requests.checkRoom(41)).toThrow(overloaded)
  ask('Publish', 40)
  ask('Fetch', 0)
  expect(() => requests.checkRoom(0)).toThrow(overloaded)
  expect(requests.size).toBe(3)
})

test('all that wait fail together when the connection is lost, and give their room back', async () => {
  const { requests, outcomes, ask, answer, pass } = table()
  const first = ask('Publish', 60)
  ask('Fetch', 0)
  requests.failAll(new TailraceError('CONNECTION_LOST'))
  await pass(2000)
  expect([outcomes, requests.size]).toEqual([['1 CONNECTION_LOST', '2 CONNECTION_LOST'], 0])
  for (let i = 0; i < 2; i++) ask('Publish', 50)
  // Too late.
  expect(answer('PublishReply', first)).toBe(true)
  requests.failAll(new TailraceError('SHUTTING_DOWN'))
  await pass(0)
  expect(outcomes.slice(2)).toEqual(['3 SHUTTING_DOWN', '4 SHUTTING_DOWN'])
})

test('a request fails at its time limit, and its late answer is swallowed', async () => {
  const { requests, outcomes, ask, answer, pass } = table()
  const late = ask('Publish', 90, 100)
  ask('Publish', 10, 1000)
  await pass(150)
  expect([outcomes, requests.size]).toEqual([['1 TIMED_OUT'], 1])
  expect(answer('PublishReply', late)).toBe(true)
  ask('Publish', 90)
  await pass(2000)
  expect(outcomes).toEqual(['1 TIMED_OUT', '2 TIMED_OUT', '3 TIMED_OUT'])
})

test('answers go to their requests; an answer to another kind of request is malformed, and a frame that is no answer is left to others', async () => {
  const { requests, outcomes, ask, answer, pass } = table()
  const [one, two] = [ask('Publish', 1), ask('Fetch', 1)]
  expect(() => answer('PublishReply', two)).toThrow(expect.objectContaining({ code: 'MALFORMED_FRAME' }))
  expect(answer('Failure', two, { error: { code: 'NOT_LEADER', message: '', retriable: true, hint: '' } })).toBe(true)
  expect(answer('PublishReply', one, { baseOffset: 4 })).toBe(true)
  expect(answer('Vote', one)).toBe(false)
  await pass(0)
  expect([outcomes.sort(), requests.size]).toEqual([['1 {"correlation":1,"baseOffset":4}', '2 NOT_LEADER'], 0])
})
