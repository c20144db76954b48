import { type Disk, DiskError, type DiskFile } from '../disk.ts'
import { MemoryContent } from './memory-file.ts'

export type DiskOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'
  | 'close'
  | 'rename'
  | 'remove'
  | 'syncFolder'

interface NameChange {
  readonly folder: string
  apply(names: Map<string, MemoryContent>): void
}

export interface MemoryDiskOptions {
  /** Awaited before each operation: a simulator's way to give the disk a speed. */
  readonly pace?: () => Promise<void>
}

/**
 * A disk in memory that forgets like a real one: a crash keeps synced bytes, and of the rest any subset of 4 KiB pages
 * and any leading part of the changes of names in each folder. Faults can be put in. Also the disk of the simulator.
 */
export class MemoryDisk implements Disk {
  /** Bytes that may still be written; writes that grow a file lower it, removals raise it. */
  freeBytes = Number.MAX_SAFE_INTEGER
  /** Counts operations that change something or make it durable. */
  operations = 0
  /** When set, is asked before each operation; may throw the error that the operation shall reject with. */
  onOperation: ((operation: DiskOperation, path: string) => void) | null = null
  readonly #pace: () => Promise<void>
  #names = new Map<string, MemoryContent>()
  #syncedNames = new Map<string, MemoryContent>()
  #changes: NameChange[] = []
  readonly #folders = new Set<string>()
  readonly #locks = new Set<string>()
  /** Rises with every crash; files opened before are dead. */
  #life = 0
  #haltAt = Number.POSITIVE_INFINITY

  constructor(options: MemoryDiskOptions = {}) {
    this.#pace = options.pace ?? (() => Promise.resolve())
  }

  /**
   * After so many more changing operations the machine stands still: no operation is carried out or answered until
   * `crash`.
   */
  haltAfter(operations: number): void {
    this.#haltAt = this.operations + operations
  }

  get halted(): boolean {
    return this.operations >= this.#haltAt
  }

