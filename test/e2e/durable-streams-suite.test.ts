import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { runSuite, type SuiteTest, suiteFolder } from './durable-streams-suite.ts'
import { RoundRobin } from './round-robin.ts'
import { webhookFlags } from './webhook-flags.ts'

/** Groups of tests that neither wait for a time to pass nor hold a reader for a time. */
const untimed = [
  'Basic Stream',
  'Append',
  'Read Operations',
  'HTTP Protocol',
  'JSON Mode',
  'Idempotent Producer',
].concat(
  ['Stream Closure Close', 'Byte-Exactness', 'Immutability', 'Concurrent Writer', 'Read-Your-Writes', 'Caching'],
  ['Fork - Creation', 'Fork - Reading', 'Fork - Appending', 'Fork - Recursive', 'Fork - JSON'],
)

const noSuite = skipped(suiteFolder === undefined, 'durable streams: DURABLE_STREAMS_SUITE names no folder.')
describe.skipIf(noSuite)('the public tests of the protocol of durable streams', () => {
  let cluster: ClusterProcesses
  let all: RoundRobin
  let webhooks: Awaited<ReturnType<typeof webhookFlags>>

  beforeAll(async () => {
    webhooks = await webhookFlags()
    cluster = await ClusterProcesses.start({ flags: webhooks.flags })
    all = await RoundRobin.start(cluster.ids.map((id) => cluster.http(id)))
  }, 60_000)
  afterAll(async () => {
    all?.close()
    await cluster?.destroy()
    await webhooks?.remove()
  })

  it('pass, each request at another one of three brokers', async () => {
    const tests = await runSuite(all.url)
    print(tests)
    expect(tests.filter(({ outcome }) => outcome !== 'passed')).toEqual([])
    expect(tests.length).toBe(338)
  }, 400_000)

  it('pass, as far as they have no fixed time, while brokers that lead streams are killed', async () => {
    const front = await RoundRobin.start([cluster.http(1)])
    // What broker 1 sends on a connection that it does not know to be broken has an unknown outcome, too.
    const killAndSee = async (id: number): Promise<void> => {
      await cluster.kill(id)
      type View = { brokers: { id: number; alive: boolean }[] }
      const isAlive = async () =>
        (await cluster.request<View>(1, 'GET', '/cluster')).brokers.find((one) => one.id === id)!.alive
      await expect.poll(isAlive, { interval: 20, timeout: 10_000 }).toBe(false)
    }
    let isOver = false
    let kills = 0
    const run = runSuite(front.url, `(${untimed.join('|')})`).finally(() => {
      isOver = true
    })
    // Without a producer nobody knows what an append has done whose leader dies: see durable-streams.test.ts for that.
    for (let id = 2; !isOver; id = 5 - id) {
      await front.between(() => killAndSee(id))
      kills += 1
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      await cluster.launch(id)
      await cluster.ready([id])
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
    const tests = await run
    front.close()
    const done = tests.filter(({ outcome }) => outcome !== 'left out')
    console.log(`${done.length} tests while ${kills} brokers were killed`)
    expect(done.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(done.length).toBeGreaterThan(150)
    expect(kills).toBeGreaterThanOrEqual(2)
  }, 300_000)
})

/** The list of the tests, and how many of each group have passed. */
function print(tests: readonly SuiteTest[]): void {
  const groups = Map.groupBy(tests, ({ group }) => group)
  const lines = [...groups].flatMap(([group, members]) => [
    `${group}: ${members.filter(({ outcome }) => outcome === 'passed').length} of ${members.length}`,
    ...members.map(({ outcome, name }) => `  ${outcome}  ${name}`),
  ])
  console.log(lines.join('\n'))
}
