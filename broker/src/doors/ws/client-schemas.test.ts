import { encodeFrame, type Frame, protocolFingerprint, sdkProtocolFingerprint, streamQuery } from '@tailrace/schemas'
import { protocolJson, writtenProtocolJson } from '@tailrace/schemas/foreign-protocol'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { NewerProtocol } from '../../../../schemas/src/testing/newer-protocol.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { batchOf, Client, type Fixture, startGateway } from '../testing/running-gateway.ts'

const newer = new NewerProtocol(['Publish', 'Metadata'], { Juggle: 900, JuggleReply: 901, Shout: 902 })
let fixture: Fixture
const clients: Client[] = []
beforeAll(async () => {
  fixture = await startGateway(nodeClock, nodeRandom)
})
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.terminate()
})
afterAll(() => fixture.gateway.close())

async function dial(query: string): Promise<Client> {
  const client = new Client(fixture.address, {}, query)
  clients.push(client)
  return client.open()
}

/** A client of a version that the broker does not have, after it has received the broker's schemas. */
async function newerClient(): Promise<{ client: Client; welcome: Frame }> {
  const client = await dial('?schemas=newer')
  return { client, welcome: await client.nextFrame() }
}

const say = (client: Client, json: string) => client.frame('Schemas', { fingerprint: 'newer', protocolJson: json })
const metadata = (correlation: number) => ({ correlation, topics: ['flights'] })

test('a client with the schemas of the broker is told so, and can send at once', async () => {
  const client = await dial(streamQuery)
  client.frame('Metadata', metadata(1))
  expect(await client.nextFrame()).toMatchObject({
    name: 'Schemas',
    fields: { fingerprint: protocolFingerprint, protocolJson: '' },
  })
  expect(await client.nextFrame()).toMatchObject({ name: 'MetadataReply', fields: { correlation: 1 } })
})

test('a page, which knows the messages of an SDK alone, is known by their fingerprint', async () => {
  const client = await dial(`?schemas=${sdkProtocolFingerprint}`)
  client.frame('Metadata', metadata(1))
  expect(await client.nextFrame()).toMatchObject({
    name: 'Schemas',
    fields: { fingerprint: sdkProtocolFingerprint, protocolJson: '' },
  })
  expect(await client.nextFrame()).toMatchObject({ name: 'MetadataReply', fields: { correlation: 1 } })
})

test('a client that names no schemas is sent none', async () => {
  const client = await dial('')
  client.frame('Metadata', metadata(1))
  expect(await client.nextFrame()).toMatchObject({ name: 'MetadataReply' })
})

test('a client with other schemas receives those of the broker, sends its own, and is read by them', async () => {
  const { client, welcome } = await newerClient()
  expect(welcome).toMatchObject({
    name: 'Schemas',
    fields: { fingerprint: protocolFingerprint, protocolJson: writtenProtocolJson() },
  })
  say(client, newer.json)
  client.socket.send(newer.frame('Metadata', metadata(1)))
  expect(await client.nextFrame()).toMatchObject({ name: 'MetadataReply', fields: { topics: [{ name: 'flights' }] } })
  const publish = { correlation: 2, topic: 'flights', partition: 0, timeoutMs: 1000, topicId: '' }
  client.socket.send(newer.frame('Publish', publish, batchOf(['a'])))
  expect(await client.nextFrame()).toMatchObject({ name: 'PublishReply', fields: { correlation: 2, baseOffset: 0 } })
  // Text frames have no schema.
  client.json({ op: 'fetch', id: 'f', topic: 'flights', partition: 9 })
  expect(await client.nextJson()).toMatchObject({ op: 'error' })
})

test('a request that only a newer client knows is answered with a Failure, and the connection goes on', async () => {
  const { client } = await newerClient()
  say(client, newer.json)
  client.socket.send(newer.frame('Shout', { correlation: 6 }, undefined, 902))
  client.socket.send(newer.frame('Juggle', { correlation: 7 }, undefined, 900))
  expect(await client.nextFrame()).toMatchObject({
    name: 'Failure',
    fields: { correlation: 7, error: { code: 'UNSUPPORTED_MESSAGE' } },
  })
  client.socket.send(newer.frame('Metadata', metadata(8)))
  expect(await client.nextFrame()).toMatchObject({ name: 'MetadataReply', fields: { correlation: 8 } })
})

const incompatible = JSON.parse(protocolJson)
incompatible.messages.find((message: { number: number }) => message.number === 22).schema.fields[1].type = 'boolean'

test.each<[string, string, (client: Client) => void]>([
  ['schemas that cannot be resolved', 'INCOMPATIBLE_PEER', (client) => say(client, JSON.stringify(incompatible))],
  ['malformed schemas', 'INCOMPATIBLE_PEER', (client) => say(client, '{')],
  ['schemas that are too long', 'INCOMPATIBLE_PEER', (client) => say(client, protocolJson.padEnd(200_000))],
  ['no schemas', 'MALFORMED_FRAME', (client) => client.frame('Metadata', metadata(1))],
  [
    'an unknown message',
    'UNSUPPORTED_MESSAGE',
    (client) => client.socket.send(newer.frame('Shout', { correlation: 1 }, undefined, 902)),
  ],
])('%s as the first frame: the client is told %s, and the connection is closed', async (_, code, send) => {
  const { client } = await newerClient()
  send(client)
  expect(await client.nextFrame()).toMatchObject({ name: 'Failure', fields: { correlation: -1, error: { code } } })
  expect(await client.closed).toEqual({ code: 1002, reason: code })
})

test('schemas that the broker has not asked for are refused, also a second time', async () => {
  const same = await dial(streamQuery)
  await same.nextFrame()
  say(same, newer.json)
  const { client: other } = await newerClient()
  say(other, newer.json)
  say(other, newer.json)
  for (const client of [same, other]) {
    expect(await client.nextFrame()).toMatchObject({
      name: 'Failure',
      fields: { error: { code: 'UNSUPPORTED_MESSAGE' } },
    })
    expect((await client.closed).code).toBe(1002)
  }
})

test('the parameter given twice is no fingerprint of the broker', async () => {
  const client = await dial(`${streamQuery}&${streamQuery.slice(1)}`)
  expect(await client.nextFrame()).toMatchObject({ fields: { protocolJson: writtenProtocolJson() } })
  client.socket.send(Buffer.concat(encodeFrame('Schemas', { fingerprint: protocolFingerprint, protocolJson })))
  client.frame('Metadata', metadata(1))
  expect(await client.nextFrame()).toMatchObject({ name: 'MetadataReply' })
})
