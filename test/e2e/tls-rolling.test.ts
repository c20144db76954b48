import { afterAll, beforeAll, expect, it } from 'vitest'
import { CertificateFiles } from './certificate-files.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { FlightLoad } from './flight-load.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

let files: CertificateFiles
let cluster: ClusterProcesses
const loads: FlightLoad[] = []
/** Of each broker; plain at first. */
const modes = new Map<number, 'allowed' | 'required'>()
/** Of publishing, while all brokers are restarted: more than an election, less than a person notices. */
const MOST_GAP_MS = 3_000

beforeAll(async () => {
  files = await CertificateFiles.create()
  const flagsOf = (id: number): string[] => {
    const mode = modes.get(id)
    return mode === undefined ? [] : [...files.flagsOf(id), '--tls', mode, '--peer-tls', mode]
  }
  cluster = await ClusterProcesses.start({ flagsOf })
  for (const name of ['flights', 'flights-too']) {
    await cluster.request(1, 'POST', '/topics', { name, partitions: 3, replicas: 3 })
    await topicBecomes(cluster, 1, name, allInSync)
  }
}, 60_000)

afterAll(async () => {
  for (const load of loads) await load.abandon()
  await cluster?.destroy()
  await files?.remove()
})

async function restartAllWith(mode: 'allowed' | 'required'): Promise<void> {
  for (const id of cluster.ids) {
    modes.set(id, mode)
    await cluster.stop(id)
    await cluster.launch(id)
    await cluster.ready()
    for (const topic of ['flights', 'flights-too']) await topicBecomes(cluster, id, topic, allInSync)
  }
}

async function start(topic: string): Promise<FlightLoad> {
  const load = await FlightLoad.start(cluster, topic, 300)
  loads.push(load)
  return load
}

it('a cluster goes from plain to TLS while it is published to: nothing is lost, and nobody waits', async () => {
  const from = performance.now()
  const plain = await start('flights')
  await restartAllWith('allowed')
  const changed = performance.now()
  // Clients change one by one, while both kinds are served.
  cluster.useTls(files.tls())
  const secure = await start('flights-too')
  await plain.nextAcknowledgement()
  await plain.stop()
  expect(plain.longestGap(from, changed)).toBeLessThan(MOST_GAP_MS)
  await restartAllWith('required')
  await secure.nextAcknowledgement()
  expect(secure.longestGap(changed + 1_000, performance.now())).toBeLessThan(MOST_GAP_MS)
  await secure.stop()
  expect([await plain.problems(cluster), await secure.problems(cluster)]).toEqual([[], []])
  const tls = await fetch(`http://${cluster.http(1)}/topics`)
  expect([tls.status, await tls.json()]).toMatchObject([400, { code: 'TLS_REQUIRED' }])
  // Every link between brokers is one with TLS.
  for (const id of cluster.ids) expect(await cluster.log(id)).not.toContain('TLS_FAILED')
})
