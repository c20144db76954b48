import { afterEach, expect, it } from 'vitest'
import { TestCluster } from '../testing/index.ts'
import { Client } from './client.ts'
import { nearestFirst, nearestRoute } from './nearest-route.ts'

let cluster: TestCluster
let client: Client
afterEach(async () => {
  client?.close()
  await cluster?.close()
})

/** Three brokers, each in a rack of its own; the first of them leads. */
async function start(rack: string): Promise<void> {
  cluster = await TestCluster.start({ t: 1 }, 3)
  for (const [at, broker] of cluster.brokers.entries()) broker.rack = ['north', 'east', 'south'][at]!
  client = new Client({ servers: cluster.servers }, rack)
  await client.refresh(['t'])
}

const nearest = async () => (await nearestRoute(client, 't', 0)).connection.address

it.each([
  ['north', 1],
  ['east', 2],
  ['south', 3],
])('a replica in the rack %s is nearer than one to which a connection opened faster', async (rack, id) => {
  await start(rack)
  for (const broker of [1, 2, 3]) await client.broker(broker)
  expect(nearestFirst(client, [1, 2, 3])[0]).toBe(id)
  expect(await nearest()).toBe(client.metadata.brokerAddress(id))
})

it('opens no connection to other racks', async () => {
  await start('south')
  const before = cluster.connections
  expect(await nearest()).toBe(client.metadata.brokerAddress(3))
  expect(cluster.connections - before).toBeLessThanOrEqual(1)
})

it.each(['', 'west'])('the rack "%s", in which no broker is, prefers none', async (rack) => {
  await start(rack)
  expect(nearestFirst(client, [2, 1, 3])[0]).toBe(nearestFirst(client, [1, 2, 3])[0])
})

it('a broker of the own rack that is down is passed over, and comes back', async () => {
  await start('south')
  await cluster.broker(3).stop()
  const others = [1, 2].map((id) => client.metadata.brokerAddress(id))
  // Metadata may have come from it: the end of that connection is still to be noticed.
  await expect.poll(async () => others.includes(await nearest())).toBe(true)
  await client.refresh(['t'])
  expect(client.metadata.rackOf(3)).toBeUndefined()
  await cluster.broker(3).start()
  await expect
    .poll(
      async () => {
        await client.refresh(['t'])
        return nearest()
      },
      { timeout: 10_000 },
    )
    .toBe(client.metadata.brokerAddress(3))
})
