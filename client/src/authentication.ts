import type { Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import { type Credentials, checkCredentials } from './credentials.ts'
import { ScramClient } from './scram.ts'
import type { ClientSurroundings, Timer } from './surroundings.ts'

/** Shows the credential again when so much of its time is over. */
const RENEWED_AT = 0.8
/** setTimeout takes no more. */
const MOST_MS = 2 ** 31 - 1

type Step = (mechanism: string, data: string) => Promise<{ readonly fields: Message<'AuthenticateReply'> }>

/** Shows the credential of a client on one connection, and another one before it ends. */
export class Authentication {
  readonly #credentials: Credentials
  readonly #step: Step
  readonly #failed: (error: unknown) => void
  readonly #surroundings: ClientSurroundings
  #timer: Timer | undefined
  #expiresAt = -1
  #stopped = false

  /**
   * `step`: asks the broker. `failed`: a later credential was not accepted.
   * @throws TailraceError INVALID_SETTING
   */
  constructor(
    credentials: Credentials,
    step: Step,
    failed: (error: unknown) => void,
    surroundings: ClientSurroundings,
  ) {
    this.#credentials = checkCredentials(credentials)
    this.#step = step
    this.#failed = failed
    this.#surroundings = surroundings
  }

  /** @throws TailraceError AUTHENTICATION_FAILED; what the function that returns a token throws */
  async show(): Promise<void> {
    const { done, expiresAt } = await this.#exchange()
    if (!done) throw new TailraceError('AUTHENTICATION_FAILED', 'The broker does not come to an end.')
    // The same end as before: there is no other credential to show.
    if (this.#stopped || expiresAt < 0 || expiresAt <= this.#expiresAt) return
    this.#expiresAt = expiresAt
    const ms = Math.min(MOST_MS, Math.max(0, expiresAt - this.#surroundings.now()) * RENEWED_AT)
    this.#timer = this.#surroundings.afterIdle(ms, () => void this.show().catch(this.#failed))
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #exchange(): Promise<Message<'AuthenticateReply'>> {
    const credentials = this.#credentials
    if ('token' in credentials) {
      const { token } = credentials
      return (await this.#step('BEARER', typeof token === 'function' ? await token() : token)).fields
    }
    const { username, password, mechanism = 'SCRAM-SHA-256' } = credentials
    const scram = new ScramClient(mechanism, username, password, this.#surroundings)
    const challenge = await this.#step(mechanism, scram.begin())
    const { fields } = await this.#step(mechanism, await scram.prove(challenge.fields.data))
    scram.check(fields.data)
    return fields
  }
}
