import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { PartitionId } from './beat-messages.ts'
import type { BeatAnswer, BeatFields } from './coordinator.ts'
import { OwnedLeases } from './owned-leases.ts'
import { Pulse } from './pulse.ts'

const place = (partition: number): PartitionId => ({ topicId: 'id', partition })
const lease = (partition: number, token: number) => {
  return { topic: 't', ...place(partition), token, offset: -1, term: 0, metadata: '' }
}
const parts = () => ({ owned: new OwnedLeases(), pulse: new Pulse(new ArrayBuffer(Pulse.bytes)) })
const answer = (...assignment: ReturnType<typeof lease>[]) => ({ assignment, revoke: [] })
const tokens = (owned: OwnedLeases) => owned.leases.map(({ token }) => token)

describe('a lease that was given up', () => {
  it('is not valid any more, and its partition is declined until that its handlers have returned is answered', () => {
    const { owned, pulse } = parts()
    owned.absorb(answer(lease(0, 1), lease(1, 2)), pulse)
    const [given, kept] = owned.leases
    expect(owned.giveUp(place(0), pulse)).toBe(1)
    expect(owned.giveUp(place(0), pulse)).toBeUndefined()
    expect([pulse.isGivenUp(given!.slot, 1), pulse.isGivenUp(kept!.slot, 2)]).toEqual([true, false])
    expect([tokens(owned), owned.declined()]).toEqual([[2], [{ ...place(0), token: 1, ended: false }]])
    expect(owned.absorb(answer(lease(1, 2)), pulse)).toBe(false)
    expect(owned.returned({ ...place(0), token: 9 })).toBe(false)
    expect(owned.returned({ ...place(0), token: 1 })).toBe(true)
    expect(owned.declined()).toEqual([{ ...place(0), token: 1, ended: true }])
    owned.absorb(answer(lease(1, 2), lease(0, 3)), pulse)
    expect([tokens(owned), owned.declined(), owned.declines]).toEqual([[2, 3], [], false])
    expect(pulse.isGivenUp(owned.leases[1]!.slot, 3)).toBe(false)
  })

  it('is declined under its later token when a coordinator gives it again meanwhile', () => {
    const { owned, pulse } = parts()
    owned.absorb(answer(lease(0, 1)), pulse)
    owned.giveUp(place(0), pulse)
    owned.declined()
    expect(owned.absorb(answer(lease(0, 5)), pulse)).toBe(true)
    expect([tokens(owned), owned.declined()]).toEqual([[], [{ ...place(0), token: 5, ended: false }]])
    expect(owned.returned({ ...place(0), token: 1 })).toBe(true)
    // The lease that the member has declined is still to be taken back.
    expect(owned.declined()).toMatchObject([{ token: 5, ended: false }])
    expect(owned.absorb(answer(lease(0, 5)), pulse)).toBe(false)
    expect([tokens(owned), owned.absorb(answer(), pulse)]).toEqual([[], true])
    expect(owned.declined()).toMatchObject([{ token: 5, ended: true }])
  })

  it('of a member that was taken out stays declined by the next one while its handlers are at work', () => {
    const { owned, pulse } = parts()
    owned.absorb(answer(lease(0, 1), lease(1, 2)), pulse)
    owned.giveUp(place(0), pulse)
    owned.giveUp(place(1), pulse)
    owned.returned({ ...place(1), token: 2 })
    owned.clear(pulse)
    expect(owned.declined()).toEqual([{ ...place(0), token: 1, ended: false }])
    owned.declineNothing(pulse)
    expect([owned.declines, owned.declined()]).toEqual([false, []])
  })

  it('still tells of the record that is stuck', () => {
    const { owned, pulse } = parts()
    owned.absorb(answer(lease(0, 1)), pulse)
    pulse.hold(owned.leases[0]!.slot, 100, 7)
    const stuck = () => owned.stuck(pulse, 1000, 500).map(({ record: { offset }, isNew }) => [offset, isNew])
    expect(stuck()).toEqual([[7, true]])
    owned.giveUp(place(0), pulse)
    expect(stuck()).toEqual([[7, false]])
  })

  it('there are a thousand of at most, as many as a beat tells of', () => {
    const { owned, pulse } = parts()
    const all = Array.from({ length: 1001 }, (_, partition) => lease(partition, partition + 1))
    owned.absorb(answer(...all), pulse)
    for (const { partition } of all.slice(1)) expect(owned.giveUp(place(partition), pulse)).toBe(partition + 1)
    expect([owned.giveUp(place(0), pulse), tokens(owned), owned.declined().length]).toEqual([undefined, [1], 1000])
  })
})

type Beat = Required<Pick<BeatFields, 'epoch' | 'owned' | 'declined'>>
const PARTITIONS = 2

/** What a coordinator does with one member and with others, which give back at once. */
class PlainCoordinator {
  readonly leases = Array.from({ length: PARTITIONS }, () => {
    return { isMembers: true, token: 0, leasedSince: 1, revoking: false, isWished: true }
  })
  #epoch = 1
  #lastToken = 0
  #declined: BeatFields['declined'] = []

  constructor() {
    for (const one of this.leases) one.token = ++this.#lastToken
  }

