import { TailraceError } from '@tailrace/schemas'
import { describe, expect, test } from 'vitest'
import { CatchUp, type CatchUpDeps } from './catch-up.ts'
import type { CopiedPartition } from './copies/copied-partition.ts'
import { positionOf } from './positions.ts'
import type { CascadeIdentityFields } from './upstream/identity.ts'
import type { CascadeBeatReply } from './wire/cascade-messages.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const copyWith = (fields: Partial<CopiedPartition>): CopiedPartition =>
  ({ complete: true, lagMs: () => 0, lagRecords: 0, ...fields }) as CopiedPartition

interface Told extends Pick<CatchUpDeps, 'diskShortage'> {
  readonly last?: Partial<CascadeBeatReply> | null
  readonly caughtUp?: boolean
}

function broker(copies: CopiedPartition[], told: Told = {}) {
  const { last = {}, caughtUp = false, diskShortage = () => null } = told
  const identity = {
    fields: { clusterId: 'c', caughtUp } as CascadeIdentityFields,
    change: async (change: Partial<CascadeIdentityFields>) => {
      identity.fields = { ...identity.fields, ...change }
    },
  }
  const uplink = { last: last as CascadeBeatReply | null, refusal: 'nobody there' }
  const deps: CatchUpDeps = {
    identity,
    uplink,
    logger: silent,
    readyLagMs: 1000,
    diskShortage,
    copies: { all: () => copies, isEmpty: copies.length === 0 },
  }
  return { catchUp: new CatchUp(deps), identity, uplink }
}

describe('a cascade broker is ready', () => {
  test('once every copy has all records that its source had at first, and lag is below the bound; and stays so', () => {
    const copies = [copyWith({}), copyWith({ complete: false, lagRecords: 30_000 })]
    const { catchUp, identity } = broker(copies)
    expect(catchUp.readiness()).toEqual({
      ready: false,
      reason: 'Copying from the source: 30000 records of 1 partitions are missing.',
    })
    copies[1] = copyWith({ lagMs: () => 1001, lagRecords: 5 })
    expect(catchUp.readiness().ready).toBe(false)
    expect(identity.fields.caughtUp).toBe(false)
    copies[1] = copyWith({ lagMs: () => 999, lagRecords: 5 })
    expect(catchUp.readiness()).toEqual({ ready: true, reason: 'ready' })
    expect(identity.fields.caughtUp).toBe(true)
    copies[1] = copyWith({ lagMs: () => 60_000, lagRecords: 5 })
    expect(catchUp.readiness().ready).toBe(true)
  })

  test('not while its disk has no room for the records that are missing, which it says', () => {
    const copies = [copyWith({ complete: false, lagRecords: 3 })]
    const { catchUp } = broker(copies, { diskShortage: () => 'The disk is full. Free space.' })
    const reason = 'The disk is full. Free space. 3 records of 1 partitions are missing.'
    expect(catchUp.readiness()).toEqual({ ready: false, reason })
  })

  test('not before its source is, which does not know which records are missing until then', () => {
    const { catchUp, uplink } = broker([copyWith({})], { last: { caughtUp: false } })
    expect(catchUp.readiness()).toEqual({
      ready: false,
      reason: 'The source has not caught up with its own source yet.',
    })
    uplink.last = {} as CascadeBeatReply
    expect(catchUp.readiness().ready).toBe(true)
  })

  test('without a source, if the copies here were complete once', () => {
    const waiting = { ready: false, reason: 'Waiting for a source. nobody there' }
    expect(broker([copyWith({})], { last: null }).catchUp.readiness()).toEqual(waiting)
    expect(broker([], { last: null, caughtUp: true }).catchUp.readiness()).toEqual(waiting)
    expect(broker([copyWith({})], { last: null, caughtUp: true }).catchUp.readiness().ready).toBe(true)
  })
})

describe('a position that a copy does not know yet is asked of the source', () => {
  const at = (fields: Partial<CopiedPartition>) =>
    copyWith({ highWatermark: 10, sourceEnd: 30, logStart: 0, isEmpty: false, find: async () => 10, ...fields })
  const asked: string[] = []
  const source =
    (answer: number | TailraceError) =>
    async ({ kind }: { kind: string }) => {
      asked.push(kind)
      if (answer instanceof TailraceError) throw answer
      return { offset: answer, highWatermark: 30, logStart: 0 }
    }
  const find = async (
    kind: 'EARLIEST' | 'LATEST' | 'TIME',
    copy: CopiedPartition,
    { sourceComplete = true, answer = 30 as number | TailraceError } = {},
  ) => {
    asked.length = 0
    const { offset } = await positionOf(copy, { kind, value: 0 }, source(answer), sourceComplete)
    return [offset, asked.length]
  }

  test('the end, while the copy or its source is incomplete', async () => {
    expect(await find('LATEST', at({ complete: false }))).toEqual([30, 1])
    expect(await find('LATEST', at({}), { sourceComplete: false })).toEqual([30, 1])
    expect(await find('LATEST', at({}))).toEqual([10, 0])
  })
  test('the start, while no record is here', async () => {
    expect(await find('EARLIEST', at({ complete: false, isEmpty: true, find: async () => 0 }))).toEqual([30, 1])
    expect(await find('EARLIEST', at({ complete: false, find: async () => 0 }))).toEqual([0, 0])
  })
  test('a time that is after all records here', async () => {
    expect(await find('TIME', at({}))).toEqual([30, 1])
    expect(await find('TIME', at({ find: async () => 9 }))).toEqual([9, 0])
    expect(await find('TIME', at({ sourceEnd: 10 }))).toEqual([10, 0])
  })
  test('without a source the copy here decides; a refusal of the source is passed on', async () => {
    const lost = new TailraceError('LEADER_UNAVAILABLE')
    expect(await find('LATEST', at({ complete: false }), { answer: lost })).toEqual([10, 1])
    const gone = new TailraceError('UNKNOWN_TOPIC')
    await expect(find('LATEST', at({ complete: false }), { answer: gone })).rejects.toMatchObject(gone)
  })
})
