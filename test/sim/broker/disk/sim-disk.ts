import { type Disk, DiskError, type DiskFile } from '../../../../broker/src/platform/disk.ts'
import type { EventLoop } from '../../../../testing/src/simulation/event-loop.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import type { SimProcess } from '../sim-process.ts'
import type { BlockFile } from './block-file.ts'
import { loseTail, markedBlock } from './journal-tail.ts'
import { Names } from './names.ts'
import { Scars } from './scars.ts'

/** How a disk behaves now; fault actions change it. Times in microseconds. */
export interface DiskBehaviour {
  readMicros: readonly [number, number]
  writeMicros: readonly [number, number]
  syncMicros: readonly [number, number]
  /** Bytes that the files together may have. */
  capacity: number
  /** Overwriting needs new blocks first, as on file systems that copy on write. */
  copiesOnWrite: boolean
  /** The next sync fails. */
  failSync: boolean
  /**
   * Loss of power tears blocks apart. Torn blocks cannot be told from rot, so it counts as corruption
   * (faults/corruption.ts).
   */
  tears: boolean
  /** A control: syncs are answered, and nothing is stored. */
  liesAboutSync: boolean
}

export type DiskImage = ReadonlyMap<string, BlockFile>

interface Write {
  readonly file: BlockFile
  readonly bytes: Uint8Array
  readonly position: number
}

/**
 * One machine's disk, which outlives its processes. Every operation takes virtual time; until it is over a crash may
 * leave any part of it.
 */
export class SimDisk {
  readonly behaviour: DiskBehaviour
  readonly scars = new Scars()
  readonly #loop: EventLoop
  readonly #random: SimRandom
  readonly #names = new Names()
  readonly #locks = new Set<string>()
  readonly #underWay = new Set<Write>()

  constructor(loop: EventLoop, random: SimRandom, behaviour: DiskBehaviour) {
    this.#loop = loop
    this.#random = random
    this.behaviour = { ...behaviour }
  }

  files(): IterableIterator<[string, BlockFile]> {
    return this.#names.entries()
  }

