import { encodeFrame, type MessageName, parseFrame, crc32c as portable, TailraceError } from '@tailrace/schemas'
import { protocolJson } from '@tailrace/schemas/foreign-protocol'
import { schemasFrame } from '@tailrace/schemas/foreign-streams'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { crc32c } from '#crc32c'
import { sampleMessages } from '../../schemas/src/testing/sample-messages.ts'
import { TestCluster } from '../testing/index.ts'
import { Client } from './client.ts'
import { Connection } from './connection.ts'
import { ConnectionPool } from './connection-pool.ts'
import { Metadata } from './metadata/metadata.ts'
import { serverAddress } from './server-address.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const settings = { connectTimeoutMs: 500, silenceMs: 1_000, maxFrameBytes: 1 << 26 }

/** A server that passes every message to `onMessage`, and echoes the message under the name it came with. */
async function serve(onMessage: (socket: WebSocket, data: Buffer) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/stream', perMessageDeflate: true })
  await new Promise((resolve) => server.once('listening', resolve))
  server.on('connection', (socket) => {
    socket.send(Buffer.concat(schemasFrame(true)))
    socket.on('message', (data) => onMessage(socket, data as Buffer))
  })
  closing.push(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}`
}

async function connect(
  address: string,
  changes: Partial<typeof settings> & { clientId?: string } = {},
): Promise<Connection> {
  const connection = await Connection.open(address, { ...settings, ...changes })
  closing.push(() => connection.close())
  return connection
}

describe('a connection', () => {
  it('brings small and large frames across unchanged, in order, uncompressed', async () => {
    const sizes: number[] = []
    const address = await serve((socket, data) => {
      const { fields, body } = parseFrame(new Uint8Array(data))
      expect(socket.extensions).toBe('')
      sizes.push(body.length)
      const isWhole = body.every((byte, i) => byte === i % 251)
      const correlation = (fields as { correlation: number }).correlation
      const reply = encodeFrame('PublishReply', {
        correlation,
        baseOffset: isWhole ? body.length : -1,
        lastOffset: 0,
        duplicate: false,
      })
      socket.send(Buffer.concat(reply))
    })
    const connection = await connect(address)
    const lengths = [1, 4_000, 5_000, 65_535, 1_000_000, 3, 70_000]
    const replies = lengths.map((length) => {
      const bytes = new Uint8Array(length).map((_, i) => i % 251)
      const body = [bytes.subarray(0, length >> 1), bytes.subarray(length >> 1)]
      return connection.request('Publish', { topic: 't', partition: 0, timeoutMs: 1 }, { timeoutMs: 5_000, body })
    })
    expect((await Promise.all(replies)).map(({ fields }) => fields.baseOffset)).toEqual(lengths)
    expect(sizes).toEqual(lengths)
  })

  it('gives up one request at its time limit, and is not disturbed by the late answer', async () => {
    const address = await serve((socket, data) => {
      const { name, fields } = parseFrame(new Uint8Array(data))
      const correlation = (fields as { correlation: number }).correlation
      const answer = () =>
        socket.send(Buffer.concat(encodeFrame('InitProducerReply', { correlation, producerId: 1, epoch: 0 })))
      if (name === 'InitProducer') setTimeout(answer, correlation === 1 ? 60 : 0)
    })
    const connection = await connect(address)
    await expect(connection.request('InitProducer', {}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMED_OUT' })
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect((await connection.request('InitProducer', {}, { timeoutMs: 1_000 })).fields.producerId).toBe(1)
    expect(connection.isOpen).toBe(true)
  })

  it('fails everything pending when it breaks, when it is closed, and when bytes come that are no frame', async () => {
    const address = await serve((socket, data) => {
      const { name } = parseFrame(new Uint8Array(data))
      if (name === 'InitProducer') socket.terminate()
      if (name === 'Metadata') socket.send(Buffer.from('garbage of some length'))
    })
    const broken = await connect(address)
    await expect(broken.request('InitProducer', {}, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    })
    const confused = await connect(address)
    await expect(confused.request('Metadata', { topics: [] }, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
    })
    const closed = await connect(address)
    const pending = closed.request(
      'Fetch',
      { topic: 't', partition: 0, offset: 0, maxBytes: 1, waitMs: 1 },
      { timeoutMs: 1_000 },
    )
    closed.close()
    await expect(pending).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(closed.request('InitProducer', {}, { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('does not care about messages that no broker sends to clients', async () => {
    const ofBrokers =
      /^(Publish|Fetch|FindOffset|InitProducer|Metadata)Reply$|^(Failure|Subscribed|Records|SubscriptionEnd)$/
    const names = (Object.keys(sampleMessages) as MessageName[]).filter((name) => !ofBrokers.test(name))
    expect(names.length).toBeGreaterThan(50)
    const address = await serve((socket) => {
      for (const name of names) {
        const fields = {
          ...sampleMessages[name],
          ...('subscription' in sampleMessages[name] ? { subscription: 1 } : {}),
        }
        socket.send(Buffer.concat(encodeFrame(name, fields as never)))
      }
      socket.send(Buffer.concat(encodeFrame('InitProducerReply', { correlation: 2, producerId: 1, epoch: 0 })))
    })
    const connection = await connect(address)
    const heard: string[] = []
    const place = { topic: 't', position: { kind: 'LATEST', value: 0 }, partitions: [], credit: 1 } as const
    connection.subscribe(
      { ...place, partitions: [] },
      { frame: ({ name }) => void heard.push(name), lost: ({ message }) => void heard.push(message) },
    )
    const { fields } = await connection.request('InitProducer', {}, { timeoutMs: 1_000 })
    expect([fields.producerId, ...heard]).toEqual([1])
  })

  it('tells what was wrong with a frame as the cause', async () => {
    const address = await serve((socket) => socket.send(Buffer.from('garbage of some length')))
    const connection = await connect(address)
    await expect(connection.request('InitProducer', {}, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      cause: { code: 'MALFORMED_FRAME' },
    })
  })

  it('leaves nothing behind where an address is invalid', async () => {
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    await expect(Connection.open('ws://h:1 ', settings)).rejects.toThrow()
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBe(timers)
  })

  it('shows a broker error in the words of the broker, and codes from the future as INTERNAL', async () => {
    const codes = ['DISK_FULL', 'FROM_THE_FUTURE']
    const address = await serve((socket, data) => {
      const { correlation } = parseFrame(new Uint8Array(data)).fields as { correlation: number }
      const error = { code: codes.shift()!, message: 'Full up.', retriable: true, hint: '' }
      socket.send(Buffer.concat(encodeFrame('Failure', { correlation, error })))
    })
    const connection = await connect(address)
    const failure = () => connection.request('InitProducer', {}, { timeoutMs: 1_000 }).catch((error) => error)
    expect(await failure()).toMatchObject({ code: 'DISK_FULL', message: 'Full up.', retriable: true })
    expect(await failure()).toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('FROM_THE_FUTURE') })
  })

  it('notices silence, but not where the peer answers a probe', async () => {
    let answers = true
    const address = await serve((socket, data) => {
      const { name, fields } = parseFrame(new Uint8Array(data))
      const correlation = (fields as { correlation: number }).correlation
      if (name !== 'Metadata' || !answers) return
      socket.send(Buffer.concat(encodeFrame('MetadataReply', { correlation, clusterId: '', brokers: [], topics: [] })))
    })
    const connection = await connect(address, { silenceMs: 20 })
    const slow = connection.request('InitProducer', {}, { timeoutMs: 150 })
    await expect(slow).rejects.toMatchObject({ code: 'TIMED_OUT' })
    answers = false
    const frozen = connection.request('InitProducer', {}, { timeoutMs: 5_000 })
    await expect(frozen).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })

  it('refuses a server that is no broker, or that takes too long', async () => {
    await expect(Connection.open('ws://127.0.0.1:1', settings)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })
})

describe('the pool', () => {
  it('opens one connection for all callers and a new one after it broke, and does not try a dead address for a while', async () => {
    const cluster = await TestCluster.start({})
    const pool = new ConnectionPool(settings, { opened: () => {}, failed: () => {} })
    closing.push(
      () => cluster.close(),
      () => pool.close(),
    )
    const address = cluster.servers[0]!
    const [a, b] = await Promise.all([pool.get(address), pool.get(address)])
    expect(a).toBe(b)
    a.destroy('test')
    expect(await pool.get(address)).not.toBe(a)
    await expect(pool.get('ws://127.0.0.1:1')).rejects.toThrow()
    expect(pool.isCoolingDown('ws://127.0.0.1:1')).toBe(true)
  })
})

describe('metadata', () => {
  const topic = (leader: number, term: number) => ({
    name: 't',
    id: 'x',
    partitions: [{ partition: 0, leader, term, replicas: [1, 2] }],
  })
  const brokers = [1, 2].map((id) => ({ id, http: `h:${id}`, alive: true }))
  const absorb = (metadata: Metadata, topics: ReturnType<typeof topic>[], graceMs = 0) =>
    metadata.absorb({ correlation: 0, clusterId: 'c', brokers, topics }, ['t'], 'ws', graceMs)

  it('follows leaders to newer terms, never back, and counts changes', () => {
    const metadata = new Metadata()
    absorb(metadata, [topic(1, 5)])
    expect(metadata.leaderAddress('t', 0)).toBe('ws://h:1')
    const { version } = metadata
    absorb(metadata, [topic(2, 4)])
    expect(metadata.version).toBe(version)
    absorb(metadata, [topic(2, 6)])
    expect(metadata.leaderAddress('t', 0)).toBe('ws://h:2')
    expect(metadata.version).toBe(version + 1)
    absorb(metadata, [topic(0, 7)])
    expect(metadata.leaderAddress('t', 0)).toBeUndefined()
  })

  it.each([[2 ** 31 - 1], [-1], [1], [0, 0], [0, 2]])(
    'refuses partitions %i %i, and keeps what it knew',
    (...numbers) => {
      const metadata = new Metadata()
      absorb(metadata, [topic(1, 5)])
      const partitions = numbers.map((partition) => ({ partition, leader: 2, term: 9, replicas: [2] }))
      expect(() => absorb(metadata, [{ ...topic(1, 1), partitions }])).toThrow(/not numbered from 0 on/)
      expect(metadata.topic('t')).toEqual({ name: 't', id: 'x', leaders: [1], replicas: [[1, 2]] })
    },
  )

  it.each(['', 'a b', 'h:99999', '[', 'h:1/#x', 'u:p@h:1'])('does not dial a broker at "%s"', (http) => {
    const metadata = new Metadata()
    const told = [brokers[0]!, { id: 2, http, alive: true }]
    metadata.absorb({ correlation: 0, clusterId: 'c', brokers: told, topics: [] }, [], 'ws', 0)
    expect(metadata.addresses()).toEqual(['ws://h:1'])
  })

  it('keeps of an address what can be dialled', () => {
    const metadata = new Metadata()
    const told = ['h:1 ', 'h:2/', 'h:3/below/stream'].map((http, at) => ({ id: at + 1, http, alive: true }))
    metadata.absorb({ correlation: 0, clusterId: 'c', brokers: told, topics: [] }, [], 'ws', 0)
    expect(metadata.addresses()).toEqual(['ws://h:1', 'ws://h:2', 'ws://h:3/below'])
  })

  it('counts a new address of a broker as a change, and the same one as none', () => {
    const metadata = new Metadata()
    const tell = (http: string): number => {
      const told = [{ id: 1, http, alive: true }]
      metadata.absorb({ correlation: 0, clusterId: 'c', brokers: told, topics: [] }, [], 'ws', 0)
      return metadata.version
    }
    const first = tell('h:1')
    expect([tell('h:1'), tell('h:2'), tell('h:2'), metadata.brokerAddress(1)]).toEqual([
      first,
      first + 1,
      first + 1,
      'ws://h:2',
    ])
  })

  it('forgets a topic only when brokers have left it out for a while', () => {
    const metadata = new Metadata()
    absorb(metadata, [topic(1, 1)])
    absorb(metadata, [], 60_000)
    expect(metadata.topic('t')).toBeDefined()
    absorb(metadata, [], 0)
    expect(metadata.topic('t')).toBeUndefined()
  })
})

/** A broker of another version that does not wait for the client: `count` frames come right behind its schemas. */
async function hastyBroker(count: number): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const failure = { correlation: 99, error: { code: 'NOT_READY', message: '', retriable: true, hint: '' } }
  const frame = Buffer.concat(encodeFrame('Failure', failure))
  server.on('connection', (socket) => {
    socket.send(Buffer.concat(encodeFrame('Schemas', { fingerprint: 'other', protocolJson })))
    for (let at = 0; at < count; at++) socket.send(frame)
  })
  closing.push(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}`
}

