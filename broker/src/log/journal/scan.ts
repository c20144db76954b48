import type { Crc32c } from '../../platform/checksum.ts'
import { BLOCK_BYTES, type BlockHeader } from './block.ts'
import { BlockReader, type BlockView } from './block-reader.ts'
import type { JournalPlace } from './journal.ts'
import type { JournalFile } from './journal-file.ts'

/** A round as it stands in the journal. `sound`: every block of it is as written. */
export interface ScannedRound {
  readonly sequence: number
  /** Blocks of an older epoch are not the round's: a torn round has left them in its place. */
  readonly epoch: number
  /** Raw blocks. */
  readonly bytes: Uint8Array
  readonly sound: boolean
  /** Null where nothing is left of the round. */
  readonly place: { readonly file: string; readonly position: number } | null
}

/** The end of a scan, which is the place of the next round. */
export interface ScanEnd {
  readonly file: JournalFile | null
  /** Bytes from the start of `file`. */
  readonly position: number
  readonly nextSequence: number
  /** The highest epoch seen. */
  readonly epoch: number
}

interface Place {
  readonly file: JournalFile
  readonly block: number
}

/**
 * So many bytes of a file with an empty start are searched for rounds: more than one round takes, too few to slow a
 * start down.
 */
const MOST_LOST_BLOCKS = 2048

/**
 * Walks the rounds that follow `from`, in order. Where the next round is not whole, three cases are told apart:
 * 1. a later round exists: it was only begun after this one was synced, so this one has rotted: yielded unchanged, not
 *    sound, and the walk continues after it;
 * 2. no later round, and a block of this one was never written (zeros, or a sound block of an earlier use): torn, never
 *    acknowledged, the end;
 * 3. no later round, and a block has content that no broker wrote. The round may have been acknowledged: yielded
 *    unchanged, not sound, then the end.
 */
export class JournalScan {
  readonly #reader: BlockReader
  readonly #files: readonly JournalFile[]
  #sequence: number
  #epoch: number
  #place: Place | null
  #highestEpoch: number
  /** First blocks that are neither empty nor sound: such a file may be the one that comes next. */
  readonly #unsoundStarts = new Set<JournalFile>()
  /** The file in which the scan begins starts with a block that belongs elsewhere. */
  #startIsForeign = false
  #ended = false
  /** A file that the checkpoint names is not there: it may have held the last rounds. */
  readonly #isFileMissing: boolean
  /** The scan has ended at a round that was begun and never acknowledged. */
  torn = false
  /** Files that have content after the place where the scan began. */
  readonly visited = new Set<JournalFile>()

  /** `named`: the files that exist unless a person has removed them. */
  constructor(files: readonly JournalFile[], from: JournalPlace, crc: Crc32c, named: readonly string[] = []) {
    const expected = from.file === '' ? named : [...named, from.file]
    this.#isFileMissing = expected.some((name) => files.every((file) => file.name !== name))
    this.#reader = new BlockReader(crc)
    this.#files = files
    this.#sequence = from.sequence + 1
    this.#epoch = from.epoch
    this.#highestEpoch = from.epoch
    const file = files.find((candidate) => candidate.name === from.file)
    this.#place = file === undefined ? null : { file, block: this.#sequence - from.base }
    if (file === undefined) return
    file.base = from.base
    this.visited.add(file)
  }

  get end(): ScanEnd {
    const place = this.#place
    return {
      file: place?.file ?? null,
      position: place === null ? 0 : place.block * BLOCK_BYTES,
      nextSequence: this.#sequence,
      epoch: this.#highestEpoch,
    }
  }

  /** The last round that was yielded was never finished: the next one takes its place. */
  giveBack(round: ScannedRound): void {
    const { file, position } = round.place!
    this.torn = true
    this.#sequence = round.sequence
    this.#place = { file: this.#files.find(({ name }) => name === file)!, block: position / BLOCK_BYTES }
  }

