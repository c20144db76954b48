import type { GroupMove, GroupTarget, MembersDescription, MovesDescription } from '../../api/admin-api.ts'
import type { Clock } from '../../platform/clock.ts'
import { withDeadline } from '../../platform/timing/deadline.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { RequestSlots } from '../routing/request-slots.ts'

/** Moves that are listed. */
const MOST_LISTED = 200
/** Leaders that are asked at one time. */
const MOST_AT_ONCE = 16
/** A leader that takes longer is left out of this answer. */
const LEADER_MS = 1000

type Recorded = Omit<GroupMove, 'members'>
type Members = (target: GroupTarget) => Promise<MembersDescription>

/**
 * Changes of replicas, as the metadata has them, each with the progress that its leader tells. No partition without one
 * is asked about.
 */
export async function movesOf(state: MetadataState, clock: Clock, members: Members): Promise<MovesDescription> {
  const slots = new RequestSlots(MOST_AT_ONCE, Number.POSITIVE_INFINITY)
  const progressOf = (target: GroupTarget): Promise<MembersDescription | null> =>
    slots.run(() => {
      const told = members(target).catch(() => null)
      return withDeadline<MembersDescription | null>(clock, LEADER_MS, told, () => null)
    })
  const recorded = recordedMoves(state)
  const listed = recorded.slice(0, MOST_LISTED)
  const [ofMetadata, moves] = await Promise.all([
    progressOf({ kind: 'metadata' }).then(metadataMoves),
    Promise.all(
      listed.map(async (move): Promise<GroupMove> => {
        const { topic, partition, failed } = move
        if (topic === null || failed !== null) return { ...move, members: null }
        return { ...move, members: await progressOf({ kind: 'partition', topic, partition }) }
      }),
    ),
  ])
  return { moves: [...ofMetadata, ...moves], more: recorded.length - listed.length }
}

/** Of partitions: those under way first, each kind in the order of topics' names. */
function recordedMoves({ topics }: MetadataState): Recorded[] {
  const [under, failed]: [Recorded[], Recorded[]] = [[], []]
  for (const { name: topic, partitions } of [...topics.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    for (const [partition, { replicas: from, change, lastChange }] of partitions.entries()) {
      const place = { topic, partition, from }
      if (change !== undefined) under.push({ ...place, to: change.replicas, failed: null })
      else if (lastChange?.outcome === 'failed')
        failed.push({ ...place, to: lastChange.target, failed: lastChange.reason })
    }
  }
  return [...under, ...failed]
}

/** The metadata group keeps its wanted members in its own log. */
function metadataMoves(members: MembersDescription | null): GroupMove[] {
  if (members === null) return []
  const { target, stage, voters, outgoing, lastOutcome } = members
  const place = { topic: null, partition: 0, from: outgoing.length > 0 ? outgoing : voters }
  if (target !== null || stage !== 'stable') return [{ ...place, to: target ?? voters, failed: null, members }]
  if (lastOutcome?.outcome !== 'failed') return []
  return [{ ...place, to: lastOutcome.target, failed: lastOutcome.reason, members: null }]
}
