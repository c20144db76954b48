/** A file that HTTP serves as it is. */
export interface StaticFile {
  readonly type: string
  readonly bytes: Uint8Array
  /** In gzip; null: it does not get smaller. */
  readonly gzip: Uint8Array | null
  /** Its name changes with its content. */
  readonly immutable: boolean
}

/** By their paths, like `assets/app.js`. */
export type StaticFiles = ReadonlyMap<string, StaticFile>
