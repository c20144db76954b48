import type { TailraceError } from '@tailrace/schemas'
import { BatchWriter, Compression, NO_PRODUCER } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { encodeConsumerGroupCommands } from './commands/command-codec.ts'
import type { ConsumerGroupCommand } from './commands/consumer-group-command.ts'
import { ConsumerGroupsMachine, removeConsumerGroups } from './consumer-groups-machine.ts'
import { contentOf, memberOf } from './testing/consumer-group-commands.ts'

const decision = { group: 'billing', at: 1000 }
const position = { topic: 'flights', topicId: 't-1', partition: 0, offset: 5, term: 1, metadata: 'm' }
const join: ConsumerGroupCommand = { type: 'join', ...decision, member: memberOf('m-1') }
const assign: ConsumerGroupCommand = {
  type: 'assign',
  ...decision,
  changedIn: 1,
  members: ['m-1'],
  topics: [{ topic: 'flights', topicId: 't-1', owners: [0, 0] }],
}
const commit: ConsumerGroupCommand = {
  type: 'commit',
  ...decision,
  member: 'm-1',
  positions: [{ ...position, token: 1 }],
}
const delay: ConsumerGroupCommand = {
  type: 'delay',
  ...decision,
  member: 'm-1',
  topicId: 't-1',
  partition: 0,
  token: 1,
  offset: 3,
  due: 9000,
  attempt: 1,
}
const story = [join, assign, commit, delay]
const PREFIX = 'consumer-groups/7/'

async function open(store = new MemoryStore(), keyPrefix = PREFIX) {
  const unreadable: TailraceError[] = []
  const clock = new ManualClock()
  const machine = new ConsumerGroupsMachine({
    store,
    keyPrefix,
    clock,
    logger: silentLogger,
    onUnreadable: (error) => unreadable.push(error),
  })
  await machine.load()
  return { machine, unreadable, store, clock }
}

function run(machine: ConsumerGroupsMachine, commands: readonly ConsumerGroupCommand[]): void {
  for (const command of commands) {
    machine.apply({ index: machine.appliedIndex + 1, term: 3 } as never, encodeConsumerGroupCommands([command]))
  }
}

test('a start finds what was written, and entries that it has are not applied again', async () => {
  const { machine, store } = await open()
  run(machine, story)
  expect(await machine.snapshots.flush()).toBe(4)
  const again = (await open(store)).machine
  expect([again.appliedIndex, again.appliedTerm]).toEqual([4, 3])
  expect(contentOf(again.state)).toEqual(contentOf(machine.state))
  again.apply(
    { index: 4, term: 3 } as never,
    encodeConsumerGroupCommands([{ type: 'leave', ...decision, member: 'm-1' }]),
  )
  expect(contentOf(again.state)).toEqual(contentOf(machine.state))
})

test('a group that is removed leaves nothing in the store but the head and the format', async () => {
  const { machine, store } = await open()
  run(machine, story)
  await machine.snapshots.flush()
  expect([...store.content.keys()].filter((key) => key.includes('0000000001')).length).toBe(5)
  run(machine, [
    { type: 'leave', ...decision, member: 'm-1' },
    { type: 'remove', ...decision },
  ])
  await machine.snapshots.flush()
  expect([...store.content.keys()].sort()).toEqual([`${PREFIX}format`, `${PREFIX}head`])
})

test('coordinators of one broker do not touch the keys of each other', async () => {
  const { machine, store } = await open()
  const other = (await open(store, 'consumer-groups/70/')).machine
  run(machine, story)
  run(other, story.slice(0, 2))
  await machine.snapshots.flush()
  await other.snapshots.flush()
  await removeConsumerGroups(store, PREFIX)
  expect((await open(store)).machine.appliedIndex).toBe(0)
  expect(contentOf((await open(store, 'consumer-groups/70/')).machine.state)).toEqual(contentOf(other.state))
})

test('an entry that cannot be read stops the machine, until a snapshot brings what is behind it', async () => {
  const { machine, unreadable } = await open()
  run(machine, story.slice(0, 2))
  const writer = new BatchWriter()
  writer.append({ timestamp: 1, key: null, value: JSON.stringify({ version: 1, type: 'merge', ...decision }) })
  const options = { producerId: NO_PRODUCER, producerEpoch: -1, baseSequence: -1, compression: Compression.none }
  machine.apply({ index: 3, term: 3 } as never, writer.finish(options))
  expect(unreadable.map(({ code, message }) => [code, message.includes('"merge"')])).toEqual([['NEWER_FORMAT', true]])
  machine.apply({ index: 4, term: 3 } as never, encodeConsumerGroupCommands([commit]))
  expect(machine.appliedIndex).toBe(2)
  expect(machine.unreadable).toBe(unreadable[0])
  const other = (await open()).machine
  run(other, story)
  const snapshot = await other.snapshots.take()
  await machine.snapshots.restore(snapshot.index, snapshot.chunks())
  expect(machine.unreadable).toBeNull()
  expect(contentOf(machine.state)).toEqual(contentOf(other.state))
})

