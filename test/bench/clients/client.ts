/** What is measured of a client library: the plainest way to publish and to read that its own README shows. */
export interface MeasuredClient {
  /** A topic of one partition with three replicas. */
  createTopic(topic: string): Promise<void>
  /** One record by one call; resolves when it is acknowledged. */
  send(topic: string, value: Uint8Array): Promise<unknown>
  /** Many by one call, where the client has one. */
  sendAll(topic: string, values: readonly Uint8Array[]): Promise<unknown>
  /** From the first record on; resolves when `count` have come. */
  read(topic: string, count: number): Promise<void>
  close(): Promise<void>
}

/** How to reach a system, and where the libraries are that are not Tailrace's. */
export interface Reach {
  readonly servers: readonly string[]
  /** A folder with a package.json in which the libraries are installed. */
  readonly modules: string
  /** Topics of Kafka are made with flush.messages=1. */
  readonly synced: boolean
}

export type OpenClient = (reach: Reach) => Promise<MeasuredClient>
