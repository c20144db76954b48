import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import type { Command, IdentifiedCommand } from './commands/command.ts'
import { decodeCommand, encodeCommand } from './commands/command.ts'
import { MetadataMachine } from './metadata-machine.ts'
import { MetadataState, REMEMBERED_COMMANDS } from './metadata-state.ts'
import { metadataSnapshots } from './store/metadata-snapshot.ts'
import { loadMetadata, MetadataWriter } from './store/metadata-store.ts'

const registration = { http: 'h:1', peer: 'p:1', pid: 7, incarnation: 'i', directoryId: 'd' }

const place = { topicId: fc.constantFrom('t1', 't2'), partition: fc.nat(3) }
const asked = { at: fc.nat(9), broker: fc.constant(1), by: fc.constant('ann') }
const key = `${'A'.repeat(43)}=`
const credential = { salt: `${'A'.repeat(22)}==`, iterations: 4096, storedKey: key, serverKey: key }
const acl = fc.record({
  principal: fc.constantFrom('User:*', 'User:ann', 'Group:g'),
  host: fc.constantFrom('*', '10.0.0.1'),
  operation: fc.constantFrom('read' as const, 'all' as const),
  permission: fc.constantFrom('allow' as const, 'deny' as const),
  resource: fc.constantFrom(
    { type: 'topic', name: 'orders.', pattern: 'prefixed' } as const,
    { type: 'group', name: 'Grüße/0', pattern: 'literal' } as const,
  ),
})
const quotaEntity = fc.constantFrom(
  { principal: 'User:ann', clientId: null, address: null },
  { principal: '*', clientId: 'a/b', address: '10.0.0.1' },
)
const tokenId = fc.constantFrom('0', '1', '2', '3').map((digit) => digit.repeat(24))
const scope = { operations: ['read'], resources: [{ type: 'topic', name: 'a', pattern: 'literal' }] } as const
const ownedIds: fc.Arbitrary<Command> = fc.record({
  type: fc.constant('allocate-owned-ids' as const),
  broker: fc.constant(1),
  count: fc.integer({ min: 1, max: 1000 }),
  principal: fc.constantFrom('User:ann', 'Broker:1', 'User:ANONYMOUS'),
})
const securityCommand: fc.Arbitrary<Command> = fc
  .oneof(
    fc.record({
      type: fc.constant('set-user' as const),
      user: fc.record({
        name: fc.constantFrom('ann', 'bob', 'Zoë @ example.org'),
        scram: fc.constantFrom(
          { 'SCRAM-SHA-256': credential },
          { 'SCRAM-SHA-256': { ...credential, iterations: 5000 } },
        ),
      }),
      ...asked,
    }),
    fc.record({ type: fc.constant('delete-user' as const), name: fc.constantFrom('ann', 'bob'), ...asked }),
    fc.record({
      type: fc.constant('add-token' as const),
      token: fc.record({
        id: tokenId,
        hash: fc.constant(key),
        principal: fc.constantFrom('User:svc', 'Cascade:101'),
        scope: fc.constantFrom(null, scope),
        createdAt: fc.nat(9),
        createdBy: fc.constant('ann'),
        expiresAt: fc.constantFrom(null, 10),
      }),
      ...asked,
    }),
    fc.record({
      type: fc.constant('remove-tokens' as const),
      ids: fc.uniqueArray(tokenId, { maxLength: 3 }),
      expired: fc.boolean(),
      ...asked,
    }),
    fc.record({
      type: fc.constantFrom('add-acls' as const, 'remove-acls' as const),
      acls: fc.uniqueArray(acl, { maxLength: 4, selector: (some) => JSON.stringify(some) }),
      ...asked,
    }),
    fc.record({
      type: fc.constant('set-quota' as const),
      quota: fc.record({
        entity: quotaEntity,
        limits: fc.constantFrom({ connections: 7 }, { fetchBytesPerSecond: 1e6, topicsPerHour: 1 }),
      }),
      ...asked,
    }),
    fc.record({ type: fc.constant('remove-quota' as const), entity: quotaEntity, ...asked }),
  )
  .filter((some) => decodeCommand(encodeCommand({ id: 'c', command: some }, 0)) !== null)