describe('a connection to a broker of another version', () => {
  it('keeps what comes before the schemas are resolved', async () => {
    expect((await connect(await hastyBroker(3))).isOpen).toBe(true)
  })
})

describe('the client', () => {
  it('names itself in the address, or not at all', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    const asked: string[] = []
    server.on('connection', (socket, request) => {
      asked.push(request.url!)
      socket.send(Buffer.concat(schemasFrame(true)))
    })
    await new Promise((resolve) => server.once('listening', resolve))
    closing.push(() => server.close())
    const address = `ws://127.0.0.1:${(server.address() as { port: number }).port}`
    await connect(address, { clientId: 'a/b+c' })
    await connect(address)
    expect(asked.map((url) => new URL(url, address).searchParams.get('clientId'))).toEqual(['a/b+c', null])
    expect(() => new Client({ servers: [address], clientId: 'a b' })).toThrow(/clientId/)
  })

  it('takes the answer of any broker that is up, and stops at its time limit or signal', async () => {
    const cluster = await TestCluster.start({ t: 1 }, 2)
    const client = new Client({ servers: ['ws://127.0.0.1:1', ...cluster.servers] })
    closing.push(
      () => cluster.close(),
      () => client.close(),
    )
    expect((await client.topic('t', { timeoutMs: 1_000 })).leaders).toEqual([1])
    await cluster.close()
    await expect(client.call('InitProducer', {}, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMED_OUT' })
    const signal = AbortSignal.abort()
    await expect(client.call('InitProducer', {}, { timeoutMs: 100, signal })).rejects.toMatchObject({ code: 'ABORTED' })
    client.close()
    await expect(client.refresh()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('looks up the topic that is wanted now, though a lookup of another topic is in flight', async () => {
    const cluster = await TestCluster.start({ a: 1, b: 1 })
    const client = new Client({ servers: cluster.servers })
    closing.push(
      () => cluster.close(),
      () => client.close(),
    )
    const first = client.refresh(['a'])
    await client.refresh(['b'])
    expect(client.metadata.topic('b')?.leaders).toEqual([1])
    await first
    expect(client.metadata.topic('a')?.leaders).toEqual([1])
  })

  it('reads addresses as people write them', () => {
    expect(['ws://h:1', 'http://h:1/', 'h:1', 'wss://h/stream', 'https://[::1]:2'].map(serverAddress)).toEqual([
      'ws://h:1',
      'ws://h:1',
      'ws://h:1',
      'wss://h',
      'wss://[::1]:2',
    ])
    // Below a path of a proxy.
    const paths = ['https://h/a/b', 'https://h/a/b/', 'h:1/a/stream', 'ws://h/a%20b'].map(serverAddress)
    expect(paths).toEqual(['wss://h/a/b', 'wss://h/a/b', 'ws://h:1/a', 'ws://h/a%20b'])
    for (const wrong of [
      '',
      'ftp://h',
      7,
      'ws://',
      'ws://h/?',
      'ws://h?x=1',
      'ws://h/a#',
      'ws://h#b',
      'ws://me:secret@h',
    ])
      expect(() => serverAddress(wrong)).toThrow(TailraceError)
  })

  it('sums with the processor what schemas sums in JavaScript', () => {
    const bytes = new Uint8Array(1_000).map((_, i) => i * 31)
    for (const [start, end] of [
      [0, 0],
      [0, 1000],
      [21, 999],
      [7, 8],
    ] as const)
      expect(crc32c(bytes, start, end)).toBe(portable(bytes, start, end))
  })
})