  /** Power failure and restart. `below(n)` gives a number from 0 to n - 1 and decides which writes were lost. */
  crash(below: (bound: number) => number): void {
    this.#life++
    this.#haltAt = Number.POSITIVE_INFINITY
    const kept = new Map<string, number>()
    for (const { folder } of this.#changes) kept.set(folder, (kept.get(folder) ?? 0) + 1)
    for (const [folder, count] of kept) kept.set(folder, below(count + 1))
    for (const change of this.#changes) {
      const left = kept.get(change.folder)!
      kept.set(change.folder, left - 1)
      if (left > 0) change.apply(this.#syncedNames)
    }
    this.#changes = []
    this.#names = new Map(this.#syncedNames)
    for (const content of new Set(this.#names.values())) content.crash(below)
    this.#locks.clear()
  }

  /**
   * The disk as the processes of this life see it: after the next crash it never answers, as dead processes ask for
   * nothing.
   */
  mount(): Disk {
    const life = this.#life
    const alive = <Arguments extends unknown[], Result>(work: (...args: Arguments) => Promise<Result>) => {
      return (...args: Arguments): Promise<Result> => (life === this.#life ? work.apply(this, args) : never())
    }
    return {
      open: alive(this.open),
      list: alive(this.list),
      makeFolder: alive(this.makeFolder),
      rename: alive(this.rename),
      remove: alive(this.remove),
      syncFolder: alive(this.syncFolder),
      size: alive(this.size),
      free: alive(this.free),
      lock: alive(this.lock),
    }
  }

  flip(path: string, position: number, bit: number): void {
    this.#find(path).flip(position, bit)
  }

  paths(): string[] {
    return [...this.#names.keys()]
  }

  async open(path: string): Promise<DiskFile> {
    await this.#begin('open', path, false)
    if (!this.#folders.has(folderOf(path))) throw new DiskError('gone', `no folder for ${path}`)
    let content = this.#names.get(path)
    if (content === undefined) {
      content = new MemoryContent()
      const created = content
      this.#change({ folder: folderOf(path), apply: (names) => names.set(path, created) })
    }
    return this.#handle(path, content)
  }

  async list(folder: string): Promise<string[]> {
    const prefix = `${folder}/`
    const found = new Set<string>()
    for (const path of [...this.#names.keys(), ...this.#folders]) {
      if (path.startsWith(prefix)) found.add(path.slice(prefix.length).split('/')[0]!)
    }
    return [...found]
  }

  async makeFolder(folder: string): Promise<void> {
    for (let path = folder; path !== '' && path !== '.' && !this.#folders.has(path); path = folderOf(path)) {
      this.#folders.add(path)
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#begin('rename', from, true)
    const content = this.#find(from)
    this.#change({
      folder: folderOf(to),
      apply: (names) => {
        names.delete(from)
        names.set(to, content)
      },
    })
  }

  async remove(path: string): Promise<void> {
    await this.#begin('remove', path, true)
    for (const folder of [...this.#folders]) if (isWithin(folder, path)) this.#folders.delete(folder)
    for (const [name, content] of this.#names) if (isWithin(name, path)) this.freeBytes += content.size
    this.#change({
      folder: folderOf(path),
      apply: (names) => {
        for (const name of [...names.keys()]) if (isWithin(name, path)) names.delete(name)
      },
    })
    // Names that a removed folder has lost in the meantime are lost with it.
    this.#changes = this.#changes.filter((change) => !isWithin(change.folder, path))
  }

  async syncFolder(folder: string): Promise<void> {
    await this.#begin('syncFolder', folder, true)
    for (const change of this.#changes) if (change.folder === folder) change.apply(this.#syncedNames)
    this.#changes = this.#changes.filter((change) => change.folder !== folder)
  }

  async size(path: string): Promise<number | null> {
    return this.#names.get(path)?.size ?? null
  }

  async free(_folder: string): Promise<number> {
    return this.freeBytes
  }

  async lock(folder: string): Promise<void> {
    if (this.#locks.has(folder)) throw new DiskError('locked', `another broker uses ${folder}`)
    this.#locks.add(folder)
  }

  #handle(path: string, content: MemoryContent): DiskFile {
    const life = this.#life
    const begin = async (operation: DiskOperation, changes: boolean): Promise<void> => {
      if (life !== this.#life) await never()
      await this.#begin(operation, path, changes)
    }
    return {
      path,
      read: async (into, position) => {
        await begin('read', false)
        return content.read(into, position)
      },
      write: async (pieces, position) => {
        await begin('write', true)
        let at = position
        for (const piece of pieces) at += piece.length
        this.#takeSpace(path, at - content.size)
        at = position
        for (const piece of pieces) {
          content.write(piece, at)
          at += piece.length
        }
      },
      sync: async () => {
        await begin('sync', true)
        content.sync()
      },
      truncate: async (size) => {
        await begin('truncate', true)
        this.freeBytes += Math.max(0, content.size - size)
        content.truncate(size)
      },
      size: async () => content.size,
      close: () => begin('close', false),
    }
  }

  async #begin(operation: DiskOperation, path: string, changes: boolean): Promise<void> {
    const life = this.#life
    await this.#pace()
    if (this.halted || life !== this.#life) await never()
    this.onOperation?.(operation, path)
    if (changes) this.operations++
  }

  #takeSpace(path: string, growth: number): void {
    if (growth <= 0) return
    if (growth > this.freeBytes) throw new DiskError('full', `no space for ${path}`)
    this.freeBytes -= growth
  }

  #change(change: NameChange): void {
    change.apply(this.#names)
    this.#changes.push(change)
  }

  #find(path: string): MemoryContent {
    const content = this.#names.get(path)
    if (content === undefined) throw new DiskError('gone', `no file ${path}`)
    return content
  }
}

/**
 * The answer of a machine that has lost its power: none. One promise for all would keep every caller that ever waited
 * for it in memory.
 */
function never(): Promise<never> {
  return new Promise(() => {})
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}