test('a snapshot stays as it was taken, and what is behind it is not in it', async () => {
  const { machine } = await open()
  run(machine, story)
  const before = contentOf(machine.state)
  const kept = structuredClone(before)
  const snapshot = await machine.snapshots.take()
  run(machine, [{ type: 'leave', ...decision, member: 'm-1' }])
  await machine.snapshots.flush()
  const other = (await open()).machine
  run(other, [{ ...join, group: 'another' }])
  await other.snapshots.restore(4, snapshot.chunks())
  await snapshot.close()
  expect(contentOf(other.state)).toEqual(kept)
  run(other, [{ type: 'leave', ...decision, member: 'm-1' }])
  await other.snapshots.flush()
  expect(contentOf(other.state)).toEqual(contentOf(machine.state))
})

test('an empty state has a snapshot', async () => {
  const { machine } = await open()
  const snapshot = await machine.snapshots.take()
  expect(snapshot.index).toBe(0)
  const other = (await open()).machine
  await other.snapshots.restore(0, snapshot.chunks())
  expect(other.state.groups.size).toBe(0)
})

describe('what is stored', () => {
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
  const stored = async (change: (content: Map<string, Uint8Array>) => void): Promise<MemoryStore> => {
    const { machine, store } = await open()
    run(machine, story)
    await machine.snapshots.flush()
    change(store.content)
    return store
  }
  const keyOf = (content: Map<string, Uint8Array>, part: string): string =>
    [...content.keys()].find((key) => key.startsWith(PREFIX + part))!

  test.each(['head', 'group/', 'member/', 'partition/', 'delayed/'])(
    'is refused where a value of "%s" lacks a field, or has one of another type',
    async (part) => {
      const sound = JSON.parse(new TextDecoder().decode(await storedValue(part)))
      for (const name of Object.keys(sound)) {
        for (const odd of [undefined, {}, -2, 1.5]) {
          const store = await stored((content) => content.set(keyOf(content, part), text({ ...sound, [name]: odd })))
          await expect(open(store), `${name}: ${odd}`).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
        }
      }
    },
  )

  async function storedValue(part: string): Promise<Uint8Array> {
    let value = new Uint8Array()
    await stored((content) => {
      value = content.get(keyOf(content, part))! as Uint8Array<ArrayBuffer>
    })
    return value
  }

  test('is refused where a member or a partition belongs to no group, or a value is no JSON', async () => {
    const orphan = await stored((content) => content.delete(keyOf(content, 'group/')))
    await expect(open(orphan)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
    const torn = await stored((content) => content.set(keyOf(content, 'head'), Uint8Array.of(123)))
    await expect(open(torn)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  })

  test('by a newer version is refused as such, and changes nothing', async () => {
    const newer = await stored((content) => content.set(`${PREFIX}format`, text(2)))
    await expect(open(newer)).rejects.toMatchObject({ code: 'NEWER_FORMAT' })
  })
})

test('a snapshot that cannot be read, or is as of another index, changes nothing', async () => {
  const { machine } = await open()
  run(machine, story)
  const snapshot = await machine.snapshots.take()
  const chunks: Uint8Array[] = []
  for await (const chunk of snapshot.chunks()) chunks.push(chunk.slice())
  const [whole] = chunks
  const other = await open()
  run(other.machine, story.slice(0, 1))
  await other.machine.snapshots.flush()
  const before = structuredClone([contentOf(other.machine.state), [...other.store.content.keys()]])
  async function* torn(): AsyncIterable<Uint8Array> {
    yield whole!.subarray(0, whole!.length - 3)
  }
  await expect(other.machine.snapshots.restore(4, torn())).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  await expect(other.machine.snapshots.restore(5, snapshot.chunks())).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' })
  expect([contentOf(other.machine.state), [...other.store.content.keys()]]).toEqual(before)
})

test('a store that takes nothing delays a snapshot, and loses nothing', async () => {
  const { machine, store, clock } = await open()
  store.failing = true
  run(machine, story)
  await expect(machine.snapshots.flush()).rejects.toMatchObject({ code: 'INTERNAL' })
  store.failing = false
  await clock.advance(1000)
  expect(await machine.snapshots.flush()).toBe(4)
  await machine.close()
  expect(contentOf((await open(store)).machine.state)).toEqual(contentOf(machine.state))
})
