import type { AssignableMember, AssignableTopic, FormerOwner, Owners } from '../target-assignment.ts'
import { targetAssignment } from '../target-assignment.ts'

export const nobody: FormerOwner = { owner: '', ownedSince: 0, holder: '' }

/** Which member owned a partition by the last assignment, and since which one; and how often each has moved. */
export class AssignmentHistory {
  #owned = new Map<string, FormerOwner>()
  #epoch = 0
  readonly moves = new Map<string, number>()

  readonly former = (topicId: string, partition: number): FormerOwner =>
    this.#owned.get(`${topicId}/${partition}`) ?? nobody

  leave(id: string): void {
    for (const [place, former] of this.#owned) if (former.owner === id) this.#owned.set(place, nobody)
  }

  assign(members: readonly AssignableMember[], topics: readonly AssignableTopic[]): Owners {
    this.#epoch += 1
    const owners = targetAssignment(members, topics, this.former)
    for (const [topicId, ids] of owners) {
      ids.forEach((owner, partition) => {
        const place = `${topicId}/${partition}`
        const former = this.former(topicId, partition)
        if (former.owner === owner) return
        this.moves.set(place, (this.moves.get(place) ?? 0) + 1)
        this.#owned.set(place, { owner, ownedSince: this.#epoch, holder: owner })
      })
    }
    return owners
  }
}

const all = (topics: readonly AssignableTopic[]): Set<string> => new Set(topics.map(({ topicId }) => topicId))
/** Members, m-0 and so on, that subscribe to all topics. */
export const subscribersOfAll = (count: number, topics: readonly AssignableTopic[]): AssignableMember[] =>
  Array.from({ length: count }, (_, at) => ({ id: `m-${at}`, topicIds: all(topics) }))
