/** The part of rocksdb-native that the state store uses; the package has no types of its own. */
declare module 'rocksdb-native' {
  interface WriteBatch {
    tryPut(key: string, value: Uint8Array): void
    tryDelete(key: string): void
    flush(): Promise<void>
  }

  export interface ReadBatch {
    get(key: string): Promise<Buffer | null>
    tryFlush(): void
  }

  export default class RocksDB {
    constructor(
      path: string,
      options: {
        writeBufferSize: number
        maxWriteBufferNumber: number
        maxOpenFiles: number
        maxBackgroundJobs: number
        maxFileOpeningThreads: number
        /** No file of the folder is written or made. */
        readOnly?: boolean
        createIfMissing?: boolean
      },
    )
    ready(): Promise<void>
    get(key: string): Promise<Buffer | null>
    read(options: { capacity: number; autoDestroy: boolean }): ReadBatch
    write(options: { capacity: number; autoDestroy: boolean }): WriteBatch
    /** Writes the memory table to a file. */
    flush(): Promise<void>
    snapshot(): RocksDB
    iterator(
      range: { gte: string; lt: string },
      options: { capacity: number },
    ): AsyncIterable<{ key: Buffer; value: Buffer }>
    readonly closed: boolean
    /** `force`: snapshots and iterators end with it. */
    close(options?: { force?: boolean }): Promise<void>
  }
}
