import { TailraceError } from '@tailrace/schemas'
import type {
  StreamAnswer,
  StreamRequest,
  StreamResult,
  StreamResultOf,
  StreamsApi,
  StreamsService,
} from '../../api/streams-api.ts'
import type { ListedSubscriptions, SubscriptionAct } from '../../api/subscriptions-api.ts'
import type { Guard } from './guard.ts'
import { streamNeeds, streamResource } from './stream-needs.ts'

/** What changes which worker is told of which streams. */
const auditedActs: Partial<Record<SubscriptionAct['act'], string>> = {
  put: 'create-subscription',
  delete: 'delete-subscription',
  link: 'alter-subscription',
  unlink: 'alter-subscription',
}

/** The StreamsApi of one session. */
export class AuthorizedStreams implements StreamsApi {
  readonly #service: StreamsService
  readonly #guard: Guard

  constructor(service: StreamsService, guard: Guard) {
    this.#service = service
    this.#guard = guard
  }

  async ask<Request extends StreamRequest>(
    request: Request,
    body?: Uint8Array,
  ): Promise<StreamAnswer<StreamResultOf<Request>>> {
    this.#check(request)
    const ask = () => this.#service.for(this.#guard.session).ask(this.#owned(request), body)
    if (request.kind === 'delete') return this.#guard.audited('delete-stream', `stream "${request.path}"`, ask)
    if (request.kind === 'subscription' && request.act.act === 'list') return this.#shown(await ask())
    const action = request.kind === 'subscription' ? auditedActs[request.act.act] : undefined
    return action === undefined ? ask() : this.#guard.audited(action, `stream "${request.path}"`, ask)
  }

  wait(...[place, waitMs, signal]: Parameters<StreamsApi['wait']>): Promise<void> {
    this.#check({ kind: 'wait', ...place, waitMs })
    return this.#service.for(this.#guard.session).wait(place, waitMs, signal)
  }

  #shown<Result extends StreamResult>({ result, body }: StreamAnswer<Result>): StreamAnswer<Result> {
    if (result.kind !== 'subscription') return { result, body }
    const { subscriptions } = result.answer.body as ListedSubscriptions
    const seen = subscriptions.filter(({ path }) => this.#guard.mayTopic('describe', streamResource(path).name))
    return { result: { ...result, answer: { ...result.answer, body: { subscriptions: seen } } }, body }
  }

  /** The client that makes a subscription is the one for which its streams are looked at. */
  #owned<Request extends StreamRequest>(request: Request): Request {
    if (request.kind !== 'subscription' || request.act.act !== 'put') return request
    const { principal, groups, host, kind, via, scope } = this.#guard.session
    if (scope !== null) {
      throw new TailraceError('AUTHORIZATION_FAILED', 'A subscription outlives a token that has a scope: use another.')
    }
    return { ...request, act: { ...request.act, owner: { principal, groups, host, kind, via } } }
  }

  #check(request: StreamRequest): void {
    for (const [operation, { type, name }] of streamNeeds(request)) {
      if (type === 'topic') this.#guard.topic(operation, name)
      else this.#guard.cluster(operation)
    }
  }
}
