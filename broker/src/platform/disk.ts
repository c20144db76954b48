/**
 * The part of a file system that the log needs. Paths are absolute or relative to the process, with '/'. Every method
 * may reject with a DiskError; after a failed `sync` the file's content is unknown and the broker must stop writing to
 * it.
 */
export interface Disk {
  /** Opens for reading and writing, creating the file (not its folder) where it is missing. */
  open(path: string): Promise<DiskFile>
  /** Names in a folder, unsorted; empty if the folder does not exist. */
  list(folder: string): Promise<string[]>
  /** Creates the folder and its parents. */
  makeFolder(folder: string): Promise<void>
  /** Atomically replaces `to`. Durable after `syncFolder` of the folder. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file, or a folder with all it holds; no error if it is missing. */
  remove(path: string): Promise<void>
  /** Makes creations, renames and removals in a folder durable. */
  syncFolder(folder: string): Promise<void>
  /** Size in bytes, or null if there is no such file. */
  size(path: string): Promise<number | null>
  /** Bytes that may still be written to the file system that holds `folder`. */
  free(folder: string): Promise<number>
  /**
   * Takes an exclusive lock on the folder for this process's life, so that two brokers never share it; throws if it is
   * taken.
   */
  lock(folder: string): Promise<void>
}

export interface DiskFile {
  readonly path: string
  /** Reads up to `into.length` bytes at `position`; returns the count, less only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Writes all the pieces back to back at `position`. Pieces must not change until it resolves. */
  write(pieces: readonly Uint8Array[], position: number): Promise<void>
  /**
   * As `write`, and these bytes (with the size needed to read them) are durable when it resolves, other bytes of the
   * file need not be. Only where that costs less than a write and a `sync`. After a rejection they may be there or not;
   * writing them again is sound.
   */
  writeDurably?(bytes: Uint8Array, position: number): Promise<void>
  /** Makes data (and the size needed to read it) durable: fdatasync. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

const refusals: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOMEM'])

/** Whether the system has refused the file to this process (rights, descriptors, memory): its bytes may be sound. */
export function isRefusal(error: unknown): boolean {
  return error instanceof DiskError && refusals.has((error.cause as { code?: unknown } | undefined)?.code)
}

/** `full`: no space left. `gone`: no such file. `failed`: anything else, the cause attached. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly kind: 'full' | 'gone' | 'locked' | 'failed'
  constructor(kind: 'full' | 'gone' | 'locked' | 'failed', message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
