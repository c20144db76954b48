import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as realDelay } from 'node:timers/promises'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startCluster } from '../start-cluster.ts'
import type { SimulationFailure } from './failure.ts'
import type { Faults } from './faults.ts'
import { type ScenarioWorld, simulate } from './simulate.ts'
import { EPOCH_MS } from './simulated-clock.ts'
import { manyFaults, orders } from './testing/orders.ts'
import { trapGlobals } from './testing/trap-globals.ts'

const undo: (() => void)[] = []
afterEach(() => {
  for (const back of undo.splice(0)) back()
})

async function traced(seed: number, cascades = 0): Promise<{ hash: string; lines: string[] }> {
  const lines: string[] = []
  const trace = (line: string) => lines.push(line)
  const { hash } = await simulate({ seed, cascades, faults: manyFaults, scenario: orders, trace })
  return { hash, lines }
}

const failureOf = (run: Promise<unknown>) =>
  run.then(
    () => expect.unreachable(),
    (error: unknown) => error as SimulationFailure,
  )

test('the same seed gives the same history, line by line, also beside another run; another seed another one', async () => {
  const [one, other, again] = await Promise.all([traced(5), traced(6), traced(5)])
  expect(again.lines).toEqual(one.lines)
  expect(again.hash).toBe(one.hash)
  expect(other.hash).not.toBe(one.hash)
  expect((await traced(5)).hash).toBe(one.hash)
  for (const fault of [
    'broker \\d is killed',
    'billing is killed',
    'billing stands still',
    'is cut',
    'break',
    'ms longer',
  ])
    expect(
      [...one.lines, ...other.lines].some((line) => new RegExp(fault).test(line)),
      fault,
    ).toBe(true)
})

test('cascade brokers are simulated with all that befalls them: the same seed gives the same history', async () => {
  const [one, again, other] = await Promise.all([traced(8, 2), traced(8, 2), traced(6, 2)])
  expect(again.lines).toEqual(one.lines)
  expect(again.hash).toBe(one.hash)
  for (const fault of [
    'cascade broker \\d is killed',
    'cascade broker \\d.* is cut',
    'connections from .*cascade broker \\d.* break',
  ])
    expect(
      [...one.lines, ...other.lines].some((line) => new RegExp(fault).test(line)),
      fault,
    ).toBe(true)
})

test('a cascade broker that a plan cuts off falls behind until the cut ends', async () => {
  await simulate({
    seed: 1,
    cascades: 1,
    scenario: async ({ cluster, clients, clock }) => {
      await cluster.createTopic('t')
      const below = { ...clients, servers: [cluster.cascade(1).server] }
      const producer = new Producer({ ...clients, lingerMs: 0 })
      const seen: string[] = []
      const reading = (async () => {
        for await (const { value } of new Consumer(below).subscribe('t', { from: 'earliest' }))
          if (seen.push(value!) === 2) return
      })()
      await producer.send('t', { value: 'one' })
      await clock.delay(5_000)
      cluster.partition([cluster.cascade(1)], cluster.brokers)
      await producer.send('t', { value: 'two' })
      await clock.delay(60_000)
      expect(seen).toEqual(['one'])
      cluster.heal()
      await reading
      expect(seen).toEqual(['one', 'two'])
    },
  })
})

describe('nothing of the machine enters a run', () => {
  test('no code of brokers and clients reads clocks, sets timers or draws numbers of the machine', async () => {
    const trapped = trapGlobals()
    undo.push(trapped.restore)
    await traced(7, 1)
    expect(trapped.uses()).toEqual([])
  })

  test('brokers, cascade brokers and clients open no connection of the machine; those of startCluster do', async () => {
    const opened = vi.spyOn(Socket.prototype, 'connect')
    undo.push(() => opened.mockRestore())
    await simulate({ seed: 1, cascades: 1, scenario: orders })
    expect(opened).not.toHaveBeenCalled()
    await using cluster = await startCluster({ brokers: 1 })
    await using producer = new Producer({ servers: cluster.servers })
    await producer.connect()
    expect(opened).toHaveBeenCalled()
  })

  test('code that does so is found', async () => {
    const trapped = trapGlobals()
    undo.push(trapped.restore)
    await simulate({ seed: 1, brokers: 1, scenario: async () => void Math.random() })
    expect(trapped.uses()).toEqual([expect.stringContaining('Math.random')])
  })
})

