import { METADATA_GROUP, NO_BROKER } from '@tailrace/schemas'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Group, Standing } from '../../partition/group.ts'
import type { TopicPartition } from '../metadata/partition-replicas.ts'
import { CatchUp, LEADERLESS_MS, LINKED_LEADERLESS_MS } from './catch-up.ts'

interface Told {
  id: number
  standing: Standing
  missing: number | null
}

let replicas: Map<number, Told>
let partitions: Map<number, TopicPartition>
let leaders: Map<number, number>
let linked: Set<number>
let now: number
let logged: string[]

function replica(id: number, missing: number | null, leader = 2): Told {
  const told: Told = { id, standing: 'sound', missing }
  replicas.set(id, told)
  leaders.set(id, leader)
  partitions.set(id, { group: id, founders: [1, 2, 3], replicas: [1, 2, 3] })
  return told
}

function catchUp(): CatchUp {
  const log = (_fields: object, text: string): void => void logged.push(text)
  return new CatchUp({
    brokerId: 1,
    groups: { all: () => replicas.values(), get: (id) => replicas.get(id) as Group | undefined },
    state: { partitionOf: (id) => partitions.get(id) },
    directory: { lookup: (id) => ({ leader: leaders.get(id) ?? NO_BROKER, term: 1 }) },
    connected: (id) => linked.has(id),
    clock: { monotonic: () => now },
    logger: { info: log, warn: log, error: log },
  })
}

beforeEach(() => {
  replicas = new Map()
  partitions = new Map()
  leaders = new Map()
  logged = []
  linked = new Set([2])
  now = 5000
})

describe('a broker is awaited after its start', () => {
  test('until each replica has caught up once, whatever it lacks later', () => {
    const [first, second] = [replica(1, 12), replica(2, 0)]
    const third = replica(3, null)
    const awaited = catchUp()
    expect(awaited.awaits()).toBe('Replicas that have not caught up since the start: 2, missing entries: 12.')
    first.missing = 0
    third.missing = 4
    expect(awaited.awaits()).toBe('Replicas that have not caught up since the start: 1, missing entries: 4.')
    third.missing = 0
    expect(awaited.awaits()).toBeNull()
    second.missing = 7
    replica(4, 9)
    expect(awaited.awaits()).toBeNull()
    expect(logged).toEqual([])
  })

  test('for as long as that takes, while there is a leader', () => {
    const only = replica(1, 12)
    const awaited = catchUp()
    for (; now < 100 * LEADERLESS_MS; now += LEADERLESS_MS) expect(awaited.awaits()).toContain('entries: 12')
    only.missing = 0
    expect(awaited.awaits()).toBeNull()
  })

  test('without a leader for a limited time, counted from when there was none', () => {
    replica(1, null, NO_BROKER)
    replica(2, 3)
    const awaited = catchUp()
    const none = 'Partitions without a leader: 1, awaited for 10 s at most.'
    const behind = 'Replicas that have not caught up since the start: 1, missing entries: 3.'
    expect(awaited.awaits()).toBe(`${behind} ${none}`)
    now += LEADERLESS_MS
    expect(awaited.awaits()).toBe(behind)
    leaders.set(2, NO_BROKER)
    expect(awaited.awaits()).toBe(none)
    leaders.set(2, 3)
    now += LEADERLESS_MS - 1
    expect(awaited.awaits()).toBe(behind)
    leaders.set(2, NO_BROKER)
    expect(awaited.awaits()).toBe(none)
    now += LEADERLESS_MS - 1
    expect(awaited.awaits()).toBe(none)
    now += 1
    expect(awaited.awaits()).toBeNull()
    expect(logged).toEqual(['ready although partitions have no leader: nothing tells what is missing'])
  })

  test('without a leader for a moment only where all brokers of the partition are linked, which tell of leaders', () => {
    replica(1, null, NO_BROKER)
    linked.add(3)
    const awaited = catchUp()
    expect(awaited.awaits()).toBe('Partitions without a leader: 1, awaited for 10 s at most.')
    now += LINKED_LEADERLESS_MS - 1
    expect(awaited.awaits()).toContain('without a leader: 1')
    now += 1
    expect(awaited.awaits()).toBeNull()
  })

  test('no longer for replicas that are stopped, gone, or members no more, nor for newcomers and the metadata', () => {
    const stopped = replica(1, 12)
    replica(2, 12)
    replica(3, 12)
    replica(4, 12)
    partitions.set(4, { ...partitions.get(4)!, replicas: [2, 3], change: changeTo([1, 2, 3]) })
    replica(METADATA_GROUP, 12)
    const awaited = catchUp()
    expect(awaited.awaits()).toContain('start: 3,')
    stopped.standing = 'stopped'
    expect(awaited.awaits()).toContain('start: 2,')
    replicas.delete(2)
    expect(awaited.awaits()).toContain('start: 1,')
    partitions.set(3, { ...partitions.get(3)!, change: changeTo([2, 4, 5]) })
    expect(awaited.awaits()).toBeNull()
  })

  test('for replicas in quarantine as well: others restore their entries', () => {
    const damaged = replica(1, 12)
    damaged.standing = 'quarantined'
    const awaited = catchUp()
    expect(awaited.awaits()).toContain('entries: 12')
  })
})

function changeTo(to: number[]): NonNullable<TopicPartition['change']> {
  return { index: 9, kind: 'assign', replicas: to, admissions: {} }
}
