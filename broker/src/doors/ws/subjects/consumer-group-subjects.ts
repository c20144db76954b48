import { TailraceError } from '@tailrace/schemas'
import type { ConsumerGroupsApi, ListedConsumerGroup } from '../../../api/consumer-groups-api.ts'
import type { Subject, WatchedServices } from './subject.ts'

/** Of one state, so that a cluster with very many groups does not fill the connection. */
const MOST_LISTED = 1_000

/** All consumer groups, of which each session is shown those that it may describe. */
export const consumerGroupsSubject: Subject = {
  key: 'consumer-groups',
  field: 'consumerGroups',
  // A group that is left out is no refusal, as over HTTP.
  check: () => {},
  ask: (services) => groupsOf(services).list(),
  shown: (told, rights) => {
    const groups = (told as readonly ListedConsumerGroup[]).filter(({ group }) => rights.mayDescribeGroup(group))
    return { groups: groups.slice(0, MOST_LISTED), more: Math.max(0, groups.length - MOST_LISTED) }
  },
}

export function consumerGroupSubject(group: string): Subject {
  return {
    key: JSON.stringify(['consumer-group', group]),
    field: 'consumerGroup',
    check: (rights) => rights.checkDescribeGroup(group),
    ask: async (services) => {
      const { kind: _, ...described } = await groupsOf(services).ask({ kind: 'describe', group })
      return { group, ...described }
    },
  }
}

function groupsOf({ consumerGroups }: WatchedServices): ConsumerGroupsApi {
  if (consumerGroups !== undefined) return consumerGroups.own
  throw new TailraceError('UNSUPPORTED_MESSAGE', 'There are no consumer groups here.')
}
