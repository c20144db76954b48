import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HttpExchanges } from '../../broker/src/platform/node/http-exchange.ts'
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
const PASSWORD = 'pencil-and-paper'
/** The brokers make it. */
const adminFile = () => join(cluster.folder, 'admin.token')

beforeAll(async () => {
  files = await CertificateFiles.create()
  const flagsOf = (id: number): string[] => {
    const mode = modes.get(id)
    if (mode === undefined) return []
    const authentication = mode === 'allowed' ? 'optional' : 'required'
    const access = ['--authentication', authentication, '--admin-token-file', adminFile()]
    return [...files.flagsOf(id), '--tls', mode, '--peer-tls', mode, ...access]
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

/** A user who may do everything with topics, and no more. */
async function makeUser(): Promise<void> {
  await cluster.request(1, 'PUT', '/security/users/load', { password: PASSWORD })
  const resource = { type: 'topic', name: '*', pattern: 'literal' }
  const rule = { principal: 'User:load', host: '*', operation: 'all', permission: 'allow', resource }
  await cluster.request(1, 'POST', '/security/acls', { acls: [rule] })
  for (const id of cluster.ids) {
    await expect.poll(() => cluster.request(id, 'GET', '/security/acls')).toMatchObject({ acls: [rule] })
  }
}

async function start(topic: string): Promise<FlightLoad> {
  const load = await FlightLoad.start(cluster, topic, 300)
  loads.push(load)
  return load
}

it('a cluster goes from open to TLS with credentials under load: nothing is lost, and nobody waits', async () => {
  const from = performance.now()
  const plain = await start('flights')
  await restartAllWith('allowed')
  const changed = performance.now()
  // Clients change one by one, while both kinds are served.
  cluster.useTls(files.tls())
  await makeUser()
  const token = (await readFile(adminFile(), 'utf8')).trim()
  cluster.useCredentials({ token, sdk: { username: 'load', password: PASSWORD } })
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
  const anonymous = new HttpExchanges(files.tls())
  for (const id of cluster.ids) {
    const url = `https://${cluster.http(id)}/topics`
    const { status, text } = await anonymous.send({
      method: 'GET',
      url,
      signal: AbortSignal.timeout(10_000),
      maxBytes: 10_000,
    })
    expect([status, JSON.parse(text)]).toMatchObject([401, { code: 'AUTHENTICATION_REQUIRED' }])
  }
  anonymous.close()
  // Every link between brokers is one with TLS.
  for (const id of cluster.ids) expect(await cluster.log(id)).not.toContain('TLS_FAILED')
})