const command: fc.Arbitrary<Command> = fc.oneof(
  { arbitrary: securityCommand, weight: 5 },
  ownedIds,
  fc.record({ type: fc.constant('set-feature-level' as const), level: fc.constant(2), ...asked }),
  fc.record({
    type: fc.constant('register-broker' as const),
    broker: fc
      .record({ id: fc.integer({ min: 1, max: 3 }), directoryId: fc.constantFrom('d', 'other') })
      .map((some) => ({ ...registration, ...some })),
  }),
  fc.record({
    type: fc.constant('create-topic' as const),
    name: fc.constantFrom('a', 'b', 'c', '__proto__'),
    topicId: fc.oneof(fc.constantFrom('t1', 't2'), fc.uuid()),
    config: fc.constant({}),
    partitions: fc.array(fc.constant({ replicas: [1, 2] }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('delete-topic' as const), name: fc.constantFrom('a', 'b', 'c', '__proto__') }),
  fc.record({
    type: fc.constant('allocate-producer-ids' as const),
    broker: fc.constant(1),
    count: fc.integer({ min: 1, max: 1000 }),
  }),
  fc.record({
    type: fc.constant('assign-replicas' as const),
    ...place,
    replicas: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('cancel-change' as const), ...place }),
  fc.record({
    type: fc.constant('replicas-changed' as const),
    group: fc.integer({ min: 1, max: 6 }),
    change: fc.integer({ min: 1, max: 80 }),
    outcome: fc.constantFrom('done' as const, 'failed' as const),
    reason: fc.constantFrom('', 'late'),
  }),
  fc
    .record({
      type: fc.constant('force-replicas' as const),
      ...place,
      leader: fc.integer({ min: 1, max: 3 }),
      ...asked,
    })
    .map((some) => ({ ...some, members: [some.leader], lost: [1, 2, 3].filter((id) => id !== some.leader) })),
  fc.record({
    type: fc.constant('replica-dropped' as const),
    group: fc.integer({ min: 1, max: 6 }),
    broker: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    type: fc.constant('set-topic-config' as const),
    name: fc.constantFrom('a', 'b'),
    changes: fc.record({ readOnly: fc.constantFrom(true, false, null), retentionMs: fc.constantFrom(5, null) }),
  }),
  fc.record({
    type: fc.constant('records-deleted' as const),
    group: fc.integer({ min: 1, max: 6 }),
    before: fc.nat(9),
  }),
  fc.record({
    type: fc.constant('add-partitions' as const),
    topicId: fc.constantFrom('t1', 't2'),
    first: fc.integer({ min: 1, max: 5 }),
    partitions: fc.array(fc.constantFrom({ replicas: [1, 2] }, { replicas: [3] }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant('set-priority' as const),
    group: fc.integer({ min: 0, max: 4 }),
    broker: fc.constant(1),
    factor: fc.integer({ min: 1, max: 10 }),
  }),
  fc.record({ id: fc.integer({ min: 2, max: 5 }), directoryId: fc.constantFrom('d', 'other') }).map((some) => ({
    type: 'join-broker' as const,
    joining: { ...some, peer: 'p:1', http: 'h:1' },
    at: 1,
    broker: 1,
  })),
  fc.record({ type: fc.constant('remove-broker' as const), removed: fc.integer({ min: 2, max: 6 }), ...asked }),
  fc.record({ type: fc.constant('forced-cluster' as const), members: fc.constant([1]), ...asked }),
)
// Few ids, so that many commands are retries of others.
const log: fc.Arbitrary<IdentifiedCommand[]> = fc.array(fc.record({ id: fc.nat(60).map((n) => `c${n}`), command }), {
  maxLength: 80,
})

/** All of a state, in one order. */
function picture(state: MetadataState): unknown {
  const byKey = (map: Map<unknown, unknown>): unknown[] =>
    [...map].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
  const { head, brokers, topics, topicsById, places, joined, removed, metadataPriorities, audit } = state
  const maps = [brokers, topics, topicsById, places, joined, removed].map(byKey)
  const { version, users, tokens, acls, quotas } = state.security
  const security = [version, ...[users, tokens, acls, quotas].map((map) => byKey(new Map<unknown, unknown>(map)))]
  const owners = byKey(new Map([...state.producers.all()].map((owner) => [owner.number, owner])))
  const sets = [[...state.changing].sort(), [...state.fenced].sort()]
  return [head, maps, security, owners, sets, metadataPriorities, [...audit], [...state.remembered()]]
}

const entry = (index: number, some: IdentifiedCommand): Parameters<MetadataMachine['apply']> => {
  const batch = encodeCommand(some, 1)
  return [{ index, term: 1, kind: 0, baseOffset: index - 1, lastOffset: index - 1, bytes: batch.length }, batch]
}

const start = async (store: MemoryStore, clock: ManualClock) => {
  const state = new MetadataState()
  await loadMetadata(store, state)
  const writer = new MetadataWriter(store, clock, silentLogger)
  const snapshots = metadataSnapshots({ store, state, writer, onRestored: () => {} })
  const unreadable: Error[] = []
  const told = {
    onApplied: () => {},
    onUnreadable: (error: Error) => void unreadable.push(error),
    levelProblem: () => null,
  }
  return { state, writer, snapshots, unreadable, machine: new MetadataMachine({ state, writer, snapshots, ...told }) }
}

/** Refusals that name a partition, and brokers: the same ones in whatever order a snapshot has brought the tables. */
const refusalsThatName: IdentifiedCommand[] = [
  { id: 'c0', command: createTopic('c', 't0') },
  { id: 'c1', command: createTopic('a', 't1') },
  { id: 'c2', command: { type: 'remove-broker', removed: 2, at: 0, broker: 1, by: 'ann' } },
  { id: 'c3', command: { type: 'register-broker', broker: { ...registration, id: 2 } } },
  { id: 'c4', command: { type: 'register-broker', broker: { ...registration, id: 1 } } },
  { id: 'c5', command: { type: 'set-feature-level', level: 2, at: 0, broker: 1, by: 'ann' } },
]

/** Turns all tables of the state round. */
function reverse(state: MetadataState): void {
  const { brokers, topics, topicsById, places, joined, removed, changing, fenced, security, producers } = state
  for (const map of [brokers, topics, topicsById, places, joined, removed]) {
    const entries = [...map].reverse()
    map.clear()
    for (const [key, value] of entries) (map as Map<unknown, unknown>).set(key, value)
  }
  for (const set of [changing, fenced]) {
    const groups = [...set].reverse()
    set.clear()
    for (const group of groups) set.add(group)
  }
  const { version, users, tokens, acls, quotas } = security
  security.replace({
    version,
    users: new Map([...users].reverse()),
    tokens: new Map([...tokens].reverse()),
    acls: new Map([...acls].reverse()),
    quotas: new Map([...quotas].reverse()),
  })
  const owners = [...producers.all()].reverse()
  producers.clear()
  for (const owner of owners) producers.put(owner)
}

function createTopic(name: string, topicId: string): IdentifiedCommand['command'] {
  return { type: 'create-topic', name, topicId, config: {}, partitions: [{ replicas: [1, 2] }] }
}

describe('the metadata is a pure function of the log', () => {
  test('a state from the store and the rest of the log is the state from the whole log', async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.nat(), async (commands, any) => {
        const whole = new MetadataState()
        commands.forEach((some, index) => void whole.apply(index + 1, some, 1))

        const clock = new ManualClock(1_700_000_000_000)
        const store = new MemoryStore()
        const before = await start(store, clock)
        const crashAt = any % (commands.length + 1)
        for (const [at, some] of commands.slice(0, crashAt).entries()) before.machine.apply(...entry(at + 1, some))
        // Only some of the writes make it to the store before the crash.
        await Promise.resolve()
        const survived = new MemoryStore()
        for (const [key, value] of store.content) survived.content.set(key, value)

        const after = await start(survived, clock)
        expect(after.state.head.appliedIndex).toBeLessThanOrEqual(crashAt)
        // From the start of the log: entries that the store has already are skipped.
        for (const [at, some] of commands.entries()) after.machine.apply(...entry(at + 1, some))
        expect(picture(after.state)).toEqual(picture(whole))

        await after.writer.close()
        expect(picture((await start(survived, clock)).state)).toEqual(picture(whole))
      }),
      { numRuns: 60 },
    )
  })

  test('a snapshot is the state at its index, also when more is applied meanwhile, and takes the place of any other', async () => {
    await fc.assert(
      fc.asyncProperty(log, log, fc.nat(), async (commands, others, any) => {
        const clock = new ManualClock(1_700_000_000_000)
        const here = await start(new MemoryStore(), clock)
        const takenAt = any % (commands.length + 1)
        const applyAll = (machine: MetadataMachine, some: IdentifiedCommand[], from: number): void =>
          some.forEach((one, at) => void machine.apply(...entry(from + at + 1, one)))
        applyAll(here.machine, commands.slice(0, takenAt), 0)
        const expected = structuredClone(picture(here.state))
        expect(await here.snapshots.flush()).toBe(takenAt)
        const snapshot = await here.snapshots.take()
        applyAll(here.machine, commands.slice(takenAt), takenAt)
        await here.writer.settled()
        expect(snapshot.index).toBe(takenAt)
        if (takenAt === 0) return

        const store = new MemoryStore()
        const there = await start(store, clock)
        applyAll(there.machine, others, 0)
        await there.snapshots.restore(takenAt, snapshot.chunks())
        expect(picture(there.state)).toEqual(expected)
        expect(picture((await start(store, clock)).state)).toEqual(expected)
        applyAll(there.machine, commands.slice(takenAt), takenAt)
        expect(picture(there.state)).toEqual(picture(here.state))
        await snapshot.close()
      }),
      {
        numRuns: 60,
        examples: [
          [refusalsThatName, [], 2],
          [refusalsThatName, [], 5],
        ],
      },
    )
  })

  test('no answer depends on the order in which the tables came: a snapshot has another', () => {
    fc.assert(
      fc.property(log, (commands) => {
        const [one, other] = [new MetadataState(), new MetadataState()]
        commands.forEach((some, at) => {
          reverse(other)
          expect(other.apply(at + 1, some, 1).result).toEqual(one.apply(at + 1, some, 1).result)
        })
        expect(picture(other)).toEqual(picture(one))
      }),
      { numRuns: 100, examples: [[refusalsThatName]] },
    )
  })

  test('a snapshot that is cut short or of another index changes nothing', async () => {
    const clock = new ManualClock(1_700_000_000_000)
    const here = await start(new MemoryStore(), clock)
    const partitions = Array.from({ length: 5000 }, () => ({ replicas: [1, 2, 3] }))
    const create = { type: 'create-topic', name: 'a', topicId: 't', config: {}, partitions } as const
    here.machine.apply(...entry(1, { id: 'x', command: create }))
    const snapshot = await here.snapshots.take()
    const chunks: Uint8Array[] = []
    for await (const chunk of snapshot.chunks()) chunks.push(chunk)
    expect(chunks.length).toBeGreaterThan(1)
    expect(chunks.every(({ length }) => length <= 65_536)).toBe(true)
    const there = await start(new MemoryStore(), clock)
    const before = structuredClone(picture(there.state))
    async function* some(pieces: Uint8Array[]) {
      yield* pieces
    }
    for (const [index, pieces] of [
      [1, chunks.slice(0, -1)],
      [2, chunks],
    ] as const) {
      await expect(there.snapshots.restore(index, some([...pieces]))).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
      expect(picture(there.state)).toEqual(before)
    }
  })

  test('group ids and producer ids are never given twice', () => {
    fc.assert(
      fc.property(log, (commands) => {
        const state = new MetadataState()
        const groups: number[] = []
        const producers: number[] = []
        commands.forEach((some, index) => {
          const applied = state.apply(index + 1, some)!
          const { created, extended } = applied
          if (created !== undefined) groups.push(...created.partitions.map(({ group }) => group))
          if (extended !== undefined) {
            groups.push(...extended.topic.partitions.slice(extended.first).map(({ group }) => group))
          }
          const { result, repeated } = applied
          if (result.ok && result.first !== undefined && !repeated) {
            for (let id = result.first; id < result.first + result.count!; id++) producers.push(id)
          }
        })
        expect(new Set(groups).size).toBe(groups.length)
        expect(groups).not.toContain(0)
        expect(new Set(producers).size).toBe(producers.length)
      }),
    )
  })
})

test('partitions are added behind those that a topic has; a command that counts otherwise changes nothing', () => {
  const state = new MetadataState()
  const replicas = [1, 2]
  const create = { type: 'create-topic', name: 'a', topicId: 't1', config: {}, partitions: [{ replicas }] } as const
  state.apply(1, { id: 'create', command: create })
  const other = { ...create, name: 'b', topicId: 't2' }
  state.apply(2, { id: 'other', command: other })
  const more = {
    type: 'add-partitions',
    topicId: 't1',
    first: 1,
    partitions: [{ replicas: [2] }, { replicas }],
  } as const
  const { result, extended } = state.apply(3, { id: 'more', command: more })
  expect([result, extended?.first]).toEqual([{ ok: true, index: 3 }, 1])
  expect(state.topics.get('a')!.partitions).toEqual([
    { group: 1, founders: [1, 2], replicas: [1, 2] },
    { group: 3, founders: [2], replicas: [2] },
    { group: 4, founders: [1, 2], replicas: [1, 2] },
  ])
  expect(state.places.get(4)).toEqual({ topic: state.topics.get('a'), partition: 2 })
  const before = structuredClone(picture(state)) as unknown[]
  expect(state.apply(4, { id: 'again', command: more }).result).toMatchObject({ code: 'INVALID_PARTITIONS' })
  expect(state.apply(5, { id: 'gone', command: { ...more, topicId: 't3' } }).result).toMatchObject({
    code: 'UNKNOWN_TOPIC',
  })
  expect((picture(state) as unknown[])[1]).toEqual(before[1])
  state.removed.set(9, { directoryId: 'd' })
  const onRemoved = { ...more, first: 3, partitions: [{ replicas: [9] }] }
  expect(state.apply(6, { id: 'removed', command: onRemoved }).result).toMatchObject({ code: 'UNKNOWN_BROKER' })
})

test('a command retried under its id is applied once and answered the same', () => {
  const state = new MetadataState()
  const allocate = { id: 'x', command: { type: 'allocate-producer-ids', broker: 1, count: 10 } } as const
  const first = state.apply(1, allocate)
  const again = state.apply(2, allocate)
  expect(again).toEqual({ id: 'x', result: first!.result, repeated: true })
  expect(state.head.nextProducer).toBe(10)
})

test('memory of commands is bounded, the same after a restart', async () => {
  const clock = new ManualClock(1_700_000_000_000)
  const store = new MemoryStore()
  const { machine, writer, state } = await start(store, clock)
  for (let index = 1; index <= REMEMBERED_COMMANDS + 50; index++) {
    machine.apply(...entry(index, { id: `c${index}`, command: { type: 'delete-topic', name: 'none' } }))
  }
  await writer.close()
  expect([...state.remembered()]).toHaveLength(REMEMBERED_COMMANDS)
  expect(state.resultOf('c50')).toBeUndefined()
  expect(state.resultOf('c51')).toEqual({ ok: false, code: 'UNKNOWN_TOPIC', detail: '"none"' })
  expect([...(await start(store, clock)).state.remembered()]).toEqual([...state.remembered()])
  expect(store.writes).toBeLessThan(10)
})

test('entries that the store has already are skipped without a trace', async () => {
  const store = new MemoryStore()
  const clock = new ManualClock(1_700_000_000_000)
  const { machine, writer, state } = await start(store, clock)
  const first = entry(1, { id: 'x', command: { type: 'delete-topic', name: 'a' } })
  machine.apply(...first)
  machine.apply(...entry(2, { id: 'y', command: { type: 'delete-topic', name: 'a' } }))
  await writer.close()
  const { writes } = store
  const again = await start(store, clock)
  again.machine.apply(...first)
  await again.writer.close()
  expect(again.state.head).toEqual(state.head)
  expect(store.writes).toBe(writes)
})

test('at an entry that is no command it stops, reports which one and why, and applies no entry after it', async () => {
  const { machine, state, unreadable } = await start(new MemoryStore(), new ManualClock(1_700_000_000_000))
  const [header, batch] = entry(1, { id: 'x', command: { type: 'delete-topic', name: 'a' } })
  const garbled = batch.slice()
  garbled.fill(0xff, 61)
  const unknown = encodeCommand({ id: 'y', command: { type: 'make-coffee' } as unknown as Command }, 1)
  machine.apply(...entry(1, { id: 'x', command: { type: 'allocate-producer-ids', broker: 1, count: 5 } }))
  machine.apply({ ...header, index: 2 }, unknown)
  machine.apply({ ...header, index: 3 }, garbled)
  machine.apply(...entry(4, { id: 'z', command: { type: 'allocate-producer-ids', broker: 1, count: 5 } }))
  expect(decodeCommand(garbled)).toBeNull()
  expect(decodeCommand(unknown)).toBeNull()
  expect(state.head).toEqual({
    appliedIndex: 1,
    appliedTerm: 1,
    nextGroup: 1,
    nextProducer: 5,
    commands: 1,
    audits: 0,
    featureLevel: 1,
    alwaysSupported: 0,
    lastOwner: 0,
  })
  expect(unreadable).toHaveLength(1)
  expect(machine.unreadable).toMatchObject({ code: 'NEWER_FORMAT', retriable: false })
  expect(machine.unreadable?.message).toMatch(/Entry 2 .*"make-coffee"/)
})

test('a store that fails for a while gets all writes in the end', async () => {
  const clock = new ManualClock(1_700_000_000_000)
  const store = new MemoryStore()
  const { machine, writer, state } = await start(store, clock)
  store.failing = true
  const create = { name: 'a', topicId: 't', config: {}, partitions: [{ replicas: [1] }] }
  machine.apply(...entry(1, { id: 'x', command: { type: 'create-topic', ...create } }))
  await clock.advance(1500)
  machine.apply(...entry(2, { id: 'y', command: { type: 'delete-topic', name: 'a' } }))
  store.failing = false
  await clock.advance(2000)
  await writer.close()
  const loaded = await start(store, clock)
  expect(picture(loaded.state)).toEqual(picture(state))
})

test('requests to a closed writer are refused as by a broker that stops, and not as a fault of the store', async () => {
  const { machine, writer } = await start(new MemoryStore(), new ManualClock(1_700_000_000_000))
  machine.apply(...entry(1, { id: 'x', command: { type: 'delete-topic', name: 'a' } }))
  await writer.close()
  await writer.settled()
  machine.apply(...entry(2, { id: 'y', command: { type: 'delete-topic', name: 'a' } }))
  await expect(writer.settled()).rejects.toMatchObject({ code: 'SHUTTING_DOWN', retriable: true })
})

test('a broker id stays with its data directory', () => {
  const state = new MetadataState()
  const register = (id: string, directoryId: string) =>
    state.apply(1, { id, command: { type: 'register-broker', broker: { ...registration, id: 1, directoryId } } })!
      .result
  expect(register('a', 'd').ok).toBe(true)
  expect(register('b', 'wiped')).toMatchObject({ ok: false, code: 'BROKER_IDENTITY_MISMATCH' })
  expect(state.brokers.get(1)!.directoryId).toBe('d')
})
