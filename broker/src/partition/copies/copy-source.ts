import type { BrokerId, GroupId, Message } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GroupLog } from '../../log/log-storage.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { GroupSpec, SnapshotPlace } from '../group.ts'
import type { PartitionMetrics } from '../metrics.ts'
import type { PeerAnswer } from '../peers.ts'
import type { PartitionState } from '../replica/state/partition-state.ts'
import { type CopiedState, copyMachine, copyPartition } from './copied-state.ts'
import { encodeManifest } from './copy-manifest.ts'

/** The parts of a replica that are copied. */
export interface CopiedReplica {
  readonly id: GroupId
  readonly spec: GroupSpec
  readonly driver: { readonly log: GroupLog; readonly state: PartitionState }
}

export interface CopySourceDeps {
  readonly clock: Clock
  readonly crc32c: Crc32c
  readonly copyIdleMs: number
  readonly maxChunkBytes: number
  readonly metrics: Pick<PartitionMetrics, 'copiedBytesOut'>
}

interface OpenCopy {
  readonly id: number
  readonly group: GroupId
  readonly state: CopiedState
  readonly place: SnapshotPlace
  readonly readers: Set<BrokerId>
  usedAt: number
}

/** Copies of one group that are open at a time: replicas that need one after another share the newest. */
const MAX_COPIES = 4

/**
 * Copies of this broker's replicas that others fetch (M54). A copy is kept as long as a broker reads it; one that no
 * broker has asked for in `copyIdleMs` is closed, for it keeps files that the log has deleted.
 */
export class CopySource {
  readonly #deps: CopySourceDeps
  readonly #copies = new Map<number, OpenCopy>()
  readonly #making = new Map<GroupId, Promise<OpenCopy>>()
  #sweep: TimerHandle | null = null
  #lastId = 0
  #closed = false

  constructor(deps: CopySourceDeps) {
    this.#deps = deps
  }

  get open(): number {
    return this.#copies.size
  }

  /**
   * A copy of the replica as it is now, or one that is open and not older than its log's start; resolves to the entries
   * that it covers.
   */
  async offer(replica: CopiedReplica): Promise<SnapshotPlace> {
    const { prevIndex } = replica.driver.log
    const open = this.#newest(replica.id)
    const copy = open !== undefined && open.place.index >= prevIndex ? open : await this.#make(replica)
    copy.usedAt = this.#deps.clock.monotonic()
    return copy.place
  }

  /** @throws TailraceError NOT_CAUGHT_UP when the replica's state ends before the entry that is asked for */
  async answerOpen(
    from: BrokerId,
    replica: CopiedReplica,
    { lastIndex, lastTerm }: Message<'CopyOpen'>,
  ): Promise<PeerAnswer<'CopyOpen'>> {
    const wanted = (copy: OpenCopy): boolean => copy.group === replica.id && copy.place.index >= lastIndex
    const copy = [...this.#copies.values()].find(wanted) ?? (await this.#make(replica))
    const sameTerm = copy.place.index !== lastIndex || copy.place.term === lastTerm
    if (copy.place.index < lastIndex || !sameTerm) {
      throw new TailraceError('NOT_CAUGHT_UP', `Its copy ends at ${copy.place.index}, ${lastIndex} is wanted.`)
    }
    copy.readers.add(from)
    copy.usedAt = this.#deps.clock.monotonic()
    const manifest = encodeManifest(copy.state.manifest)
    return { fields: { copy: copy.id, crc32c: this.#checksum(manifest) }, body: [manifest] }
  }

  async answerRead({ copy: id, file, position, maxBytes }: Message<'CopyRead'>): Promise<PeerAnswer<'CopyRead'>> {
    const copy = this.#copies.get(id)
    if (copy === undefined) throw new TailraceError('CLOSED', `Copy ${id} is not open here (any more).`)
    copy.usedAt = this.#deps.clock.monotonic()
    const limit = Math.min(maxBytes, this.#deps.maxChunkBytes)
    if (position < 0 || limit < 1) throw new TailraceError('INVALID_REQUEST')
    try {
      const bytes = await copy.state.read(file, position, limit)
      this.#deps.metrics.copiedBytesOut += bytes.length
      return { fields: { crc32c: this.#checksum(bytes) }, body: [bytes] }
    } catch (error) {
      // Another name than those of the manifest.
      if (error instanceof RangeError) throw new TailraceError('INVALID_REQUEST', error.message)
      throw error
    }
  }

  /** The group of a copy that is open. */
  groupOf(id: number): GroupId | undefined {
    return this.#copies.get(id)?.group
  }

  answerClose(from: BrokerId, { copy: id }: Message<'CopyClose'>): PeerAnswer<'CopyClose'> {
    const copy = this.#copies.get(id)
    copy?.readers.delete(from)
    if (copy?.readers.size === 0) this.#close(copy)
    return { fields: {}, body: [] }
  }

  /** The group's log is another one now, or gone. */
  forget(group: GroupId): void {
    for (const copy of this.#copies.values()) if (copy.group === group) this.#close(copy)
  }

  close(): void {
    this.#closed = true
    this.#sweep?.cancel()
    for (const copy of this.#copies.values()) this.#close(copy)
  }

  #newest(group: GroupId): OpenCopy | undefined {
    return [...this.#copies.values()].findLast((copy) => copy.group === group)
  }

  #make(replica: CopiedReplica): Promise<OpenCopy> {
    let making = this.#making.get(replica.id)
    if (making === undefined) {
      making = this.#makeNow(replica).finally(() => this.#making.delete(replica.id))
      this.#making.set(replica.id, making)
    }
    return making
  }

  async #makeNow(replica: CopiedReplica): Promise<OpenCopy> {
    const { log, state } = replica.driver
    const machine = replica.spec.stateMachine
    if (machine !== null && machine.snapshots === undefined) {
      throw new TailraceError('INTERNAL', `The state of group ${replica.id} cannot be copied.`)
    }
    const copied =
      machine === null ? copyPartition(log, state, this.#deps.crc32c) : await copyMachine(log, machine.snapshots!)
    if (this.#closed || replica.driver.log !== log) {
      await copied.close()
      throw new TailraceError('CLOSED')
    }
    const { lastIndex: index, lastTerm: term } = copied.manifest.description
    const id = this.#newId()
    const usedAt = this.#deps.clock.monotonic()
    const copy = { id, group: replica.id, state: copied, place: { index, term }, readers: new Set<BrokerId>(), usedAt }
    this.#copies.set(id, copy)
    const ofGroup = [...this.#copies.values()].filter(({ group }) => group === replica.id)
    if (ofGroup.length > MAX_COPIES) this.#close(ofGroup[0]!)
    this.#sweep ??= this.#deps.clock.every(this.#deps.copyIdleMs / 4, () => this.#closeIdle())
    return copy
  }

  /** Differs from the numbers of the broker's earlier life, which readers may still ask for. */
  #newId(): number {
    this.#lastId = Math.max(this.#lastId + 1, Math.floor(this.#deps.clock.now()) * 1000)
    return this.#lastId
  }

  #closeIdle(): void {
    const now = this.#deps.clock.monotonic()
    for (const copy of this.#copies.values()) if (now - copy.usedAt >= this.#deps.copyIdleMs) this.#close(copy)
    if (this.#copies.size > 0) return
    this.#sweep?.cancel()
    this.#sweep = null
  }

  #close(copy: OpenCopy): void {
    this.#copies.delete(copy.id)
    void copy.state.close().catch(() => undefined)
  }

  #checksum(bytes: Uint8Array): number {
    return this.#deps.crc32c(bytes, 0, bytes.length)
  }
}
