import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { benchText } from './bench-text.ts'
import { type BenchOptions, type LoadSource, runBench } from './run-bench.ts'

const machine = { clock: nodeClock, random: nodeRandom }
const never = new AbortController().signal
const options: BenchOptions = {
  topic: 't',
  seconds: 1,
  size: 100,
  rate: 2_000,
  keys: 3,
  reads: true,
  readsBack: true,
}

interface Kept {
  readonly key?: string
  readonly value: Uint8Array
}

/** A topic in memory that acknowledges in the next turn; every `lost`th record reaches no follower. */
function topic(lost = 0) {
  const kept: Kept[] = []
  let [seen, wake] = [0, (): void => {}]
  const batches = async function* (from: number, follows: boolean) {
    for (let at = from; ; ) {
      const all = kept.slice(at)
      at += all.length
      const some = all.filter(() => !follows || lost === 0 || ++seen % lost !== 0)
      yield { forEach: (call: (record: Kept) => void) => some.forEach(call) }
      if (!follows) return
      if (at === kept.length) await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const source: LoadSource = {
    subscribe: (_name, { from }) => ({
      ready: async () => {},
      batches: () => batches(0, from === 'latest'),
    }),
  }
  const sink = {
    async sendBatch(_topic: string, records: readonly Kept[]) {
      await turn()
      kept.push(...records)
      wake()
    },
  }
  return { kept, source, sink }
}

describe('a run', () => {
  it('publishes at its rate, follows, reads back, and tells all of it', async () => {
    const { kept, source, sink } = topic()
    // Of somebody else: not counted.
    kept.push({ value: new Uint8Array(100) }, { value: new Uint8Array(3) })
    const result = await runBench(options, sink, source, machine, never)
    const { publish, follow, readBack } = result
    expect(publish.records).toBeGreaterThan(1_500)
    expect(publish.records).toBeLessThanOrEqual(2_000)
    expect([follow!.records, follow!.missing, readBack!.records]).toEqual([publish.records, 0, publish.records])
    expect(publish.latencyMs.p50).toBeLessThan(follow!.latencyMs.max + 1)
    expect(new Set(kept.slice(2).map(({ key }) => key))).toEqual(new Set(['key-0', 'key-1', 'key-2']))
    const text = benchText(result, 200)
    expect(text).toMatch(/records of 100 bytes to t in 1\.\d s, 2,000 a second\n\nWHAT/)
    expect(text.split('\n')).toHaveLength(6)
  })

  it('tells what was acknowledged and not read', async () => {
    const { source, sink } = topic(10)
    const clock = { ...nodeClock, after: (_ms: number, call: () => void) => nodeClock.after(300, call) }
    const { follow } = await runBench(
      { ...options, rate: 0, seconds: 0.05 },
      sink,
      source,
      { ...machine, clock },
      never,
    )
    expect(follow!.missing).toBeGreaterThan(0)
  })

  it('ends with the first failure, and early where it is interrupted', async () => {
    const { source, sink } = topic()
    const failing = { sendBatch: () => Promise.reject(new Error('full')) }
    await expect(runBench(options, failing, source, machine, never)).rejects.toThrow('full')
    const ended = new AbortController()
    setTimeout(() => ended.abort(), 100)
    const { publish } = await runBench({ ...options, seconds: 60, reads: false }, sink, source, machine, ended.signal)
    expect(publish.seconds).toBeLessThan(10)
  })
})
