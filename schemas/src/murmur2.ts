import type { PartitionNumber } from './ids.ts'

/** Kafka's murmur2 (org.apache.kafka.common.utils.Utils) as a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const multiplier = 0x5bd1e995
  const length = bytes.length
  const wholeWords = length & ~3
  let hash = 0x9747b28c ^ length
  for (let at = 0; at < wholeWords; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    word = Math.imul(word, multiplier)
    word ^= word >>> 24
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier)
  }
  const left = length - wholeWords
  if (left > 2) hash ^= bytes[wholeWords + 2]! << 16
  if (left > 1) hash ^= bytes[wholeWords + 1]! << 8
  if (left > 0) hash = Math.imul(hash ^ bytes[wholeWords]!, multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

/** The partition that Kafka's default partitioner gives a key, so that records land where Kafka clients put them. */
export function partitionForKey(key: Uint8Array, partitions: number): PartitionNumber {
  return (murmur2(key) & 0x7fffffff) % partitions
}
