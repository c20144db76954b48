/**
 * Number types with a flavour: a plain number is accepted, but an Offset is not accepted where a LogIndex is meant.
 * All are safe integers; code that turns bytes into one of them checks the range there (docs/design.md).
 */
type Flavour<Name extends string> = number & { readonly __flavour?: Name }

/** A record's position in its partition. Counts records, gapless from 0. */
export type Offset = Flavour<'offset'>
/** An entry's position in its Raft log. Counts entries, from 1; 0 means "before the first entry". */
export type LogIndex = Flavour<'index'>
/** A Raft term; fits int32 because it travels as the batch's partitionLeaderEpoch. 0 means "no term yet". */
export type Term = Flavour<'term'>
/** A broker's number, 1 to 2^31-1. 0 means "none". */
export type BrokerId = Flavour<'broker'>
/** A Raft group. 0 is the metadata group; partitions get numbers from 1 that are never used again. */
export type GroupId = Flavour<'group'>
/** A partition's number within its topic, from 0. */
export type PartitionNumber = Flavour<'partition'>
/** A producer's identity, handed out by the metadata group. -1 means "not idempotent". */
export type ProducerId = Flavour<'producer'>
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Timestamp = Flavour<'timestamp'>

export const NO_BROKER: BrokerId = 0
export const METADATA_GROUP: GroupId = 0
export const NO_PRODUCER: ProducerId = -1
