import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { MemoryTables } from '../../security/testing/memory-tables.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
let tables: MemoryTables
beforeEach(async () => {
  tables = new MemoryTables()
  const access = { mode: 'required', tables: () => tables } as const
  fixture = await startGateway(nodeClock, nodeRandom, { maxBodyBytes: 1_000 }, undefined, access)
})
afterEach(() => fixture.gateway.close())

const body = JSON.stringify({ records: [{ value: 'x' }] })

/** A client that sends the body when it is told to go on. */
function ask(
  headers: Record<string, string>,
  length = body.length,
): { asked: ClientRequest; answer: Promise<[number, string]> } {
  const asked = request(`${fixture.url}/topics/flights/records`, {
    method: 'POST',
    agent: false,
    headers: { expect: '100-continue', 'content-type': 'application/json', 'content-length': `${length}`, ...headers },
  })
  asked.flushHeaders()
  const answered = async (): Promise<[number, string]> => {
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.resume()
    return [answer.statusCode!, answer.headers.connection ?? '']
  }
  return { asked, answer: answered() }
}

it('a body is asked for when its sender, its rights and its size have been looked at', async () => {
  const token = tables.token('User:svc')
  const bearer = { authorization: `Bearer ${token}` }
  let asked = 0
  const refused = async (headers: Record<string, string>, length?: number) => {
    const { asked: sent, answer } = ask(headers, length)
    sent.on('continue', () => asked++)
    const told = await answer
    sent.destroy()
    return told
  }
  expect(await refused({})).toEqual([401, 'close'])
  expect(await refused(bearer)).toEqual([403, 'close'])
  tables.rule('User:svc', 'write', { type: 'topic', name: 'flights' })
  expect(await refused(bearer, 1_001)).toEqual([413, 'close'])
  expect(await refused({ ...bearer, origin: 'http://evil.example' })).toEqual([403, 'close'])
  expect(asked).toBe(0)
  const { asked: sent, answer } = ask(bearer)
  await once(sent, 'continue')
  sent.end(body)
  expect((await answer)[0]).toBe(200)
  expect(fixture.broker.publishes).toBe(1)
})
