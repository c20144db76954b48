/** Where backups are kept. Paths are relative to its root, with '/'. All methods may reject with DiskError. */
export interface BackupStore {
  /** For people: what a path is called outside. */
  nameOf(path: string): string
  /** Names of files and folders in a folder; empty if there is none. */
  list(folder: string): Promise<string[]>
  /**
   * All its bytes; null: there is no such file.
   * @throws CommandFailure STORAGE_CORRUPT when it has more than `mostBytes`, before they are read
   */
  read(path: string, mostBytes: number): Promise<Uint8Array | null>
  /** Its last bytes, so many of them, or all that it has; null: there is no such file. */
  readEnd(path: string, bytes: number): Promise<Uint8Array | null>
  /** Writes a file whole or not at all; durable when it resolves. */
  write(path: string, bytes: Uint8Array): Promise<void>
  /** Removes from a folder what interrupted writes have left there. */
  removeUnfinished(folder: string): Promise<void>
}
