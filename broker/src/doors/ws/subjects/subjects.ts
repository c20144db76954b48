import { type PartitionNumber, TailraceError } from '@tailrace/schemas'
import type { WatchedSubject } from '../text-requests.ts'
import { consumerGroupSubject, consumerGroupsSubject } from './consumer-group-subjects.ts'
import type { Subject } from './subject.ts'

export function subjectOf(watched: WatchedSubject): Subject {
  switch (watched.of) {
    case 'partition':
      return partitionSubject(watched)
    case 'cascade':
      return cascadeSubject
    case 'moves':
      return movesSubject
    case 'audit':
      return auditSubject
    case 'stages':
      return stagesSubject
    case 'consumer-groups':
      return consumerGroupsSubject
    case 'consumer-group':
      return consumerGroupSubject(watched.group)
  }
}

interface Place {
  readonly topic: string
  readonly partition: PartitionNumber
  readonly topicId: string
}

function partitionSubject({ topic, partition, topicId }: Place): Subject {
  const target = { kind: 'partition', topic, partition, ...(topicId && { topicId }) } as const
  return {
    key: JSON.stringify(['partition', topic, partition, topicId]),
    field: 'group',
    check: (rights) => rights.checkDescribe(topic),
    ask: ({ admin }) => admin.own.describeGroup(target),
  }
}

const cascadeSubject: Subject = {
  key: 'cascade',
  field: 'cascade',
  check: (rights) => rights.checkCluster('describe'),
  ask: async ({ cascade }) => {
    if (cascade === undefined) throw new TailraceError('UNSUPPORTED_MESSAGE', 'No broker may copy from here.')
    const { brokers } = await cascade.status()
    // Without the age of each report, which would change every time.
    return { brokers: brokers.map(({ ageMs: _, ...report }) => report) }
  },
}

const movesSubject: Subject = {
  key: 'moves',
  field: 'moves',
  check: (rights) => rights.checkCluster('describe'),
  ask: ({ admin }) => admin.own.moves(),
}

const auditSubject: Subject = {
  key: 'audit',
  field: 'audit',
  check: (rights) => rights.checkCluster('describe'),
  ask: async ({ admin }) => ({ records: await admin.own.audit() }),
}

const stagesSubject: Subject = {
  key: 'stages',
  field: 'stages',
  check: (rights) => rights.checkCluster('describe'),
  ask: async ({ stages }) => {
    if (stages === undefined) throw new TailraceError('UNSUPPORTED_MESSAGE', 'Brokers of level 0 measure stages.')
    return stages()
  },
}
