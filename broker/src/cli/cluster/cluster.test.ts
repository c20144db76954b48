import { describe, expect, it } from 'vitest'
import { sharedSettingNames } from '../../config/setting-table.ts'
import type { Clock } from '../../platform/clock.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import type { StartedMessage } from '../supervision.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import type { BrokerChild, ChildEnd } from './broker-child.ts'
import { LastLines } from './broker-child.ts'
import { clusterTeller } from './cluster-events.ts'
import type { BrokerPlan } from './cluster-plan.ts'
import { planCluster } from './cluster-plan.ts'
import { RestartPolicy } from './restart-policy.ts'
import { startCluster } from './start-cluster.ts'

const options = {
  brokers: 3,
  data: 'd',
  host: '127.0.0.1',
  httpPort: 8080,
  peerPort: 7080,
  shared: ['--log-level', 'debug'],
}

/** A process that does what the test says: starts, ends, and stops when it is asked to, unless it is `deaf`. */
class ManualChild implements BrokerChild {
  readonly pid = 7
  readonly #started = Promise.withResolvers<StartedMessage>()
  readonly #ended = Promise.withResolvers<ChildEnd>()
  readonly started = this.#started.promise
  readonly ended = this.#ended.promise
  deaf = false
  calls: string[] = []
  readonly plan: BrokerPlan
  constructor(plan: BrokerPlan) {
    this.plan = plan
  }
  start() {
    this.#started.resolve({ tailrace: 'started', http: this.plan.http, peer: this.plan.peer })
  }
  end(code: number | null, signal: string | null = null, lastLines: string[] = []) {
    this.#ended.resolve({ code, signal, lastLines })
  }
  stop() {
    this.calls.push('stop')
    if (!this.deaf) this.end(0)
  }
  kill() {
    this.calls.push('kill')
    this.end(null, 'SIGKILL')
  }
}

function cluster(
  onLaunch: (child: ManualChild, nth: number) => void,
  brokers = 3,
  json = false,
  clock: Clock = nodeClock,
) {
  const terminal = memoryTerminal()
  const children: ManualChild[] = []
  const unready = new Set<string>()
  const logs: string[] = []
  const supervision = {
    launch: (plan: BrokerPlan) => {
      const child = new ManualChild(plan)
      onLaunch(child, children.push(child))
      return child
    },
    askReadiness: async (http: string) => (unready.has(http) ? 'no leader' : null),
    clock,
    tell: clusterTeller(json, terminal),
    stopTimeoutMs: 50,
  }
  const openLog = (path: string) => ({ write: () => undefined, close: async () => void logs.push(path) })
  const result = startCluster(planCluster({ ...options, brokers }), openLog, supervision, terminal)
  return { terminal, children, unready, result, logs }
}

describe('the plan', () => {
  it('gives consecutive ports, a folder each, and the same peers to all', () => {
    const plans = planCluster(options)
    expect(plans.map((plan) => [plan.id, plan.http, plan.peer, plan.data, plan.log])).toEqual([
      [1, '127.0.0.1:8080', '127.0.0.1:7080', 'd/broker-1', 'd/broker-1.log'],
      [2, '127.0.0.1:8081', '127.0.0.1:7081', 'd/broker-2', 'd/broker-2.log'],
      [3, '127.0.0.1:8082', '127.0.0.1:7082', 'd/broker-3', 'd/broker-3.log'],
    ])
    expect(plans[1]!.arguments.join(' ')).toBe(
      'broker --id 2 --data d/broker-2 --http 127.0.0.1:8081 --peer 127.0.0.1:7081 --join 127.0.0.1:7080,127.0.0.1:7081,127.0.0.1:7082 --log-level debug',
    )
  })

  it('takes one rack for all of a machine, and no number, folder or address', () => {
    expect(sharedSettingNames).toContain('rack')
    for (const name of ['id', 'data', 'http', 'peer', 'join']) expect(sharedSettingNames).not.toContain(name)
  })

  it('refuses ports that overlap or do not exist', () => {
    expect(() => planCluster({ ...options, httpPort: 7082 })).toThrow('too near')
    expect(() => planCluster({ ...options, httpPort: 7083 })).not.toThrow()
    expect(() => planCluster({ ...options, peerPort: 65_534 })).toThrow('no room')
  })
})

