// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
import type { Message } from '../../messages.ts'
import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
import {
  readString,
  writeString,
} from './shared.ts'

export function readNodeBeat(from: AvroReader): Message<'NodeBeat'> {
  return {
    led: from.long(),
    ledDigest: from.long(),
    followed: from.long(),
    followedDigest: from.long(),
    durable: from.long(),
  }
}
export function writeNodeBeat(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.long(value.led)
  to.long(value.ledDigest)
  to.long(value.followed)
  to.long(value.followedDigest)
  to.long(value.durable === undefined ? 0 : value.durable)
}

export function readLives(from: AvroReader): Message<'Lives'> {
  return {
    directoryId: from.string(),
    lives: from.list(2000, readString),
    atoned: from.list(2000, readString),
    recovered: from.long(),
  }
}
export function writeLives(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.directoryId)
  to.list(value.lives, writeString)
  to.list(value.atoned, writeString)
  to.long(value.recovered)
}

export function readWitness(from: AvroReader): Message<'Witness'> {
  return {
    directoryId: from.string(),
    life: from.string(),
    durable: from.long(),
  }
}
export function writeWitness(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  to.string(value.directoryId)
  to.string(value.life)
  to.long(value.durable)
}
