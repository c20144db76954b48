import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { TestCluster } from '@tailrace/client/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { monotonicMs } from './monotonic.ts'
import { Pulse } from './pulse.ts'
import type { WorkerData } from './worker-messages.ts'

const SESSION_MS = 10_000
const GRACE_MS = 500

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.start({ t: 1 })
})
afterEach(() => cluster.close())

it.each([true, false])(
  'a thread of beats that fails leaves its leases the grace, with leaveOnDisconnect %s',
  async (leaveOnDisconnect) => {
    const memory = new SharedArrayBuffer(Pulse.bytes)
    const common = { group: 'g', clientId: '', instance: '', rack: '', topics: ['t'], patterns: [] }
    const settings = {
      ...common,
      sessionMs: SESSION_MS,
      handlerTimeoutMs: 60_000,
      stuckHandlers: 'keep' as const,
      leaveOnDisconnect,
    }
    const workerData: WorkerData = { memory, settings, options: { servers: cluster.servers }, asksForTokens: false }
    const worker = new Worker(new URL('beats-worker.ts', import.meta.url), { workerData })
    const failed = once(worker, 'error')
    const pulse = new Pulse(memory)
    await expect.poll(() => pulse.confirmedAt, { timeout: 10_000 }).toBeGreaterThan(0)
    // No order: it throws.
    worker.postMessage(null)
    await failed
    const countsOnUntil = pulse.confirmedAt + SESSION_MS
    if (leaveOnDisconnect) expect(countsOnUntil).toBeLessThan(monotonicMs() + GRACE_MS)
    else expect(countsOnUntil).toBeGreaterThan(monotonicMs() + GRACE_MS)
  },
)
