/** A schema with its names resolved: https://avro.apache.org/docs/1.12.0/specification/ */
export type Schema =
  | { readonly kind: Primitive }
  | { readonly kind: 'record'; readonly fields: readonly { readonly name: string; readonly of: Schema }[] }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'fixed'; readonly bytes: number }
  | { readonly kind: 'array' | 'map'; readonly of: Schema }
  | { readonly kind: 'union'; readonly options: readonly Schema[] }

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
type Primitive = (typeof primitives)[number]

type Json = Readonly<Record<string, unknown>>

/** @throws Error which says what is wrong with the text */
export function parseSchema(text: string): Schema {
  return new SchemaReader().read(JSON.parse(text), '')
}

class SchemaReader {
  readonly #named = new Map<string, Schema>()

  read(given: unknown, namespace: string): Schema {
    if (typeof given === 'string') return this.#byName(given, namespace)
    if (Array.isArray(given)) return { kind: 'union', options: given.map((one) => this.read(one, namespace)) }
    if (typeof given !== 'object' || given === null) throw new Error(`${JSON.stringify(given)} is no schema.`)
    const { type } = given as Json
    if (type === 'record' || type === 'error' || type === 'enum' || type === 'fixed')
      return this.#declared(given as Json, namespace)
    if (type === 'array') return { kind: 'array', of: this.read((given as Json).items, namespace) }
    if (type === 'map') return { kind: 'map', of: this.read((given as Json).values, namespace) }
    return this.read(type, namespace)
  }

  #byName(name: string, namespace: string): Schema {
    const primitive = primitives.find((one) => one === name)
    if (primitive !== undefined) return { kind: primitive }
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name)
    if (found === undefined) throw new Error(`There is no type ${name}.`)
    return found
  }

  #declared(given: Json, around: string): Schema {
    const name = fullName(String(given.name), typeof given.namespace === 'string' ? given.namespace : around)
    const namespace = name.slice(0, Math.max(0, name.lastIndexOf('.')))
    if (given.type === 'enum') return this.#keep(name, { kind: 'enum', symbols: listOf(given, 'symbols').map(String) })
    if (given.type === 'fixed') return this.#keep(name, { kind: 'fixed', bytes: Number(given.size) })
    const fields: { name: string; of: Schema }[] = []
    // Known before its fields are read, which may be of it.
    const record = this.#keep(name, { kind: 'record', fields })
    for (const field of listOf(given, 'fields') as Json[])
      fields.push({ name: String(field.name), of: this.read(field.type, namespace) })
    return record
  }

  #keep(name: string, schema: Schema): Schema {
    this.#named.set(name, schema)
    return schema
  }
}

function listOf(given: Json, name: 'fields' | 'symbols'): readonly unknown[] {
  const list = given[name]
  if (!Array.isArray(list)) throw new Error(`${String(given.name)} has no ${name}.`)
  return list
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}
