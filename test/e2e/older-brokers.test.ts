import { setTimeout as pause } from 'node:timers/promises'
import { machine } from '@tailrace/client'
import { Consumer } from '@tailrace/consumer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { FlightLoad } from './flight-load.ts'
import { GroupMember } from './group-member.ts'
import { commitNamed, OlderVersion, oldestCompatible } from './older-version.ts'
import { digestReplicas } from './replica-bytes.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

const PARTITIONS = 6
const [oldest, previous] = [await commitNamed(oldestCompatible), await commitNamed('HEAD~1')]
/** It has consumer groups, and its brokers tell nobody of connections that have ended. */
const withoutEnds = await commitNamed('d7395c14c97ca664bb42f413b3834ed258d10d02')
const noHistory = oldest === null || previous === null || withoutEnds === null

it('a commit that is not there is missed in CI, where the history is whole', async () => {
  expect(await commitNamed('no-such-commit', false)).toBe(null)
  if (!noHistory) await expect(commitNamed('no-such-commit', true)).rejects.toThrow('whole history')
})

const noOlder = skipped(noHistory, 'brokers of older commits: this clone has not got their commits', { evenInCi: true })
describe.skipIf(noOlder)('brokers of the commit before, of the oldest compatible one and of this one', () => {
  const older: OlderVersion[] = []
  /** By broker: the version that it is started with. */
  const versionOf = new Map<number, OlderVersion>()
  let cluster: ClusterProcesses
  let load: FlightLoad

  beforeAll(async () => {
    for (const commit of [oldest!, previous!]) older.push(await OlderVersion.make(commit))
    // Broker 2 is of this version.
    versionOf.set(1, older[0]!).set(3, older[1]!)
    cluster = await ClusterProcesses.start({ executableOf: (id) => versionOf.get(id)?.executable })
    await cluster.request(2, 'POST', '/topics', { name: 'flights', partitions: PARTITIONS, replicas: 3 })
    await topicBecomes(cluster, 2, 'flights', allInSync)
    load = await FlightLoad.start(cluster, 'flights', 500)
  }, 120_000)
  afterAll(async () => {
    await load?.abandon()
    await cluster?.destroy()
    for (const version of older) await version.remove()
  })

  /** Ends a broker, starts it with another version, and waits until it has what the others have. */
  async function becomes(id: number, version: OlderVersion | null, end: 'stop' | 'kill'): Promise<void> {
    await cluster[end](id)
    if (version === null) versionOf.delete(id)
    else versionOf.set(id, version)
    await cluster.launch(id)
    await cluster.ready([id])
    await topicBecomes(cluster, id === 1 ? 2 : 1, 'flights', allInSync)
    await load.nextAcknowledgement()
  }

  /** Whether each broker says that it is of the version that it was started with. */
  async function versions(): Promise<void> {
    for (const id of cluster.ids) {
      const page = await (await fetch(`http://${cluster.http(id)}/metrics`)).text()
      const said = /^tailrace_build_info\{.*?version="([^"]+)"/m.exec(page)?.[1]
      const expected = versionOf.get(id)?.version
      if (expected === undefined) expect(said).not.toContain('0.0.0-')
      // Before the metric there was nothing that says it.
      else if (said !== undefined) expect(said).toBe(expected)
    }
  }

  it('tell of no levels, or of level 0: a consumer of the nearest one reads from it', async () => {
    for (const [id] of versionOf) {
      const consumer = new Consumer({ servers: [`ws://${cluster.http(id)}`], level: 'nearest' })
      let read = 0
      for await (const _ of consumer.subscribe('flights', { from: 'earliest' })) if (++read === 100) break
      await consumer.close()
      expect(read).toBe(100)
    }
  })

  it('take turns under load, upgraded and taken back, and nothing is lost', async () => {
    await versions()
    for (const id of [1, 3]) await becomes(id, null, 'stop')
    await versions()
    for (const [at, id] of [2, 3, 1].entries()) await becomes(id, older[at % 2]!, at === 1 ? 'kill' : 'stop')
    await versions()
    for (const id of [1, 2, 3]) await becomes(id, null, id === 2 ? 'kill' : 'stop')
    await versions()
    await load.stop()
    expect(load.acknowledged).toBeGreaterThan(1000)
    expect(await load.problems(cluster)).toEqual([])
    await cluster.stopAll()
    const [first, ...others] = await Promise.all(cluster.ids.map((id) => digestReplicas(cluster.dataFolder(id))))
    expect(first!.size).toBe(PARTITIONS + 1)
    for (const other of others) expect(other).toEqual(first)
    for (const id of cluster.ids)
      expect(await cluster.log(id)).not.toMatch(/"level":[56]0|INCOMPATIBLE_PEER|NEWER_FORMAT|cannot be resolved/)
  }, 300_000)
})

const SESSION_MS = 6_000

