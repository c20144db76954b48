import { expect, test } from 'vitest'
import { batchOf } from '../testing/batches.ts'
import { GROUP, TestWorld } from '../testing/test-world.ts'

const asked = { correlation: 0, group: GROUP, maxBytes: 1 << 20 }

test('entries are also given by a replica that does not know them to be committed: the replica that asks knows their term', async () => {
  const world = await TestWorld.start()
  await world.during(world.group(1).publish(batchOf(['a'])))
  // No message tells broker 2 of the commit any more.
  world.passes = (message) => message.type !== 'heartbeat' && message.type !== 'append'
  const { core, log } = world.replica(2).driver
  expect(log.lastIndex).toBe(2)
  expect(core.commitIndex).toBe(1)
  const { fields, body } = await world.during(
    world.broker(2).groups.answer(1, 'ReadEntries', { ...asked, firstIndex: 2, lastIndex: 2 }),
  )
  expect(fields.entries).toMatchObject([{ term: 1, baseOffset: 0, lastOffset: 0 }])
  expect(body).toHaveLength(1)
})

test('entries that the log does not hold are not given', async () => {
  const world = await TestWorld.start()
  const answer = await world.during(
    world.broker(2).groups.answer(1, 'ReadEntries', { ...asked, firstIndex: 2, lastIndex: 9 }),
  )
  expect(answer).toEqual({ fields: { entries: [], logStart: 1, logEnd: expect.any(Number) }, body: [] })
})
