import type { BrokerId } from '@tailrace/schemas'
import { expect, it } from 'vitest'
import { caughtUp, cut, numbered, publish, worldOf } from '../testing/late-world.ts'
import type { TestWorld } from '../testing/test-world.ts'

const NOTHING = new Uint8Array(0)

/** A lower token is refused there, once it leads. */
async function knowsFence(world: TestWorld, id: BrokerId, fence: number): Promise<void> {
  if (!world.group(id).isLeader) await world.during(world.group(world.leader().id).transferLeadership(id))
  await world.until(() => world.replica(id).driver.core.commitIsCurrent)
  const stale = world.during(world.group(id).publish(NOTHING, { fence: fence - 1 }))
  await expect(stale).rejects.toMatchObject({ code: 'FENCED', fence })
  expect(await world.during(world.group(id).publish(NOTHING, { fence }))).toMatchObject({ duplicate: true })
}

/** The entry of the fence is behind 20 records and before 20 more, so a cut removes it. */
async function fencedWorld(away: readonly BrokerId[] = []): Promise<TestWorld> {
  const world = await worldOf()
  await publish(world, 0, 2)
  await world.run(200)
  for (const id of away) world.broker(id).kill()
  await world.during(world.group(1).publish(NOTHING, { fence: 7 }))
  await publish(world, 2, 40)
  await world.run(300)
  await cut(
    world,
    [1, 2, 3].filter((id) => !away.includes(id)),
  )
  return world
}

it('a fence whose entry is cut off is known after a restart', async () => {
  const world = await fencedWorld()
  for (const id of [1, 2, 3]) world.broker(id).kill()
  for (const id of [1, 2, 3]) await world.restart(id)
  await world.until(() => [1, 2, 3].some((id) => world.replica(id).driver.core.commitIsCurrent))
  for (const id of [1, 2, 3]) await knowsFence(world, id, 7)
})

it('a fence comes with the copy of a replica', async () => {
  const world = await fencedWorld([3])
  await world.restart(3)
  await caughtUp(world, 3)
  expect(world.broker(3).groups.metrics).toMatchObject({ snapshotsInstalled: 1 })
  await knowsFence(world, 3, 7)
})

it('a replica that has lost the fence accepts no token before it has another replica’s', async () => {
  const world = await fencedWorld()
  await world.during(world.broker(2).close())
  const key = 'partition/000000000001'
  const bytes = world.broker(2).store.content.get(key)!.slice()
  bytes[20]! ^= 1
  world.broker(2).store.content.set(key, bytes)
  world.passesNotes = () => false
  await world.restart(2)
  await world.during(world.group(1).transferLeadership(2))
  await world.until(() => world.replica(2).driver.core.commitIsCurrent)
  expect(world.replica(2).incomplete).toBe(true)
  const stale = world.during(world.group(2).publish(numbered(40), { fence: 6 }))
  await expect(stale).rejects.toMatchObject({ code: 'LEADER_UNAVAILABLE' })
  world.passesNotes = () => true
  await world.until(() => !world.replica(2).incomplete)
  await knowsFence(world, 2, 7)
})
