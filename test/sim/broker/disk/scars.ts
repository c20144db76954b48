import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { BLOCK_BYTES, type BlockFile, type PendingSync } from './block-file.ts'
import { sequenceOf } from './journal-tail.ts'

interface Scar {
  readonly file: BlockFile
  readonly block: number
  /** The bytes that should be there. */
  readonly bytes: Uint8Array | undefined
  /** The bytes that were there instead when the scar was made. */
  readonly found: Uint8Array | undefined
  /** How many syncs of the journal had come back. */
  readonly syncs: number
}

/** Blocks of one write to the journal, and the sequence of the last. */
interface Round {
  readonly file: BlockFile
  readonly from: number
  readonly to: number
  readonly sequence: number
}

/**
 * Writes that went nowhere, or to another place of the file, although the disk said that they were done.
 *
 * The promises of a product about them have a limit, and so have these scars: the newest round of a journal that is
 * lost without a trace cannot be told from one that was never synced (a disk that lies about that is a negative
 * control). So such a scar in the newest round heals when the broker crashes, unless the mark beside the journal tells
 * of that round; as soon as a later round has been synced it stays. The bytes that a round has in segments, which are
 * synced together with its blocks, belong to it.
 */
export class Scars {
  /** The fault of the next sync of a file whose path contains `where`. */
  next: { readonly kind: 'lost' | 'misdirected'; readonly where: string } | null = null
  /** How many there have been, and how many of them outside the journal. */
  count = 0
  inSegments = 0
  #scars: Scar[] = []
  /** The last write to the journal that was synced. */
  #newest: Round | null = null
  #syncs = 0
  readonly #written = new Map<BlockFile, Round>()
  readonly #segments = new WeakSet<BlockFile>()

  written(path: string, file: BlockFile, position: number, bytes: Uint8Array): void {
    if (!isJournal(path) || isFilling(bytes)) return
    const [from, to] = [position, position + bytes.length - 1].map((at) => Math.floor(at / BLOCK_BYTES))
    this.#written.set(file, { file, from: from!, to: to!, sequence: sequenceOf(bytes.subarray(-BLOCK_BYTES)) })
  }

  /** Carries a sync out, as the disk does it. */
  sync(path: string, file: BlockFile, pending: PendingSync, random: SimRandom): void {
    const aim = this.next !== null && pending.blocks.length > 0 && path.includes(this.next.where) ? this.next : null
    const block = aim === null ? -1 : random.pick(pending.blocks)[0]
    const before = file.stored(block)
    file.endSync(pending)
    const round = this.#written.get(file)
    if (isJournal(path) && round !== undefined) {
      this.#newest = round
      this.#syncs++
      this.#written.delete(file)
      this.#scars = this.#scars.filter((scar) => this.#isNewest(scar))
    }
    const bytes = file.stored(block)
    if (aim === null || bytes === undefined || bytes === before) return
    this.next = null
    this.count++
    if (!isJournal(path)) {
      this.inSegments++
      this.#segments.add(file)
    }
    if (aim.kind === 'misdirected') this.#hit(file, random.pick(file.blocks()), bytes)
    this.#hit(file, block, before)
  }

  /**
   * The broker has crashed: scars that cannot be told from a torn round are undone. `marked`: the last block that the
   * mark names.
   */
  crash(marked: number): void {
    const isMarked = this.#newest !== null && this.#newest.sequence <= marked
    for (const scar of this.#scars) {
      if (!isMarked && this.#isNewest(scar) && scar.file.stored(scar.block) === scar.found)
        scar.file.corrupt(scar.block, scar.bytes)
    }
    this.#scars = []
    this.#written.clear()
  }

  #hit(file: BlockFile, block: number, found: Uint8Array | undefined): void {
    this.#scars.push({ file, block, bytes: file.stored(block), found, syncs: this.#syncs })
    file.corrupt(block, found)
  }

  #isNewest({ file, block, syncs }: Scar): boolean {
    const newest = this.#newest
    // A segment's sync may come back before that of its round.
    if (this.#segments.has(file)) return syncs >= this.#syncs - 1
    return newest !== null && newest.file === file && block >= newest.from && block <= newest.to
  }
}

/** Journal files are filled with zeros before their first use; a round's blocks begin with a checksum and a mark. */
function isFilling(bytes: Uint8Array): boolean {
  return bytes.length < 8 || bytes[4] === 0
}

function isJournal(path: string): boolean {
  return path.includes('/journal/')
}
