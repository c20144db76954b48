import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32c, type Frame, termStartBatch } from '@tailrace/schemas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PeerIdentity } from '../../broker/src/partition/peers.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { type Approach, HostileBroker, listenAsBroker } from './hostile-broker.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const MOST_TERM = 2 ** 31 - 1
const folder = mkdtempSync(join(tmpdir(), 'tailrace-hostile-'))
const certs = join(folder, 'certs')
const pem = (file: string) => readFileSync(join(certs, file))

/** How brokers prove themselves, and how a program that cannot comes to them. */
const guards = {
  'a cluster key': {
    flagsOf: () => ['--cluster-key-file', join(folder, 'cluster.key')],
    approaches: { 'without a key': () => ({}), 'with another key': () => ({ key: randomBytes(32) }) },
  },
  certificates: {
    flagsOf: (id: number) => [
      '--peer-tls',
      'required',
      '--peer-tls-ca-file',
      join(certs, 'ca.crt'),
      '--peer-tls-cert-file',
      join(certs, `broker-${id}.crt`),
      '--peer-tls-key-file',
      join(certs, `broker-${id}.key`),
    ],
    approaches: {
      'without TLS': () => ({}),
      'without a certificate': () => ({ tls: {} }),
      'with the certificate of a client': () => ({
        tls: { cert: pem('client-alice.crt'), key: pem('client-alice.key') },
      }),
    },
  },
}

