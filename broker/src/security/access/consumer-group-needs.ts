import type { ConsumerGroupRequest } from '../../api/consumer-groups-api.ts'
import type { Resource } from '../../api/security-api.ts'
import type { Needed } from './forwarded.ts'

/**
 * What a client needs for a request to a coordinator: all of these. Operations and resources are those of Kafka's
 * requests (KIP-11). A pattern needs nothing: it matches only topics that the member may read.
 */
export function consumerGroupNeeds(request: ConsumerGroupRequest): readonly Needed[] {
  switch (request.kind) {
    case 'beat':
      return [readGroup(request.group), ...(request.subscribed?.topics ?? []).map(readTopic)]
    case 'commit':
      return [readGroup(request.group), ...topicsOf(request.positions)]
    case 'delay':
      return [readGroup(request.group), readTopic(request.topic)]
    case 'describe':
      return [['describe', theGroup(request.group)]]
    // What is shown depends on the rights for each group.
    case 'list':
      return []
    case 'alter':
      if (request.remove) return [['delete', theGroup(request.group)]]
      return [readGroup(request.group), ...topicsOf(request.positions)]
  }
}

function theGroup(name: string): Resource {
  return { type: 'group', name }
}

function readGroup(name: string): Needed {
  return ['read', theGroup(name)]
}

function readTopic(name: string): Needed {
  return ['read', { type: 'topic', name }]
}

/** Each topic once: a commit has many partitions of few topics. */
function topicsOf(positions: readonly { readonly topic: string }[]): readonly Needed[] {
  return [...new Set(positions.map(({ topic }) => topic))].map(readTopic)
}
