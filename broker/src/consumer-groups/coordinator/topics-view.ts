/** A topic as a coordinator needs it. */
export interface KnownTopic {
  readonly name: string
  readonly id: string
  readonly partitions: readonly unknown[]
}

/** The topics of the cluster, as this broker knows them now. */
export interface TopicsView {
  readonly topics: ReadonlyMap<string, KnownTopic>
  readonly topicsById: ReadonlyMap<string, KnownTopic>
}
