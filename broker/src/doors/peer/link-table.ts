import type { BrokerId, TailraceError } from '@tailrace/schemas'
import type { PeerIdentity } from '../../partition/peers.ts'
import type { PeerDeps } from './deps.ts'
import type { LiveLink } from './live-link.ts'
import { type LinkOwner, OutgoingLink } from './outgoing-link.ts'

export interface LinkEvents {
  admit(identity: PeerIdentity): void
  /** Once for each change. */
  link(peer: BrokerId, up: boolean): void
}

/** The outgoing links by address, and the broker that each leads to. */
export class LinkTable implements LinkOwner {
  readonly #deps: PeerDeps
  readonly #events: LinkEvents
  readonly #byAddress = new Map<string, OutgoingLink>()
  readonly #byBroker = new Map<BrokerId, OutgoingLink>()
  readonly #identities = new Map<BrokerId, PeerIdentity>()
  /** Addresses of brokers that connected here and are not in the join list. */
  readonly #learnt = new Map<BrokerId, string>()

  constructor(deps: PeerDeps, events: LinkEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** Keeps a connection to the address from now on. */
  dial(address: string): void {
    if (this.#byAddress.has(address)) return
    const link = new OutgoingLink(address, this.#deps, this)
    this.#byAddress.set(address, link)
    link.dial()
  }

  to(broker: BrokerId): LiveLink | undefined {
    return this.#byBroker.get(broker)?.live
  }

  *all(): Iterable<LiveLink> {
    for (const { live } of this.#byBroker.values()) if (live !== undefined) yield live
  }

  identity(of: BrokerId): PeerIdentity | undefined {
    return this.#identities.get(of)
  }

  refusal(address: string): TailraceError | undefined {
    return this.#byAddress.get(address)?.refusedWith
  }

  /**
   * A broker connected to us, so it is up: a lost link to it is worth dialling now, and a link to its former process is
   * dead.
   */
  arrived(identity: PeerIdentity, own: string): void {
    const { brokerId, peer, incarnation } = identity
    this.#identities.set(brokerId, identity)
    const link = this.#byBroker.get(brokerId)
    if (link !== undefined && link.live?.identity.incarnation !== incarnation) link.restart('The broker was restarted.')
    if (this.#byBroker.has(brokerId) || peer === own) return
    const known = this.#byAddress.get(peer)
    if (known !== undefined) known.dial()
    else if (peer !== '') this.#learn(brokerId, peer)
  }

  /** Ends the connections to a broker permanently, under each of its addresses, unless they are dialled anew. */
  hangUp(broker: BrokerId): void {
    const address = this.#learnt.get(broker) ?? this.#identities.get(broker)?.peer ?? ''
    this.#learnt.delete(broker)
    const wasUp = this.#byBroker.delete(broker)
    for (const link of this.#byAddress.values()) if (link.leadsTo === broker) this.#drop(link)
    // If another broker has this address by now, it announces it when it connects, and is dialled again.
    this.#dropIfIdle(address)
    if (wasUp) this.#events.link(broker, false)
  }

  probe(): void {
    for (const link of [...this.#byBroker.values()]) link.probe()
  }

  close(): void {
    for (const link of this.#byAddress.values()) link.close()
    this.#byAddress.clear()
    this.#byBroker.clear()
  }

  admit(identity: PeerIdentity): void {
    this.#events.admit(identity)
  }

  up(link: OutgoingLink, identity: PeerIdentity): boolean {
    const other = this.#byBroker.get(identity.brokerId)
    if (other?.live?.identity.incarnation === identity.incarnation) return false
    other?.restart('The broker was restarted.')
    this.#identities.set(identity.brokerId, identity)
    this.#byBroker.set(identity.brokerId, link)
    this.#events.link(identity.brokerId, true)
    return true
  }

  down(link: OutgoingLink, { brokerId }: PeerIdentity): void {
    if (this.#byBroker.get(brokerId) !== link) return
    this.#byBroker.delete(brokerId)
    this.#events.link(brokerId, false)
    // The broker may have other addresses, whose links stepped back for this one.
    for (const other of this.#byAddress.values()) other.unpark()
  }

  #learn(broker: BrokerId, address: string): void {
    // A link to `address` does not exist yet, so the former address is another one, or there is no former address.
    const former = this.#learnt.get(broker) ?? ''
    this.#dropIfIdle(former)
    if (former === '' && this.#learnt.size >= this.#deps.limits.maxLearntAddresses) return
    this.#learnt.set(broker, address)
    this.dial(address)
  }

  /** An address that a broker has left; another broker may have it by now. */
  #dropIfIdle(address: string): void {
    const link = this.#byAddress.get(address)
    if (link !== undefined && !link.isUp) this.#drop(link)
  }

  #drop(link: OutgoingLink): void {
    link.close()
    this.#byAddress.delete(link.address)
  }
}
