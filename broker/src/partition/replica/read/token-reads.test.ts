import { describe, expect, it, vi } from 'vitest'
import type { ReadToken } from '../../requests.ts'
import { batchOf, recordsOf } from '../../testing/batches.ts'
import { SECRET } from '../../testing/test-broker.ts'
import { GROUP, outcomeOf, TestWorld } from '../../testing/test-world.ts'
import { TokenSeal } from '../state/token-seal.ts'

const request = { offset: 0, maxBytes: 1 << 20, waitMs: 0 }

describe('M95 reads with the token of an acknowledgement', () => {
  it('are answered by every holder at once, although it does not know of the commit', async () => {
    const world = await TestWorld.start()
    const { token, holders } = await world.during(world.group(1).publish(batchOf(['a'])))
    expect(holders!.length).toBeGreaterThanOrEqual(2)
    const backup = holders!.find((id) => id !== 1)!
    expect(world.group(backup).highWatermark).toBe(0)
    expect((await world.during(world.group(backup).fetch(request))).batches).toEqual([])
    const { batches, highWatermark } = await world.during(world.group(backup).fetch({ ...request, token: token! }))
    expect(recordsOf(batches)).toEqual(['0:a'])
    expect(highWatermark).toBe(1)
    expect(world.broker(backup).groups.metrics).toMatchObject({ tokenReads: 1, tokenReadsRefused: 0 })
  })

  it('a leader with a held disk is no holder, and a backup answers without it', async () => {
    const world = await TestWorld.start()
    world.broker(1).holdDisk()
    const { token, holders } = await world.during(world.group(1).publish(batchOf(['a'])))
    expect([...holders!].sort()).toEqual([2, 3])
    const { batches } = await world.during(world.group(3).fetch({ ...request, token: token! }))
    expect(recordsOf(batches)).toEqual(['0:a'])
    world.broker(1).releaseDisk()
  })

  it('are refused by a replica that lacks the entry, retriably', async () => {
    const world = await TestWorld.start()
    world.isolate(3)
    const { token, holders } = await world.during(world.group(1).publish(batchOf(['a'])))
    expect(holders).not.toContain(3)
    const refused = world.group(3).fetch({ ...request, token: token! })
    await expect(refused).rejects.toMatchObject({ code: 'NOT_CAUGHT_UP', retriable: true })
    expect(world.broker(3).groups.metrics).toMatchObject({ tokenReadsRefused: 1 })
  })

  it('are refused by one that has another entry at that index: a former leader, cut off', async () => {
    const world = await TestWorld.start()
    world.isolate(1)
    const lost = outcomeOf(world.group(1).publish(batchOf(['divergent'])))
    await world.until(() => [2, 3].some((id) => world.group(id).isLeader))
    const leader = world.leader().id
    const { token } = await world.during(world.group(leader).publish(batchOf(['kept'])))
    // The cut-off one has an entry at the token's index minus one of another term; make it as long.
    expect(lost.state).not.toBe('done')
    const refused = world.group(1).fetch({ ...request, token: sealed(token!.term, 2) })
    await expect(refused).rejects.toMatchObject({ code: 'NOT_CAUGHT_UP' })
    expect(await world.records(1)).toEqual([])
    world.heal()
    await world.run(1000)
    const { batches } = await world.during(world.group(1).fetch({ ...request, token: token! }))
    expect(recordsOf(batches)).toEqual(['0:kept'])
  })
})

/** Sealed as by a leader of the group. */
function sealed(term: number, index: number, group = GROUP, secret = SECRET): ReadToken {
  const seal = new TokenSeal()
  seal.useSecret(secret)
  return seal.tokenOf(group, term, index)!
}

/** Broker 1 has led, and has an entry 2 of its term that no other replica has; the others have another leader. */
async function divergent(): Promise<TestWorld> {
  const world = await TestWorld.start()
  world.isolate(1)
  outcomeOf(world.group(1).publish(batchOf(['divergent'])))
  await world.until(() => [2, 3].some((id) => world.group(id).isLeader) && !world.group(1).isLeader)
  expect(world.replica(1).driver.core).toMatchObject({ commitIndex: 1, durableIndex: 2 })
  return world
}

describe('M95 a forged token', () => {
  it.each<[string, ReadToken]>([
    ['has no seal, as from a broker before seals', { term: 1, index: 2, seal: '' }],
    ['has a seal of the right form', { term: 1, index: 2, seal: '0123456789abcdef' }],
    ['was sealed for another entry', { ...sealed(1, 1), index: 2 }],
    ['was sealed for another partition', sealed(1, 2, GROUP + 1)],
    [
      'was sealed by another cluster',
      sealed(
        1,
        2,
        GROUP,
        SECRET.map((byte) => byte + 1),
      ),
    ],
    ['lies beyond the log', { term: 1, index: 2 ** 53 - 1, seal: '0123456789abcdef' }],
  ])('%s: it commits nothing', async (_why, token) => {
    const world = await divergent()
    const refused = world.group(1).fetch({ ...request, token })
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_REQUEST', retriable: false })
    await expect(refused).rejects.toThrow(/this cluster has not given it out/)
    expect(await world.records(1)).toEqual([])
    expect(world.broker(1).groups.metrics).toMatchObject({ tokenReads: 1, tokenReadsRefused: 0, tokensNotGenuine: 1 })
    await world.during(
      world
        .leader()
        .groups.get(GROUP)!
        .publish(batchOf(['kept'])),
    )
    world.heal()
    await world.run(2000)
    expect(await world.records(1)).toEqual(['0:kept'])
  })

  it('is refused by a leader as well, and needs no seal where the entry is known to be committed', async () => {
    const world = await TestWorld.start()
    const { token } = await world.during(world.group(1).publish(batchOf(['a'])))
    expect(token).toEqual(sealed(1, 2))
    const { batches } = await world.group(1).fetch({ ...request, token: { ...token!, seal: '' } })
    expect(recordsOf(batches)).toEqual(['0:a'])
    const ahead = world.group(1).fetch({ ...request, token: { ...token!, index: 3 } })
    await expect(ahead).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('control: with seals unchecked it is shown, and the replica stops when the entry is replaced', async () => {
    const unchecked = vi.spyOn(TokenSeal.prototype, 'isGenuine').mockReturnValue(true)
    try {
      const world = await divergent()
      await world.during(world.group(1).fetch({ ...request, token: { term: 1, index: 2, seal: '' } }))
      expect(await world.records(1)).toEqual(['0:divergent'])
      await world.during(
        world
          .leader()
          .groups.get(GROUP)!
          .publish(batchOf(['kept'])),
      )
      world.heal()
      await world.until(() => world.group(1).status().trouble !== null)
      expect(world.group(1).status().trouble).toMatch(/has stopped/)
    } finally {
      unchecked.mockRestore()
    }
  })
})
