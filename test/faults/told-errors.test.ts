import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { TailraceError } from '@tailrace/schemas'
import { protocolJson } from '@tailrace/schemas/foreign-protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SourceLink } from '../../broker/src/cascade/upstream/source-link.ts'
import { adminClient } from '../../broker/src/cli/admin/admin-client.ts'
import type { CommandFailure } from '../../broker/src/cli/command-failure.ts'
import { addressOf, PeerCluster, type TestBroker } from '../../broker/src/doors/testing/peer-cluster.ts'
import { batchOf, Client, type Fixture, startGateway } from '../../broker/src/doors/testing/running-gateway.ts'
import { nodeClock } from '../../broker/src/platform/node/clock.ts'
import { createHttpClient } from '../../broker/src/platform/node/http-client.ts'
import { createMessageSockets } from '../../broker/src/platform/node/message-sockets.ts'
import { nodeRandom } from '../../broker/src/platform/node/random.ts'
import { Connection } from '../../client/src/connection.ts'
import { askOverHttp } from '../../client/src/http/http-call.ts'
import { machine } from '../../client/src/surroundings.ts'

/** An error arrives with all that it tells, whichever way it takes from one program to another. */

const { messages } = JSON.parse(protocolJson) as { messages: { schema: { name: string; fields: FieldSchema[] } }[] }
interface FieldSchema {
  readonly name: string
  readonly type: { readonly fields: FieldSchema[] }
}
const failure = messages.find(({ schema }) => schema.name === 'Failure')!.schema
const told = failure.fields.find(({ name }) => name === 'error')!.type.fields.map(({ name }) => name)
const figures = told.filter((name) => !['code', 'message', 'retriable', 'hint'].includes(name))
const sent: object = Object.fromEntries(figures.map((name, at) => [name, 1_000 + at]))
/** A code that nobody treats in a way of its own, with the figures of all codes, and advice as of another version. */
const error = Object.assign(new TailraceError('TOO_MANY_QUOTAS', 'As a test wants.', sent), { hint: 'Ask again.' })

let fixture: Fixture
let refusing: Server
let refusingAddress: string
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
  const fail = () => Promise.reject(error)
  Object.assign(fixture.broker, { publish: fail, fetch: fail, createTopic: fail })
  Object.assign(fixture.consumerGroups, { for: () => ({ ask: fail }) })
  refusing = createServer((_, response) => response.writeHead(409).end(JSON.stringify(error)))
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
  refusingAddress = `127.0.0.1:${(refusing.address() as AddressInfo).port}`
})
afterAll(async () => {
  await fixture.gateway.close()
  await new Promise((resolve) => refusing.close(resolve))
})

const batch = [batchOf(['x'])]
const publish = { topic: 'flights', partition: 0, timeoutMs: 1_000, topicId: '' }
const from = { kind: 'EARLIEST', value: 0 } as const
const subscribe = { topic: 'flights', position: from, partitions: [], credit: 1_000 }
const settings = { connectTimeoutMs: 2_000, silenceMs: 5_000, maxFrameBytes: 1 << 26 }
const open = () => Connection.open(`ws://${fixture.address}`, settings)
const link = () => SourceLink.open(fixture.address, createMessageSockets({ clock: nodeClock, dial: null }), nodeClock)
const client = () => ({ servers: [`ws://${fixture.address}`] })

async function using<Resource extends { close(): unknown }>(
  opened: Resource | Promise<Resource>,
  use: (resource: Resource) => Promise<unknown>,
): Promise<unknown> {
  const resource = await opened
  return use(resource).finally(() => resource.close())
}

async function first(records: AsyncIterable<unknown>): Promise<unknown> {
  for await (const record of records) return record
  return undefined
}

async function betweenBrokers(): Promise<unknown> {
  const cluster = new PeerCluster()
  const join = [addressOf(1), addressOf(2)]
  const one = await cluster.start(1, { join })
  const two = await cluster.start(2, { join })
  await cluster.pass(300)
  two.answer = (() => Promise.reject(error)) as unknown as TestBroker['answer']
  const answer = one.peers.request(2, 'Publish', publish, batch, 1_000)
  answer.catch(() => {})
  await cluster.pass(30)
  return answer
}

const ways: Record<string, () => Promise<unknown>> = {
  'a request between brokers': betweenBrokers,
  'a request of the SDKs': () =>
    using(open(), (asking) => asking.request('Publish', publish, { timeoutMs: 2_000, body: batch })),
  'a subscription of the SDKs': () => using(new Consumer(client()), (consumer) => first(consumer.subscribe('flights'))),
  'a publish of the SDKs': () => using(new Producer(client()), (producer) => producer.send('flights', { value: 'x' })),
  'the beats of a member of a group': () =>
    using(new Consumer(client()), (consumer) => first(consumer.group('g').subscribe('flights'))),
  'the creation of a topic by the SDKs': () =>
    askOverHttp(
      `ws://${fixture.address}`,
      { method: 'POST', path: '/topics', body: { name: 'new', partitions: 1, replicas: 1 }, isRepeatable: true },
      { credentials: undefined, clientId: undefined, tls: undefined, surroundings: machine },
      10_000,
    ),
  'the refusal of a connection of the SDKs': () => Connection.open(`ws://${refusingAddress}`, settings),
  'a request of a cascade broker': () => using(link(), (asking) => asking.request('Publish', publish, 2_000, batch)),
  'a subscription of a cascade broker': () =>
    using(
      link(),
      (asking) =>
        new Promise((_, reject) => {
          const nothing = (): void => {}
          asking.subscribe(subscribe, {
            subscribed: nothing,
            records: nothing,
            ended: (_partition, why) => reject(why),
          })
        }),
    ),
  'the refusal of a connection of a cascade broker': () =>
    SourceLink.open(refusingAddress, createMessageSockets({ clock: nodeClock, dial: null }), nodeClock),
  'HTTP between brokers': () =>
    createHttpClient({ clock: nodeClock, dial: null }).request(
      'POST',
      fixture.address,
      '/topics/flights/records',
      { records: [{ value: 'x' }] },
      2_000,
    ),
  'HTTP of the command line': async () => {
    const connection = { servers: [fixture.url], credential: null, tls: undefined, surroundings: machine }
    const asking = adminClient(async () => connection as never, AbortSignal.timeout(5_000))
    try {
      await asking.request('POST', '/topics/flights/records', { records: [{ value: 'x' }] })
    } catch (thrown) {
      throw (thrown as CommandFailure).shape
    }
  },
  'text frames': () =>
    using(
      new Client(fixture.address).open().then((opened) => ({ opened, close: () => opened.socket.terminate() })),
      async ({ opened }) => {
        opened.json({ op: 'publish', id: 1, topic: 'flights', records: [{ value: 'x' }] })
        throw await opened.nextJson()
      },
    ),
}

test('the schema has the figures that a test can count', () => {
  expect(figures).toEqual(expect.arrayContaining(['retryAfterMs', 'endOffset', 'fence']))
})

test.each(Object.entries(ways))('by %s an error arrives whole', async (_, ask) => {
  const { code, retriable, hint } = error
  const thrown = (await ask().then(
    () => ({}),
    (reason) => reason,
  )) as Error
  expect(thrown).toMatchObject({ code, retriable, hint, ...sent })
  expect(thrown.message).toContain(error.message)
})
