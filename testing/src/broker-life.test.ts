import { PassThrough } from 'node:stream'
import { type DiskFile, MemoryDisk, MemoryStateStore, nodeClock, type StateStore } from 'tailrace/embedded'
import { expect, test } from 'vitest'
import { BrokerLife } from './broker-life.ts'

const turns = () => new Promise((resolve) => setTimeout(resolve, 5))

/** Whether the promise has an outcome after some turns of the event loop. */
async function isAnswered(promise: Promise<unknown>): Promise<boolean> {
  let answered = false
  const mark = () => (answered = true)
  promise.then(mark, mark)
  await turns()
  return answered
}

/** A store that notes what is closed, in order, and how often. */
function watchedStore(): { store: StateStore; closed: string[] } {
  const closed: string[] = []
  const inner = new MemoryStateStore(
    new Map([
      ['a', Uint8Array.of(1)],
      ['b', Uint8Array.of(2)],
    ]),
  )
  const store: StateStore = {
    get: (key) => inner.get(key),
    range: (from, to) => inner.range(from, to),
    write: (changes) => inner.write(changes),
    flush: () => inner.flush(),
    snapshot: () => ({
      get: (key) => inner.get(key),
      async *range(from, to) {
        try {
          yield* inner.range(from, to)
        } finally {
          closed.push('range')
        }
      },
      close: async () => void closed.push('snapshot'),
    }),
    close: async () => void closed.push('store'),
  }
  return { store, closed }
}

test('after the end no answer comes, no timer fires, and nothing is written', async () => {
  const life = new BrokerLife()
  const disk = new MemoryDisk()
  await disk.makeFolder('data')
  const mounted = life.disk(disk)
  const file = await mounted.open('data/file')
  const store = life.store(new MemoryStateStore())
  const clock = life.clock(nodeClock)
  let fired = 0
  clock.after(1, () => fired++)
  clock.every(1, () => fired++)
  clock.soon(() => fired++)
  await life.end()
  clock.after(1, () => fired++)
  clock.soon(() => fired++)
  const asked = [file.write([Uint8Array.of(1)], 0), file.close(), mounted.list('data'), store.get('a'), store.flush()]
  for (const answer of asked) expect(await isAnswered(answer)).toBe(false)
  expect(await disk.size('data/file')).toBe(0)
  expect(fired).toBe(0)
})

test('the end waits for what is under way, gives no answer to it, and closes a file that was just being opened', async () => {
  const life = new BrokerLife()
  const opening = Promise.withResolvers<DiskFile>()
  const disk = new MemoryDisk()
  await disk.makeFolder('data')
  const real = await disk.open('data/file')
  let closed = 0
  disk.open = () => opening.promise
  const opened = life.disk(disk).open('data/file')
  const ended = life.end()
  expect(await isAnswered(ended)).toBe(false)
  opening.resolve({ ...real, close: async () => void closed++ })
  await ended
  expect(closed).toBe(1)
  expect(await isAnswered(opened)).toBe(false)
})

test('what is open is closed at the end, last opened first, each once', async () => {
  const life = new BrokerLife()
  const { store, closed } = watchedStore()
  const given = life.store(store)
  const kept = given.snapshot()
  await given.snapshot().close()
  const reading = kept.range('a', 'z')[Symbol.asyncIterator]()
  await reading.next()
  await life.end()
  expect(closed).toEqual(['snapshot', 'range', 'snapshot', 'store'])
  expect(await isAnswered(reading.next())).toBe(false)
})

test('the end drops the connections of a cascade broker to its sources, and it learns nothing of that', async () => {
  const life = new BrokerLife()
  const dialled: string[] = []
  const sockets = new Map<string, PassThrough>()
  const dial = life.dial((address) => {
    dialled.push(address)
    const socket = new PassThrough()
    sockets.set(address, socket)
    return socket
  })
  let told = 0
  for (const event of ['close', 'error', 'data', 'end']) dial('a:1').on(event, () => told++)
  dial('b:1').destroy()
  await turns()
  await life.end()
  expect(sockets.get('a:1')!.destroyed).toBe(true)
  const never = dial('c:1')
  never.on('close', () => told++)
  never.write('asked')
  await turns()
  expect({ told, dialled }).toEqual({ told: 0, dialled: ['a:1', 'a:1', 'a:1', 'a:1', 'b:1'] })
})

test('a reader of a range may leave it, and gets all of it', async () => {
  const life = new BrokerLife()
  const { store, closed } = watchedStore()
  const snapshot = life.store(store).snapshot()
  for await (const [key] of snapshot.range('a', 'z')) {
    expect(key).toBe('a')
    break
  }
  expect(closed).toEqual(['range'])
  const keys: string[] = []
  for await (const [key] of snapshot.range('a', 'z')) keys.push(key)
  expect(keys).toEqual(['a', 'b'])
})