  async *rounds(): AsyncGenerator<ScannedRound> {
    await this.#probeFiles()
    for (;;) {
      const next = await this.#findNext()
      if (next === null) {
        yield* this.#atGap(this.#unsoundNext() ?? this.#place, null)
        if (this.#ended) return
        continue
      }
      const { place, header } = next
      if (await this.#isWhole(place, header)) yield await this.#take(place, header.roundBlocks, true)
      else yield* this.#atGap(place, header.roundBlocks)
      if (this.#ended) return
    }
  }

  async #probeFiles(): Promise<void> {
    const place = this.#place
    const base = place === null ? 0 : this.#sequence - place.block
    for (const file of this.#files) {
      if ((await this.#reader.view(file, 0)) === 'unsound') this.#unsoundStarts.add(file)
      const found = await this.#firstSound(file)
      if (found === null) continue
      file.base = found.header.sequence - found.block
      this.#highestEpoch = Math.max(this.#highestEpoch, found.header.epoch)
    }
    if (place === null || place.file.base === base) return
    if (!this.#unsoundStarts.has(place.file)) {
      // A file that ends at the checkpoint's place is used again when the journal has continued in another one.
      if (this.#files.some((file) => file !== place.file && file.base === this.#sequence)) {
        this.#place = null
        return
      }
      // Where the checkpoint was made before the file got its first round, it shows an earlier use until then.
      this.#startIsForeign = place.block > 0 || place.file.base > base
    }
    place.file.base = base
  }

  /** The first sound block of a file: the first one, if it has not rotted. */
  async #firstSound(file: JournalFile): Promise<{ header: BlockHeader; block: number } | null> {
    if ((await this.#reader.view(file, 0)) === 'empty') return this.#behindNothing(file)
    const blocks = this.#unsoundStarts.has(file) ? Math.ceil(file.writtenBytes / BLOCK_BYTES) : 1
    for (let block = 0; block < blocks; block++) {
      const header = await this.#reader.view(file, block)
      if (typeof header === 'string') continue
      const later = block === 0 ? await this.#laterUse(file, header) : null
      if (later === null) return { header, block }
      this.#unsoundStarts.add(file)
      return later
    }
    return null
  }

  /**
   * A round after a first block that was never written: it was only begun after the first round was synced, so the
   * write of the first was lost. Blocks of the first round alone are left by a crash during its write.
   */
  async #behindNothing(file: JournalFile): Promise<{ header: BlockHeader; block: number } | null> {
    const blocks = Math.min(MOST_LOST_BLOCKS, Math.ceil(file.writtenBytes / BLOCK_BYTES))
    for (let block = 1; block < blocks; block++) {
      const header = await this.#reader.view(file, block)
      if (typeof header === 'string' || header.placeInRound !== 0) continue
      this.#unsoundStarts.add(file)
      return { header, block }
    }
    return null
  }

  /**
   * The second round of a later use of the file, after a first block of an earlier one: it was only begun after the
   * first round was synced, so the write of that block was lost. A first round alone, of which later blocks are there
   * and the first is not, is torn.
   */
  async #laterUse(file: JournalFile, first: BlockHeader): Promise<{ header: BlockHeader; block: number } | null> {
    const second = await this.#reader.view(file, 1)
    if (typeof second !== 'string' && second.sequence < first.sequence) return this.#sameUse(file, first, second)
    if (typeof second === 'string' || second.sequence <= first.sequence + 1) return null
    const block = second.placeInRound === 0 ? 1 : 1 + second.roundBlocks - second.placeInRound
    const header = await this.#reader.view(file, block)
    const follows =
      typeof header !== 'string' && header.placeInRound === 0 && header.sequence === second.sequence + block - 1
    return follows ? { header, block } : null
  }

  /**
   * A first block that belongs further back in the file was written there by mistake: after its own place the file
   * continues with the use that the second block belongs to. (A later use of the file has none of the numbers that an
   * earlier one has.)
   */
  async #sameUse(
    file: JournalFile,
    first: BlockHeader,
    second: BlockHeader,
  ): Promise<{ header: BlockHeader; block: number } | null> {
    const base = second.sequence - 1
    const blocks = Math.ceil(file.writtenBytes / BLOCK_BYTES)
    for (let block = first.sequence - base + 1; block < blocks; block++) {
      const header = await this.#reader.view(file, block)
      if (typeof header === 'string' || header.sequence !== base + block) return null
      if (header.placeInRound === 0) return { header, block }
    }
    return null
  }

  /** The file that is next by its later blocks, but whose first block has rotted. */
  #unsoundNext(): Place | null {
    for (const file of this.#unsoundStarts) if (file.base === this.#sequence) return { file, block: 0 }
    return null
  }

  /**
   * The place of the round that begins with the expected sequence. A newer epoch is preferred to leftovers of an older
   * one.
   */
  async #findNext(): Promise<{ place: Place; header: BlockHeader } | null> {
    const places: Place[] = this.#place === null ? [] : [this.#place]
    for (const file of this.#files) if (file.base === this.#sequence) places.push({ file, block: 0 })
    let found: { place: Place; header: BlockHeader } | null = null
    for (const place of places) {
      const header = await this.#reader.view(place.file, place.block)
      if (!this.#isCurrent(header) || header.sequence !== this.#sequence || header.placeInRound !== 0) continue
      if (found === null || header.epoch > found.header.epoch) found = { place, header }
    }
    return found
  }

  #isCurrent(view: BlockView): view is BlockHeader {
    return typeof view !== 'string' && view.epoch >= this.#epoch
  }

  async #isWhole(place: Place, first: BlockHeader): Promise<boolean> {
    for (let i = 1; i < first.roundBlocks; i++) {
      const header = await this.#reader.view(place.file, place.block + i)
      if (!this.#isCurrent(header) || header.sequence !== first.sequence + i || header.epoch !== first.epoch)
        return false
    }
    this.#epoch = first.epoch
    this.#highestEpoch = Math.max(this.#highestEpoch, first.epoch)
    return true
  }

  /** Yields `blocks` blocks and moves past them. */
  async #take(place: Place, blocks: number, sound: boolean): Promise<ScannedRound> {
    const bytes = await this.#reader.copy(place.file, place.block, blocks)
    const at = { file: place.file.name, position: place.block * BLOCK_BYTES }
    const round = { sequence: this.#sequence, epoch: this.#epoch, bytes, sound, place: at }
    this.#sequence += blocks
    if (place.block === 0) place.file.base = round.sequence
    place.file.end = this.#sequence - 1
    this.visited.add(place.file)
    this.#place = { file: place.file, block: place.block + blocks }
    return round
  }

  async *#atGap(place: Place | null, roundBlocks: number | null): AsyncGenerator<ScannedRound> {
    const ahead =
      place === null
        ? { later: null, roundBlocks, unwritten: true, begun: false }
        : await this.#lookAhead(place, roundBlocks)
    const later = ahead.later ?? this.#laterFile()
    if (later !== null) {
      yield* this.#rotten(place, later.sequence, later.place)
      return
    }
    this.#ended = true
    this.torn = ahead.unwritten && ahead.begun
    if (place !== null && !ahead.unwritten) yield await this.#take(place, ahead.roundBlocks ?? 1, false)
    else if (
      this.#isFileMissing ||
      this.#startIsForeign ||
      [...this.#unsoundStarts].some((file) => !this.visited.has(file))
    )
      yield this.#missing()
  }

  /** Case 1: everything from here to the later round has rotted. */
  async *#rotten(place: Place | null, until: number, next: Place): AsyncGenerator<ScannedRound> {
    const inFile = place === null ? 0 : Math.ceil(place.file.writtenBytes / BLOCK_BYTES) - place.block
    const blocks = next.file === place?.file ? next.block - place.block : Math.min(inFile, until - this.#sequence)
    yield place === null || blocks <= 0 ? this.#missing() : await this.#take(place, blocks, false)
    this.#sequence = until
    this.#place = next
  }

  /**
   * Stands for rounds of which nothing is left: that the first block of a file is unsound may mean that the newest
   * round has rotted.
   */
  #missing(): ScannedRound {
    return { sequence: this.#sequence, epoch: this.#epoch, bytes: new Uint8Array(0), sound: false, place: null }
  }

  /** Reads from the blocks at `place` the state of the round that should begin there. */
  async #lookAhead(
    place: Place,
    known: number | null,
  ): Promise<{
    later: { sequence: number; place: Place } | null
    roundBlocks: number | null
    unwritten: boolean
    begun: boolean
  }> {
    const base = this.#sequence - place.block
    // One block at least is looked at, be it past the end of the file.
    const blocks = Math.max(place.block + 1, Math.ceil(place.file.writtenBytes / BLOCK_BYTES))
    let roundBlocks = known
    let later: { sequence: number; place: Place } | null = null
    const views: BlockView[] = []
    for (let block = place.block; block < blocks && later === null; block++) {
      const view = await this.#reader.view(place.file, block)
      views.push(view)
      if (!this.#isCurrent(view) || view.sequence !== base + block) continue
      this.#highestEpoch = Math.max(this.#highestEpoch, view.epoch)
      const start = view.sequence - view.placeInRound
      if (start === this.#sequence) roundBlocks = view.roundBlocks
      if (start > this.#sequence) later = { sequence: start, place: { file: place.file, block: start - base } }
    }
    if (roundBlocks === null) roundBlocks = countLeading(views, 'unsound')
    const own = views.slice(0, Math.max(1, roundBlocks))
    // Blocks past the end of the file were never written either.
    const unwritten =
      own.length < roundBlocks ||
      own.some((view, i) => view !== 'unsound' && !this.#isOwn(view, base + place.block + i))
    const begun = own.some((view, i) => view === 'unsound' || this.#isOwn(view, base + place.block + i))
    return { later, roundBlocks: Math.max(1, roundBlocks), unwritten, begun }
  }

  /** A block of the round that is looked at, not one of an earlier use of the place. */
  #isOwn(view: BlockView, sequence: number): boolean {
    return this.#isCurrent(view) && view.sequence === sequence
  }

  /** The file, if there is one, that begins with a later round. */
  #laterFile(): { sequence: number; place: Place } | null {
    let found: { sequence: number; place: Place } | null = null
    for (const file of this.#files) {
      if (file.base <= this.#sequence || (found !== null && file.base >= found.sequence)) continue
      found = { sequence: file.base, place: { file, block: 0 } }
    }
    return found
  }
}

function countLeading(views: readonly BlockView[], what: BlockView): number {
  let count = 0
  while (count < views.length && views[count] === what) count++
  return count
}
