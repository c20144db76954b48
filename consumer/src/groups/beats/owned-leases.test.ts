import { expect, it } from 'vitest'
import { OwnedLeases } from './owned-leases.ts'
import { Pulse } from './pulse.ts'

const lease = (partition: number, token: number) => ({
  topic: 't',
  topicId: 'id',
  partition,
  token,
  offset: -1,
  term: 0,
  metadata: '',
})
const place = (partition: number) => ({ topicId: 'id', partition })
const parts = () => ({ owned: new OwnedLeases(), pulse: new Pulse(new ArrayBuffer(Pulse.bytes)) })
const tokens = (owned: OwnedLeases) => owned.fields.map(({ token }) => token)

it('has what the coordinator has assigned, and what is being revoked until it is released', () => {
  const { owned, pulse } = parts()
  owned.absorb({ assignment: [lease(0, 1), lease(1, 2)], revoke: [] }, pulse)
  owned.absorb({ assignment: [lease(1, 2)], revoke: [place(0)] }, pulse)
  expect(tokens(owned)).toEqual([1, 2])
  expect([owned.release(place(0), 9, pulse), owned.release(place(0), 1, pulse)]).toEqual([false, true])
  expect(tokens(owned)).toEqual([2])
  owned.absorb({ assignment: [], revoke: [] }, pulse)
  expect(tokens(owned)).toEqual([])
})

it('does not take again what was released while a beat was under way, unless its revocation was taken back', () => {
  const { owned, pulse } = parts()
  const revoking = { assignment: [lease(0, 1), lease(1, 2)], revoke: [place(0)] }
  owned.absorb(revoking, pulse)
  owned.release(place(0), 1, pulse)
  owned.absorb(revoking, pulse)
  expect(tokens(owned)).toEqual([2])
  owned.absorb({ ...revoking, revoke: [] }, pulse)
  expect(tokens(owned)).toEqual([2, 1])
  owned.release(place(0), 1, pulse)
  owned.absorb({ assignment: [lease(0, 3), lease(1, 2)], revoke: [] }, pulse)
  expect(tokens(owned)).toEqual([2, 3])
})

it('takes a lease of the same partition under another token for another one, in another slot', () => {
  const { owned, pulse } = parts()
  owned.absorb({ assignment: [lease(0, 1)], revoke: [] }, pulse)
  const [before] = owned.leases
  owned.absorb({ assignment: [lease(0, 5)], revoke: [] }, pulse)
  expect(owned.leases).toMatchObject([{ token: 5 }])
  expect(owned.leases[0]!.slot).not.toBe(before!.slot)
})

it('tells records that are handled for too long, each once as new', () => {
  const { owned, pulse } = parts()
  owned.absorb({ assignment: [lease(0, 1), lease(1, 2)], revoke: [] }, pulse)
  const [first, second] = owned.leases
  pulse.hold(first!.slot, 100, 7)
  pulse.hold(second!.slot, 950, 8)
  const stuck = (now: number) =>
    owned.stuck(pulse, now, 500).map(({ record: { offset, heldMs }, isNew }) => [offset, heldMs, isNew])
  expect(stuck(600)).toEqual([])
  expect(stuck(1_000)).toEqual([[7, 900, true]])
  expect(stuck(1_100)).toEqual([[7, 1_000, false]])
  pulse.hold(first!.slot, 1_100, 9)
  pulse.release(second!.slot)
  expect(stuck(1_700)).toEqual([[9, 600, true]])
  owned.clear(pulse)
  expect([stuck(9_000), owned.leases]).toEqual([[], []])
})
