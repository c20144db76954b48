/**
 * The types-only entry of avsc, which needs no file system; avsc ships no typings for it. Just what avro/avsc-codec.ts uses.
 */
declare module 'avsc/etc/browser/avsc-types.js' {
  export interface Tap {
    readonly buf: Uint8Array
    pos: number
    readLong(): number
    skipLong(): void
  }
  export interface Resolver {
    readonly itemsType?: AvroType
    _read(tap: Tap): unknown
  }
  export interface AvroType {
    readonly name?: string
    /** The name under which it stands in a union. */
    readonly branchName?: string
    readonly itemsType?: AvroType
    /** Of a union. */
    readonly types?: readonly AvroType[]
    _read(tap: Tap): unknown
    _skip(tap: Tap): void
    /** Returns the end, or minus the number of missing bytes. */
    encode(value: unknown, buffer: Uint8Array, at: number): number
    fromBuffer(buffer: Uint8Array, resolver?: Resolver): unknown
    createResolver(writer: AvroType, options?: object): Resolver
  }
  export interface Options {
    readonly typeHook?: (schema: unknown, options: Options) => AvroType | undefined
    readonly omitRecordMethods?: boolean
  }
  const avsc: {
    readonly Type: { forSchema(schema: unknown, options: Options): AvroType }
    readonly types: {
      readonly IntType: new () => AvroType
      readonly ArrayType: new (schema: unknown, options: Options) => AvroType
      readonly WrappedUnionType: new (schema: unknown, options: Options) => AvroType
    }
  }
  export default avsc
}
