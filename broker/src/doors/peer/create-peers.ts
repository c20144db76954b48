import { type BrokerId, type GroupId, type Message, TailraceError } from '@tailrace/schemas'
import type { NoteName, PeerHandlers, PeerIdentity, PeerReply, Peers, RequestName } from '../../partition/peers.ts'
import type { TimerHandle } from '../../platform/clock.ts'
import type { Listener } from '../../platform/network.ts'
import type { RaftMessage } from '../../raft/messages.ts'
import type { PeerDeps } from './deps.ts'
import { IncomingConnections } from './incoming-connections.ts'
import { defaultPeerLimits, type PeerLimits } from './limits.ts'
import { LinkTable } from './link-table.ts'
import { noStats, type PeerStats } from './stats.ts'

export interface PeersOptions extends Omit<PeerDeps, 'self' | 'limits' | 'stats'> {
  /** `host:port` of the peer listener; port 0 picks a free one. */
  readonly listen: string
  /** The join list; this broker's own address may be in it. Brokers that connect here are dialled too. */
  readonly dial: readonly string[]
  readonly limits?: Partial<PeerLimits>
}

/** The part that the transport serves: it is made after the transport, since it sends through it. */
export interface PeerOwner {
  /** The identity of this broker now; read anew for each connection. */
  identity(): PeerIdentity
  readonly handlers: PeerHandlers
}

export interface RunningPeers extends Peers {
  /** Nothing is sent or received before. @throws TailraceError INVALID_SETTING: the address is taken or malformed */
  start(owner: PeerOwner): Promise<void>
  /** Drops all connections; open requests fail with SHUTTING_DOWN. No handler is called any more. */
  close(): Promise<void>
  /** The address at which others reach this broker, with the real port; after `start`. */
  readonly address: string
  /** Keeps a connection to this address from now on, beside those of the join list: a broker that joined later. */
  dial(address: string): void
  /** Ends all connections with a broker that is no member any more, and does not dial it again. */
  hangUp(broker: BrokerId): void
  /** Why the broker at this address refuses this one; undefined when it does not, or when that is not known. */
  refusal(address: string): TailraceError | undefined
  readonly stats: Readonly<PeerStats>
  /** Bytes queued to a peer and not yet taken by the kernel; 0 without a link. */
  queuedBytes(to: BrokerId): number
}

/**
 * The transport between brokers. Each broker keeps one connection to each other: on it go its Raft messages,
 * announcements and requests, in order, and the answers to them come back. So a link is up exactly when this side can
 * send, and each side knows of its own losses; no rule is needed to choose between two connections that were made at
 * the same time.
 */
export function createPeers(options: PeersOptions): RunningPeers {
  return new PeerTransport(options)
}

class PeerTransport implements RunningPeers {
  readonly stats: PeerStats = noStats()
  readonly #options: PeersOptions
  #self: (() => PeerIdentity) | undefined
  #links: LinkTable | undefined
  #incoming: IncomingConnections | undefined
  #listener: Listener | undefined
  #ticker: TimerHandle | undefined
  /** Addresses that were named before the start. */
  readonly #early: string[] = []

  constructor(options: PeersOptions) {
    this.#options = options
  }

  get address(): string {
    return this.#listener?.address ?? this.#options.listen
  }

  async start(owner: PeerOwner): Promise<void> {
    const { handlers } = owner
    const self = () => owner.identity()
    const { limits, ...options } = this.#options
    const deps = { ...options, self, limits: { ...defaultPeerLimits, ...limits }, stats: this.stats }
    const admit = (identity: PeerIdentity): void => {
      if (identity.brokerId === self().brokerId)
        throw new TailraceError('BROKER_IDENTITY_MISMATCH', `Broker ${identity.brokerId} is this broker.`)
      handlers.admit(identity)
    }
    const links = new LinkTable(deps, { admit, link: (peer, up) => handlers.link(peer, up) })
    const arrived = (identity: PeerIdentity) => links.arrived(identity, this.address)
    const incoming = new IncomingConnections(deps, { admit, arrived }, handlers)
    this.#self = self
    this.#links = links
    this.#incoming = incoming
    this.#listener = await deps.network.listen(this.#options.listen, (stream) => incoming.accept(stream))
    this.#ticker = deps.clock.every(deps.limits.probeMs, () => {
      links.probe()
      incoming.tick()
    })
    for (const address of [...this.#options.dial, ...this.#early.splice(0)]) this.dial(address)
  }

  dial(address: string): void {
    if (this.#links === undefined) this.#early.push(address)
    else if (address !== this.address && address !== this.#self!().peer) this.#links.dial(address)
  }

  hangUp(broker: BrokerId): void {
    this.#links?.hangUp(broker)
    this.#incoming?.hangUp(broker)
  }

  refusal(address: string): TailraceError | undefined {
    return this.#links?.refusal(address)
  }

  async close(): Promise<void> {
    this.#ticker?.cancel()
    this.#links?.close()
    this.#incoming?.close()
    await this.#listener?.close()
  }

  sendRaft(group: GroupId, message: RaftMessage, payloads: readonly Uint8Array[]): void {
    const link = this.#links?.to(message.to)
    if (link === undefined) this.stats.raftDropped++
    else link.sendRaft(group, message, payloads)
  }

  announceLeaders(leaders: Message<'Leaders'>['leaders']): void {
    for (const link of this.#links?.all() ?? []) link.announceLeaders(leaders)
  }

  tell<Name extends NoteName>(to: BrokerId, name: Name, fields: Message<Name>): void {
    this.#links?.to(to)?.tell(name, fields)
  }

  async request<Name extends RequestName>(
    to: BrokerId,
    name: Name,
    fields: Omit<Message<Name>, 'correlation'>,
    body: readonly Uint8Array[],
    timeoutMs: number,
  ): Promise<PeerReply<Name>> {
    const link = this.#links?.to(to)
    if (link === undefined)
      throw new TailraceError('CONNECTION_LOST', `There is no link to broker ${to}; nothing was sent.`)
    return link.request(name, fields, body, timeoutMs)
  }

  connected(to: BrokerId): boolean {
    return this.#links?.to(to) !== undefined
  }

  identity(of: BrokerId): PeerIdentity | undefined {
    return this.#links?.identity(of)
  }

  queuedBytes(to: BrokerId): number {
    return this.#links?.to(to)?.queuedBytes ?? 0
  }
}
