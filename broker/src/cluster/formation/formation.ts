import type { BrokerId } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { PeerIdentity, Peers } from '../../partition/peers.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import { membersAsToldBy } from '../members/members-as-told.ts'
import type { FormationRecord, Member } from '../metadata/formation-record.ts'
import { formationOf, recordFields, requireMember } from '../metadata/formation-record.ts'
import { removedHint, wipedHint } from '../metadata/member-changes.ts'
import type { MetadataState } from '../metadata/metadata-state.ts'
import { AwaitedChanges } from '../routing/awaited-changes.ts'
import type { IdentityFile } from './identity-file.ts'

const REPLY_MS = 5000
const RETRY_MS = 1000

export interface FormationDeps {
  readonly brokerId: BrokerId
  readonly peerAddress: string
  readonly join: readonly string[]
  readonly file: IdentityFile
  readonly peers: Pick<Peers, 'request' | 'connected' | 'identity'>
  readonly clock: Clock
  readonly logger: Logger
  /**
   * The record is durable. Called once for each start at most, and never for a cluster that was formed before this
   * start.
   */
  readonly onFormed: (record: FormationRecord) => void
  /** Resolves when this broker can answer a request for its vote in the metadata group, or cannot open that now. */
  readonly whenVoting: () => Promise<void>
  /** The brokers beside the founders that the metadata knows. */
  readonly members: Pick<MetadataState, 'brokers' | 'joined' | 'removed'>
}

/**
 * How brokers become a cluster. No broker is formed at first; when all addresses of `join` have introduced themselves,
 * each broker writes the same record to its own disk. A broker that has the record sends it to peers that may lack it,
 * and they take it only if it names them with the very data directory they have. So a crash at any point leaves brokers
 * that have the record, and brokers that will get it.
 */
export class Formation {
  readonly #deps: FormationDeps
  readonly #linked = new Set<BrokerId>()
  readonly #trusted = new Set<BrokerId>()
  /** Those of them that have answered this broker, or had the record when they were linked: they can vote. */
  readonly #answered = new Set<BrokerId>()
  /** Others are being asked about these. */
  readonly #confirming = new Set<BrokerId>()
  readonly #trustChanges: AwaitedChanges
  #saving: Promise<void> | null = null
  #closed = false

  constructor(deps: FormationDeps) {
    this.#deps = deps
    this.#trustChanges = new AwaitedChanges(deps.clock, 100)
  }

  get record(): FormationRecord | null {
    return this.#deps.file.formation
  }

