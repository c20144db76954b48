import { describe, expect, it } from 'vitest'
import { confirmGone, type RemovalCheckDeps } from './removal-check.ts'

const GROUP = 7
const others = { voters: [2, 3], learners: [], outgoing: [] as number[], admissions: {} as Record<number, number> }
const quiet = {
  configuration: others,
  configurationIndex: 5,
  commitIndex: 5,
  change: { target: null as object | null },
}

/** Broker 1 has a replica that was admitted under number 4. */
function gone(status: object, given: { outcasts?: number[]; own?: object | null } = {}): Promise<void> {
  const own = { admission: 4, configuration: others, status: () => ({ lastIndex: 9 }) }
  return confirmGone(
    {
      brokerId: 1,
      groups: { get: () => (given.own === null ? undefined : { ...own, ...given.own }) },
      state: { partitionOf: () => ({ outcasts: given.outcasts }) },
      calls: { leaderReport: async () => ({ status: { ...quiet, ...status } }) },
    } as unknown as RemovalCheckDeps,
    GROUP,
  )
}

const changing = { code: 'MEMBERS_CHANGING' }

describe('a replica may be deleted', () => {
  it('once its leader does not name it any more, and that is committed', async () => {
    await gone({})
    await gone({ change: { target: others } })
    await expect(gone({ configurationIndex: 6 })).rejects.toMatchObject(changing)
  })

  it.each([
    ['a voter', { voters: [1, 2] }],
    ['a learner', { learners: [1] }],
    ['an outgoing voter', { outgoing: [1] }],
  ])('not as %s, now or as the target of a change', async (_, part) => {
    const named = { ...others, ...part, admissions: { 1: 4 } }
    await expect(gone({ configuration: named })).rejects.toMatchObject(changing)
    await expect(gone({ change: { target: named } })).rejects.toMatchObject(changing)
    // Another replica of this broker, which was admitted later or under no number, is not this one.
    await gone({ configuration: { ...named, admissions: { 1: 5 } } })
    await gone({ configuration: { ...named, admissions: {} } })
    await expect(gone({ configuration: named }, { own: null })).rejects.toMatchObject(changing)
    await expect(
      gone({ configuration: { ...named, admissions: {} } }, { own: { admission: 0 } }),
    ).rejects.toMatchObject(changing)
  })

  it('at once when it was left behind by force, or was never a member', async () => {
    const named = { configuration: { ...others, voters: [1], admissions: { 1: 4 } } }
    await gone(named, { outcasts: [1] })
    await expect(gone(named, { outcasts: [2] })).rejects.toMatchObject(changing)
    const nobody = { ...others, voters: [] }
    await gone(named, { own: { configuration: nobody, status: () => ({ lastIndex: 0 }) } })
    await expect(
      gone(named, { own: { configuration: nobody, status: () => ({ lastIndex: 1 }) } }),
    ).rejects.toMatchObject(changing)
    await expect(gone(named, { own: { status: () => ({ lastIndex: 0 }) } })).rejects.toMatchObject(changing)
  })
})