describe.skipIf(noOlder)('consumer groups, with a broker that knows no ends of connections', () => {
  let before: OlderVersion
  let cluster: ClusterProcesses
  let isUpgraded = false

  beforeAll(async () => {
    before = await OlderVersion.make(withoutEnds!)
    const executableOf = (id: number) => (id === 1 && !isUpgraded ? before.executable : undefined)
    cluster = await ClusterProcesses.start({ executableOf })
    await cluster.request(2, 'POST', '/topics', { name: 'shared', partitions: 2, replicas: 3 })
    await topicBecomes(cluster, 2, 'shared', allInSync)
  }, 120_000)
  afterAll(async () => {
    await cluster?.destroy()
    await before?.remove()
  })

  /** How long after the end of the connection of one member, at this broker, the other one has both partitions. */
  async function handedOver(group: string, broker: number): Promise<number> {
    const options = { group, topics: ['shared'], sessionMs: SESSION_MS, leavesOnDisconnect: true }
    const gone = await GroupMember.join(cluster.http(broker), { ...options, id: 'gone' })
    const stays = await GroupMember.join(cluster.http(2), { ...options, id: 'stays' })
    while (stays.leases.length < 1) for (const member of [gone, stays]) await member.beat()
    const ended = performance.now()
    gone.close()
    for (; stays.leases.length < 2; await pause(50)) await stays.beat()
    const ms = performance.now() - ended
    await stays.leave()
    return ms
  }

  it('members hand over, at the latest when their session is over, whichever broker coordinates their group', async () => {
    const groups = [2, 3].flatMap((broker) => ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ broker, name })))
    const all = await Promise.all(groups.map(({ broker, name }) => handedOver(`${name}-${broker}`, broker)))
    console.log(`handed over after ${all.map((ms) => ms.toFixed()).join(', ')} ms`)
    // Leaderships that are spread just then give everybody a session once more.
    for (const ms of all) expect(ms).toBeLessThan(3 * SESSION_MS)
    expect(Math.min(...all)).toBeLessThan(SESSION_MS / 2)
    for (const id of cluster.ids) expect(await cluster.log(id)).not.toMatch(/"level":[56]0|INCOMPATIBLE_PEER/)
  })

  it('with a stuck handler give up that partition, or leave where a broker of theirs knows none of that', async () => {
    const limitMs = 500
    await cluster.request(2, 'POST', '/topics', { name: 'quartered', partitions: 4, replicas: 3 })
    await topicBecomes(cluster, 2, 'quartered', allInSync)
    const names = Array.from({ length: 12 }, (_, at) => `stuck-${at}`)
    const servers = cluster.ids.map((id) => `ws://${cluster.http(id)}`)
    // With each broker begins another pair of clients, so that brokers of both versions carry their beats.
    const pairs = cluster.ids.map((_, at) => {
      const surroundings = { ...machine, random: () => at / 1024 }
      return [new Consumer({ servers, surroundings }), new Consumer({ servers, surroundings })]
    })
    const released = Promise.withResolvers<void>()
    const begun = new Map<string, number[]>(names.map((name) => [name, []]))
    const runs: Promise<void>[] = []
    const groups = names.map((name, at) => {
      const handle = (): Promise<void> | undefined => {
        begun.get(name)!.push(performance.now())
        return begun.get(name)!.length === 1 ? released.promise : undefined
      }
      return pairs[at % pairs.length]!.map((of) => {
        const options = { heartbeats: 'timers', sessionTimeoutMs: SESSION_MS, handlerTimeoutMs: limitMs } as const
        const group = of.group(name, { ...options, stuckHandlers: 'release' })
        runs.push(group.run('quartered', handle, { concurrency: 4 }))
        return group
      })
    })
    const sizes = () => groups.map((pair) => pair.map(({ assigned }) => assigned.length))
    await expect.poll(sizes, { timeout: 30_000 }).toEqual(names.map(() => [2, 2]))
    await cluster.request(2, 'POST', '/topics/quartered/records', { records: [{ value: 'one', partition: 1 }] })
    await expect.poll(() => [...begun.values()].filter((times) => times.length < 2), { timeout: 30_000 }).toEqual([])
    const ms = [...begun.values()].map(([first, second]) => second! - first!)
    console.log(`taken over after ${ms.map((one) => one.toFixed()).join(', ')} ms`)
    for (const one of ms) expect(one).toBeLessThan(limitMs + SESSION_MS / 3 + 2_000)
    // Each member had two partitions: the one that has left has lost both.
    const lost = groups.map((pair) => pair.reduce((sum, { counts }) => sum + counts.lost, 0))
    console.log(`partitions lost: ${lost.join(', ')}`)
    expect([...new Set(lost)].sort()).toEqual([1, 2])
    released.resolve()
    await expect.poll(sizes, { timeout: 30_000 }).toEqual(names.map(() => [2, 2]))
    await Promise.all(pairs.flat().map((one) => one.close()))
    await Promise.all(runs)
    for (const id of cluster.ids) expect(await cluster.log(id)).not.toMatch(/"level":[56]0|INCOMPATIBLE_PEER/)
  }, 120_000)

  it('and soon after the end of their connection once the broker is upgraded', async () => {
    await cluster.stop(1)
    isUpgraded = true
    await cluster.launch(1)
    await cluster.ready([1])
    for (const name of ['e', 'f', 'g']) expect(await handedOver(name, 1)).toBeLessThan(SESSION_MS / 2)
  })
})
