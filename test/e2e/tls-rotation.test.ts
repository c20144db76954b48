import { once } from 'node:events'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { CertificateFiles, servedSerial } from './certificate-files.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { FlightLoad } from './flight-load.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

let files: CertificateFiles
let cluster: ClusterProcesses
let load: FlightLoad
/** A connection to each broker, and what has closed them. */
const held: WebSocket[] = []
const closes: string[] = []

beforeAll(async () => {
  files = await CertificateFiles.create()
  await files.issue('second')
  const flagsOf = (id: number) => [...files.flagsOf(id), '--tls', 'required', '--peer-tls', 'required']
  // Clients trust both CAs from the start: they read their files when they start.
  cluster = await ClusterProcesses.start({ flagsOf, tls: files.tls(['first', 'second']) })
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 3, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
  load = await FlightLoad.start(cluster, 'flights', 300)
  for (const id of cluster.ids) {
    const socket = new WebSocket(`wss://${cluster.http(id)}/stream`, { ca: files.tls().ca })
    socket.on('close', (code) => closes.push(`broker ${id}: ${code}`))
    await once(socket, 'open')
    held.push(socket)
  }
}, 60_000)

afterAll(async () => {
  for (const socket of held) socket.removeAllListeners('close').terminate()
  await load?.abandon()
  await cluster?.destroy()
  await files?.remove()
})

const serials = () => Promise.all(cluster.ids.map((id) => servedSerial(cluster.http(id))))
/** How often each broker has read its files again. */
const reloads = () =>
  Promise.all(cluster.ids.map(async (id) => (await cluster.log(id)).split('certificates loaded anew').length - 1))

/** Changes files; resolves when every broker has read them again. */
async function whileWatched(change: () => Promise<void>): Promise<void> {
  const before = await reloads()
  await change()
  const all = async () => (await reloads()).every((count, at) => count > before[at]!)
  await expect.poll(all, { timeout: 20_000 }).toBe(true)
}

/** Puts certificates into place; resolves when every broker serves its new one. */
async function renewWith(authority: string, trusted: string[]): Promise<void> {
  const before = await serials()
  await files.use(authority, trusted)
  const none = async () => (await serials()).some((serial) => before.includes(serial))
  await expect.poll(none, { timeout: 20_000 }).toBe(false)
}

/** What a new client gets, that trusts these CAs. */
async function publishTrusting(...authorities: string[]): Promise<string> {
  const producer = new Producer({ servers: cluster.servers, tls: files.tls(authorities) })
  try {
    await producer.send('flights-too', { value: 'x' })
    return 'published'
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    await producer.close()
  }
}

it('renews certificates, and replaces the CA with an overlap, while connections and publishing go on', async () => {
  await cluster.request(1, 'POST', '/topics', { name: 'flights-too', partitions: 1, replicas: 3 })
  const from = performance.now()
  await files.issue('first', true)
  await renewWith('first', ['first'])
  await whileWatched(() => files.trust(['first', 'second']))
  await renewWith('second', ['first', 'second'])
  expect(await publishTrusting('first', 'second')).toBe('published')
  await whileWatched(() => files.trust(['second']))
  expect([await publishTrusting('second'), await publishTrusting('first')]).toEqual(['published', 'TLS_FAILED'])
  await load.nextAcknowledgement()
  expect(closes).toEqual([])
  expect(load.longestGap(from, performance.now())).toBeLessThan(1_000)
  // Links between brokers are made with the new CA alone.
  await cluster.stop(2)
  await cluster.launch(2)
  await cluster.ready()
  await load.stop()
  expect(await load.problems(cluster)).toEqual([])
})
