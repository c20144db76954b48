import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { encodeFrame, type Frame, FrameReader, protocolFingerprint } from '@tailrace/schemas'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { FlightLoad } from './flight-load.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

let cluster: ClusterProcesses
let load: FlightLoad
/** The use of the key, by broker; without one at first. */
const uses = new Map<number, 'optional' | 'required'>()
const keyFile = () => join(cluster.folder, 'cluster.key')
const [first, second] = [0, 0].map(() => randomBytes(32).toString('base64')) as [string, string]
/** Of publishing, while all brokers are restarted: more than an election, less than a person notices. */
const MOST_GAP_MS = 3000

beforeAll(async () => {
  const flagsOf = (id: number): string[] => {
    const use = uses.get(id)
    return use === undefined ? [] : ['--cluster-key-file', keyFile(), '--cluster-key', use]
  }
  cluster = await ClusterProcesses.start({ flagsOf })
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 3, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
  load = await FlightLoad.start(cluster, 'flights', 300)
}, 60_000)

afterAll(async () => {
  await load?.abandon()
  await cluster?.destroy()
})

async function restartAllWith(use: 'optional' | 'required'): Promise<void> {
  for (const id of cluster.ids) {
    uses.set(id, use)
    await cluster.stop(id)
    await cluster.launch(id)
    await cluster.ready()
    await topicBecomes(cluster, id, 'flights', allInSync)
  }
}

async function writeKeys(...keys: string[]): Promise<void> {
  await writeFile(keyFile(), keys.join('\n'), { mode: 0o600 })
}

/** Until each broker has logged it as often. */
async function logged(text: string, times: number): Promise<void> {
  const counts = async () => Promise.all(cluster.ids.map(async (id) => (await cluster.log(id)).split(text).length - 1))
  await expect.poll(counts, { timeout: 20_000 }).toEqual(cluster.ids.map(() => times))
}

/** The answer to the Hello of a program without a key. */
async function answerToStranger(id: number): Promise<Frame> {
  const [, port] = cluster.peer(id).split(':')
  const socket = connect(Number(port), '127.0.0.1')
  const answer = Promise.withResolvers<Frame>()
  const reader = new FrameReader({ maxFrameBytes: 65_536, onFrame: answer.resolve })
  socket.on('data', (chunk) => reader.push(chunk))
  await once(socket, 'connect')
  const identity = { brokerId: 77, directoryId: 'made-up', incarnation: 'x', clusterId: '', peer: '', http: '' }
  const hello = { protocol: 2, schemas: protocolFingerprint, ...identity, formed: false }
  for (const piece of encodeFrame('Hello', hello)) socket.write(piece)
  return answer.promise.finally(() => socket.destroy())
}

it('a cluster at work gets a key, and publishing goes on; strangers are refused from then on', async () => {
  expect((await answerToStranger(1)).name).toBe('Hello')
  await writeKeys(first)
  const from = performance.now()
  await restartAllWith('optional')
  expect((await answerToStranger(1)).name).toBe('Hello')
  await restartAllWith('required')
  await load.nextAcknowledgement()
  expect(load.longestGap(from, performance.now())).toBeLessThan(MOST_GAP_MS)
  for (const id of cluster.ids) {
    const { name, fields } = await answerToStranger(id)
    expect([name, fields]).toMatchObject(['HelloReply', { clusterId: '', peer: '', http: '', directoryId: '' }])
    expect(fields).toMatchObject({ error: { code: 'PEER_NOT_AUTHENTICATED' } })
  }
})

it('the key is replaced without a restart', async () => {
  const from = performance.now()
  for (const [index, keys] of [[first, second], [second, first], [second]].entries()) {
    await writeKeys(...keys)
    await logged('the cluster key file has changed', index + 1)
  }
  await load.nextAcknowledgement()
  expect(load.longestGap(from, performance.now())).toBeLessThan(MOST_GAP_MS)
  // Its links are made anew, with the new key.
  await cluster.kill(2)
  await cluster.launch(2)
  await cluster.ready()
  await topicBecomes(cluster, 2, 'flights', allInSync)
})

it('a key file that others can read is not used: a broker goes on with the former key, and does not start', async () => {
  await chmod(keyFile(), 0o644)
  await logged('the cluster key file that was read before stays in use', 1)
  await cluster.kill(3)
  await cluster.launch(3)
  await expect(cluster.ready([3])).rejects.toThrow(/can be opened by others .*chmod 600/)
  await chmod(keyFile(), 0o600)
  await cluster.launch(3)
  await cluster.ready()
  await topicBecomes(cluster, 3, 'flights', allInSync)
})

it('every acknowledged record is there, once and in order', async () => {
  await load.stop()
  expect(await load.problems(cluster)).toEqual([])
})
