import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type ConnectionOptions, connect } from 'node:tls'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { type Frame, FrameReader, ownDecoder } from '@tailrace/schemas'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CascadeProcesses } from './cascade-processes.ts'
import { CertificateFiles } from './certificate-files.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

let files: CertificateFiles
let cluster: ClusterProcesses
let cascades: CascadeProcesses
/** What broker 3 is started with. */
let worn = { certificate: 3, peerTls: 'required' }

beforeAll(async () => {
  files = await CertificateFiles.create()
  const flagsOf = (id: number) => [
    ...files.flagsOf(id === 3 ? worn.certificate : id),
    '--tls',
    'required',
    '--tls-client-certificates',
    'asked',
    '--peer-tls',
    id === 3 ? worn.peerTls : 'required',
  ]
  cluster = await ClusterProcesses.start({ flagsOf, tls: files.tls() })
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 3, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
  cascades = await CascadeProcesses.inFolder()
}, 60_000)

afterAll(async () => {
  await cascades?.destroy()
  await cluster?.destroy()
  await files?.remove()
})

const read = (name: string) => readFileSync(files.path(name), 'utf8')

/** What a subscription to all of the topic brings first. */
async function firstValues(servers: string[], count: number): Promise<string[]> {
  const consumer = new Consumer({ servers, ...(servers[0]!.startsWith('wss') ? { tls: files.tls() } : {}) })
  const values: string[] = []
  try {
    for await (const { value } of consumer.subscribe('flights', { from: 'earliest' })) {
      values.push(value!)
      if (values.length === count) break
    }
  } finally {
    await consumer.close()
  }
  return values.sort()
}

it('SDK, command line and a cascade broker work with brokers that use TLS everywhere', async () => {
  const alice = { ...files.tls(), cert: read('client-alice.crt'), key: read('client-alice.key') }
  // Through one address: the others are learned, and dialled with TLS too.
  const producer = new Producer({ servers: [cluster.servers[0]!], tls: alice })
  await Promise.all(['a', 'b', 'c'].map((value) => producer.send('flights', { key: value, value })))
  await producer.close()
  const environment = { TAILRACE_SERVER: `https://${cluster.http(2)}`, TAILRACE_TLS_CA: files.path('ca.crt') }
  expect(await tailrace(['publish', 'flights'], '{"d":1}\n', environment)).toMatchObject({ code: 0 })
  expect((await tailrace(['tail', 'flights', '--from', 'earliest', '-n', '4'], '', environment)).code).toBe(0)
  expect((await tailrace(['topic', 'list'], '', environment)).out).toContain('flights')
  const sources = [1, 2, 3].map((id) => cluster.http(id)).join(',')
  const flags = ['--source-tls', 'required', '--source-tls-ca-file', files.path('ca.crt')]
  await cascades.add(101, sources, flags)
  await cascades.ready()
  const expected = ['a', 'b', 'c', '{"d":1}']
  expect(await firstValues([`ws://${cascades.http(101)}`], 4)).toEqual(expected)
  expect(await firstValues(cluster.servers, 4)).toEqual(expected)
  // What is published through the cascade broker goes up through TLS as well, and so do the requests of operators.
  const below = new Producer({ servers: [`ws://${cascades.http(101)}`] })
  expect(await below.send('flights', { key: 'e', value: 'e' })).toMatchObject({ partition: expect.any(Number) })
  await below.close()
  expect((await tailrace(['partition', 'describe', 'flights/0', '-s', cascades.http(101)])).code).toBe(0)
})

it('plain clients and sources are told to use TLS', async () => {
  const producer = new Producer({ servers: [`ws://${cluster.http(1)}`] })
  await expect(producer.send('flights', { value: 'x' })).rejects.toMatchObject({ code: 'TLS_REQUIRED' })
  await producer.close()
  const { code, err } = await tailrace(['topic', 'list', '-s', cluster.http(1)])
  expect([code, err]).toEqual([1, expect.stringContaining('error TLS_REQUIRED')])
  await cascades.add(102, cluster.http(1))
  await expect.poll(() => cascades.log(102), { timeout: 10_000 }).toContain('TLS_REQUIRED')
  const stranger = new Producer({ servers: [`wss://${cluster.http(1)}`] })
  await expect(stranger.send('flights', { value: 'x' })).rejects.toMatchObject({ code: 'TLS_FAILED' })
  await stranger.close()
})

/** The frames that the peer port of broker 1 sends to a program before it closes the connection. */
async function answersOfPeerPort(options: ConnectionOptions, sent: Uint8Array[] = []): Promise<Frame[]> {
  const frames: Frame[] = []
  const reader = new FrameReader({ maxFrameBytes: 65_536, decoder: ownDecoder, onFrame: (frame) => frames.push(frame) })
  const [host, port] = cluster.peer(1).split(':')
  const socket = connect({ host: host!, port: Number(port), rejectUnauthorized: false, ...options })
  socket.on('data', (bytes) => reader.push(bytes))
  socket.on('error', () => {})
  for (const bytes of sent) socket.write(bytes)
  await once(socket, 'close')
  return frames
}

it('the peer port takes brokers of the CA, and nobody else', async () => {
  const refused = [{ name: 'HelloReply', fields: { clusterId: '', error: { code: 'CERTIFICATE_REFUSED' } } }]
  expect(await answersOfPeerPort({})).toMatchObject(refused)
  await files.issue('stranger')
  const name = (end: string) => readFileSync(files.path(`stranger/broker-2.${end}`), 'utf8')
  expect(await answersOfPeerPort({ cert: name('crt'), key: name('key') })).toMatchObject(refused)
})

it('a broker with the certificate of another, and one without TLS, stay outside', async () => {
  const readiness = () => cluster.request(3, 'GET', '/readyz').catch((error: Error) => error.message)
  const restartWith = async (certificate: number, peerTls: string) => {
    worn = { certificate, peerTls }
    await cluster.stop(3)
    await cluster.launch(3)
  }
  await restartWith(2, 'required')
  await expect.poll(readiness, { timeout: 10_000 }).toContain('does not name broker-3, but broker-2')
  await restartWith(3, 'off')
  await expect.poll(readiness, { timeout: 10_000 }).toContain('TLS_REQUIRED')
  await restartWith(3, 'required')
  await cluster.ready()
})
