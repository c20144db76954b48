import { afterEach, describe, expect, it } from 'vitest'
import { CascadeDisk, publishTo, recordsAt, startTier, startTop, type Tier, until } from './testing/tiers.ts'

const running: { stop(): Promise<void> }[] = []
async function tier(...args: Parameters<typeof startTier>): Promise<Tier> {
  const started = await startTier(...args)
  running.push(started)
  return started
}
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop().catch(() => {})
})

const earliest = { kind: 'EARLIEST', value: 0 } as const
const ends = ({ node }: Tier) =>
  node.api.findOffset('t', 0, earliest).then(
    ({ logStart, highWatermark }) => [logStart, highWatermark],
    () => [],
  )
const has = (one: Tier, logStart: number, highWatermark: number) =>
  until(`from ${logStart} to ${highWatermark}`, async () => `${await ends(one)}` === `${[logStart, highWatermark]}`)
const codeAt = ({ node }: Tier, offset: number) =>
  node.api.fetch('t', 0, { offset, maxBytes: 2 ** 20, waitMs: 0 }).then(
    () => 'records',
    ({ code }) => code,
  )
/** `offset:value` of what a client gets that reads from the beginning: batches come whole. */
const recordsOn = async (one: Tier) => {
  const [logStart = 0] = await ends(one)
  const all = await recordsAt(one.node.api, 't', 0, logStart)
  return all.filter((record) => Number.parseInt(record, 10) >= logStart)
}

/** Level 0 with the records a to f in two batches; `remove` deletes the oldest. */
async function topWithRecords() {
  const { broker, address, gateway } = await startTop()
  running.push({ stop: () => gateway.close() })
  await broker.createTopic({ name: 't', partitions: 1, replicas: 1 })
  for (const values of ['abc', 'def']) await publishTo(broker, 't', [...values])
  const [listTopics, topicsVersion] = [broker.listTopics.bind(broker), broker.topicsVersion.bind(broker)]
  let version = 0
  let deleted: { partition: number; before: number }[] = []
  broker.listTopics = () => listTopics().map((topic) => (deleted.length === 0 ? topic : { ...topic, deleted }))
  broker.topicsVersion = () => topicsVersion() + version
  const remove = (before: number, { isTold = true } = {}) => {
    broker.topics.get('t')!.partitions[0]!.logStart = before
    if (!isTold) return
    deleted = [{ partition: 0, before }]
    version++
  }
  return { broker, address, gateway, remove }
}

describe('records that are deleted at level 0', () => {
  it('M88 are read on no level any more, also after a restart without a source', async () => {
    const { broker, address, gateway, remove } = await topWithRecords()
    const disk = new CascadeDisk()
    const one = await tier(101, [address], disk)
    const two = await tier(201, [one.address])
    for (const each of [one, two]) await has(each, 0, 6)
    expect(await codeAt(one, 2)).toBe('records')
    remove(4)
    for (const each of [one, two]) {
      await has(each, 4, 6)
      expect(await codeAt(each, 3)).toBe('OFFSET_OUT_OF_RANGE')
      expect(await recordsOn(each)).toEqual(['4:e', '5:f'])
    }
    await publishTo(broker, 't', ['g'])
    await has(two, 4, 7)
    await one.stop()
    await gateway.close()
    const again = await tier(101, [address], disk)
    expect(await ends(again)).toEqual([4, 7])
    expect(await codeAt(again, 3)).toBe('OFFSET_OUT_OF_RANGE')
  })

  it.each([
    ['on a disk', undefined],
    ['in memory', 2 ** 20],
  ])(
    'M88 a copy %s that begins within a batch has the batch, and reads from where the source does',
    async (_, memoryBytes) => {
      const { broker, address, gateway, remove } = await topWithRecords()
      // The list of topics does not tell it yet.
      remove(4, { isTold: false })
      const disk = new CascadeDisk()
      const one = await tier(101, [address], disk, memoryBytes === undefined ? {} : { memoryBytes })
      const two = await tier(201, [one.address])
      for (const each of [one, two]) {
        await has(each, 4, 6)
        const [copy] = each.node.partitions.all()
        expect([copy!.log.startOffset, copy!.lagRecords, copy!.complete]).toEqual([3, 0, true])
      }
      await publishTo(broker, 't', ['g', 'h'])
      for (const each of [one, two]) {
        await has(each, 4, 8)
        expect(await recordsOn(each)).toEqual(['4:e', '5:f', '6:g', '7:h'])
        expect(await codeAt(each, 3)).toBe('OFFSET_OUT_OF_RANGE')
        expect(each.node.counts).toMatchObject({ newBeginnings: 0, missedRecords: 0 })
      }
      if (memoryBytes !== undefined) return
      await one.stop()
      await gateway.close()
      expect(await ends(await tier(101, [address], disk))).toEqual([4, 8])
    },
  )

  it('M88 a copy of a partition without any record is whole, and goes on with the next one', async () => {
    const { broker, address, remove } = await topWithRecords()
    remove(6)
    const one = await tier(101, [address])
    const two = await tier(201, [one.address])
    for (const each of [one, two]) await has(each, 6, 6)
    await until('ready', () => [one, two].every(({ node }) => node.api.readiness().ready))
    await publishTo(broker, 't', ['g'])
    for (const each of [one, two]) {
      await has(each, 6, 7)
      expect(await recordsOn(each)).toEqual(['6:g'])
    }
  })

  it.each([true, false])(
    'M88 are left out by a copy that was away (the list tells of the deletion: %s)',
    async (isTold) => {
      const { broker, address, remove } = await topWithRecords()
      const disk = new CascadeDisk()
      const first = await tier(101, [address], disk)
      await has(first, 0, 6)
      await first.stop()
      for (const values of ['ghi', 'jkl']) await publishTo(broker, 't', [...values])
      remove(10, { isTold })
      const again = await tier(101, [address], disk)
      await has(again, 10, 12)
      expect(await recordsOn(again)).toEqual(['10:k', '11:l'])
      // Not told of the deletion, it takes them for records that retention has removed.
      expect(again.node.counts.missedRecords).toBe(isTold ? 0 : 4)
    },
  )
})
