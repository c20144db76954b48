import avsc, { type AvroType, type Options, type Resolver, type Tap } from 'avsc/etc/browser/avsc-types.js'

/**
 * The only file that touches avsc: a second implementation of Avro, with which the tests compare the generated codecs
 * and the resolution of schemas. Here it has the limits and the unions of this protocol.
 */
export type { AvroType, Resolver }

const MAX_KEPT_SCRATCH_BYTES = 1024 * 1024

/**
 * avsc trusts counts: an array that claims 2^32 items is allocated and read past the end of the buffer. Here a count is
 * checked before an item is read: against the bytes that are there, since every item of ours takes at least one, and
 * against `most`, `maxItems` of the reader's schema, since one byte becomes some ten bytes of objects. Overrides avsc's
 * internals; list-bounds.test.ts fails if they change.
 */
function arrayType(schema: object, options: Options, most: number): AvroType {
  class BoundedArrayType extends avsc.types.ArrayType {
    /** `this` is an array type or a resolver for one, both of which have `itemsType`. */
    override _read(this: { readonly itemsType?: AvroType }, tap: Tap): unknown[] {
      const items: unknown[] = []
      for (let count = blockCount(tap, 0, most); count > 0; count = blockCount(tap, items.length, most)) {
        while (count-- > 0) items.push(this.itemsType!._read(tap))
      }
      return items
    }

    /** No object is built for skipped items, so their bytes are limit enough. */
    override _skip(tap: Tap): void {
      let skipped = 0
      for (let count = blockCount(tap, 0, Infinity); count > 0; count = blockCount(tap, skipped, Infinity)) {
        skipped += count
        while (count-- > 0) this.itemsType!._skip(tap)
      }
    }
  }
  return new BoundedArrayType(schema, options)
}

/**
 * Items in the next block of an array; a negative count is followed by the size of the block, which is not needed here.
 */
function blockCount(tap: Tap, before: number, most: number): number {
  let count = tap.readLong()
  if (count < 0) {
    count = -count
    tap.skipLong()
  }
  if (!(count <= tap.buf.length - tap.pos) || before + count > tap.buf.length)
    throw new RangeError(`an array of ${count} items`)
  if (before + count > most) throw new RangeError(`an array of ${before + count} items, ${most} are allowed`)
  return count
}

/**
 * A union of records, one of which a value is. avsc refuses a writer whose union has a record that the reader does not
 * know. Here such a record is skipped where it comes, and gives its name and null, so that the two can work together
 * and the reader can say what it does not know.
 */
class RecordUnionType extends avsc.types.WrappedUnionType {
  override createResolver(writer: AvroType, options?: object): Resolver {
    if (writer.types === undefined) return super.createResolver(writer, options)
    const own = new Set(this.types!.map(({ branchName }) => branchName))
    const readers = writer.types.map((branch) =>
      own.has(branch.branchName) ? super.createResolver(branch, options) : unknownBranch(branch),
    )
    return {
      _read(tap) {
        const reader = readers[tap.readLong()]
        if (reader === undefined) throw new RangeError('a branch that the union does not have')
        return reader._read(tap)
      },
    }
  }
}

function unknownBranch(branch: AvroType): Resolver {
  return {
    _read(tap) {
      branch._skip(tap)
      return { [branch.branchName!]: null }
    },
  }
}

function isRecordUnion(schema: readonly unknown[]): boolean {
  return schema.length > 1 && schema.every((branch) => (branch as { type?: unknown } | null)?.type === 'record')
}

/** avsc checks the range of an int when it writes, but not when it reads. */
class CheckedIntType extends avsc.types.IntType {
  override _read(tap: Tap): number {
    const value = tap.readLong()
    if (value !== (value | 0)) throw new RangeError(`${value} as an int`)
    return value
  }
}

function safeTypes(schema: unknown, options: Options): AvroType | undefined {
  if (schema === 'int') return new CheckedIntType()
  if (Array.isArray(schema) && isRecordUnion(schema)) return new RecordUnionType(schema, options)
  if (typeof schema !== 'object' || schema === null || !('type' in schema)) return undefined
  if (schema.type === 'int') return new CheckedIntType()
  if (schema.type === 'array') {
    const most = (schema as { readonly maxItems?: unknown }).maxItems
    return arrayType(schema, options, typeof most === 'number' ? most : Infinity)
  }
  // Their counts are trusted too, and no message needs one.
  if (schema.type === 'map') throw new TypeError('maps are not used in this protocol')
  return undefined
}

/** Compiles a schema. Throws the errors of avsc when it is not one. */
export function compile(schema: unknown): AvroType {
  return avsc.Type.forSchema(schema, { typeHook: safeTypes, omitRecordMethods: true })
}

let scratch = Buffer.allocUnsafeSlow(4096)

/**
 * Encodes `value` behind `reserved` bytes that are left for the caller. Throws the errors of avsc when a field does not
 * fit its type.
 */
export function encode(type: AvroType, value: unknown, reserved: number): Uint8Array {
  let buffer = scratch
  let end = type.encode(value, buffer, 0)
  while (end < 0) {
    buffer = Buffer.allocUnsafeSlow(Math.max(buffer.length - end, buffer.length * 2))
    if (buffer.length <= MAX_KEPT_SCRATCH_BYTES) scratch = buffer
    end = type.encode(value, buffer, 0)
  }
  const bytes = new Uint8Array(reserved + end)
  bytes.set(buffer.subarray(0, end), reserved)
  return bytes
}

/** Decodes all of `bytes`. Throws the errors of avsc, or a RangeError, when they are not exactly one value. */
export function decode(type: AvroType, bytes: Uint8Array, resolver?: Resolver): unknown {
  return type.fromBuffer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), resolver)
}
