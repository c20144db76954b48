import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { webhookFlags } from './webhook-flags.ts'

let cluster: ClusterProcesses
let webhooks: Awaited<ReturnType<typeof webhookFlags>>
let receiver: Server
beforeAll(async () => {
  webhooks = await webhookFlags()
  cluster = await ClusterProcesses.start({ flags: webhooks.flags })
  receiver = createServer()
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
}, 60_000)
afterAll(async () => {
  receiver?.closeAllConnections()
  receiver?.close()
  await cluster?.destroy()
  await webhooks?.remove()
})

const json = { 'content-type': 'application/json' }

interface Wake {
  readonly wake_id: string
  readonly generation: number
  readonly callback_token: string
  readonly streams: readonly { readonly path: string; readonly acked_offset: string; readonly tail_offset: string }[]
}

let turn = 0
/** At one broker after the other, until one has said yes or no. */
async function ask(method: string, path: string, body?: object, headers: object = {}): Promise<Response> {
  for (;;) {
    const url = `http://${cluster.http(1 + (turn++ % 3))}/streams/${path}`
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await fetch(url, { method, headers: { ...json, ...headers }, ...sent }).catch(() => null)
    if (answer !== null && answer.status < 500) return answer
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const subscription = '__ds/subscriptions/work'

it('a subscription wakes its receiver for every append, while brokers that lead it and the streams are killed', async () => {
  const streams = 6
  let isOver = false
  const odd: string[] = []
  const wakes = new Map<number, Set<string>>()
  const acked = new Map<string, string>()
  let acks = 0
  receiver.on('request', async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    const wake = JSON.parse(text) as Wake
    wakes.set(wake.generation, (wakes.get(wake.generation) ?? new Set()).add(wake.wake_id))
    response.end('{}')
    const list = wake.streams.map(({ path, tail_offset: offset }) => ({ stream: path, offset }))
    const { wake_id, generation } = wake
    const bearer = { authorization: `Bearer ${wake.callback_token}` }
    const answer = await ask(
      'POST',
      `${subscription}/callback`,
      { wake_id, generation, acks: list, done: true },
      bearer,
    )
    // A wake that was brought twice is over the second time.
    if (answer.status !== 200 && answer.status !== 409) odd.push(`${answer.status}: ${await answer.text()}`)
    if (answer.status !== 200) return
    acks += 1
    for (const { stream, offset } of list) {
      if (offset < (acked.get(stream) ?? '')) odd.push(`${stream} goes back to ${offset}`)
      acked.set(stream, offset)
    }
  })
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  const config = { type: 'webhook', pattern: 'work/*', webhook: { url }, lease_ttl_ms: 3_000 }
  expect((await ask('PUT', subscription, config)).status).toBe(201)
  const paths = Array.from({ length: streams }, (_, number) => `work/${number}`)
  let appended = 0
  const writing = Promise.all(
    paths.map(async (path, number) => {
      await ask('PUT', path)
      for (let seq = 0; !isOver; seq++) {
        const producer = { 'producer-id': `p${number}`, 'producer-epoch': '0', 'producer-seq': String(seq) }
        expect([200, 204]).toContain((await ask('POST', path, { seq }, producer)).status)
        appended += 1
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }),
  )
  for (const id of [2, 3, 1, 2]) {
    const before = [appended, acks] as const
    await cluster.kill(id)
    // Also while it is down: by the next leaders.
    await expect.poll(() => [appended > before[0] + 5, acks > before[1] + 1], { timeout: 30_000 }).toEqual([true, true])
    await cluster.launch(id)
    await cluster.ready([id])
  }
  isOver = true
  await writing
  const tails: Record<string, string | null> = {}
  for (const path of paths) tails[path] = (await ask('HEAD', path)).headers.get('stream-next-offset')
  await expect
    .poll(
      async () => {
        const { streams: links } = (await (await ask('GET', subscription)).json()) as {
          streams: readonly { path: string; acked_offset: string }[]
        }
        return Object.fromEntries(links.map(({ path, acked_offset }) => [path, acked_offset]))
      },
      { timeout: 40_000 },
    )
    .toEqual(tails)
  expect(odd).toEqual([])
  // One generation is one wake, over all leaders.
  expect([...wakes.values()].filter(({ size }) => size > 1)).toEqual([])
  console.log(`${appended} appends, ${wakes.size} wakes, ${acks} acked`)
}, 180_000)

it('a subscription, its cursor and its lease outlive a restart of all brokers', async () => {
  await ask('PUT', 'wakes', [])
  const config = { type: 'pull-wake', pattern: 'kept/*', wake_stream: 'wakes', lease_ttl_ms: 60_000 }
  expect((await ask('PUT', '__ds/subscriptions/kept', config)).status).toBe(201)
  await ask('PUT', 'kept/a', { first: 1 })
  const claim = (worker: string) => ask('POST', '__ds/subscriptions/kept/claim', { worker })
  const claimed = (await (await claim('one')).json()) as Wake & { readonly token: string }
  for (const id of cluster.ids) await cluster.stop(id)
  for (const id of cluster.ids) await cluster.launch(id)
  await cluster.ready()
  expect((await claim('two')).status).toBe(409)
  await ask('POST', 'kept/a', { second: 2 })
  const { wake_id, generation, token, streams } = claimed
  const acks = streams.map(({ path, tail_offset: offset }) => ({ stream: path, offset }))
  const bearer = { authorization: `Bearer ${token}` }
  const done = await ask('POST', '__ds/subscriptions/kept/ack', { wake_id, generation, acks, done: true }, bearer)
  expect(done.status).toBe(200)
  const next = (await (await claim('two')).json()) as Wake
  expect(next.generation).toBe(generation + 1)
  expect(next.streams).toMatchObject([{ path: 'kept/a', acked_offset: streams[0]!.tail_offset }])
}, 90_000)
