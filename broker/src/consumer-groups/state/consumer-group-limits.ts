/**
 * What one coordinator keeps at most, so that its memory is bounded. The first group of limits belongs to the format of
 * the commands: a command beyond them is refused before it is proposed. The others are looked at when it is applied.
 */
export const consumerGroupLimits = {
  /** Characters of the id of a group, of an instance, a client id and a host. */
  nameLength: 255,
  /** Characters of the id of a member. */
  memberIdLength: 100,
  principalLength: 1000,
  /** Characters of the connections that a beat has come on. */
  viaLength: 1000,
  /** Topics that a subscription names. */
  topics: 1000,
  patterns: 100,
  patternLength: 1000,
  /** Positions of one commit. */
  positions: 10_000,
  /** Bytes of the metadata of a position, in UTF-8. */
  metadataBytes: 4096,
  /** Partitions of all topics of a group. */
  partitions: 10_000,
  minSessionMs: 100,
  maxSessionMs: 1_800_000,
  maxDelayMs: 2_592_000_000,

  /** Groups of one coordinator. */
  groups: 10_000,
  members: 1000,
  /** Records of one group that are to come again later. */
  delayed: 10_000,
  /** Of all groups of one coordinator together, as `ConsumerGroup.bytes` estimates it. */
  bytes: 128 * 1024 * 1024,
} as const
