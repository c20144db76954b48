import { describe, expect, it, test } from 'vitest'
import type { RaftMessage } from '../../raft/messages.ts'
import { batchOf } from '../testing/batches.ts'
import { TestWorld } from '../testing/test-world.ts'
import { FirstContact } from './first-contact.ts'

const follower = { role: 'follower', commitIsCurrent: false } as const
const append = (term: number, prevIndex: number, commit: number): RaftMessage => ({
  type: 'append',
  from: 2,
  to: 1,
  term,
  prevIndex,
  prevTerm: 1,
  entries: [],
  commit,
})

describe('what a replica lacks after its start', () => {
  test('is not known before a leader makes contact; a heartbeat alone tells nothing of its commits', () => {
    const contact = new FirstContact()
    expect(contact.missing(follower, 7)).toBeNull()
    contact.heard({ type: 'heartbeat', from: 2, to: 1, term: 1, commit: 7, sentAt: 0 }, 1)
    expect(contact.missing(follower, 7)).toBeNull()
  })

  test('is what was committed then: later entries do not count, and once it lacks nothing it never does again', () => {
    const contact = new FirstContact()
    contact.heard(append(1, 3, 20), 1)
    expect(contact.missing(follower, 7)).toBe(13)
    contact.heard(append(1, 19, 40), 1)
    expect(contact.missing(follower, 19)).toBe(1)
    expect(contact.missing(follower, 20)).toBe(0)
    contact.heard(append(2, 90, 90), 2)
    expect(contact.missing(follower, 21)).toBe(0)
  })

  test('is counted by the end of a leader that does not know all commits yet', () => {
    const contact = new FirstContact()
    contact.heard(append(4, 50, 30), 4)
    expect(contact.missing(follower, 49)).toBe(1)
  })

  test('is counted anew with each leader: the next one may lack what was not committed', () => {
    const contact = new FirstContact()
    contact.heard(append(4, 50, 30), 4)
    contact.heard(append(3, 99, 99), 4)
    expect(contact.missing(follower, 40)).toBe(10)
    contact.heard(append(5, 45, 45), 4)
    expect(contact.missing(follower, 45)).toBe(0)
  })

  test('can be a whole state', () => {
    const contact = new FirstContact()
    contact.heard({ type: 'snapshot', from: 2, to: 1, term: 1, lastIndex: 9, lastTerm: 1, source: 2 }, 1)
    expect(contact.missing(follower, 8)).toBe(1)
  })

  test('is nothing for a leader that knows all that was acknowledged', () => {
    const contact = new FirstContact()
    expect(contact.missing({ role: 'leader', commitIsCurrent: false }, 3)).toBeNull()
    expect(contact.missing({ role: 'leader', commitIsCurrent: true }, 3)).toBe(0)
  })
})

describe('a replica that is started again', () => {
  it('lacks what was committed without it until it has all of that', async () => {
    const world = await TestWorld.start()
    const publish = (value: string) => world.during(world.group(1).publish(batchOf([value])))
    await publish('before')
    await world.run(250)
    expect(world.brokers.map(({ id }) => world.group(id).missing)).toEqual([0, 0, 0])
    world.broker(3).kill()
    for (let at = 0; at < 5; at++) await publish(String(at).repeat(900_000))
    // The first append comes, with the first of these entries; the others are lost.
    const had = world.group(1).status().lastIndex - 5
    world.passes = (message) => message.to !== 3 || message.type !== 'append' || message.prevIndex === had
    await world.restart(3)
    await world.until(() => world.group(3).missing !== null)
    await world.run(1000)
    expect(world.group(3).missing).toBe(4)
    world.heal()
    await world.until(() => world.group(3).missing === 0)
    expect(world.group(3).highWatermark).toBe(6)
  })

  it('in a group that sleeps lacks nothing, and does not keep it awake', async () => {
    const world = await TestWorld.start({ settings: { sleepAfterMs: 1000 } })
    world.heal()
    const asleep = () => world.brokers.map(({ id }) => world.replica(id).driver.asleep)
    await world.during(world.group(1).publish(batchOf(['a'])))
    await world.until(() => asleep().every(Boolean))
    world.broker(3).kill()
    for (const id of [1, 2]) world.broker(id).groups.link(3, false)
    await world.run(1000)
    await world.restart(3)
    await world.until(() => world.group(3).missing === 0)
    await world.until(() => asleep().every(Boolean))
  })
})
