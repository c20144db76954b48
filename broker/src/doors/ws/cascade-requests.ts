import { type Message, TailraceError } from '@tailrace/schemas'
import { BeatAnswers } from '../../cascade/wire/beat-answers.ts'
import { checkBeat } from '../../cascade/wire/beat-checks.ts'
import { securityPageFields, topicPageFields } from '../../cascade/wire/cascade-fields.ts'
import type { CascadeApi } from '../../cascade/wire/cascade-messages.ts'
import type { RequestContext } from '../limits/request-context.ts'
import type { StreamClient } from './stream-client.ts'

/**
 * Requests of a cascade broker on the WebSocket that carries its records. Any client may send them, so they are
 * bounded: one beat at work on a connection, no answer for a client that does not read, none for a page of a foreign
 * origin.
 */
export class CascadeRequests {
  readonly #client: Pick<StreamClient, 'overfull'>
  readonly #context: Pick<RequestContext, 'checkWrite' | 'rights'>
  readonly #answers = new BeatAnswers()
  #beating = false
  #isCascade = false

  constructor(client: Pick<StreamClient, 'overfull'>, context: Pick<RequestContext, 'checkWrite' | 'rights'>) {
    this.#client = client
    this.#context = context
  }

  /** A beat of the client has been taken. */
  get isCascade(): boolean {
    return this.#isCascade
  }

  /** @throws TailraceError ORIGIN_REFUSED, OVERLOADED, UNSUPPORTED_MESSAGE, and as CascadeApi.beat */
  async beat(fields: Message<'CascadeBeat'>): Promise<Message<'CascadeBeatReply'>> {
    const cascade = this.#admit()
    if (this.#beating) throw new TailraceError('OVERLOADED', 'The beat before this one is not answered yet.')
    const beat = checkBeat(fields)
    const reports = this.#answers.reports(fields)
    this.#beating = true
    try {
      const reply = await cascade.beat({ ...beat, reports })
      this.#isCascade = true
      this.#refuseIfChoked()
      return { correlation: fields.correlation, ...this.#answers.reply(reply, reports, fields.list) }
    } finally {
      this.#beating = false
    }
  }

  /** @throws TailraceError ORIGIN_REFUSED, OVERLOADED, INVALID_REQUEST, UNSUPPORTED_MESSAGE */
  topics({ correlation, from }: Message<'CascadeTopics'>): Message<'CascadeTopicsReply'> {
    const cascade = this.#admit()
    if (from < 0) throw new TailraceError('INVALID_REQUEST', 'A list of topics begins at 0.')
    return { correlation, ...topicPageFields(cascade.topicPage(from)) }
  }

  /** @throws TailraceError ORIGIN_REFUSED, OVERLOADED, INVALID_REQUEST, UNSUPPORTED_MESSAGE, NOT_READY */
  security({ correlation, from }: Message<'CascadeSecurity'>): Message<'CascadeSecurityReply'> {
    const cascade = this.#admit()
    if (from < 0) throw new TailraceError('INVALID_REQUEST', 'Tables begin at 0.')
    return { correlation, ...securityPageFields(cascade.securityPage(from)) }
  }

  #admit(): CascadeApi {
    const { cascade } = this.#context.rights
    // Ahead of what the fields say.
    this.#context.rights.checkCluster('cluster-action')
    this.#context.checkWrite()
    this.#refuseIfChoked()
    return cascade
  }

  /** Answers are much larger than requests: they would pile up for a client that does not read. */
  #refuseIfChoked(): void {
    if (this.#client.overfull) throw new TailraceError('OVERLOADED', 'Read the answers first.')
  }
}
