import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'

let cluster: ClusterProcesses
beforeAll(async () => {
  cluster = await ClusterProcesses.start()
}, 60_000)
afterAll(() => cluster?.destroy())

const text = { 'content-type': 'text/plain' }
const at = (id: number, path: string) => `http://${cluster.http(id)}/streams/${path}`

async function create(id: number, path: string, headers: Record<string, string> = {}): Promise<Response> {
  const answer = await fetch(at(id, path), { method: 'PUT', headers: { ...text, ...headers } })
  expect(answer.status).toBe(201)
  return answer
}

it('every append of idempotent producers is there once, in its order, over the deaths of leaders', async () => {
  const [producers, appends] = [6, 60]
  const paths = Array.from({ length: producers }, (_, number) => `log/${number}`)
  for (const path of paths) await create(1, path)
  let acknowledged = 0
  const write = async (path: string, number: number): Promise<void> => {
    for (let seq = 0, attempt = number; seq < appends; attempt++) {
      const headers = { ...text, 'producer-id': `p${number}`, 'producer-epoch': '0', 'producer-seq': String(seq) }
      const answer = await fetch(at(1 + (attempt % 3), path), { method: 'POST', headers, body: `${seq};` }).catch(
        () => null,
      )
      // Sent again until it is acknowledged: to any broker, also one that is dead.
      if (answer === null || answer.status >= 500) await new Promise((resolve) => setTimeout(resolve, 20))
      else {
        expect([200, 204]).toContain(answer.status)
        seq += 1
        acknowledged += 1
      }
    }
  }
  const writing = Promise.all(paths.map(write))
  for (const id of [2, 3, 1]) {
    const before = acknowledged
    await cluster.kill(id)
    await expect
      .poll(() => acknowledged, { timeout: 20_000 })
      .toBeGreaterThan(Math.min(before + 10, producers * appends - 1))
    await cluster.launch(id)
    await cluster.ready([id])
  }
  await writing
  const wanted = Array.from({ length: appends }, (_, seq) => `${seq};`).join('')
  for (const path of paths) for (const id of cluster.ids) expect(await (await fetch(at(id, path))).text()).toBe(wanted)
}, 120_000)

it('a reader that waits at one broker has what is appended at another, and survives the death of a leader', async () => {
  await create(1, 'live')
  const read = async (offset: string) => fetch(`${at(2, 'live')}?live=long-poll&offset=${offset}`)
  const first = read('now')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect((await fetch(at(3, 'live'), { method: 'POST', headers: text, body: 'one' })).status).toBe(204)
  const answer = await first
  expect([answer.status, await answer.text()]).toEqual([200, 'one'])
  const second = read(answer.headers.get('stream-next-offset')!)
  for (const id of [1, 3]) {
    await cluster.kill(id)
    await cluster.launch(id)
    await cluster.ready([id])
  }
  const headers = { ...text, 'producer-id': 'p', 'producer-epoch': '0', 'producer-seq': '0' }
  await expect
    .poll(async () => (await fetch(at(1, 'live'), { method: 'POST', headers, body: 'two' })).status, {
      timeout: 20_000,
    })
    .toBeLessThan(300)
  expect(await (await second).text()).toBe('two')
}, 90_000)

it('streams, their forks, closures, lifetimes and producers outlive a restart of all brokers', async () => {
  await create(1, 'kept/a', { 'stream-ttl': '3600' })
  const producer = { 'producer-id': 'p', 'producer-epoch': '4', 'producer-seq': '0', 'stream-seq': 'b' }
  await fetch(at(2, 'kept/a'), { method: 'POST', headers: { ...text, ...producer }, body: 'alpha' })
  await create(3, 'kept/b', { 'stream-forked-from': '/streams/kept/a' })
  await fetch(at(1, 'kept/b'), { method: 'POST', headers: { ...text, 'stream-closed': 'true' }, body: ' beta' })
  await create(2, 'kept/short', { 'stream-ttl': '2' })
  expect((await fetch(at(1, 'kept/a'), { method: 'DELETE' })).status).toBe(204)
  for (const id of cluster.ids) await cluster.stop(id)
  for (const id of cluster.ids) await cluster.launch(id)
  await cluster.ready()
  for (const id of cluster.ids) {
    const answer = await fetch(at(id, 'kept/b'))
    expect([answer.status, await answer.text()]).toEqual([200, 'alpha beta'])
    expect(answer.headers.get('stream-closed')).toBe('true')
    expect((await fetch(at(id, 'kept/a'))).status).toBe(410)
  }
  await expect
    .poll(async () => (await fetch(at(1, 'kept/short'))).status, { interval: 3_000, timeout: 20_000 })
    .toBe(404)
  expect((await fetch(at(2, 'kept/b'), { method: 'DELETE' })).status).toBe(204)
  await expect.poll(async () => (await fetch(at(1, 'kept/a'))).status).toBe(404)
}, 90_000)

it('a body that is too long is refused, and its sender is told so', async () => {
  await create(1, 'large')
  const body = new Uint8Array(10 * 1024 * 1024)
  const answer = await fetch(at(1, 'large'), { method: 'POST', headers: text, body })
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([413, 'FRAME_TOO_LARGE'])
})

const MANY = 2_000
it('many streams cost a broker little memory', async () => {
  const bytes = async (): Promise<number[]> =>
    Promise.all(
      cluster.ids.map(async (id) => {
        const page = await (await fetch(`http://${cluster.http(id)}/metrics`)).text()
        return Number(/^process_resident_memory_bytes (\S+)/m.exec(page)![1])
      }),
    )
  const before = await bytes()
  const started = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    for (let number = next++; number < MANY; number = next++) {
      const options = { method: 'PUT', headers: text, body: `stream ${number}` }
      expect((await fetch(at(1 + (number % 3), `many/${number}`), options)).status).toBe(201)
    }
  }
  await Promise.all(Array.from({ length: 64 }, worker))
  const seconds = (performance.now() - started) / 1000
  const after = await bytes()
  const grown = after.map((now, at) => Math.round((now - before[at]!) / 1024))
  console.log(`${MANY} streams in ${seconds.toFixed(1)} s; each broker has grown by ${grown.join(', ')} KiB`)
  expect(await (await fetch(at(2, 'many/1777'))).text()).toBe('stream 1777')
  // Of the heap a part is free and not given back.
  for (const kib of grown) expect(kib).toBeLessThan(100 * 1024)
}, 120_000)
