import type { CommitPositions, ConsumerGroupCommand, ReleaseLeases } from '../commands/consumer-group-command.ts'
import type { CommandOutcome } from '../consumer-group-changes.ts'
import type { ConsumerGroupsState } from '../consumer-groups-state.ts'
import { partitionsOf } from './consumer-group-commands.ts'

interface Lease {
  readonly member: string
  readonly token: number
  readonly revoking: boolean
  readonly leasedSince: number
}

/**
 * The rules of consumer groups in the plainest form, without an index or an epoch of its own: it looks at each command
 * and at the whole state behind it, and throws where a rule is broken.
 */
export class ConsumerGroupsReference {
  #leases = new Map<string, Lease>()
  #positions = new Map<string, number>()
  readonly #committedAt = new Map<string, number>()
  /** By group and instance, the member that has it. */
  #instances = new Map<string, string>()
  #largestToken = 0
  #largestEpoch = 0

  judge(command: ConsumerGroupCommand, outcome: CommandOutcome, state: ConsumerGroupsState): void {
    const leases = leasesOf(state)
    for (const [place, former] of this.#leases) {
      const next = leases.get(place)
      if (next?.token === former.token && next.member === former.member) continue
      if (!place.startsWith(`${command.group} `)) throw new Error(`a command of ${command.group} moved ${place}`)
      if (!this.#mayEnd(command, place, former)) throw new Error(`the lease of ${place} ended before it was free`)
    }
    for (const [place, next] of leases) {
      const former = this.#leases.get(place)
      if (former?.token === next.token) continue
      if (next.token <= this.#largestToken) throw new Error(`the token of ${place} did not grow`)
      if (!state.groups.get(command.group)!.members.has(next.member)) throw new Error(`${place} is leased to nobody`)
    }
    this.#judgePositions(command, outcome, state)
    this.#leases = leases
    for (const { token } of leases.values()) this.#largestToken = Math.max(this.#largestToken, token)
    this.#judgeEpochs(state)
    this.#instances = instancesOf(state)
  }

  #mayEnd(command: ConsumerGroupCommand, place: string, { member, token, revoking, leasedSince }: Lease): boolean {
    switch (command.type) {
      case 'leave':
        return command.member === member
      case 'join':
        return (
          command.member.instance !== '' &&
          this.#instances.get(`${command.group} ${command.member.instance}`) === member
        )
      case 'release':
        return command.member === member && revoking && leasedSince <= command.epoch && names(command, place, token)
      default:
        return false
    }
  }

  #judgePositions(command: ConsumerGroupCommand, outcome: CommandOutcome, state: ConsumerGroupsState): void {
    const positions = positionsOf(state)
    const wished = new Map(this.#positions)
    if (outcome.ok && command.type === 'commit') this.#commit(command, outcome, wished)
    if (outcome.ok && command.type === 'reset') {
      for (const { topicId, partition, offset } of command.positions) {
        const place = `${command.group} ${topicId} ${partition}`
        if (offset < 0) wished.delete(place)
        else wished.set(place, offset)
        this.#committedAt.set(place, command.at)
      }
    }
    if (outcome.ok && command.type === 'remove') drop(wished, (place) => place.startsWith(`${command.group} `))
    if (outcome.ok && command.type === 'forget') {
      drop(wished, (place) => {
        const [group, topicId] = place.split(' ')
        const isLater = this.#committedAt.get(place)! > (command.committedBefore ?? Number.POSITIVE_INFINITY)
        return group === command.group && command.topicIds.includes(topicId!) && !this.#leases.has(place) && !isLater
      })
    }
    if (JSON.stringify(sorted(positions)) !== JSON.stringify(sorted(wished))) {
      throw new Error(`the positions are ${JSON.stringify(sorted(positions))}, not ${JSON.stringify(sorted(wished))}`)
    }
    this.#positions = positions
  }

  #commit(command: CommitPositions, outcome: CommandOutcome & { ok: true }, wished: Map<string, number>): void {
    for (const { topicId, partition, token, offset, done } of command.positions) {
      const place = `${command.group} ${topicId} ${partition}`
      const lease = this.#leases.get(place)
      const isFenced = lease?.member !== command.member || lease.token !== token
      if (isFenced !== has(outcome.fenced, topicId, partition))
        throw new Error(`${place} is told as fenced: ${!isFenced}`)
      if (isFenced || done === true) continue
      const former = wished.get(place) ?? -1
      if (offset < former !== has(outcome.behind, topicId, partition))
        throw new Error(`${place} is told as behind wrongly`)
      wished.set(place, Math.max(former, offset))
      if (offset >= former) this.#committedAt.set(place, command.at)
    }
  }

  #judgeEpochs(state: ConsumerGroupsState): void {
    for (const { epoch } of state.groups.values()) {
      if (epoch > state.head.lastEpoch) throw new Error('an epoch was given twice')
    }
    if (state.head.lastEpoch < this.#largestEpoch) throw new Error('epochs go back')
    this.#largestEpoch = state.head.lastEpoch
  }
}

function names({ leases, group }: ReleaseLeases, place: string, token: number): boolean {
  return leases.some((some) => `${group} ${some.topicId} ${some.partition}` === place && some.token === token)
}

function has(places: readonly { topicId: string; partition: number }[], topicId: string, partition: number): boolean {
  return places.some((some) => some.topicId === topicId && some.partition === partition)
}

function drop(map: Map<string, number>, which: (place: string) => boolean): void {
  for (const place of [...map.keys()]) if (which(place)) map.delete(place)
}

function sorted(map: ReadonlyMap<string, number>): [string, number][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}

function leasesOf(state: ConsumerGroupsState): Map<string, Lease> {
  const leases = new Map<string, Lease>()
  for (const group of state.groups.values()) {
    for (const { topicId, partition, known } of partitionsOf(group)) {
      if (known.holder === '') continue
      const { holder: member, token, revoking, leasedSince } = known
      leases.set(`${group.id} ${topicId} ${partition}`, { member, token, revoking, leasedSince })
    }
  }
  return leases
}

function positionsOf(state: ConsumerGroupsState): Map<string, number> {
  const positions = new Map<string, number>()
  for (const group of state.groups.values()) {
    for (const { topicId, partition, known } of partitionsOf(group)) {
      if (known.offset >= 0) positions.set(`${group.id} ${topicId} ${partition}`, known.offset)
    }
  }
  return positions
}

function instancesOf(state: ConsumerGroupsState): Map<string, string> {
  const instances = new Map<string, string>()
  for (const group of state.groups.values()) {
    for (const { id, instance } of group.members.values())
      if (instance !== '') instances.set(`${group.id} ${instance}`, id)
  }
  return instances
}