beforeAll(async () => {
  writeFileSync(join(folder, 'cluster.key'), randomBytes(32).toString('base64'), { mode: 0o600 })
  const { code } = await tailrace(['certs', 'create', '--brokers', '3', '--clients', 'alice', '--out', certs])
  expect(code).toBe(0)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A control batch with the right checksum that names a compression: it once ended a broker. */
function poisonedBatch(): Uint8Array {
  const batch = termStartBatch({ term: 1, baseOffset: 0, timestamp: 5, leader: 1 })
  const view = new DataView(batch.buffer, batch.byteOffset)
  view.setInt16(21, view.getInt16(21) | 7)
  view.setUint32(17, crc32c(batch, 21, batch.length))
  return batch
}

/** What each of the hostile programs says once it has said hello. */
const attacks: Readonly<Record<string, (hostile: HostileBroker) => void>> = {
  'an append that once ended the broker': (hostile) => {
    const batch = poisonedBatch()
    const entry = { term: 1, kind: 1, baseOffset: 0, lastOffset: -1, bytes: batch.length }
    hostile.send('Append', { group: 0, term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries: [entry] }, [batch])
  },
  'votes and appends of a later term': (hostile) => {
    for (const group of [0, 1, 2]) {
      hostile.send('Vote', { group, term: 50, pre: false, transfer: true, lastIndex: 10_000, lastTerm: 49 })
      hostile.send('Append', { group, term: 51, prevIndex: 0, prevTerm: 0, commit: 10_000, entries: [] })
      hostile.send('TimeoutNow', { group, term: 51 })
    }
  },
  'terms that no elections can have led to': (hostile) => {
    const beat = { term: MOST_TERM, commit: 2 ** 52, sentAt: 1, sleep: false, acknowledged: 2 ** 52 }
    hostile.send('Heartbeats', { beats: Array.from({ length: 10 }, (_, group) => ({ group, ...beat })) })
  },
  'all leaderships for itself': (hostile) => {
    hostile.send('Leaders', { leaders: Array.from({ length: 40 }, (_, group) => ({ group, term: MOST_TERM })) })
  },
  administration: (hostile) => {
    const name = '../../etc/x'
    const intent = { name, topicId: randomUUID(), config: [], partitions: 1_000_000, replicas: 1 }
    const create = { 'tailrace.metadata.CreateTopic': intent } as never
    hostile.send('MetadataCommand', { correlation: 1, id: 'x', timeoutMs: 3000, intent: create })
    hostile.send('ChangeMetadataVoters', { correlation: 2, voters: [77] })
    hostile.send('TransferLeadership', { correlation: 3, group: 1, to: 77 })
    hostile.send('Join', { correlation: 4 })
    hostile.send('InitProducer', { correlation: 5 })
  },
  'thousands of unknown commands': (hostile) => {
    // Number 60 was a command by its name, as JSON.
    const frame = Buffer.alloc(16)
    frame.writeUInt32BE(12, 0)
    frame.writeUInt8(1, 4)
    frame.writeUInt16BE(60, 6)
    for (let count = 0; count < 2000; count++) hostile.sendBytes(frame)
  },
  'requests for what is stored': (hostile) => {
    const fetch = { topic: 'bank', partition: 0, offset: 0, maxBytes: 1_000_000, waitMs: 0 }
    hostile.send('Fetch', { correlation: 1, ...fetch } as never)
    hostile.send('CopyOpen', { correlation: 2, group: 1, lastIndex: 0, lastTerm: 0 })
    hostile.send('CopyRead', { correlation: 3, copy: 1, file: '../identity.json', position: 0, maxBytes: 1000 })
    hostile.send('ReadEntries', { correlation: 4, group: 1, firstIndex: 1, lastIndex: 100, maxBytes: 2 ** 20 })
    hostile.send('Publish', { correlation: 5, topic: 'bank', partition: 0, timeoutMs: 1000 } as never, [
      Buffer.alloc(61),
    ])
  },
}

describe.each(Object.keys(guards) as (keyof typeof guards)[])('brokers with %s', (guard) => {
  let cluster: ClusterProcesses
  const { flagsOf } = guards[guard]
  const approaches: Readonly<Record<string, () => Approach>> = guards[guard].approaches

  beforeAll(async () => {
    cluster = await ClusterProcesses.start({ flagsOf })
    await cluster.request(1, 'POST', '/topics', { name: 'bank', partitions: 2, replicas: 3 })
    await topicBecomes(cluster, 1, 'bank', allInSync)
    await publish()
  }, 60_000)

  afterAll(() => cluster?.destroy())

  async function publish(): Promise<void> {
    for (const id of cluster.ids) {
      const records = [0, 1].map((partition) => ({ partition, value: 'salary' }))
      await cluster.request(id, 'POST', '/topics/bank/records', { records })
    }
  }

  /** All that the cluster says of itself and that may not change; without the numbers that grow by themselves. */
  async function state(): Promise<unknown> {
    const { brokers, metadataLeader } = await cluster.request<{ brokers: { id: number }[]; metadataLeader: number }>(
      1,
      'GET',
      '/cluster',
    )
    const topics = await cluster.request(1, 'GET', '/topics')
    const groups = await Promise.all(
      ['/topics/bank/partitions/0/describe', '/topics/bank/partitions/1/describe', '/cluster/describe'].map((path) =>
        cluster.request<{ replicas: Record<string, unknown>[] }>(1, 'GET', path),
      ),
    )
    const replicas = groups.map((group) =>
      group.replicas.map(({ broker, role, term, leader, trouble }) => [broker, role, term, leader, trouble]),
    )
    return { brokers: brokers.map(({ id }) => id), metadataLeader, topics, replicas }
  }

  /** As the broker of this number, with its true directory id, which no stranger is told. */
  function identity(id: number, peer: string): PeerIdentity {
    const file = (of: number) => JSON.parse(readFileSync(join(cluster.dataFolder(of), 'identity.json'), 'utf8'))
    const { clusterId, directoryId } = file(id > 3 ? 1 : id) as { clusterId: string; directoryId: string }
    const own = { clusterId, directoryId: id > 3 ? 'made-up' : directoryId, incarnation: randomUUID() }
    return { brokerId: id, ...own, peer, http: '127.0.0.1:1', formed: true }
  }

  describe.each(Object.keys(approaches))('and a program %s', (how) => {
    const approach = approaches[how]!

    it.each(Object.keys(attacks))('refuse %s, and nothing has changed', async (attack) => {
      const before = await state()
      const refused: Frame[] = []
      for (const target of cluster.ids) {
        for (const id of [77, (target % 3) + 1]) {
          const hostile = await HostileBroker.dial(cluster.peer(target), identity(id, '127.0.0.1:1'), approach())
          attacks[attack]!(hostile)
          await hostile.closed
          refused.push(...hostile.heard.filter(({ name }) => name !== 'Challenge'))
        }
      }
      for (const { name, fields } of refused)
        expect([name, fields]).toMatchObject(['HelloReply', { clusterId: '', peer: '', directoryId: '' }])
      await publish()
      expect(await state()).toEqual(before)
    })

    it('never dial it, nor does it disturb their links by saying hello', async () => {
      const before = await state()
      const { server, address, frames } = await listenAsBroker()
      for (let round = 0; round < 20; round++) {
        const dials = cluster.ids.map((target) => {
          const as = round % 2 === 0 ? 77 : (target % 3) + 1
          return HostileBroker.dial(cluster.peer(target), identity(as, address), approach())
        })
        for (const hostile of await Promise.all(dials)) hostile.close()
        await publish()
      }
      server.close()
      expect(frames).toEqual([])
      expect(await state()).toEqual(before)
    })
  })

  it('log no mistake of their own, and count the refusals', async () => {
    for (const id of cluster.ids) {
      expect(await cluster.log(id)).not.toMatch(/"level":[56]0/)
      const metrics = await (await fetch(`http://${cluster.http(id)}/metrics`)).text()
      const counts = [...metrics.matchAll(/^tailrace_(?:peer_handshakes_refused|tls_\w*refused)\w*(?:{.*})? (\d+)$/gm)]
      expect(counts.reduce((sum, [, count]) => sum + Number(count), 0)).toBeGreaterThan(10)
      expect(metrics).toMatch(/^tailrace_peer_handler_faults_total 0$/m)
    }
  })
})
