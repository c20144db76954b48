import { open, readFile, rename } from 'node:fs/promises'
import { Consumer, type From } from '@tailrace/sdk'
import { orders, servers } from './orders.ts'

/**
 * Adds up what each customer has ordered, in a file: `node resumable-consumer.ts totals.json`. The position is in the
 * same file, which is replaced as a whole. So after `kill -9` it goes on behind the last order that the totals have,
 * and no order counts twice.
 */

interface State {
  readonly position: From
  readonly totals: Record<string, number>
}

const file = process.argv[2] ?? 'totals.json'

async function load(): Promise<State> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as State
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { position: 'earliest', totals: {} }
  }
}

async function store(state: State): Promise<void> {
  const next = await open(`${file}.next`, 'w')
  await next.writeFile(JSON.stringify(state))
  await next.sync()
  await next.close()
  await rename(`${file}.next`, file)
}

const { position, totals } = await load()
await using consumer = new Consumer({ servers, clientId: 'totals' })
const subscription = consumer.subscribe(orders, {
  from: position,
  onUnreadable: (error) => console.error(error.message),
})
for await (const batch of subscription.batches()) {
  for (const { value } of batch.records()) totals[value.customer] = (totals[value.customer] ?? 0) + value.cents
  await store({ position: subscription.position(), totals })
  console.log(`partition ${batch.partition} up to offset ${batch.lastOffset}`)
}