describe('a scenario that fails', () => {
  const failsAt = (seed: number) => async (world: ScenarioWorld) => {
    world.note('it begins')
    await world.clock.delay(1_000)
    if (world.seed === seed) throw new TypeError('This is wrong.')
  }

  test('is told with its seed, its reason and what happened before; the first of many is told', async () => {
    const failure = await failureOf(simulate.many({ seeds: 9, from: 4, brokers: 1, scenario: failsAt(6) }))
    expect(failure).toMatchObject({ name: 'SimulationFailure', seed: 6, cause: expect.any(TypeError) })
    expect(failure.message).toMatch(/^Seed 6 fails\. TypeError: This is wrong\./)
    expect(failure.story).toContainEqual(expect.stringMatching(/^\d+\.\d{3} ms: it begins$/))
    const passed = await simulate.many({ seeds: 2, from: 4, brokers: 1, scenario: failsAt(6) })
    expect(passed.map(({ seed }) => seed)).toEqual([4, 5])
  })

  test('fails also by what a program throws, but not by what one throws that was killed', async () => {
    const scenario = async ({ program, clock }: ScenarioWorld, isKilled: boolean) => {
      const broken = program('broken', async (own) => {
        await own.clock.delay(100)
        throw new Error('It is broken.')
      })
      await clock.delay(50)
      if (isKilled) broken.kill()
      await clock.delay(100)
    }
    const failure = await failureOf(simulate({ seed: 1, brokers: 1, scenario: (world) => scenario(world, false) }))
    expect(failure.message).toContain('It is broken.')
    await simulate({ seed: 1, brokers: 1, scenario: (world) => scenario(world, true) })
  })

  test('that waits for the machine is told so when its simulated time is over', async () => {
    const scenario = () => realDelay(60_000, undefined, { ref: false })
    const failure = await failureOf(simulate({ seed: 1, brokers: 1, limitMs: 5_000, scenario }))
    expect(failure.message).toContain('something outside of the simulation')
  })
})

test('a program that is killed does nothing more, and begins anew', async () => {
  const steps: string[] = []
  let lives = 0
  await simulate({
    seed: 1,
    scenario: async ({ cluster, clock, program }) => {
      await cluster.createTopic('t')
      const one = program('one', async ({ clients, clock: own }) => {
        const life = ++lives
        const producer = new Producer({ ...clients, lingerMs: 0 })
        for (let step = 0; ; step++) {
          await producer.send('t', { value: String(step) })
          steps.push(`${life}.${step}`)
          await own.delay(100)
        }
      })
      expect(() => one.start()).toThrow('runs already')
      expect(() => program('one', async () => {})).toThrow('There is a program one already')
      await clock.delay(1_000)
      one.kill()
      expect(one.running).toBe(false)
      const before = steps.length
      await clock.delay(10_000)
      expect(steps.length).toBe(before)
      one.start()
      await clock.delay(1_000)
    },
  })
  expect(steps.filter((step) => step.startsWith('1.')).length).toBeGreaterThan(3)
  expect(steps.filter((step) => step.startsWith('2.'))[0]).toBe('2.0')
})

