import { TailraceError } from '@tailrace/schemas'
import type { Asker } from '../../api/broker-api.ts'
import type {
  ConsumerGroupPosition,
  ConsumerGroupRequest,
  ConsumerGroupResult,
  ConsumerGroupsApi,
  ConsumerGroupsService,
  ListedConsumerGroup,
} from '../../api/consumer-groups-api.ts'

/** Positions of consumer groups; a member that joins has no partitions. */
export class MemoryConsumerGroups implements ConsumerGroupsService {
  readonly asked: { readonly request: ConsumerGroupRequest; readonly asker: Asker | null }[] = []
  readonly #groups = new Map<string, readonly ConsumerGroupPosition[]>()

  get own(): ConsumerGroupsApi {
    return this.#apiOf(null)
  }

  for(asker: Asker): ConsumerGroupsApi {
    return this.#apiOf(asker)
  }

  #apiOf(asker: Asker | null): ConsumerGroupsApi {
    const ask = async (request: ConsumerGroupRequest): Promise<ConsumerGroupResult> => {
      this.asked.push({ request, asker })
      return this.#answer(request)
    }
    return { ask: ask as ConsumerGroupsApi['ask'], list: async () => this.#list() }
  }

  #answer(request: ConsumerGroupRequest): ConsumerGroupResult {
    switch (request.kind) {
      case 'beat':
        return {
          kind: 'beaten',
          epoch: 1,
          heartbeatMs: 1000,
          assignment: [],
          revoke: [],
          due: [],
          heedsDeclined: true,
        }
      case 'delay':
        return { kind: 'committed', fenced: [] }
      case 'commit':
        this.#groups.set(request.group, request.positions)
        return { kind: 'committed', fenced: [] }
      case 'list':
        return { kind: 'listed', groups: request.partition === 0 ? this.#list() : [] }
      case 'alter':
        if (request.remove) this.#groups.delete(request.group)
        else this.#groups.set(request.group, request.positions)
        return { kind: 'altered' }
      case 'describe':
        return this.#describe(request.group)
    }
  }

  #describe(group: string): ConsumerGroupResult {
    const positions = this.#groups.get(group)
    if (positions === undefined) throw new TailraceError('UNKNOWN_CONSUMER_GROUP', `"${group}"`)
    const partitions = positions.map(({ done: _, ...position }) => {
      return { ...position, member: '', committedAt: 5, end: position.offset + 2, lag: 2 }
    })
    return { kind: 'described', state: 'empty', epoch: 1, members: [], partitions, delayed: 0 }
  }

  #list(): ListedConsumerGroup[] {
    return [...this.#groups].map(([group, positions]) => {
      const topics = [...new Set(positions.map(({ topic }) => topic))]
      return { group, state: 'empty', members: 0, topics, lag: 2 * positions.length, stuck: 0 }
    })
  }
}
