import { type Message, TailraceError } from '@tailrace/schemas'
import type { ScramExchange } from '../../security/identity/scram.ts'
import type { Session } from '../../security/identity/session.ts'
import type { SenderQuotas } from '../limits/quotas/sender-quotas.ts'
import type { Sender } from '../limits/request-context.ts'
import type { Rights, Services } from '../limits/rights.ts'

/** A client that has shown no credential by then is disconnected, where it may do nothing without one. */
const credentialMs = 10_000

/**
 * The credential of one WebSocket: from its upgrade, or from messages on it. A client shows another one before the
 * first ends, on the same connection and for the same principal (as KIP-368); requests and subscriptions go on
 * meanwhile.
 */
export class StreamAuthentication {
  readonly #services: Services
  readonly #rights: Rights
  readonly #quotas: SenderQuotas
  /** Monotonic milliseconds. */
  readonly #openedAt: number
  readonly #now: () => number
  #exchange: ScramExchange | null = null
  #busy = false

  constructor(services: Services, { rights, quotas }: Pick<Sender, 'rights' | 'quotas'>, now: () => number) {
    this.#services = services
    this.#rights = rights
    this.#quotas = quotas
    this.#now = now
    this.#openedAt = now()
  }

  /** Why the connection must end, or null. */
  problem(): TailraceError | null {
    const { authenticator, authorizer } = this.#services
    const { session } = this.#rights
    if (session.kind !== 'none') return authenticator.problemOf(session)
    if (this.#now() - this.#openedAt < credentialMs || authorizer.admitsAnybody(session)) return null
    return new TailraceError('AUTHENTICATION_REQUIRED', `No credential has come in ${credentialMs / 1000} s.`)
  }

  /** One step. @throws TailraceError AUTHENTICATION_FAILED, OVERLOADED, NOT_READY, INVALID_REQUEST */
  async step({ correlation, mechanism, data }: Message<'Authenticate'>): Promise<Message<'AuthenticateReply'>> {
    if (this.#busy) throw new TailraceError('OVERLOADED', 'The credential before this one is not answered yet.')
    this.#busy = true
    try {
      const answer = mechanism === 'BEARER' ? await this.#bearer(data) : await this.#scram(mechanism, data)
      const { principal, expiresAt } = this.#rights.session
      const fields = answer.done ? { principal, expiresAt: expiresAt ?? -1 } : { principal: '', expiresAt: -1 }
      return { correlation, ...answer, ...fields }
    } finally {
      this.#busy = false
    }
  }

  /** For people: a user with a password. @throws TailraceError as step */
  async password(user: string, password: string): Promise<Session> {
    const { authenticator } = this.#services
    return this.#accept(await authenticator.password(user, password, this.#rights.session.host))
  }

  /** @throws TailraceError as step */
  async token(text: string): Promise<Session> {
    const { authenticator } = this.#services
    return this.#accept(await authenticator.bearer(text, this.#rights.session.host))
  }

  async #bearer(text: string): Promise<{ data: string; done: boolean }> {
    this.#exchange = null
    await this.token(text)
    return { data: '', done: true }
  }

  async #scram(mechanism: string, message: string): Promise<{ data: string; done: boolean }> {
    const { authenticator } = this.#services
    const { host } = this.#rights.session
    const exchange = this.#exchange
    if (exchange === null) {
      await authenticator.admit(host)
      const begun = authenticator.scram(mechanism)
      if (begun === null) throw new TailraceError('INVALID_REQUEST', `There is no mechanism ${shown(mechanism)}.`)
      const challenge = begun.begin(message)
      if (challenge === null) throw authenticator.unproved(begun, host)
      this.#exchange = begun
      return { data: challenge, done: false }
    }
    this.#exchange = null
    const proof = exchange.finish(message)
    if (proof === null) throw authenticator.unproved(exchange, host)
    this.#accept(authenticator.proved(exchange, host))
    return { data: proof, done: true }
  }

  #accept(session: Session): Session {
    const { kind, principal } = this.#rights.session
    if (kind !== 'none' && principal !== session.principal) {
      throw new TailraceError('AUTHENTICATION_FAILED', `This connection belongs to ${principal}.`)
    }
    this.#quotas.admit(session.principal)
    this.#rights.renew(session)
    this.#quotas.renewed()
    return session
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 50))
}
