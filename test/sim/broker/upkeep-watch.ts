import type { BrokerId, GroupId } from '@tailrace/schemas'
import type { IdentifiedCommand } from '../../../broker/src/cluster/metadata/commands/command.ts'
import type { MetadataState } from '../../../broker/src/cluster/metadata/metadata-state.ts'
import { sameMembers } from '../../../broker/src/cluster/metadata/partition-replicas.ts'
import { Finding } from './finding.ts'
import { LiveCopies } from './live-copies.ts'
import type { WatchedGroup } from './watched-group.ts'

type Command = IdentifiedCommand['command']

/**
 * What the brokers of a seed with upkeep do to the spread of replicas by themselves: operators of such a seed move none
 * (withUpkeep). A move takes no copy away, and a cluster in which nothing happens comes to rest.
 */
export class UpkeepWatch {
  /** Moves of replicas and of preferred leaderships, and brokers that operators wanted to be emptied. */
  moves = 0
  drains = 0
  /** Of them those of replicas, whose copies are watched. */
  replicaMoves = 0
  readonly copies = new LiveCopies()
  #atRest = false
  readonly #metadata: MetadataState
  readonly #groups: ReadonlyMap<GroupId, WatchedGroup>

  constructor(metadata: MetadataState, groups: ReadonlyMap<GroupId, WatchedGroup>) {
    this.#metadata = metadata
    this.#groups = groups
  }

  /** True: nothing happens any more. False: something happens again. */
  rest(atRest: boolean): void {
    this.#atRest = atRest
  }

  /** Before it is applied. @throws Finding */
  committing(command: Command): void {
    if (command.type === 'set-draining' && command.draining) this.drains += 1
    if (command.type !== 'assign-replicas') return
    this.moves += 1
    const { topicId, partition, replicas } = command
    const topic = this.#metadata.topicsById.get(topicId)
    const present = topic?.partitions[partition]
    if (topic === undefined || present === undefined) return
    const name = `${topic.name}/${partition} from ${present.replicas} to ${replicas}`
    if (this.#atRest) throw new Finding('balanced-stays-at-rest', name)
    if (present.change === undefined && replicas.length !== present.replicas.length)
      throw new Finding('as-many-copies', name)
    const gone = replicas.find((id) => this.#isGone(id) && !present.replicas.includes(id))
    if (gone !== undefined) throw new Finding('as-many-copies', `${name}: broker ${gone} is no member`)
    const group = this.#groups.get(present.group)
    if (group === undefined || sameMembers(replicas, present.replicas)) return
    this.replicaMoves += 1
    this.copies.begin(group, name)
  }

  #isGone(id: BrokerId): boolean {
    return this.#metadata.removed.has(id) || !this.#metadata.brokers.has(id)
  }
}