test('a member of a group that stands still longer than its session loses its partition, and commits nothing then', async () => {
  const told: string[] = []
  await simulate({
    seed: 1,
    scenario: async ({ cluster, clients, clock, program }) => {
      await cluster.createTopic('t')
      const member = (name: string) =>
        program(name, async (own) => {
          const group = new Consumer(own.clients).group('g', { from: 'earliest', sessionTimeoutMs: 6_000 })
          for await (const record of group.subscribe('t')) {
            told.push(`${name} has ${record.value}`)
            await own.clock.delay(2_000)
            await record.commit().then(
              () => told.push(`${name} commits ${record.value}`),
              ({ code }) => told.push(`${name}: ${code}`),
            )
          }
        })
      const one = member('one')
      await new Producer(clients).send('t', { value: 'a' })
      while (told.length === 0) await clock.delay(10)
      one.pause()
      expect({ running: one.running, paused: one.paused }).toEqual({ running: true, paused: true })
      member('other')
      await clock.delay(30_000)
      expect(told).toEqual(['one has a', 'other has a', 'other commits a'])
      one.resume()
      await clock.delay(10_000)
      expect(told.slice(3)).toEqual(['one: FENCED_MEMBER'])
      one.pause()
      one.kill()
      one.start()
      expect({ running: one.running, paused: one.paused }).toEqual({ running: true, paused: false })
    },
  })
})

test('a program that stands still for a moment keeps its connections and goes on', async () => {
  const sent: number[] = []
  await simulate({
    seed: 1,
    faults: { programPauses: { everyMs: 1_000, forMs: 1_000 } },
    scenario: async ({ cluster, clock, program, calm }) => {
      await cluster.createTopic('t')
      program('one', async (own) => {
        const producer = new Producer({ ...own.clients, lingerMs: 0 })
        for (let at = 0; at < 50; at++) {
          sent.push((await producer.send('t', { value: String(at) })).offset)
          await own.clock.delay(100)
        }
      })
      await clock.delay(5_000)
      expect(sent.length).toBeLessThan(45)
      await calm()
      while (sent.length < 50) await clock.delay(100)
    },
  })
  expect(sent).toEqual(sent.map((_, at) => at))
})

describe('globals', () => {
  test('for time and chance are those of the run, and are put back', async () => {
    const before = [setTimeout, Date, Math.random, performance.now, AbortSignal.timeout, crypto.randomUUID]
    const scenario = async () => {
      const told: unknown[] = [Date.now() - EPOCH_MS, new Date().toISOString(), new Date(5).getTime(), Math.random()]
      told.push(crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(4)).join(), performance.now())
      await new Promise((done) => setTimeout(done, 3_600_000))
      let ticks = 0
      const ticking = setInterval(() => ticks++, 1_000)
      const never = setTimeout(() => expect.unreachable(), 10)
      clearTimeout(never)
      const signal = AbortSignal.timeout(5_500)
      await new Promise((done) => signal.addEventListener('abort', done))
      clearInterval(ticking)
      await new Promise((done) => setImmediate(done))
      told.push(ticks, signal.reason.name, performance.now(), new Date() instanceof Date)
      return told
    }
    const run = () => simulate({ seed: 3, brokers: 1, globals: true, limitMs: 7_200_000, scenario })
    const { result, ms } = await run()
    expect(result.slice(7, 9)).toEqual([5, 'TimeoutError'])
    expect(result.at(-1)).toBe(true)
    expect(result[2]).toBe(5)
    expect(ms).toBeGreaterThan(3_605_500)
    expect([setTimeout, Date, Math.random, performance.now, AbortSignal.timeout, crypto.randomUUID]).toEqual(before)
    expect((await run()).result).toEqual(result)
  })

  test('of a program that is killed come to nothing, also behind answers of brokers; of one that is paused later', async () => {
    const told: string[] = []
    const record = (name: string) => void told.push(name)
    const scenario = async ({ cluster, clock, program }: ScenarioWorld) => {
      await cluster.createTopic('t')
      const one = program('one', async ({ clients }) => {
        const producer = new Producer({ ...clients, lingerMs: 0 })
        producer.on('status', () => setTimeout(record, 3_000, 'status'))
        const socket = clients.surroundings.connect!(new URL(cluster.broker(1).http).host) as Duplex
        socket.once('data', () => setTimeout(record, 3_000, 'data'))
        socket.write('GET /topics HTTP/1.1\r\nhost: a\r\n\r\n')
        setInterval(record, 1_000, 'interval')
        AbortSignal.timeout(3_000).addEventListener('abort', () => record('signal'))
        await producer.send('t', { value: '' })
        record('sent')
        await new Promise((done) => setTimeout(done, 3_000))
        record('timeout')
      })
      await clock.delay(1_500)
      one.pause()
      await clock.delay(10_000)
      expect(told).toEqual(['sent', 'interval'])
      one.kill()
      await clock.delay(10_000)
      expect(told).toEqual(['sent', 'interval'])
      one.start()
      await clock.delay(1_500)
      one.pause()
      await clock.delay(10_000)
      expect(told.splice(0)).toEqual(['sent', 'interval', 'sent', 'interval'])
      one.resume()
      await clock.delay(0)
      expect(told.slice(0, 5).sort()).toEqual(['data', 'interval', 'signal', 'status', 'timeout'])
    }
    await simulate({ seed: 1, globals: true, scenario })
  })

  test('are replaced by one run at a time', async () => {
    const quick = () => simulate({ seed: 1, brokers: 1, globals: true, scenario: async () => {} })
    const [one, other] = await Promise.allSettled([quick(), quick()])
    expect([one.status, other.status]).toEqual(['fulfilled', 'rejected'])
    await quick()
  })
})

