import { TailraceError } from '@tailrace/schemas'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { TestCluster } from '../testing/index.ts'
import { Client } from './client.ts'
import { askOverHttp, type HttpCall, mayBeCarriedOut } from './http/http-call.ts'

let cluster: TestCluster
let client: Client
beforeEach(async () => {
  cluster = await TestCluster.start({}, 2)
  client = new Client({ servers: cluster.servers })
})
afterEach(async () => {
  client.close()
  await cluster.close()
})

const call = (isRepeatable: boolean, method: HttpCall['method'] = 'POST'): HttpCall => {
  return { method, path: '/topics?a=b', body: { a: 1 }, isRepeatable }
}
const limits = { timeoutMs: 5_000 }

/** All brokers answer the first requests as `answers` say, then with 200. Gives what was asked. */
function answering(...answers: ({ status: number; body?: unknown } | undefined)[]): unknown[] {
  const asked: unknown[] = []
  for (const broker of cluster.brokers)
    broker.onHttp = (method, path, body) => {
      asked.push([method, path, body])
      return asked.length > answers.length ? { status: 200, body: { done: true } } : answers[asked.length - 1]
    }
  return asked
}
const refusal = (code: TailraceError['code']) => {
  const error = new TailraceError(code, 'As a test wants.')
  return { status: error.status, body: error }
}

it('gives the JSON of the answer; of an answer without a body nothing', async () => {
  const asked = answering({ status: 204 })
  expect(await client.overHttp(call(true, 'PUT'), limits)).toBe(undefined)
  expect(await client.overHttp(call(false), limits)).toEqual({ done: true })
  expect(asked).toEqual([
    ['PUT', '/topics?a=b', { a: 1 }],
    ['POST', '/topics?a=b', { a: 1 }],
  ])
})

it('what a broker refuses for the time being is asked for again, of changes too', async () => {
  const asked = answering(refusal('NOT_READY'), refusal('LEADER_UNAVAILABLE'))
  expect(await client.overHttp(call(false), limits)).toEqual({ done: true })
  expect(asked).toHaveLength(3)
})

it('what does not pass is told as the broker has told it', async () => {
  const asked = answering(refusal('TOPIC_EXISTS'))
  await expect(client.overHttp(call(true), limits)).rejects.toMatchObject({
    code: 'TOPIC_EXISTS',
    message: expect.stringContaining('As a test wants.'),
  })
  expect(asked).toHaveLength(1)
})

it('a change that may have been made is not asked for again', async () => {
  for (const answer of [undefined, refusal('TIMED_OUT')]) {
    const asked = answering(answer)
    await expect(client.overHttp(call(false), limits)).rejects.toMatchObject({
      code: answer === undefined ? 'CONNECTION_LOST' : 'TIMED_OUT',
    })
    expect(asked).toHaveLength(1)
  }
})

it('one that may be made twice is, at another broker', async () => {
  const asked = answering(undefined, refusal('TIMED_OUT'))
  expect(await client.overHttp(call(true), limits)).toEqual({ done: true })
  expect(asked).toHaveLength(3)
})

it('a broker that is away was asked for nothing', async () => {
  await client.reach()
  await cluster.broker(1).stop()
  const asked = answering()
  expect(await client.overHttp(call(false), limits)).toEqual({ done: true })
  expect(asked).toHaveLength(1)
  const refused = (syscall: string) => new TailraceError('CONNECTION_LOST', undefined, { cause: { syscall } })
  expect(['connect', 'getaddrinfo', 'read'].map((syscall) => mayBeCarriedOut(refused(syscall)))).toEqual([
    false,
    false,
    true,
  ])
})

it('ends after its time, with the signal, and when the client is closed', async () => {
  for (const broker of cluster.brokers) broker.onHttp = () => refusal('NOT_READY')
  await expect(client.overHttp(call(true), { timeoutMs: 300 })).rejects.toMatchObject({ code: 'TIMED_OUT' })
  const abort = new AbortController()
  const aborted = client.overHttp(call(true), { ...limits, signal: abort.signal })
  abort.abort()
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
  const closed = client.overHttp(call(true), limits)
  client.close()
  await expect(closed).rejects.toMatchObject({ code: 'CLOSED' })
})

it('an answer of another program than a broker is none', async () => {
  for (const broker of cluster.brokers) broker.onHttp = () => ({ status: 502, body: { error: 'bad gateway' } })
  await expect(client.overHttp(call(true), { timeoutMs: 300 })).rejects.toThrow('status 502')
})

it('a password does not leave the machine without TLS', async () => {
  const credentials = { username: 'ann', password: 'secret' }
  const access = { credentials, clientId: undefined, tls: undefined, surroundings: client.surroundings }
  await expect(askOverHttp('ws://example.com:80', call(true), access, 1_000)).rejects.toMatchObject({
    code: 'AUTHENTICATION_FAILED',
  })
})
