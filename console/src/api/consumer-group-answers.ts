/** Consumer groups as the HTTP API and /stream answer them, as far as the console uses that. */
export type ConsumerGroupState = 'empty' | 'stable' | 'rebalancing'

export interface ListedConsumerGroup {
  readonly group: string
  readonly state: ConsumerGroupState
  readonly members: number
  readonly topics: readonly string[]
  /** Records; -1: not known. */
  readonly lag: number
  /** Records that handlers hold longer than they should. */
  readonly stuck: number
}

export interface ConsumerGroupList {
  readonly groups: readonly ListedConsumerGroup[]
  readonly more: number
}

export interface StuckRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly sinceMs: number
}

export interface ConsumerGroupMember {
  readonly id: string
  /** Empty: it has no name that stays. */
  readonly instance: string
  readonly clientId: string
  readonly host: string
  readonly principal: string
  readonly topics: readonly string[]
  readonly patterns: readonly string[]
  readonly stuck: readonly StuckRecord[]
}

export interface ConsumerGroupProgress {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  /** Empty: nobody has it. */
  readonly member: string
  readonly token: number
  /** The committed position; -1: none. */
  readonly offset: number
  /** 0: never. */
  readonly committedAt: number
  /** -1: not known. */
  readonly end: number
  /** Records; -1: not known, or there is no position. */
  readonly lag: number
}

export interface ConsumerGroup {
  readonly group: string
  readonly state: ConsumerGroupState
  readonly members: readonly ConsumerGroupMember[]
  readonly partitions: readonly ConsumerGroupProgress[]
  /** Records that are to come again later. */
  readonly delayed: number
}

/** Where a reset moves a position, or would. */
export interface MovedPosition {
  readonly topic: string
  readonly partition: number
  /** -1: there is none yet. */
  readonly from: number
  readonly offset: number
}

export interface ResetAnswer {
  readonly positions: readonly MovedPosition[]
}
