import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'

/**
 * A program that uses a client against servers that stop answering, closes it, and then has no other work: started by
 * clients-close.test.ts. The parent freezes the servers on request.
 */
const [kind, server] = process.argv.slice(2) as [string, string]
const servers = [server]
const slow = { servers, connectTimeoutMs: 600_000 }

async function freeze(): Promise<void> {
  const frozen = new Promise((resolve) => process.once('message', resolve))
  process.send!('freeze')
  await frozen
}

let began = Number.NaN

/** From here on no handle of this process itself keeps it alive. */
async function closing(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.send!('closing', () => {
      process.disconnect()
      resolve()
    })
  })
  began = performance.now()
}

const kinds: Record<string, () => Promise<unknown>> = {
  async 'a producer with a record under way'() {
    const producer = new Producer({ servers })
    await producer.send('t', { value: '1' })
    await freeze()
    producer.send('t', { value: '2' }).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 50))
    await closing()
    await producer.close({ timeoutMs: 100 })
  },
  async 'a producer whose signal is aborted'() {
    const given = new AbortController()
    const producer = new Producer({ servers, signal: given.signal })
    await producer.send('t', { value: '1' })
    await freeze()
    await closing()
    given.abort()
  },
  async 'a producer whose record lingers'() {
    const producer = new Producer({ servers, lingerMs: 60_000 })
    const first = producer.send('t', { value: '1' })
    await producer.flush()
    await first
    await freeze()
    producer.send('t', { value: '2' }).catch(() => {})
    await closing()
    await producer.close({ timeoutMs: 100 })
  },
  async 'a producer that is not connected yet'() {
    await freeze()
    const producer = new Producer({ ...slow, lingerMs: 60_000 })
    producer.send('t', { value: '1' }).catch(() => {})
    await closing()
    await producer.close({ timeoutMs: 100 })
  },
  async 'a consumer in its loop'() {
    const consumer = new Consumer({ servers })
    for await (const _ of consumer.subscribe('t', { from: 'earliest' })) break
    const subscription = consumer.subscribe('t')
    await subscription.ready()
    await freeze()
    await closing()
    await consumer.close()
  },
  async 'a consumer that is not connected yet'() {
    await freeze()
    const consumer = new Consumer(slow)
    consumer
      .subscribe('t')
      .ready()
      .catch(() => {})
    await closing()
    await consumer.close()
  },
  async 'a consumer that reads a place'() {
    const consumer = new Consumer({ servers, silenceMs: 600_000 })
    await consumer.subscribe('t').ready()
    await freeze()
    const options = { hedgeAfterMs: 600_000, timeoutMs: 600_000 }
    consumer.read('t', { partition: 0, offset: 0 }, options).catch(() => {})
    await closing()
    await consumer.close()
  },
}

if (import.meta.main) {
  await kinds[kind]!()
  console.log(`closed in ${(performance.now() - began).toFixed(0)} ms`)
}

export const closingKinds = Object.keys(kinds)
