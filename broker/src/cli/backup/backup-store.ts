/** Where backups are kept. Paths are relative to its root, with '/'. */
export interface BackupStore {
  /** For people: what a path is called outside. */
  nameOf(path: string): string
  /** Names of files and folders in a folder; empty if there is none. */
  list(folder: string): Promise<string[]>
  /** All its bytes; null: there is no such file. */
  read(path: string): Promise<Uint8Array | null>
  /** Writes a file whole or not at all; durable when it resolves. */
  write(path: string, bytes: Uint8Array): Promise<void>
}
