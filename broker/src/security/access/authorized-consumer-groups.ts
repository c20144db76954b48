import type {
  ConsumerGroupRequest,
  ConsumerGroupResult,
  ConsumerGroupResultOf,
  ConsumerGroupsApi,
  ConsumerGroupsService,
  ListedConsumerGroup,
} from '../../api/consumer-groups-api.ts'
import { consumerGroupNeeds } from './consumer-group-needs.ts'
import type { Guard } from './guard.ts'

/** The ConsumerGroupsApi of one session. Groups that it may not describe are not shown to it. */
export class AuthorizedConsumerGroups implements ConsumerGroupsApi {
  readonly #service: ConsumerGroupsService
  readonly #guard: Guard

  constructor(service: ConsumerGroupsService, guard: Guard) {
    this.#service = service
    this.#guard = guard
  }

  async ask<Request extends ConsumerGroupRequest>(request: Request): Promise<ConsumerGroupResultOf<Request>> {
    const guard = this.#guard
    for (const [operation, { type, name }] of consumerGroupNeeds(request)) {
      if (type === 'topic') guard.topic(operation, name)
      else guard.group(operation, name)
    }
    const ask = () => this.#service.for(guard.session).ask(request)
    if (request.kind === 'alter') {
      const action = request.remove ? 'delete-group' : 'set-group-positions'
      return guard.audited(action, `group "${request.group}"`, ask)
    }
    const result = await ask()
    const listed: ConsumerGroupResult = result
    return listed.kind === 'listed' ? { ...result, groups: this.#shown(listed.groups) } : result
  }

  async list(): Promise<readonly ListedConsumerGroup[]> {
    return this.#shown(await this.#service.for(this.#guard.session).list())
  }

  #shown(groups: readonly ListedConsumerGroup[]): ListedConsumerGroup[] {
    return groups.filter(({ group }) => this.#guard.mayGroup('describe', group))
  }
}
