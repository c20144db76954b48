import { TailraceError } from '@tailrace/schemas'
import { ReadyIterator } from '../ready-iterator.ts'
import type { GroupBatch } from './group-batch.ts'
import type { GroupMember } from './group-member.ts'
import type { GroupRecord } from './group-record.ts'
import type { HandOut } from './hand-out.ts'

/**
 * What a member of a group reads, without end. It joins the group when the loop begins, and leaves it when the loop is
 * left. Iterate over it, or over `batches()`, once.
 */
export class GroupSubscription<Data = string> implements AsyncIterable<GroupRecord<Data>> {
  readonly #join: () => Promise<HandOut<Data>>
  #member: GroupMember<Data> | undefined
  #isClosed = false

  constructor(join: () => Promise<HandOut<Data>>) {
    this.#join = join
  }

  /**
   * Records one by one. A record is processed when the loop asks for the next one; one at which the loop is left is
   * not, unless it was committed.
   * @throws TailraceError INSTANCE_TAKEN; AUTHORIZATION_FAILED; what a subscription of
   * a consumer throws; what `onAssigned` and `onRevoked` throw. Errors that can pass are waited out
   */
  [Symbol.asyncIterator](): AsyncGenerator<GroupRecord<Data>, undefined> {
    return new ReadyIterator(async () => (await this.#begin()).records)
  }

  /** The same as batches. Records that were put off come to loops over records only. @throws as the loop */
  async *batches(): AsyncGenerator<GroupBatch<Data>, undefined> {
    yield* (await this.#begin()).batches()
  }

  /**
   * Ends the loop when it asks for the next record (or after 5 s), commits what has been processed if the group does
   * that by itself, and leaves the group. Inside of the loop, leave it instead.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#member?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @throws TailraceError CLOSED, CODE_NOT_LOADED */
  async #begin(): Promise<HandOut<Data>> {
    if (this.#isClosed) throw new TailraceError('CLOSED')
    const hand = await this.#join()
    this.#member = hand.member
    if (this.#isClosed) await hand.member.close(0)
    return hand
  }
}
