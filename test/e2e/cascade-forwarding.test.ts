import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BatchWriter, encodeFrame, type Frame, type Message, type MessageName, parseFrame } from '@tailrace/schemas'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'tailrace-forwarding-'))
const adminFile = join(folder, 'admin.token')
const admin = () => readFileSync(adminFile, 'utf8').trim()
const required = ['--authentication', 'required']
let cluster: ClusterProcesses
let cascades: CascadeProcesses
let tokens: Record<'ann' | 'bob', string>

async function ask(
  http: string,
  method: string,
  path: string,
  body?: unknown,
  token = admin(),
): Promise<[number, never]> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(`http://${http}${path}`, { method, headers, ...sent })
  const text = await response.text()
  return [response.status, (text === '' ? undefined : JSON.parse(text)) as never]
}

async function tokenOf(principal: string): Promise<string> {
  const [status, body] = await ask(cluster.http(1), 'POST', '/security/tokens', { principal })
  expect(status).toBe(201)
  return (body as { token: string }).token
}

const rule = (
  principal: string,
  operation: string,
  type: 'topic' | 'cluster',
  name = type === 'topic' ? '*' : 'kafka-cluster',
) => {
  return { principal, host: '*', operation, permission: 'allow', resource: { type, pattern: 'literal', name } }
}

/** One request on a WebSocket of its own. */
async function exchange<Name extends MessageName>(
  http: string,
  token: string,
  name: Name,
  fields: Message<Name>,
  body: readonly Uint8Array[] = [],
): Promise<Frame> {
  const socket = new WebSocket(`ws://${http}/stream`, { headers: { authorization: `Bearer ${token}` } })
  const answer = new Promise<Frame>((resolve, reject) => {
    socket.on('message', (data: Buffer) => resolve(parseFrame(new Uint8Array(data))))
    socket.on('error', reject)
  })
  await new Promise((done) => socket.once('open', done))
  socket.send(Buffer.concat(encodeFrame(name, fields, body)))
  return answer.finally(() => socket.terminate())
}

beforeAll(async () => {
  cluster = await ClusterProcesses.start({
    brokers: 1,
    flags: [...required, '--admin-token-file', adminFile],
  })
  cascades = await CascadeProcesses.inFolder()
  const acls = [101, 201].flatMap((id) => {
    const principal = `Cascade:${id}`
    return [
      rule(principal, 'cluster-action', 'cluster'),
      rule(principal, 'read', 'topic'),
      rule(principal, 'write', 'topic'),
      rule(principal, 'create', 'topic'),
    ]
  })
  for (const user of ['User:ann', 'User:bob']) acls.push(rule(user, 'write', 'topic', 'flights'))
  acls.push(rule('User:ann', 'create', 'topic', 'orders'))
  expect((await ask(cluster.http(1), 'POST', '/security/acls', { acls }))[0]).toBeLessThan(300)
  const topic = { name: 'flights', partitions: 1, replicas: 1 }
  expect((await ask(cluster.http(1), 'POST', '/topics', topic))[0]).toBe(201)
  tokens = { ann: await tokenOf('User:ann'), bob: await tokenOf('User:bob') }
  for (const [id, source] of [
    [101, () => cluster.http(1)],
    [201, () => cascades.http(101)],
  ] as const) {
    const file = join(folder, `${id}.token`)
    writeFileSync(file, await tokenOf(`Cascade:${id}`), { mode: 0o600 })
    await cascades.add(id, source(), [...required, '--source-token-file', file])
    await cascades.ready([id])
  }
}, 60_000)

afterAll(async () => {
  await cascades?.destroy()
  await cluster?.destroy()
  rmSync(folder, { recursive: true, force: true })
})

const audited = async (target: string): Promise<object | undefined> => {
  const [status, page] = await ask(cluster.http(1), 'GET', '/topics/__audit/partitions/0/records?offset=0')
  const { records } = status === 200 ? (page as { records: { value: string }[] }) : { records: [] }
  return records.map(({ value }) => JSON.parse(value)).find((entry) => entry.target === target)
}

it('a topic is created through two levels in the name of the client', async () => {
  const create = (name: string, token: string) => {
    return ask(cascades.http(201), 'POST', '/topics', { name, partitions: 1, replicas: 1 }, token)
  }
  const entry = {
    action: 'create-topic',
    principal: 'User:ann',
    host: '127.0.0.1 by way of Cascade:201, Cascade:101',
    outcome: 'done',
  }
  expect((await create('orders', tokens.bob))[0]).toBe(403)
  expect((await create('others', tokens.ann))[0]).toBe(403)
  expect((await create('orders', tokens.ann))[0]).toBe(201)
  await expect.poll(() => audited('topic "orders"'), { timeout: 10_000 }).toMatchObject(entry)
})

it('a producer id that was given through two levels belongs to the client, at every broker', async () => {
  const given = await exchange(cascades.http(201), tokens.ann, 'InitProducer', { correlation: 1 })
  expect(given.name).toBe('InitProducerReply')
  const { producerId } = given.fields as Message<'InitProducerReply'>
  const writer = new BatchWriter()
  writer.append({ timestamp: Date.now(), key: null, value: 'x' })
  const batch = writer.finish({ producerId, producerEpoch: 0, baseSequence: 0, compression: 0 })
  const publish = async (http: string, token: string) => {
    const fields = { correlation: 1, topic: 'flights', partition: 0, timeoutMs: 5000 }
    const { name, fields: reply } = await exchange(http, token, 'Publish', fields, [batch.slice()])
    return name === 'Failure' ? (reply as Message<'Failure'>).error.code : (reply as Message<'PublishReply'>).duplicate
  }
  const places = [cluster.http(1), cascades.http(101), cascades.http(201)]
  for (const http of places) expect(await publish(http, tokens.bob)).toBe('PRODUCER_NOT_YOURS')
  const outcomes = []
  for (const http of places.toReversed()) outcomes.push(await publish(http, tokens.ann))
  expect(outcomes).toEqual([false, true, true])
})

it('JSON is published through two levels, as far as the client and the cascade brokers may', async () => {
  const publish = async () => {
    const records = { records: [{ value: 'y' }] }
    return (await ask(cascades.http(201), 'POST', '/topics/flights/records', records, tokens.bob))[0]
  }
  expect(await publish()).toBe(200)
  const removed = `/security/acls?principal=${encodeURIComponent('Cascade:201')}&operation=write`
  expect((await ask(cluster.http(1), 'DELETE', removed))[0]).toBe(200)
  await expect.poll(publish, { timeout: 10_000 }).toBe(403)
})