  /** It wants the partition to be the member's, or somebody else's. */
  wish(partition: number, isMembers: boolean): void {
    this.leases[partition]!.isWished = isMembers
    this.#assign()
  }

  beat({ epoch, owned, declined }: Beat): Pick<BeatAnswer, 'epoch' | 'assignment' | 'revoke'> {
    this.#declined = declined
    this.#assign()
    this.leases.forEach((one, partition) => {
      const isOwned = owned.some((some) => some.partition === partition && some.token === one.token)
      if (!one.isMembers || !one.revoking || isOwned || one.leasedSince > epoch) return
      this.#give(one, false)
    })
    this.#assign()
    const held = this.leases.flatMap((one, partition) => (one.isMembers ? [{ ...one, partition }] : []))
    return {
      epoch: this.#epoch,
      assignment: held.map(({ partition, token }) => lease(partition, token)),
      revoke: held.filter(({ revoking }) => revoking).map(({ partition }) => place(partition)),
    }
  }

  #assign(): void {
    this.leases.forEach((one, partition) => {
      const mine = this.#declined?.find((some) => some.partition === partition)
      const declines = mine !== undefined && !mine.ended && (!one.isMembers || mine.token === one.token)
      const isWished = one.isWished && !declines
      if (isWished && !one.isMembers) this.#give(one, true)
      else if (isWished && one.revoking) Object.assign(one, { revoking: false, leasedSince: ++this.#epoch })
      else if (!isWished && one.isMembers && !one.revoking) Object.assign(one, { revoking: true })
    })
  }

  #give(one: (typeof this.leases)[number], isMembers: boolean): void {
    Object.assign(one, { isMembers, revoking: false, token: ++this.#lastToken, leasedSince: ++this.#epoch })
  }
}

test('a member works under live leases alone, whatever beats and answers are late or lost', () => {
  const step = fc.record({
    kind: fc.constantFrom(
      'beat',
      'beat',
      'send',
      'send',
      'answer',
      'answer',
      'lost',
      'late',
      'give up',
      'return',
      'finish',
      'take',
      'wish',
      'wish',
    ),
    partition: fc.nat(PARTITIONS - 1),
    chosen: fc.nat(1000),
  })
  let taken = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const { owned, pulse } = parts()
      const coordinator = new PlainCoordinator()
      const underWay: Beat[] = []
      let givenUp: { topicId: string; partition: number; token: number }[] = []
      let [epoch, revoke]: [number, readonly PartitionId[]] = [0, []]
      const send = (): Beat => ({ epoch, owned: owned.fields, declined: owned.declined() })
      const live = (): void => {
        for (const { partition, token } of owned.leases) {
          const { isMembers, token: present } = coordinator.leases[partition]!
          expect([partition, isMembers, present]).toEqual([partition, true, token])
        }
      }
      /** To the beat that is under way; null: there is none, or its answer is not looked at any more. */
      let coming: ReturnType<PlainCoordinator['beat']> | null = null
      const take = (told: ReturnType<PlainCoordinator['beat']>): void => {
        epoch = told.epoch
        revoke = told.revoke
        owned.absorb(told, pulse)
        coming = null
      }
      const beat = (): void => take(coordinator.beat(send()))
      const everGivenUp: number[] = []
      for (const { kind, partition, chosen } of steps) {
        if (kind === 'beat') beat()
        else if (kind === 'send') coming = coordinator.beat(send())
        else if (kind === 'answer' && coming !== null) take(coming)
        else if (kind === 'lost' || kind === 'late') {
          coming = null
          if (kind === 'lost') coordinator.beat(send())
          else underWay.push(send())
        } else if (kind === 'take' && underWay.length > 0) {
          coordinator.beat(underWay.splice(chosen % underWay.length, 1)[0]!)
        } else if (kind === 'give up' && coming === null) {
          // As a beat begins, and at no other time.
          const token = owned.giveUp(place(partition), pulse)
          if (token === undefined) continue
          givenUp.push({ ...place(partition), token })
          everGivenUp.push(token)
        } else if (kind === 'return') {
          for (const one of givenUp) owned.returned(one)
          givenUp = []
        } else if (kind === 'finish') {
          const known = owned.leases.find((one) => one.partition === partition)
          const isAsked = revoke.some((one) => one.partition === partition)
          if (known !== undefined && isAsked) owned.release(place(partition), known.token, pulse)
        } else if (kind === 'wish') coordinator.wish(partition, chosen % 2 === 0)
        live()
        for (const token of tokens(owned)) expect(everGivenUp).not.toContain(token)
      }
      // In the end all that is wished for comes back.
      for (const one of givenUp) owned.returned(one)
      for (let partition = 0; partition < PARTITIONS; partition++) coordinator.wish(partition, true)
      for (let round = 0; round < 5; round++) {
        beat()
        live()
        for (const { partition } of revoke) {
          const known = owned.leases.find((one) => one.partition === partition)
          if (known !== undefined) owned.release(place(partition), known.token, pulse)
        }
      }
      expect([owned.leases.length, owned.declines]).toEqual([PARTITIONS, false])
      taken += everGivenUp.length
    }),
    { numRuns: 500 },
  )
  expect(taken).toBeGreaterThan(200)
})
