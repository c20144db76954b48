import { expect, test } from 'vitest'
import { type NetworkUnderTest, networkConformance } from '../../../../test/conformance/network.ts'
import type { ByteStream } from '../network.ts'
import { ManualClock } from '../testing/clock.ts'
import { seededRandom } from '../testing/random.ts'
import { MemoryNetwork } from './network.ts'

function memory(seed = 1, maxChunkBytes = 65536) {
  const clock = new ManualClock()
  const network = new MemoryNetwork({ clock, random: seededRandom(seed), maxDelayMs: 20, maxChunkBytes })
  return { clock, network }
}

function underTest(): NetworkUnderTest {
  const { clock, network } = memory()
  const until = async (happened: () => boolean) => {
    for (let ms = 0; !happened(); ms++) {
      if (ms > 5000) throw new Error('it has not happened within 5 s')
      await clock.advance(1)
    }
  }
  return {
    near: network.host('a'),
    far: network.host('b'),
    farAddress: 'b:0',
    deadAddress: 'b:1',
    until,
    settle: () => clock.advance(100),
    drive: async (promise) => {
      let done = false
      const mark = () => {
        done = true
      }
      promise.then(mark, mark)
      await until(() => done)
      return promise
    },
  }
}

networkConformance(underTest)

async function connected(seed?: number, maxChunkBytes?: number) {
  const { clock, network } = memory(seed, maxChunkBytes)
  let far!: ByteStream
  await network.host('b').listen('b:7', (stream) => (far = stream))
  const connecting = network.host('a').connect('b:7', 1000)
  await clock.advance(100)
  return { clock, network, near: await connecting, far }
}

test('a cut holds back bytes sent one way, and healing delivers them in order', async () => {
  const { clock, network, near, far } = await connected()
  const got = { near: [] as number[], far: [] as number[] }
  near.onData = (chunk) => got.near.push(...chunk)
  far.onData = (chunk) => got.far.push(...chunk)
  network.cut('a', 'b')
  near.write([Uint8Array.of(1, 2)])
  far.write([Uint8Array.of(9)])
  await clock.advance(1000)
  near.write([Uint8Array.of(3)])
  await clock.advance(1000)
  expect(got).toEqual({ near: [9], far: [] })
  network.heal('a', 'b')
  await clock.advance(100)
  expect(got.far).toEqual([1, 2, 3])
})

test('a slow link delays what is sent one way, and connecting, until it is fast again', async () => {
  const { clock, network, near, far } = await connected()
  const got = { near: 0, far: 0 }
  near.onData = () => got.near++
  far.onData = () => got.far++
  network.slow('a', 'b', 500)
  near.write([Uint8Array.of(1)])
  far.write([Uint8Array.of(1)])
  await clock.advance(100)
  expect(got).toEqual({ near: 1, far: 0 })
  await clock.advance(500)
  expect(got).toEqual({ near: 1, far: 1 })
  const late = expect(network.host('a').connect('b:7', 300)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  await clock.advance(600)
  await late
  network.slow('a', 'b', 0)
  near.write([Uint8Array.of(1)])
  await clock.advance(100)
  expect(got.far).toBe(2)
})

test('connecting over a cut link takes its whole time limit', async () => {
  const { clock, network } = await connected()
  network.cut('b', 'a')
  const connecting = network.host('a').connect('b:7', 500)
  const refused = expect(connecting).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  await clock.advance(600)
  await refused
  network.heal('b', 'a')
  const again = network.host('a').connect('b:7', 500)
  await clock.advance(100)
  await expect(again).resolves.toBeDefined()
})

test('behind a cut a destroyed connection looks alive until the link heals', async () => {
  const { clock, network, near, far } = await connected()
  let closed = 0
  far.onClose = () => closed++
  network.cut('a', 'b')
  near.destroy()
  await clock.advance(10_000)
  expect(closed).toBe(0)
  network.heal('a', 'b')
  await clock.advance(100)
  expect(closed).toBe(1)
})

test('a reset closes both ends with an error, a killed host only lets the others know', async () => {
  const { clock, network, near, far } = await connected()
  const closed: (string | null)[] = []
  near.onClose = (error) => closed.push(error?.message ?? null)
  far.onClose = (error) => closed.push(error?.message ?? null)
  network.reset('b', 'a')
  await clock.advance(10)
  expect(closed).toEqual(['connection reset', 'connection reset'])

  const second = await connected()
  second.near.onClose = () => closed.push('near')
  second.far.onClose = () => closed.push('far')
  second.network.kill('b')
  await second.clock.advance(100)
  expect(closed.slice(2)).toEqual(['near'])
  const refused = expect(second.network.host('a').connect('b:7', 100)).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
  })
  await second.clock.advance(200)
  await refused
})

test('a process that stands still learns of all when it goes on: bytes, connections, ends, and in this order', async () => {
  const { clock, network, near, far } = await connected()
  const learnt: string[] = []
  near.onData = (chunk) => learnt.push(`near ${chunk.join()}`)
  far.onData = (chunk) => learnt.push(`far ${chunk.join()}`)
  near.write([Uint8Array.of(8)])
  await clock.advance(100)
  network.suspend('a')
  far.write([Uint8Array.of(1)])
  far.write([Uint8Array.of(2)])
  const connecting = network.host('a').connect('b:7', 500)
  connecting.then((stream) => {
    learnt.push('connected')
    stream.onData = (chunk) => learnt.push(`new ${chunk.join()}`)
  })
  await clock.advance(5_000)
  expect(learnt).toEqual(['far 8'])
  network.resume('a')
  await clock.advance(100)
  expect(learnt).toEqual(['far 8', 'connected', 'near 1,2'])
  network.suspend('a')
  near.onClose = (error) => learnt.push(`closed: ${error?.message}`)
  network.reset('a', 'b')
  await clock.advance(5_000)
  expect(learnt).toHaveLength(3)
  network.resume('a')
  await clock.advance(100)
  expect(learnt.at(-1)).toBe('closed: connection reset')
})

test('one seed, one history: chunk sizes and times repeat', async () => {
  const history = async (seed: number) => {
    const { clock, near, far } = await connected(seed, 40)
    const seen: string[] = []
    far.onData = (chunk) => seen.push(`${clock.monotonic()}: ${chunk.length}`)
    for (let i = 0; i < 10; i++) {
      near.write([new Uint8Array(100)])
      await clock.advance(3)
    }
    await clock.advance(100)
    return seen
  }
  expect(await history(7)).toEqual(await history(7))
  expect(await history(7)).not.toEqual(await history(8))
})

test('an address where nothing listens: refused, or silent until something does', async () => {
  const { clock, network } = memory()
  const refused = network.host('a').connect('b:7', 1000)
  const told = expect(refused).rejects.toMatchObject({ message: expect.stringContaining('refused') })
  await clock.advance(100)
  await told
  const silent = new MemoryNetwork({ clock, random: seededRandom(1), maxDelayMs: 20, silentWhenDown: () => true })
  const [late, never] = [silent.host('a').connect('b:7', 1000), silent.host('a').connect('c:7', 1000)]
  const timedOut = expect(never).rejects.toMatchObject({ message: expect.stringContaining('within 1000 ms') })
  await clock.advance(900)
  let taken = 0
  await silent.host('b').listen('b:7', () => taken++)
  await late
  expect(taken).toBe(1)
  await clock.advance(100)
  await timedOut
})
