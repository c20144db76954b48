import type { Crypto } from '../../platform/crypto.ts'
import { UsageError } from '../command-failure.ts'
import { isFileName, MANIFESTS, MOST_MANIFEST_BYTES, manifestFile, nameOfManifest } from './backup-files.ts'
import type { Backup } from './backup-shape.ts'
import type { BackupStore } from './backup-store.ts'
import { damaged, MANIFEST_HINT } from './damage.ts'
import { readManifest } from './manifest.ts'

export interface NamedBackup {
  readonly name: string
  readonly backup: Backup
}

/** A backup whose manifest cannot be read. */
export interface UnreadableBackup {
  readonly name: string
  readonly error: unknown
}

/** The backups in a store. */
export class ExistingBackups {
  readonly #store: BackupStore
  readonly #crypto: Pick<Crypto, 'hash'>

  constructor(store: BackupStore, crypto: Pick<Crypto, 'hash'>) {
    this.#store = store
    this.#crypto = crypto
  }

  /** Sorted. */
  async names(): Promise<string[]> {
    const files = await this.#store.list(MANIFESTS)
    return files.flatMap((file) => nameOfManifest(file) ?? []).sort()
  }

  /** One at a time: a manifest can be long. In the order of their names. */
  async *all(): AsyncGenerator<NamedBackup | UnreadableBackup> {
    for (const name of await this.names()) {
      yield await this.#read(name).then(
        (backup) => ({ name, backup }),
        (error: unknown) => ({ name, error }),
      )
    }
  }

  /**
   * The one of that name; undefined: the one that was begun last. An unreadable one could be the last one, so all of
   * them must be readable then.
   * @throws UsageError; CommandFailure STORAGE_CORRUPT, NEWER_FORMAT; DiskError
   */
  async choose(wanted: string | undefined): Promise<NamedBackup> {
    if (wanted !== undefined) {
      checkName(wanted)
      const names = await this.names()
      if (names.includes(wanted)) return { name: wanted, backup: await this.#read(wanted) }
      throw this.#unknown(` ${wanted}`, names)
    }
    let last: NamedBackup | null = null
    for await (const found of this.all()) {
      if ('error' in found) throw found.error
      if (last === null || found.backup.startedAt >= last.backup.startedAt) last = found
    }
    if (last === null) throw this.#unknown('', [])
    return last
  }

  async #read(name: string): Promise<Backup> {
    const path = this.#store.nameOf(manifestFile(name))
    const bytes = await this.#store.read(manifestFile(name), MOST_MANIFEST_BYTES)
    if (bytes === null) throw damaged(path, 'it is missing', MANIFEST_HINT)
    return readManifest(new TextDecoder().decode(bytes), path, this.#crypto)
  }

  #unknown(name: string, names: readonly string[]): UsageError {
    const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
    return new UsageError(`there is no backup${name} in ${this.#store.nameOf('').replace(/\/$/, '')}: ${known}`)
  }
}

/** @throws UsageError */
export function checkName(name: string): void {
  if (!isFileName(name))
    throw new UsageError(`a backup cannot be called ${JSON.stringify(name)}: letters, digits and ._- make a name`)
}
