import type { LogIndex, Offset } from '@tailrace/schemas'
import { Segment } from './segment.ts'
import type { SegmentContext } from './segment-context.ts'
import { SparseIndex } from './sparse-index.ts'

/** The ending of a segment's name while only copies need its file. */
export const HELD = '.held-'

/** The files of one group's segments, and their folder: makes them, makes them durable, and removes them. */
export class SegmentFiles {
  readonly folder: string
  /** The group's log and its folder are being removed. */
  removed = false
  readonly #env: SegmentContext
  readonly #parent: string
  readonly #unsynced = new Set<Segment>()
  #asides = 0
  #folderMade = false
  #folderDirty = false
  /**
   * A process before this one may have made or removed names without a sync. The kernel shows them as it left them, and
   * a power loss would take that back: the first sync of something that is written here is one of the folder, too.
   */
  #namesUncertain = false
  #folderSyncing: Promise<void> | null = null

  constructor(env: SegmentContext, parent: string, name: string) {
    this.#env = env
    this.#parent = parent
    this.folder = `${parent}/${name}`
  }

  /** The folder is there, with these segments. Called once, by recovery. */
  restore(segments: readonly Segment[], folderDirty: boolean): void {
    for (const segment of segments) if (segment.unsynced) this.#unsynced.add(segment)
    this.#folderMade = segments.length > 0
    this.#folderDirty = folderDirty
    this.#namesUncertain = true
  }

  /** Something of the segment's files is not durable. */
  written(segment: Segment): void {
    this.#unsynced.add(segment)
  }

  /** Nothing else than the bytes of this segment's files waits for a sync. */
  isOnlyUnsynced(segment: Segment): boolean {
    if (this.#folderDirty || this.#namesUncertain || this.#folderSyncing !== null) return false
    for (const other of this.#unsynced) if (other !== segment) return false
    return true
  }

  /** An empty file, whose name is not durable yet. */
  async create(baseIndex: LogIndex, baseOffset: Offset): Promise<Segment> {
    if (!this.#folderMade) await this.#env.disk.makeFolder(this.folder)
    this.#folderMade = true
    const segment = new Segment(this.folder, baseIndex, baseOffset, new SparseIndex(this.#env.crc32c))
    // The file has to exist before its name can be synced by any caller.
    await this.#env.files.use(segment.path, async () => {})
    this.#folderDirty = true
    return segment
  }

  async seal(segment: Segment): Promise<void> {
    await segment.writeIndex(this.#env.files)
    segment.sealed = true
    this.#unsynced.add(segment)
    await this.#env.indexes.load(this.#env, segment)
  }

  /** Everything that was written before the call becomes durable; of a group that is removed its folder does not. */
  async sync(): Promise<void> {
    if (this.#namesUncertain && this.#unsynced.size > 0) this.#folderDirty = true
    for (const segment of [...this.#unsynced]) {
      const began = this.#env.monotonic()
      await segment.sync(this.#env.files)
      this.#env.metrics.syncs++
      this.#env.metrics.segmentSyncSeconds((this.#env.monotonic() - began) / 1000)
      if (!segment.unsynced) this.#unsynced.delete(segment)
    }
    while (this.#folderSyncing !== null) await this.#folderSyncing
    if (!this.#folderDirty || this.removed) return
    this.#folderDirty = false
    this.#namesUncertain = false
    this.#folderSyncing = this.#syncFolders().finally(() => {
      this.#folderSyncing = null
    })
    await this.#folderSyncing
  }

  async #syncFolders(): Promise<void> {
    try {
      await this.syncNames()
      await this.#env.disk.syncFolder(this.#parent)
    } catch (error) {
      // It is tried again where the disk was only full.
      this.#folderDirty = true
      throw error
    }
  }

  /** Names in the folder become durable. */
  syncNames(): Promise<void> {
    return this.#env.disk.syncFolder(this.folder)
  }

  /** Removes the files of a segment that is not in the list any more. */
  async drop(segment: Segment): Promise<void> {
    if (segment.heldBytes > 0) {
      segment.moving = this.#setAside(segment)
      await segment.moving
    } else {
      await this.#forget(segment)
      await this.#env.disk.remove(segment.path)
    }
    await this.#env.disk.remove(segment.indexPath)
  }

  /** Removes the folder with all that is in it. */
  async removeAll(segments: readonly Segment[]): Promise<void> {
    for (const segment of segments) await this.#forget(segment)
    await this.#env.disk.remove(this.folder)
    await this.#env.disk.syncFolder(this.#parent)
  }

  /**
   * Gives the file of a segment that copies need another name, so that a segment of the same name can take its place;
   * it is removed with the last copy.
   */
  async #setAside(segment: Segment): Promise<void> {
    const { disk, files } = this.#env
    const path = `${segment.path}${HELD}${this.#asides++}`
    await this.#forget(segment)
    await disk.rename(segment.path, path)
    segment.path = path
    segment.moving = null
    const remove = async () => {
      await files.forget(path)
      // If it is left over, the next start removes it.
      await disk.remove(path).catch(() => {})
    }
    if (segment.heldBytes === 0) await remove()
    else segment.onReleased = remove
  }

  async #forget(segment: Segment): Promise<void> {
    segment.removed = true
    this.#unsynced.delete(segment)
    this.#env.indexes.forget(segment)
    await this.#env.files.forget(segment.path)
    await this.#env.files.forget(segment.indexPath)
  }
}
