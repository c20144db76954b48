import type { AvroWriter, Fields } from './writer.ts'

/** The name of the record of a union that a value holds as its only key. Throws a TypeError. */
export function onlyKey(to: AvroWriter, value: Fields): string {
  const [name, ...more] = Object.keys(value)
  if (name === undefined || more.length > 0) to.invalid('record of a union', value)
  return name
}
