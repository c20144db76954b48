import { DiskError } from '../../../../broker/src/platform/disk.ts'
import type { SimRandom } from '../../../../testing/src/simulation/sim-random.ts'
import { BlockFile } from './block-file.ts'

interface NameChange {
  readonly folder: string
  apply(names: Map<string, BlockFile>): void
}

/**
 * The names of files, as processes see them and as they would be found after a loss of power: of the changes in a
 * folder that were not synced any leading part survives, as in a file system that writes them to its own journal in
 * order. A new folder is there at once, as with the sync of the first file in it.
 */
export class Names {
  #names = new Map<string, BlockFile>()
  readonly #stored = new Map<string, BlockFile>()
  #changes: NameChange[] = []
  readonly #folders = new Set<string>()

  get(path: string): BlockFile | undefined {
    return this.#names.get(path)
  }

  entries(): IterableIterator<[string, BlockFile]> {
    return this.#names.entries()
  }

  /** @throws DiskError gone: the folder is missing */
  create(path: string): BlockFile {
    const folder = folderOf(path)
    if (!this.#folders.has(folder)) throw new DiskError('gone', `no folder for ${path}`)
    const file = new BlockFile()
    this.#change({ folder, apply: (names) => void names.set(path, file) })
    return file
  }

  list(folder: string): string[] {
    const prefix = `${folder}/`
    const found = new Set<string>()
    for (const path of [...this.#names.keys(), ...this.#folders]) {
      if (path.startsWith(prefix)) found.add(path.slice(prefix.length).split('/')[0]!)
    }
    return [...found]
  }

  makeFolder(folder: string): void {
    for (let path = folder; path !== '' && path !== '.' && !this.#folders.has(path); path = folderOf(path)) {
      this.#folders.add(path)
    }
  }

  /** @throws DiskError gone */
  rename(from: string, to: string): void {
    const file = this.#names.get(from)
    if (file === undefined) throw new DiskError('gone', `no file ${from}`)
    this.#change({
      folder: folderOf(to),
      apply: (names) => {
        names.delete(from)
        names.set(to, file)
      },
    })
  }

  remove(path: string): void {
    for (const folder of [...this.#folders]) if (isWithin(folder, path)) this.#folders.delete(folder)
    // Names that a removed folder has lost in the meantime are lost with it.
    this.#changes = this.#changes.filter((change) => !isWithin(change.folder, path))
    this.#change({
      folder: folderOf(path),
      apply: (names) => {
        for (const name of [...names.keys()]) if (isWithin(name, path)) names.delete(name)
      },
    })
  }

  sync(folder: string): void {
    for (const change of this.#changes) if (change.folder === folder) change.apply(this.#stored)
    this.#changes = this.#changes.filter((change) => change.folder !== folder)
  }

  losePower(random: SimRandom): void {
    const kept = new Map<string, number>()
    for (const { folder } of this.#changes) kept.set(folder, (kept.get(folder) ?? 0) + 1)
    for (const [folder, count] of kept) kept.set(folder, random.below(count + 1))
    for (const change of this.#changes) {
      const left = kept.get(change.folder)!
      kept.set(change.folder, left - 1)
      if (left > 0) change.apply(this.#stored)
    }
    this.#changes = []
    this.#names = new Map(this.#stored)
  }

  /** All files as they are stored, as a copy that later changes do not affect. */
  image(): ReadonlyMap<string, BlockFile> {
    return copied(this.#stored)
  }

  putBack(image: ReadonlyMap<string, BlockFile>): void {
    this.#changes = []
    for (const path of image.keys()) this.makeFolder(folderOf(path))
    this.#stored.clear()
    for (const [path, file] of copied(image)) this.#stored.set(path, file)
    this.#names = new Map(this.#stored)
  }

  #change(change: NameChange): void {
    change.apply(this.#names)
    this.#changes.push(change)
  }
}

function copied(files: ReadonlyMap<string, BlockFile>): Map<string, BlockFile> {
  return new Map([...files].map(([path, file]) => [path, file.copy()]))
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}
