import { expect, test } from 'vitest'
import type { Replica } from '../replica/replica.ts'
import { Scrubber } from './scrubber.ts'

interface Scrubbed {
  /** Bytes that are left to verify until its end. */
  bytes: number
  stopped?: boolean
  failure?: Error
}

/** Replicas by id with so many bytes each; every call of `scrub` is written down as "id bytes". */
function replicas(of: Record<number, Scrubbed>) {
  const calls: string[] = []
  const warned: unknown[] = []
  const all = Object.entries(of).map(([id, replica]) => {
    const scrub = async (maxBytes: number) => {
      if (replica.failure !== undefined) throw replica.failure
      const bytes = Math.min(maxBytes, replica.bytes)
      replica.bytes -= bytes
      calls.push(`${id} ${bytes}`)
      return { bytes }
    }
    const driver = {
      log: { scrub },
      get stopped() {
        return replica.stopped === true
      },
    }
    return { id: Number(id), driver } as unknown as Replica
  })
  const scrubber = new Scrubber({ info: () => {}, error: () => {}, warn: (fields) => void warned.push(fields) })
  const step = async (maxBytes: number): Promise<string> => {
    await scrubber.step(all, maxBytes)
    return calls.splice(0).join(', ')
  }
  return { all, step, scrubber, warned, calls }
}

test('a step verifies so many bytes of one replica after the other, and the next continues there', async () => {
  const { step } = replicas({ 1: { bytes: 250 }, 2: { bytes: 30 }, 3: { bytes: 500 } })
  expect(await step(100)).toBe('1 100')
  expect(await step(100)).toBe('1 100')
  expect(await step(100)).toBe('1 50, 2 30, 3 20')
  // Replica 3 ended its piece exactly at the limit, so nothing says that it is at its end.
  expect(await step(1000)).toBe('3 480')
  expect(await step(1000)).toBe('1 0, 2 0, 3 0')
})

test('stopped replicas are passed over, one that cannot be read is reported, and neither delays the others', async () => {
  const failure = new Error('no such file')
  const { step, warned } = replicas({ 1: { bytes: 10, stopped: true }, 2: { bytes: 10, failure }, 3: { bytes: 10 } })
  expect(await step(100)).toBe('3 10')
  expect(warned).toEqual([{ group: 2, err: failure }])
})

test('a step looks at 64 replicas at most, and at each once', async () => {
  const of = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i + 1, { bytes: 0 }]))
  const { step } = replicas(of)
  expect((await step(100)).split(', ')).toEqual(Array.from({ length: 64 }, (_, i) => `${i + 1} 0`))
  expect((await step(100)).split(', ')).toEqual(Array.from({ length: 36 }, (_, i) => `${i + 65} 0`))
})

test('two steps are never at work at once', async () => {
  const { all, scrubber, calls } = replicas({ 1: { bytes: 300 } })
  await Promise.all([scrubber.step(all, 100), scrubber.step(all, 100)])
  expect(calls).toEqual(['1 100'])
  await scrubber.step(all, 100)
  expect(calls).toEqual(['1 100', '1 100'])
})
