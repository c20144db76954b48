import { Client } from '@tailrace/client'
import { Consumer } from '@tailrace/consumer'
import { Producer, type Sent } from '@tailrace/producer'
import { parseReadToken } from '@tailrace/schemas/parse-read-token'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { readFlights } from './flights.ts'
import { allInSync, topicBecomes, viewTopic } from './topic-view.ts'

const HEDGE_MS = 50
/** What a machine at work may add to a round trip over loopback. */
const SLACK_MS = 50

let cluster: ClusterProcesses
let producer: Producer
let consumer: Consumer

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 1, replicas: 3 })
  await topicBecomes(cluster, 1, 'flights', allInSync)
  producer = new Producer({ servers: cluster.servers, lingerMs: 0 })
  consumer = new Consumer({ servers: cluster.servers })
})

afterAll(async () => {
  await producer?.close({ timeoutMs: 1 })
  await consumer?.close()
  await cluster?.destroy()
})

async function leaderNow(through: number): Promise<number> {
  const view = await topicBecomes(cluster, through, 'flights', ({ partitions }) => partitions[0]!.leader !== 0)
  return view.partitions[0]!.leader
}

describe('reads with the token of an acknowledgement', () => {
  it('M95: a program that has published a record reads it at once, from any holder, also while the leadership moves', async () => {
    const flights = await readFlights(0, 120)
    const answered = new Map<number | null, number>()
    for (const [at, { key, value }] of flights.entries()) {
      if (at % 40 === 20) await cluster.request(1, 'POST', '/topics/flights/partitions/0/leader', { to: (at % 3) + 1 })
      const sent = await producer.send('flights', { key, value })
      const { records, replica } = await consumer.read('flights', sent, { first: 'holder' })
      expect(records[0]).toMatchObject({ offset: sent.offset, value })
      answered.set(replica, (answered.get(replica) ?? 0) + 1)
    }
    console.log(
      `${flights.length} reads of own writes: ${[...answered].map(([who, count]) => `${who ?? 'leader'} ${count}`).join(', ')}`,
    )
    expect([...answered.keys()].filter((who) => who !== null).length).toBeGreaterThanOrEqual(2)
  })

  it('M95: the leader is frozen: a holder answers within a round trip and the hedge', async () => {
    const sent = await producer.send('flights', { value: 'before the freeze' })
    expect(sent.holders.length).toBeGreaterThanOrEqual(2)
    const fresh = new Consumer({ servers: cluster.servers })
    const roundTrips: number[] = []
    for (let at = 0; at < 50; at += 1) {
      const began = performance.now()
      await fresh.read('flights', sent, { first: 'holder' })
      roundTrips.push(performance.now() - began)
    }
    const leader = await leaderNow(1)
    cluster.pause(leader)
    const began = performance.now()
    const { records, replica } = await fresh.read('flights', sent, { hedgeAfterMs: HEDGE_MS })
    const took = performance.now() - began
    // The leadership has moved, so another broker is taken for the leader: at most one hedge for each broker.
    const stale = performance.now()
    await consumer.read('flights', sent, { hedgeAfterMs: HEDGE_MS })
    const staleTook = performance.now() - stale
    cluster.resume(leader)
    const roundTrip = roundTrips.sort((a, b) => a - b)[25]!
    console.log(
      `leader frozen: answered in ${took.toFixed(1)} ms, ${staleTook.toFixed(1)} ms with leaders as known before they moved, round trip ${roundTrip.toFixed(1)} ms, hedge ${HEDGE_MS} ms`,
    )
    expect(records[0]!.value).toBe('before the freeze')
    expect(sent.holders).toContain(replica)
    expect(replica).not.toBe(leader)
    expect(took).toBeGreaterThanOrEqual(HEDGE_MS - 1)
    expect(took).toBeLessThan(HEDGE_MS + roundTrip + SLACK_MS)
    expect(staleTook).toBeLessThan(3 * HEDGE_MS + roundTrip + SLACK_MS)
    await fresh.close()
  })

  it('M95: a follower that was cut off before the write refuses, and answers when it has it', async () => {
    const leader = await leaderNow(1)
    const late = cluster.ids.find((id) => id !== leader)!
    const others = cluster.ids.filter((id) => id !== late)
    await cluster.kill(late)
    const sent = await producer.send('flights', { value: 'while one was away' })
    expect(sent.holders).not.toContain(late)
    // It comes back, and receives no message.
    for (const id of others) cluster.pause(id)
    await cluster.launch(late)
    const client = new Client({ servers: [`ws://${cluster.http(late)}`] })
    const ask = (): Promise<unknown> => readFromReplica(client, late, sent)
    await expect.poll(() => ask().catch(({ code }) => code), { timeout: 20_000 }).toBe('NOT_CAUGHT_UP')
    for (const id of others) cluster.resume(id)
    await expect.poll(() => ask().catch(({ code }) => code), { timeout: 20_000 }).toBe(sent.offset + 1)
    client.close()
    expect((await viewTopic(cluster, late, 'flights')).partitions[0]!.highWatermark).toBe(sent.offset + 1)
  })
})

/** Asks this broker for the records of its own replica; resolves with the offset after them. */
async function readFromReplica(client: Client, broker: number, { partition, offset, token }: Sent): Promise<number> {
  const { term, index, seal } = parseReadToken(token!)
  await client.refresh(['flights'])
  const connection = await client.broker(broker)
  const place = { topic: 'flights', partition, offset, maxBytes: 1, waitMs: 0 }
  const fields = { ...place, tokenTerm: term, tokenIndex: index, tokenSeal: seal, replica: true }
  return (await connection.request('Fetch', fields, { timeoutMs: 5000 })).fields.nextOffset
}