  get used(): number {
    let bytes = 0
    for (const [, file] of this.#names.entries()) bytes += file.size
    return bytes
  }

  /** Every file as a process finds it. */
  contents(): Map<string, Uint8Array> {
    const files = new Map<string, Uint8Array>()
    for (const [path, file] of this.#names.entries()) {
      const bytes = new Uint8Array(file.size)
      file.read(bytes, 0)
      files.set(path, bytes)
    }
    return files
  }

  /** All files but one are gone, as if they had never been. */
  wipe(except: string): void {
    for (const [path] of [...this.#names.entries()]) {
      if (path.endsWith(except)) continue
      this.#names.remove(path)
      this.#names.sync(path.slice(0, path.lastIndexOf('/')))
    }
  }

  /** The content of the platter, while nothing runs on the machine; and the same put back later. */
  image(): DiskImage {
    return this.#names.image()
  }

  putBack(image: DiskImage): void {
    this.#names.putBack(image)
  }

  /**
   * The last blocks of the journal, of a broker that is down, are gone, as far as the mark beside it tells of them.
   * Returns how many.
   */
  loseTail(blocks: number): number {
    return loseTail(this.files(), blocks)
  }

  /** The process is gone; the kernel keeps the bytes that it was given. */
  crashProcess(): void {
    this.#interrupt()
    this.#locks.clear()
    this.scars.crash(markedBlock(this.files()))
  }

  losePower(): void {
    this.#interrupt()
    this.#locks.clear()
    this.#names.losePower(this.#random)
    for (const file of new Set([...this.#names.entries()].map(([, file]) => file))) {
      file.losePower(this.#random, this.behaviour.tears)
    }
    this.scars.crash(markedBlock(this.files()))
  }

  /** The disk as a process sees it. */
  mount(process: SimProcess): Disk {
    const names = this.#names
    const quick = <Result>(work: () => Result): Promise<Result> =>
      this.#operate(process, this.behaviour.writeMicros, work)
    return {
      open: (path) => quick(() => this.#handle(process, path, names.get(path) ?? names.create(path))),
      list: (folder) => quick(() => names.list(folder)),
      makeFolder: (folder) => quick(() => names.makeFolder(folder)),
      rename: (from, to) => quick(() => names.rename(from, to)),
      remove: (path) => quick(() => names.remove(path)),
      syncFolder: (folder) =>
        this.#operate(process, this.behaviour.syncMicros, () => {
          if (!this.behaviour.liesAboutSync) names.sync(folder)
        }),
      size: (path) => quick(() => names.get(path)?.size ?? null),
      free: () => quick(() => Math.max(0, this.behaviour.capacity - this.used)),
      lock: (folder) =>
        quick(() => {
          if (this.#locks.has(folder)) throw new DiskError('locked', `another broker uses ${folder}`)
          this.#locks.add(folder)
        }),
    }
  }

  #handle(process: SimProcess, path: string, file: BlockFile): DiskFile {
    const { behaviour } = this
    return {
      path,
      read: (into, position) => this.#operate(process, behaviour.readMicros, () => file.read(into, position)),
      write: (pieces, position) => this.#write(process, path, file, pieces, position),
      sync: () => this.#sync(process, path, file),
      truncate: (size) => this.#operate(process, behaviour.writeMicros, () => file.truncate(size)),
      size: () => this.#operate(process, behaviour.writeMicros, () => file.size),
      close: () => this.#operate(process, behaviour.writeMicros, () => {}),
    }
  }

  #write(
    process: SimProcess,
    path: string,
    file: BlockFile,
    pieces: readonly Uint8Array[],
    position: number,
  ): Promise<void> {
    const write = { file, bytes: joined(pieces), position }
    if (!process.alive) return never()
    this.#underWay.add(write)
    return this.#operate(process, this.behaviour.writeMicros, () => {
      this.#underWay.delete(write)
      const { length } = write.bytes
      const needed = this.behaviour.copiesOnWrite ? length : position + length - file.size
      if (needed > 0 && this.used + needed > this.behaviour.capacity) {
        // As many bytes as there is room for are written.
        const room = Math.max(0, length - needed)
        file.write(write.bytes.subarray(0, room), position)
        throw new DiskError('full', `no space for ${path}`)
      }
      file.write(write.bytes, position)
      this.scars.written(path, file, position, write.bytes)
    })
  }

  #sync(process: SimProcess, path: string, file: BlockFile): Promise<void> {
    if (!process.alive) return never()
    const pending = file.beginSync()
    return this.#operate(process, this.behaviour.syncMicros, () => {
      if (this.behaviour.failSync) {
        this.behaviour.failSync = false
        file.failSync(pending, this.#random)
        throw new DiskError('failed', `input/output error at ${path}`)
      }
      if (this.behaviour.liesAboutSync) return
      this.scars.sync(path, file, pending, this.#random)
    })
  }

  /** Carries the work out at the end of its time, unless the process is dead by then. */
  #operate<Result>(process: SimProcess, [least, most]: readonly [number, number], work: () => Result): Promise<Result> {
    if (!process.alive) return never()
    return new Promise((resolve, reject) => {
      this.#loop.after(this.#random.between(least, most), () => {
        if (!process.alive) return
        try {
          const result = work()
          process.run(() => resolve(result))
        } catch (error) {
          process.run(() => reject(error))
        }
      })
    })
  }

  /** Of writes that were under way any blocks have been written. */
  #interrupt(): void {
    for (const { file, bytes, position } of this.#underWay) {
      if (position + bytes.length - file.size > this.behaviour.capacity - this.used) continue
      file.write(bytes, position, () => this.#random.chance(0.5))
    }
    this.#underWay.clear()
  }
}

/** The answer of the disk to a dead process: none. */
function never(): Promise<never> {
  return new Promise(() => {})
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const piece of pieces) length += piece.length
  const all = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