test('a handler that fails gets its record into a topic of dead letters, which its program creates over HTTP', async () => {
  const told: string[] = []
  await simulate({
    seed: 1,
    scenario: async ({ cluster, clients, program }) => {
      await cluster.createTopic('orders')
      program('strict', async (own) => {
        const group = new Consumer(own.clients).group('strict', { from: 'earliest' })
        await group.run('orders', () => Promise.reject(new Error('No.')), {
          retry: { attempts: 2 },
          onFailure: () => {},
        })
      })
      await new Producer(clients).send('orders', { value: 'odd' })
      for await (const { value, timestamp } of new Consumer(clients).subscribe('orders.dlq', { from: 'earliest' })) {
        told.push(`${value} ${timestamp > EPOCH_MS && timestamp < EPOCH_MS + 600_000}`)
        break
      }
    },
  })
  expect(told).toEqual(['odd true'])
})

test('faults of a plan happen at their time', async () => {
  const plan = [{ atMs: 500, act: (cluster: ScenarioWorld['cluster']) => cluster.broker(2).kill() }]
  await simulate({
    seed: 1,
    faults: { plan },
    scenario: async ({ cluster, clock, calm }) => {
      await clock.delay(499)
      expect(cluster.broker(2).state).toBe('running')
      await clock.delay(2)
      expect(cluster.broker(2).state).toBe('down')
      await calm()
      expect(cluster.broker(2).ready).toBe(true)
      const before = clock.monotonic()
      await cluster.advance(60_000)
      expect(clock.monotonic() - before).toBe(60_000)
    },
  })
})

describe('a wrong use is told at once', () => {
  const scenario = async () => {}

  test.each([
    [{ seed: -1 }, 'seed is -1'],
    [{ seed: 0.5 }, 'seed is 0.5'],
    [{ seed: 1, brokers: 0 }, 'brokers is 0'],
    [{ seed: 1, cascades: 26 }, 'cascades is 26'],
    [{ seed: 1, limitMs: Number.NaN }, 'limitMs is NaN'],
    [{ seed: 1, scenario: 7 as never }, 'scenario is not a function'],
    [{ seed: 1, faults: { kills: {} } as Faults }, 'faults.kills: there is no such fault'],
    [{ seed: 1, faults: { cuts: { everyMs: 5 } } as Faults }, 'faults.cuts.forMs is undefined'],
    [{ seed: 1, settings: { electionTimeout: 1 } as never }, 'Did you mean electionTimeoutMs?'],
  ])('%o', async (options, message) => {
    await expect(simulate({ scenario, ...options })).rejects.toThrow(message)
  })

  test('many: no seeds', async () => {
    await expect(simulate.many({ seeds: 0, scenario })).rejects.toThrow('seeds is 0')
  })
})