  /** Addresses of `join` that have not introduced themselves as brokers without a cluster. */
  get missing(): string[] {
    const { join, peerAddress } = this.#deps
    return join.filter((address) => address !== peerAddress && this.#newcomerAt(address) === undefined)
  }

  /** Whether the peer is known to be in this very cluster, so that its Raft messages may be taken. */
  trusts(peer: BrokerId): boolean {
    return this.#trusted.has(peer) && !this.#deps.members.removed.has(peer)
  }

  /**
   * Whether a connected peer is a broker of this cluster, so that its requests are answered and its announcements of
   * leaderships count: it is known under the data directory that it names, or is trusted. Unlike `trusts` this does not
   * wait for the link from here to it.
   */
  isMember(peer: BrokerId): boolean {
    const { record } = this
    if (record === null || this.#deps.members.removed.has(peer)) return false
    if (peer === this.#deps.brokerId) return true
    const known = this.#directoryOf(record, peer)
    return known === undefined ? this.#trusted.has(peer) : known === this.#deps.peers.identity(peer)?.directoryId
  }

  /** The metadata has changed its entry of this broker. */
  memberChanged(peer: BrokerId): void {
    if (this.#deps.members.removed.has(peer)) this.#trusted.delete(peer)
    else if (this.record !== null && this.#linked.has(peer)) this.#greet(this.record, peer)
  }

  /** Resolves when all members are linked, have the record and can vote, or after the time. */
  async whenShared(timeoutMs: number): Promise<void> {
    await this.#trustChanges.until(() => {
      const others = (this.record?.voters ?? []).filter((voter) => voter.id !== this.#deps.brokerId)
      return others.every((voter) => this.#answered.has(voter.id))
    }, timeoutMs)
  }

  /** @throws TailraceError BROKER_IDENTITY_MISMATCH or CLUSTER_MISMATCH when the peer must be refused */
  admit(identity: PeerIdentity): void {
    const { brokerId, file } = this.#deps
    if (identity.brokerId === brokerId) {
      const same = identity.directoryId === file.directoryId ? 'the same data directory' : 'another data directory'
      throw new TailraceError('BROKER_IDENTITY_MISMATCH', `Two brokers have id ${brokerId}; the other has ${same}.`)
    }
    if (this.record === null) this.#admitAsFounder(identity)
    else this.#admitToCluster(this.record, identity)
  }

  link(peer: BrokerId, up: boolean): void {
    this.#trusted.delete(peer)
    this.#answered.delete(peer)
    if (!up) {
      this.#linked.delete(peer)
      return
    }
    this.#linked.add(peer)
    if (this.record === null) this.tryToForm()
    else this.#greet(this.record, peer)
  }

  /** Forms the cluster if all founders are connected; also called at the start, for a cluster of one. */
  tryToForm(): void {
    const { brokerId, peerAddress, join, file } = this.#deps
    if (this.record !== null || this.#saving !== null || this.#closed || this.missing.length > 0) return
    // Not a founder: it joins an existing cluster.
    if (!join.includes(peerAddress)) return
    const self: Member = { id: brokerId, directoryId: file.directoryId, peer: peerAddress }
    const others = join
      .filter((address) => address !== peerAddress)
      .map((address) => this.#newcomerAt(address)!)
      .map(({ brokerId: id, directoryId, peer }) => ({ id, directoryId, peer }))
    this.#save(formationOf([self, ...others]), 0).catch((error) => {
      this.#deps.logger.error({ err: error }, 'cannot write the record of the cluster; trying again')
      this.#deps.clock.after(RETRY_MS, () => this.tryToForm())
    })
  }

  /**
   * A peer sends its record. Resolves when this broker has it durably and can vote: the first founder campaigns when
   * it has the answers, and a request for a vote that is lost costs a whole election timeout.
   * @throws TailraceError BROKER_IDENTITY_MISMATCH or CLUSTER_MISMATCH when it is not for this broker
   */
  async receive(from: BrokerId, offered: FormationRecord): Promise<void> {
    await this.#saving?.catch(() => {})
    requireMember(offered, this.#deps.brokerId, this.#deps.file.directoryId)
    requireMember(offered, from, this.#deps.peers.identity(from)?.directoryId ?? '')
    if (this.record === null) await this.#save(offered, 0)
    // The id follows from the members, so with the same id it is the very record that this broker has.
    if (this.record!.clusterId !== offered.clusterId) {
      throw new TailraceError(
        'CLUSTER_MISMATCH',
        `This broker is in ${this.record!.clusterId}, not ${offered.clusterId}.`,
      )
    }
    this.#trust(from)
    await this.#deps.whenVoting()
  }

  /**
   * A member has admitted this broker. Resolves when it has that durably.
   * @throws TailraceError BROKER_IDENTITY_MISMATCH when a founder's record names another data directory
   */
  async welcomed(record: FormationRecord, admission: number): Promise<void> {
    await this.#saving?.catch(() => {})
    if (this.record !== null) return
    if (admission === 0) requireMember(record, this.#deps.brokerId, this.#deps.file.directoryId)
    await this.#save(record, admission)
  }

  close(): void {
    this.#closed = true
    this.#trustChanges.close()
  }

  #save(record: FormationRecord, admission: number): Promise<void> {
    this.#saving ??= this.#deps.file.saveFormation(record, admission).then(
      () => {
        this.#saving = null
        this.#deps.logger.info(
          { clusterId: record.clusterId, voters: record.voters.map((v) => v.id) },
          'cluster formed',
        )
        for (const peer of this.#linked) this.#greet(record, peer)
        this.#deps.onFormed(record)
      },
      (error) => {
        this.#saving = null
        throw error
      },
    )
    return this.#saving
  }

  #admitAsFounder(identity: PeerIdentity): void {
    const { join } = this.#deps
    const known = this.#linked.has(identity.brokerId) ? this.#deps.peers.identity(identity.brokerId) : undefined
    if (known !== undefined && known.directoryId !== identity.directoryId) {
      throw new TailraceError('BROKER_IDENTITY_MISMATCH', `Two brokers have id ${identity.brokerId}.`)
    }
    if (!identity.formed && !join.includes(identity.peer)) {
      throw new TailraceError(
        'CLUSTER_MISMATCH',
        `Broker ${identity.brokerId} at ${identity.peer} is not in --join ${join.join(',')}.`,
      )
    }
  }

  #admitToCluster(record: FormationRecord, identity: PeerIdentity): void {
    if (identity.formed && identity.clusterId !== record.clusterId) {
      throw new TailraceError(
        'CLUSTER_MISMATCH',
        `Broker ${identity.brokerId} is in ${identity.clusterId}, this one in ${record.clusterId}.`,
      )
    }
    const { brokerId, directoryId } = identity
    if (this.#deps.members.removed.has(brokerId)) {
      throw new TailraceError('BROKER_IDENTITY_MISMATCH', removedHint(brokerId))
    }
    const known = this.#directoryOf(record, brokerId)
    if (known !== undefined && known !== directoryId) {
      throw new TailraceError('BROKER_IDENTITY_MISMATCH', wipedHint(brokerId))
    }
    // An unknown one may ask to be admitted; or was admitted, and this broker does not know that yet.
  }

  /** The data directory that a broker of this cluster has, as far as it is known. */
  #directoryOf(record: FormationRecord, broker: BrokerId): string | undefined {
    const { joined, brokers } = this.#deps.members
    const founder = record.voters.find((voter) => voter.id === broker)
    return (founder ?? joined.get(broker) ?? brokers.get(broker))?.directoryId
  }

  /**
   * Trusts a peer that is known to have the record, and sends it to a founder that is not. A peer that this broker does
   * not know may have joined since: without trust this broker could not even learn that from a leader that joined. But
   * any peer can claim that, since the cluster's id is no secret. So a broker that is known has to confirm it.
   */
  #greet(record: FormationRecord, peer: BrokerId): void {
    const identity = this.#deps.peers.identity(peer)
    if (identity === undefined || this.#trusted.has(peer) || this.#deps.members.removed.has(peer)) return
    const known = this.#directoryOf(record, peer)
    if (known !== undefined && known !== identity.directoryId) {
      this.#deps.logger.warn({ peer, directoryId: identity.directoryId }, 'a linked peer is no member of the cluster')
      return
    }
    const claims = identity.formed && identity.clusterId === record.clusterId
    if (claims && known === undefined) void this.#confirmSoon(record, peer)
    else if (claims) this.#trustKnown(record, peer)
    else if (record.voters.some((voter) => voter.id === peer)) void this.#offer(record, peer)
    else if (this.#deps.members.joined.has(peer)) this.#trustKnown(record, peer)
  }

  /** Now one more broker can confirm peers that no broker has confirmed yet. */
  #trustKnown(record: FormationRecord, peer: BrokerId): void {
    this.#answered.add(peer)
    this.#trust(peer)
    for (const other of this.#linked) if (!this.#trusted.has(other)) this.#greet(record, other)
  }

  async #confirmSoon(record: FormationRecord, peer: BrokerId): Promise<void> {
    if (this.#confirming.has(peer)) return
    this.#confirming.add(peer)
    const confirmed = await this.#isConfirmed(record, peer)
    this.#confirming.delete(peer)
    if (this.#closed || !this.#linked.has(peer) || this.#trusted.has(peer)) return
    if (confirmed) this.#trust(peer)
    else this.#deps.clock.after(RETRY_MS, () => this.#linked.has(peer) && !this.#closed && this.#greet(record, peer))
  }

  /**
   * Whether a broker that is known counts this one among the members of the metadata group; the brokers that an
   * operator named are believed.
   */
  async #isConfirmed(record: FormationRecord, peer: BrokerId): Promise<boolean> {
    const { peers, join } = this.#deps
    if (join.includes(peers.identity(peer)?.peer ?? '')) return true
    const known = [...this.#linked].filter((id) => id !== peer && this.#directoryOf(record, id) !== undefined)
    const asked = known.filter((id) => this.isMember(id)).map((id) => membersAsToldBy(id, peers))
    return (await Promise.all(asked)).some((members) => members.includes(peer))
  }

  async #offer(record: FormationRecord, peer: BrokerId): Promise<void> {
    const { peers, clock, logger } = this.#deps
    try {
      await peers.request(peer, 'Formation', { record: recordFields(record) }, [], REPLY_MS)
      if (this.#linked.has(peer)) this.#trustKnown(record, peer)
    } catch (error) {
      const { code } = TailraceError.from(error)
      if (code === 'CLUSTER_MISMATCH' || code === 'BROKER_IDENTITY_MISMATCH') {
        logger.error({ peer, err: error }, 'a peer is not in this cluster')
      } else if (code !== 'CONNECTION_LOST') {
        clock.after(RETRY_MS, () => {
          if (this.#linked.has(peer) && !this.#closed) this.#greet(record, peer)
        })
      }
    }
  }

  #trust(peer: BrokerId): void {
    this.#trusted.add(peer)
    this.#trustChanges.happened()
  }

  #newcomerAt(address: string): PeerIdentity | undefined {
    for (const peer of this.#linked) {
      const identity = this.#deps.peers.identity(peer)
      if (identity !== undefined && identity.peer === address && !identity.formed) return identity
    }
    return undefined
  }
}
