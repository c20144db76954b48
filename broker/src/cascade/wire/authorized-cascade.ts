import { type BrokerId, TailraceError } from '@tailrace/schemas'
import type { Guard } from '../../security/access/guard.ts'
import type {
  CascadeApi,
  CascadeBeat,
  CascadeBeatReply,
  CascadeStatus,
  SecurityPage,
  TopicPage,
} from './cascade-messages.ts'

/** The CascadeApi of one session. A cascade broker with a credential of its own speaks for no other. */
export class AuthorizedCascade implements CascadeApi {
  readonly #cascade: CascadeApi
  readonly #guard: Guard

  constructor(cascade: CascadeApi, guard: Guard) {
    this.#cascade = cascade
    this.#guard = guard
  }

  async beat(beat: CascadeBeat): Promise<CascadeBeatReply> {
    this.#guard.cluster('cluster-action')
    const { principal } = this.#guard.session
    if (principal.startsWith('Cascade:') && principal !== `Cascade:${beat.broker}`)
      throw new TailraceError('AUTHORIZATION_FAILED', `${principal} may not send the beat of broker ${beat.broker}.`)
    return this.#cascade.beat(beat)
  }

  topicPage(from: number): TopicPage {
    this.#guard.cluster('cluster-action')
    return this.#cascade.topicPage(from)
  }

  /**
   * For cascade brokers alone, in every mode: the tables have what a password can be guessed with.
   * @throws TailraceError AUTHENTICATION_REQUIRED, AUTHORIZATION_FAILED
   */
  securityPage(from: number): SecurityPage {
    this.#guard.cluster('cluster-action')
    const { kind, principal } = this.#guard.session
    if (kind === 'none') throw new TailraceError('AUTHENTICATION_REQUIRED', 'To copy users, tokens, rules and quotas.')
    if (!principal.startsWith('Cascade:'))
      throw new TailraceError('AUTHORIZATION_FAILED', `${principal} is no cascade broker.`)
    return this.#cascade.securityPage(from)
  }

  async status(): Promise<CascadeStatus> {
    this.#guard.shownCluster()
    return this.#cascade.status(this.#guard.session)
  }

  async assign(broker: BrokerId, source: BrokerId): Promise<void> {
    this.#guard.cluster('alter')
    const assign = () => this.#cascade.assign(broker, source, this.#guard.session)
    return this.#guard.audited('assign-source', `broker ${broker}`, assign)
  }
}
