import type { AvroReader } from './reader.ts'
import { type AvroField, type AvroType, isRecordUnion, type RecordType } from './schema.ts'

export type Read = (from: AvroReader) => unknown

/**
 * How values of a writer's schema are read as values of the reader's, by Avro's rules of schema resolution: fields that
 * the reader lacks are skipped, fields that the writer lacks take the reader's default, an int may be read as a long.
 * Of Avro's other promotions no message makes use: they are refused.
 *
 * A record of a union of records that the reader does not know is skipped where it comes, and gives its name and null,
 * so that the two can work together and the reader can say what it does not know.
 * @throws TypeError when the two do not go together
 */
export function resolve(reader: AvroType, writer: AvroType): Read {
  return new Resolution().read(reader, writer)
}

class Resolution {
  /** By the reader's type and the writer's: a record that is used in many places is resolved once. */
  readonly #reads = new Map<AvroType, Map<AvroType, Read>>()
  readonly #skips = new Map<AvroType, (from: AvroReader) => void>()

  read(reader: AvroType, writer: AvroType): Read {
    const known = this.#reads.get(reader)?.get(writer)
    if (known !== undefined) return known
    const read = writer.kind === 'union' ? this.#readUnion(reader, writer.branches) : this.#readOne(reader, writer)
    const ofReader = this.#reads.get(reader) ?? new Map<AvroType, Read>()
    this.#reads.set(reader, ofReader.set(writer, read))
    return read
  }

  /** Every branch of the writer's must fit: any of them may come. */
  #readUnion(reader: AvroType, branches: readonly AvroType[]): Read {
    const reads = branches.map((branch) => {
      if (reader.kind === 'union' && isRecordUnion(reader) && branch.kind === 'record' && !namedIn(reader, branch))
        return this.#readUnknown(branch)
      return this.read(reader, branch)
    })
    return (from) => reads[from.branch(reads.length)]!(from)
  }

  #readUnknown(branch: RecordType): Read {
    const skip = this.#skip(branch)
    return (from) => {
      skip(from)
      return { [branch.name]: null }
    }
  }

  /** `writer` is no union. */
  #readOne(reader: AvroType, writer: AvroType): Read {
    if (reader.kind === 'union') {
      const branch = namedIn(reader, writer) ?? unfit(reader, writer)
      const read = this.read(branch, writer)
      return isRecordUnion(reader) ? (from) => ({ [(branch as RecordType).name]: read(from) }) : read
    }
    if (reader.kind === 'record' && writer.kind === 'record' && reader.name === writer.name)
      return this.#readRecord(reader, writer)
    if (reader.kind === 'array' && writer.kind === 'array') {
      const item = this.read(reader.items, writer.items)
      return (from) => from.list(reader.most, item)
    }
    if (reader.kind === 'enum' && writer.kind === 'enum' && reader.name === writer.name) {
      const { symbols } = writer
      if (symbols.every((symbol) => reader.symbols.includes(symbol))) return (from) => from.symbol(symbols)
    }
    if (!fits(reader, writer)) unfit(reader, writer)
    return primitiveReads[reader.kind] ?? unfit(reader, writer)
  }

  #readRecord(reader: RecordType, writer: RecordType): Read {
    const own = new Map(reader.fields.map((field) => [field.name, field]))
    const steps = writer.fields.map(({ name, type }) => {
      const field = own.get(name)
      return field === undefined ? { name: null, read: this.#skip(type) } : { name, read: this.read(field.type, type) }
    })
    const written = new Set(writer.fields.map(({ name }) => name))
    const missing = reader.fields.filter(({ name }) => !written.has(name))
    // All fields from the start, so that the values of a message have one order of fields.
    const template = Object.fromEntries(reader.fields.map(({ name }) => [name, undefined as unknown]))
    for (const field of missing) template[field.name] = defaultOf(field, reader.name)
    const lists = missing.filter(({ default: value }) => Array.isArray(value))
    return (from) => {
      const value = { ...template }
      for (const { name } of lists) value[name] = []
      for (const { name, read } of steps) {
        const part = read(from)
        if (name !== null) value[name] = part
      }
      return value
    }
  }

  #skip(type: AvroType): (from: AvroReader) => void {
    const known = this.#skips.get(type)
    if (known !== undefined) return known
    const skip = this.#newSkip(type)
    this.#skips.set(type, skip)
    return skip
  }

  #newSkip(type: AvroType): (from: AvroReader) => void {
    // However many they are: a few bytes of schema can say 2^30 of them.
    if (type.empty) return () => {}
    switch (type.kind) {
      case 'record': {
        const skips = type.fields.filter(({ type: { empty } }) => !empty).map((field) => this.#skip(field.type))
        return (from) => {
          for (const skip of skips) skip(from)
        }
      }
      case 'array':
        return skipArray(type.items.empty ? null : this.#skip(type.items))
      case 'union': {
        const skips = type.branches.map((branch) => this.#skip(branch))
        return (from) => skips[from.branch(skips.length)]!(from)
      }
      case 'fixed':
        return (from) => from.skip(type.size)
      default:
        return primitiveSkips[type.kind]
    }
  }
}

/** No object is built for skipped items, so their bytes are limit enough. */
function skipArray(skipItem: ((from: AvroReader) => void) | null): (from: AvroReader) => void {
  return (from) => {
    let skipped = 0
    for (let count = from.block(0, Infinity); count > 0; count = from.block(skipped, Infinity)) {
      skipped += count
      if (skipItem !== null) while (count-- > 0) skipItem(from)
    }
  }
}

/** The branch of a union that reads what the writer writes. */
function namedIn(union: Extract<AvroType, { kind: 'union' }>, writer: AvroType): AvroType | undefined {
  return union.branches.find((branch) =>
    'name' in branch && 'name' in writer ? branch.name === writer.name : fits(branch, writer),
  )
}

function fits(reader: AvroType, writer: AvroType): boolean {
  return reader.kind === writer.kind || (reader.kind === 'long' && writer.kind === 'int')
}

function defaultOf(field: AvroField, record: string): unknown {
  const { name, default: value } = field
  if (value === undefined) throw new TypeError(`${record}.${name} is missing and has no default`)
  // Our own schemas have null, scalars and empty lists.
  const isEmptyList = Array.isArray(value) && value.length === 0
  if (typeof value === 'object' && value !== null && !isEmptyList)
    throw new TypeError(`the default of ${record}.${name}`)
  return value
}

function unfit(reader: AvroType, writer: AvroType): never {
  const shown = (type: AvroType): string => ('name' in type ? `${type.kind} ${type.name}` : type.kind)
  throw new TypeError(`${shown(writer)} cannot be read as ${shown(reader)}`)
}

const primitiveReads: Partial<Record<AvroType['kind'], Read>> = {
  null: () => null,
  boolean: (from) => from.boolean(),
  int: (from) => from.int(),
  long: (from) => from.long(),
  string: (from) => from.string(),
}

const primitiveSkips = {
  null: () => {},
  boolean: (from: AvroReader) => from.skip(1),
  int: (from: AvroReader) => from.skipLong(),
  long: (from: AvroReader) => from.skipLong(),
  float: (from: AvroReader) => from.skip(4),
  double: (from: AvroReader) => from.skip(8),
  bytes: (from: AvroReader) => from.skipString(),
  string: (from: AvroReader) => from.skipString(),
  enum: (from: AvroReader) => from.skipLong(),
} as const
