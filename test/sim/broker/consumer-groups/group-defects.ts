import type { ConsumerGroupsApi, ConsumerGroupsService } from '../../../../broker/src/api/consumer-groups-api.ts'
import type {
  CommitPositions,
  ConsumerGroupCommand,
} from '../../../../broker/src/consumer-groups/state/commands/consumer-group-command.ts'
import {
  type ConsumerGroup,
  partitionIn,
  putPartition,
} from '../../../../broker/src/consumer-groups/state/consumer-group.ts'
import { ConsumerGroupsMachine } from '../../../../broker/src/consumer-groups/state/consumer-groups-machine.ts'
import type { ConsumerGroupsState } from '../../../../broker/src/consumer-groups/state/consumer-groups-state.ts'
import type { BrokerGroups } from '../../../../broker/src/partition/broker/groups.ts'
import type { BrokerDefects } from '../defects.ts'

/** Changes the state machines of coordinators as they are opened. */
export function defectiveCoordinators(defects: BrokerDefects, groups: BrokerGroups): void {
  const { leasesGivenEarly, tokensUnchecked, positionsOverwritten } = defects
  if (!leasesGivenEarly && !tokensUnchecked && !positionsOverwritten) return
  const open = groups.open.bind(groups)
  groups.open = async (spec) => {
    const { stateMachine } = spec
    const opened = await open(spec)
    if (!(stateMachine instanceof ConsumerGroupsMachine)) return opened
    if (leasesGivenEarly) giveLeasesEarly(stateMachine.state)
    if (tokensUnchecked) changeCommits(stateMachine.state, asOfHolder)
    if (positionsOverwritten) changeCommits(stateMachine.state, overwriting)
    return opened
  }
}

/** A commit is answered before the coordinator has it; what a member declines is left out. */
export function defectiveService(
  { commitsAnsweredEarly, declinedUnheard }: BrokerDefects,
  service: ConsumerGroupsService,
): void {
  if (!commitsAnsweredEarly && !declinedUnheard) return
  const of = service.for.bind(service)
  service.for = (asker) => {
    const { ask, list } = of(asker)
    const changed = async (request: Parameters<ConsumerGroupsApi['ask']>[0]): Promise<unknown> => {
      if (request.kind === 'beat' && declinedUnheard) return ask({ ...request, declined: [] })
      if (request.kind !== 'commit' || !commitsAnsweredEarly) return ask(request)
      void ask(request).catch(() => {})
      return { kind: 'committed', fenced: [] }
    }
    return { ask: changed as ConsumerGroupsApi['ask'], list }
  }
}

/** What an assignment gives to another member is taken from the one that holds it. */
function giveLeasesEarly(state: ConsumerGroupsState): void {
  const apply = state.apply.bind(state)
  state.apply = (index, commands, term) => {
    const applied = apply(index, commands, term)
    for (const { type, group: id, at } of commands) {
      const group = state.groups.get(id)
      if (type !== 'assign' || group === undefined) continue
      const taken = releasesOf(group).map(
        (release): ConsumerGroupCommand => ({ ...release, type: 'release', group: id, at }),
      )
      for (const [key, value] of apply(index, taken, term).stored) applied.stored.set(key, value)
    }
    return applied
  }
}

function releasesOf(group: ConsumerGroup) {
  return [...group.topics.values()].flatMap(({ topicId, partitions }) => {
    return [...partitions]
      .filter(([, { revoking }]) => revoking)
      .map(([partition, { holder: member, token }]) => {
        return { member, epoch: group.epoch, leases: [{ topicId, partition, token }] }
      })
  })
}

function changeCommits(
  state: ConsumerGroupsState,
  change: (group: ConsumerGroup, command: CommitPositions) => CommitPositions,
): void {
  const apply = state.apply.bind(state)
  state.apply = (index, commands, term) => {
    const changed = commands.map((command) => {
      const group = state.groups.get(command.group)
      return command.type === 'commit' && group !== undefined ? change(group, command) : command
    })
    return apply(index, changed, term)
  }
}

function asOfHolder(group: ConsumerGroup, command: CommitPositions): CommitPositions {
  const [position] = command.positions
  const { holder, token } = partitionIn(group, position!.topicId, position!.partition)
  if (holder === '') return command
  return { ...command, member: holder, positions: command.positions.map((some) => ({ ...some, token })) }
}

/** The position is removed before a smaller one is put in its place. */
function overwriting(group: ConsumerGroup, command: CommitPositions): CommitPositions {
  for (const { topicId, partition, token, offset } of command.positions) {
    const known = partitionIn(group, topicId, partition)
    const topic = group.topics.get(topicId)
    if (topic === undefined || known.holder !== command.member || known.token !== token) continue
    if (offset < known.offset) putPartition(group, topic, partition, { ...known, offset: -1 })
  }
  return command
}
