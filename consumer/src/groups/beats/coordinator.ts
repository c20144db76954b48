import type { Client, Connection } from '@tailrace/client'
import {
  type ConsumerGroupRequestFields,
  type ConsumerGroupRequestShapes,
  type ConsumerGroupResultName,
  type ConsumerGroupResultShapes,
  TailraceError,
} from '@tailrace/schemas'
import { knowMemberMessages } from '@tailrace/schemas/member-messages'

export type BeatFields = ConsumerGroupRequestShapes['Beat']
export type BeatAnswer = ConsumerGroupResultShapes['Beaten']
export type PositionFields = ConsumerGroupRequestShapes['Commit']['positions'][number]
export type DelayFields = ConsumerGroupRequestShapes['Delay']
export type PlaceFields = ConsumerGroupResultShapes['Committed']['fenced'][number]

export interface CallOptions {
  /** How long it is tried. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Requests of a member to the coordinator of its group, by way of any broker. All can be sent again. */
export class Coordinator {
  readonly #client: Client
  readonly #group: string

  constructor(client: Client, group: string) {
    knowMemberMessages()
    this.#client = client
    this.#group = group
  }

  /**
   * One attempt: what the coordinator has told before, a further one must not wait for.
   * @throws TailraceError FENCED_MEMBER, INSTANCE_TAKEN, AUTHORIZATION_FAILED, INVALID_REQUEST; ABORTED, CLOSED;
   * COORDINATOR_UNAVAILABLE, CONNECTION_LOST, TIMED_OUT
   */
  async beat(
    member: string,
    beat: BeatFields,
    options: CallOptions & { readonly onSend?: ((connection: Connection) => void) | undefined },
  ): Promise<BeatAnswer> {
    const request = { 'tailrace.groups.Beat': beat }
    const { fields } = await this.#client.ask('ConsumerGroup', { group: this.#group, member, request }, options)
    const answer = resultOf(fields.result, 'Beaten')
    checkAnswer(answer)
    return answer
  }

  /**
   * Resolves with the partitions of which nothing was committed, since another member has them by now.
   * @throws TailraceError as {@link beat}
   */
  async commit(member: string, positions: PositionFields[], options: CallOptions): Promise<PlaceFields[]> {
    const request = { 'tailrace.groups.Commit': { positions } }
    return (await this.#call(member, request, 'Committed', options)).fenced
  }

  /** @throws TailraceError FENCED_MEMBER, also where another member has the partition by now; as {@link beat} */
  async delay(member: string, delay: DelayFields, options: CallOptions): Promise<void> {
    const { fenced } = await this.#call(member, { 'tailrace.groups.Delay': delay }, 'Committed', options)
    if (fenced.length > 0) throw fencedError(delay.topic, delay.partition)
  }

  async #call<Name extends ConsumerGroupResultName>(
    member: string,
    request: ConsumerGroupRequestFields,
    name: Name,
    options: CallOptions,
  ): Promise<ConsumerGroupResultShapes[Name]> {
    const { fields } = await this.#client.call('ConsumerGroup', { group: this.#group, member, request }, options)
    return resultOf(fields.result, name)
  }
}

function resultOf<Name extends ConsumerGroupResultName>(result: object, name: Name): ConsumerGroupResultShapes[Name] {
  const found = (result as Partial<Record<string, unknown>>)[`tailrace.groups.${name}`]
  if (found !== undefined) return found as ConsumerGroupResultShapes[Name]
  throw new TailraceError('UNSUPPORTED_MESSAGE', `${Object.keys(result).join()} came in place of ${name}.`)
}

export function fencedError(topic: string, partition: number): TailraceError {
  return new TailraceError('FENCED_MEMBER', `"${topic}" partition ${partition} belongs to another member by now.`)
}

/** @throws TailraceError MALFORMED_FRAME for numbers that no coordinator sends */
function checkAnswer({ epoch, heartbeatMs, assignment, revoke, due }: BeatAnswer): void {
  const isWrong =
    epoch < 0 ||
    heartbeatMs < 1 ||
    assignment.some(({ partition, token, offset }) => partition < 0 || token < 1 || offset < -1) ||
    revoke.some(({ partition }) => partition < 0) ||
    due.some(({ partition, offset, attempt }) => partition < 0 || offset < 0 || attempt < 0)
  if (isWrong) throw new TailraceError('MALFORMED_FRAME', 'The answer to a beat has numbers that no coordinator sends.')
}