describe('a cluster of processes', () => {
  it('prints addresses, then exactly "ready" when all are, and stops all when interrupted', async () => {
    const { terminal, children, result, logs } = cluster((child) => child.start())
    await expect.poll(() => terminal.text()).toMatch(/^ready$/m)
    const lines = terminal.text().split('\n')
    expect(lines[0]).toBe(
      'broker 1  http://127.0.0.1:8080  peer 127.0.0.1:7080  pid 7  data d/broker-1  log d/broker-1.log',
    )
    expect(lines.slice(3)).toEqual(['console  http://127.0.0.1:8080/console/', 'ready', ''])
    terminal.interrupt()
    expect(await result).toBe(0)
    expect(children.map((child) => child.calls)).toEqual([['stop'], ['stop'], ['stop']])
    expect(logs).toHaveLength(3)
  })

  it('is not ready before every broker listens itself and says that it is ready', async () => {
    const { terminal, children, unready, result } = cluster((child, nth) => {
      if (nth !== 2) child.start()
    })
    unready.add('127.0.0.1:8082')
    await new Promise((resolve) => setTimeout(resolve, 60))
    children[1]!.start()
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(terminal.out).toHaveLength(3)
    unready.clear()
    await expect.poll(() => terminal.text()).toMatch(/^ready$/m)
    terminal.interrupt()
    expect(await result).toBe(0)
  })

  it('gives up with exit code 1 when a broker ends before it was ready: no restart loop over a port in use', async () => {
    const { terminal, children, result } = cluster((child, nth) => {
      if (nth === 2) child.end(1, null, ['error: 127.0.0.1:8081 is in use by another process.'])
      else child.start()
    })
    expect(await result).toBe(1)
    expect(children).toHaveLength(3)
    expect(terminal.err.join('\n')).toContain(
      'broker 2 (pid 7) ended with exit code 1; not starting it again. Its log: d/broker-2.log\n  | error: 127.0.0.1:8081 is in use',
    )
    expect(terminal.text()).not.toContain('ready')
  })

  it('starts a broker again that was killed, and says so', async () => {
    const { terminal, children, result } = cluster((child) => child.start(), 1)
    await expect.poll(() => terminal.text()).toMatch(/^ready$/m)
    children[0]!.end(null, 'SIGKILL', ['last words'])
    await expect.poll(() => children.length).toBe(2)
    expect(terminal.err).toEqual([
      'broker 1 (pid 7) was killed by SIGKILL; starting it again in 100 ms. Its log: d/broker-1.log\n  | last words',
    ])
    expect(terminal.text().match(/^ready$/gm)).toHaveLength(1)
    expect(terminal.text().match(/^broker 1 /gm)).toHaveLength(2)
    terminal.interrupt()
    expect(await result).toBe(0)
  })

  it('shows the last lines of a log as text, also where they are JSON', async () => {
    const error = {
      level: 50,
      time: '2026-06-01T10:00:00.000Z',
      broker: 1,
      msg: 'no',
      err: { stack: 'Error: no\n  at' },
    }
    const { terminal, result } = cluster((child) => {
      child.end(1, null, [JSON.stringify(error), '{"level":30,"msg":"cut he', 'error: plain'])
    }, 1)
    expect(await result).toBe(1)
    expect(terminal.err[0]!.split('\n').slice(1)).toEqual([
      '  | 2026-06-01T10:00:00.000Z ERROR no  broker=1',
      '  |     Error: no',
      '  |     at',
      '  | {"level":30,"msg":"cut he',
      '  | error: plain',
    ])
  })

  it('tells the same as JSON, an object a line', async () => {
    const { terminal, children, result } = cluster((child) => child.start(), 1, true)
    await expect.poll(() => terminal.out.length).toBe(2)
    children[0]!.end(null, 'SIGKILL', ['last words'])
    await expect.poll(() => terminal.out.length).toBe(3)
    const [log, http, peer] = ['d/broker-1.log', 'http://127.0.0.1:8080', '127.0.0.1:7080']
    const started = { event: 'broker-started', broker: 1, pid: 7, http, peer, data: 'd/broker-1', log }
    expect(terminal.out.map((line) => JSON.parse(line))).toEqual([
      started,
      { event: 'ready', console: `${http}/console/` },
      started,
    ])
    expect(terminal.err.map((line) => JSON.parse(line))).toEqual([
      {
        event: 'broker-ended',
        broker: 1,
        pid: 7,
        log,
        startsAgainInMs: 100,
        code: null,
        signal: 'SIGKILL',
        lastLines: ['last words'],
      },
    ])
    terminal.interrupt()
    expect(await result).toBe(0)
  })

  it('kills a broker that does not stop in time', async () => {
    const { terminal, children, result } = cluster((child) => {
      child.deaf = true
      child.start()
    }, 1)
    await expect.poll(() => terminal.text()).toMatch(/^ready$/m)
    terminal.interrupt()
    expect(await result).toBe(0)
    expect(children[0]!.calls).toEqual(['stop', 'kill'])
  })

  it('starts no broker when it was interrupted during a pause before a restart', async () => {
    let isPausing = false
    const clock: Clock = { ...nodeClock, after: (ms, call) => nodeClock.after(isPausing ? 60_000 : ms, call) }
    const { terminal, children, result } = cluster((child) => child.start(), 1, false, clock)
    await expect.poll(() => terminal.text()).toMatch(/^ready$/m)
    isPausing = true
    children[0]!.end(1)
    await expect.poll(() => terminal.err.length).toBe(1)
    terminal.interrupt()
    expect(await result).toBe(0)
    expect(children).toHaveLength(1)
  })
})

describe('the restart policy', () => {
  it('gives up at once on a broker that was never ready', () => {
    expect(new RestartPolicy().ended(0)).toBeNull()
  })

  it('waits longer each time, gives up after eight in a row, and forgets after thirty healthy seconds', () => {
    const policy = new RestartPolicy()
    policy.ready(0)
    expect(Array.from({ length: 9 }, () => policy.ended(10))).toEqual([
      100,
      200,
      400,
      800,
      1600,
      3200,
      5000,
      5000,
      null,
    ])
    policy.ready(1000)
    expect(policy.ended(31_000)).toBe(100)
    // It never became ready again: the healthy time before does not count twice.
    expect(policy.ended(99_000)).toBe(200)
  })
})

it('keeps the last lines only, and cuts long ones', () => {
  const lines = new LastLines(2)
  lines.add('a\nb\n\nc')
  expect(lines.get()).toEqual(['b', 'c'])
  lines.add('d\ne\n')
  expect(lines.get()).toEqual(['cd', 'e'])
  lines.add('x'.repeat(10_000))
  expect(lines.get()[1]).toHaveLength(2000)
})
