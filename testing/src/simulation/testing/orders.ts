import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import type { Faults } from '../faults.ts'
import type { ScenarioWorld } from '../simulate.ts'

/** All kinds of faults, often. */
export const manyFaults: Faults = {
  brokerKills: { everyMs: 3_000, forMs: 2_000 },
  cascadeKills: { everyMs: 3_000, forMs: 2_000 },
  programKills: { everyMs: 2_000, forMs: 500 },
  programPauses: { everyMs: 4_000, forMs: 3_000 },
  cuts: { everyMs: 2_000, forMs: 1_000 },
  resets: { everyMs: 4_000 },
  slowLinks: { everyMs: 4_000, forMs: 2_000, byMs: 200 },
  slowDisks: { everyMs: 3_000, forMs: 1_000, byMs: 50 },
}

const ORDERS = 25

/**
 * Orders are published, and handled by a program that may be killed; each is there once, at every level, and is
 * handled.
 */
export async function orders({ cluster, clients, clock, program, calm, note }: ScenarioWorld): Promise<string> {
  await cluster.createTopic('orders', { partitions: 3 })
  const handled = new Set<string>()
  program('billing', async (own) => {
    const consumer = new Consumer(own.clients)
    const group = consumer.group('billing', { from: 'earliest', sessionTimeoutMs: 6_000 })
    await group.run('orders', async ({ value }) => {
      await own.clock.delay(own.random.below(50))
      own.note(`${value} is handled`)
      handled.add(value!)
    })
  })
  await using producer = new Producer(clients)
  const sent: string[] = []
  for (let order = 0; order < ORDERS; order++) {
    const { partition, offset, token } = await producer.send('orders', { key: String(order), value: `order ${order}` })
    sent.push(`${partition}:${offset}:${token}`)
    await clock.delay(200)
  }
  await calm()
  while (handled.size < ORDERS) await clock.delay(50)
  for (const servers of [clients.servers, ...cluster.cascades.map(({ server }) => [server])]) {
    await using consumer = new Consumer({ ...clients, servers })
    const found: string[] = []
    for await (const { value, timestamp } of consumer.subscribe('orders', { from: 'earliest' })) {
      note(`${value} of ${timestamp}`)
      if (found.push(value!) === ORDERS) break
    }
    if (new Set(found).size !== ORDERS) throw new Error(`Orders are missing or there twice: ${found.join(', ')}.`)
  }
  return sent.join()
}
