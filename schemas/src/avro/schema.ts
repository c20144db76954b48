/** The types of schemas of Tailrace and of its peers, as a tree; `empty`: a value takes no bytes. */
export type AvroType = { readonly depth: number; readonly empty: boolean } & (
  | { readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string' }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: AvroType; readonly most: number }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | RecordType
)
export interface RecordType {
  readonly depth: number
  readonly empty: boolean
  readonly kind: 'record'
  /** With its namespace. */
  readonly name: string
  readonly fields: readonly AvroField[]
}
export interface AvroField {
  readonly name: string
  readonly type: AvroType
  /** Undefined: it has none. */
  readonly default: unknown
}

/** Ours have six. A peer's schema comes from outside, and is walked by functions that call themselves. */
const MAX_DEPTH = 32
const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
const validName = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/

/**
 * Reads an Avro schema, given as the value of its JSON. Maps, recursive types and types that are nested too deep are
 * refused: no message needs one.
 * @throws TypeError when it is no schema
 */
export function parseSchema(schema: unknown): AvroType {
  return new SchemaParser().type(schema, '', 0)
}

/** A union in whose place a value holds one record under its name: `{ 'tailrace.metadata.SetPriority': … }`. */
export function isRecordUnion(type: AvroType): boolean {
  return type.kind === 'union' && type.branches.length > 1 && type.branches.every(({ kind }) => kind === 'record')
}

class SchemaParser {
  /** Null while a record's fields are read: they cannot hold it. */
  readonly #named = new Map<string, AvroType | null>()

  type(schema: unknown, namespace: string, level: number): AvroType {
    if (level > 2 * MAX_DEPTH) throw new TypeError('types are nested too deep')
    if (typeof schema === 'string') return primitiveOf(schema) ?? this.#reference(schema, namespace)
    if (Array.isArray(schema)) return this.#union(schema, namespace, level)
    if (typeof schema !== 'object' || schema === null) throw new TypeError('a schema that is none')
    const node = schema as Readonly<Record<string, unknown>>
    switch (node.type) {
      case 'record':
        return this.#record(node, namespace, level)
      case 'array':
        return this.#array(node, namespace, level)
      case 'enum':
        return this.#define(node, namespace, (name) => {
          const symbols = namesIn(node.symbols)
          return { kind: 'enum', name, symbols, depth: 0, empty: false }
        })
      case 'fixed':
        return this.#define(node, namespace, (name) => {
          const size = countOf(node.size)
          return { kind: 'fixed', name, size, depth: 0, empty: size === 0 }
        })
      default:
        // A type in an object of its own, perhaps with a logical type, which does not change the bytes.
        return this.type(node.type, namespace, level + 1)
    }
  }

  #array(node: Readonly<Record<string, unknown>>, namespace: string, level: number): AvroType {
    const items = this.type(node.items, namespace, level + 1)
    const most = node.maxItems === undefined ? Infinity : countOf(node.maxItems)
    return { kind: 'array', items, most, depth: depthAbove([items]), empty: false }
  }

  #union(schemas: readonly unknown[], namespace: string, level: number): AvroType {
    const branches = schemas.map((branch) => this.type(branch, namespace, level + 1))
    const names = new Set(branches.map((branch) => ('name' in branch ? branch.name : branch.kind)))
    if (names.size < branches.length || names.has('union')) throw new TypeError('a union that is ambiguous')
    return { kind: 'union', branches, depth: depthAbove(branches), empty: false }
  }

  #record(node: Readonly<Record<string, unknown>>, namespace: string, level: number): AvroType {
    return this.#define(node, namespace, (name) => {
      if (!Array.isArray(node.fields)) throw new TypeError(`${name} has no fields`)
      const inside = name.slice(0, Math.max(0, name.lastIndexOf('.')))
      const fields = node.fields.map((field: { name?: unknown; type?: unknown; default?: unknown } | null) => ({
        name: nameOf(field?.name),
        type: this.type(field?.type, inside, level + 1),
        default: field?.default,
      }))
      namesIn(fields.map((field) => field.name))
      const types = fields.map(({ type }) => type)
      return { kind: 'record', name, fields, depth: depthAbove(types), empty: types.every(({ empty }) => empty) }
    })
  }

  #define(node: Readonly<Record<string, unknown>>, namespace: string, make: (name: string) => AvroType): AvroType {
    const short = nameOf(node.name)
    const space = node.namespace === undefined || node.namespace === '' ? namespace : nameOf(node.namespace)
    const name = short.includes('.') || space === '' ? short : `${space}.${short}`
    if (this.#named.has(name)) throw new TypeError(`${name} twice`)
    this.#named.set(name, null)
    const type = make(name)
    this.#named.set(name, type)
    return type
  }

  #reference(name: string, namespace: string): AvroType {
    const type = (namespace !== '' && this.#named.get(`${namespace}.${name}`)) || this.#named.get(name)
    if (!type) throw new TypeError(`the type ${name.slice(0, 100)} is not known`)
    return type
  }
}

function primitiveOf(name: string): AvroType | undefined {
  const kind = primitives.find((primitive) => primitive === name)
  return kind && { kind, depth: 0, empty: kind === 'null' }
}

function depthAbove(types: readonly AvroType[]): number {
  const depth = 1 + types.reduce((most, type) => Math.max(most, type.depth), 0)
  if (depth > MAX_DEPTH) throw new TypeError('types are nested too deep')
  return depth
}

function nameOf(name: unknown): string {
  if (typeof name !== 'string' || !validName.test(name)) throw new TypeError('a name that is none')
  return name
}

function namesIn(list: unknown): string[] {
  if (!Array.isArray(list)) throw new TypeError('no list of names')
  const names = list.map(nameOf)
  if (new Set(names).size < names.length) throw new TypeError('a name twice')
  return names
}

function countOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new TypeError('a count that is none')
  return value as number
}
