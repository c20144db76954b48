import type { StreamAnswer, StreamRequest, StreamResultOf, StreamsApi, StreamsService } from '../../api/streams-api.ts'
import type { Guard } from './guard.ts'
import { streamNeeds } from './stream-needs.ts'

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
    const ask = () => this.#service.for(this.#guard.session).ask(request, body)
    return request.kind === 'delete' ? this.#guard.audited('delete-stream', `stream "${request.path}"`, ask) : ask()
  }

  wait(...[place, waitMs, signal]: Parameters<StreamsApi['wait']>): Promise<void> {
    this.#check({ kind: 'wait', ...place, waitMs })
    return this.#service.for(this.#guard.session).wait(place, waitMs, signal)
  }

  #check(request: StreamRequest): void {
    for (const [operation, { type, name }] of streamNeeds(request)) {
      if (type === 'topic') this.#guard.topic(operation, name)
      else this.#guard.cluster(operation)
    }
  }
}
