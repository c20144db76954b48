import type { MessageName } from '@tailrace/schemas'
import { protocolJson } from '@tailrace/schemas/foreign-protocol'

type Json = unknown
interface Node {
  readonly type: Json
  readonly name?: string
  readonly namespace?: string
  readonly fields?: readonly { readonly name: string; readonly type: Json }[]
  readonly items?: Json
}

/** One field of a message made odd, in a way that Avro's types allow. */
export interface Odd {
  /** Names from the message down to the field. */
  readonly path: string
  readonly what: 'number' | 'text' | 'word' | 'twice'
  readonly fields: object
}

const schemas = new Map<MessageName, Node>(
  (JSON.parse(protocolJson) as { messages: { schema: Node & { name: MessageName } }[] }).messages.map(({ schema }) => [
    schema.name,
    schema,
  ]),
)

/**
 * Every field of a message that the sample has, odd in turn: a number below any place, count or id; a text that is too
 * long, and one that is no word of ours; a list with an item twice. So a message that is not checked is noticed.
 */
export function* oddFields(name: MessageName, sample: object): Iterable<Odd> {
  const named = new Map<string, Node>()
  for (const { path, what, value } of oddOf(schemas.get(name)!, sample, '', named)) {
    if (path !== 'correlation') yield { path, what, fields: value as object }
  }
}

interface OddValue {
  readonly path: string
  readonly what: Odd['what']
  readonly value: unknown
}

function* oddOf(type: Json, sample: unknown, path: string, named: Map<string, Node>): Iterable<OddValue> {
  if (Array.isArray(type)) return yield* oddOfUnion(type, sample, path, named)
  if (type === 'int' || type === 'long') yield { path, what: 'number', value: -2 }
  if (type === 'string') {
    yield { path, what: 'text', value: 'x'.repeat(1001) }
    yield { path, what: 'word', value: 'nonsense' }
  }
  const node = typeof type === 'string' ? named.get(type) : (type as Node)
  if (node === undefined) return
  if (node.name !== undefined) named.set(node.name, node)
  if (node.type === 'array') yield* oddOfList(node, sample as unknown[], path, named)
  for (const field of node.fields ?? []) {
    const of = sample as Record<string, unknown>
    const below = path === '' ? field.name : `${path}.${field.name}`
    for (const odd of oddOf(field.type, of[field.name], below, named)) {
      yield { ...odd, value: { ...of, [field.name]: odd.value } }
    }
  }
}

function* oddOfList(
  node: Node,
  [first, ...rest]: unknown[],
  path: string,
  named: Map<string, Node>,
): Iterable<OddValue> {
  if (first === undefined) throw new Error(`the sample's list ${path} is empty`)
  yield { path, what: 'twice', value: [first, ...rest, first] }
  for (const odd of oddOf(node.items, first, path, named)) yield { ...odd, value: [odd.value, ...rest] }
}

function* oddOfUnion(branches: Json[], sample: unknown, path: string, named: Map<string, Node>): Iterable<OddValue> {
  const records = branches.filter((branch) => (branch as Node | null)?.type === 'record') as Node[]
  // All are read, since a later one may use a type that an earlier one defines.
  if (records.length > 1) {
    const [[full, value] = ['', {}]] = Object.entries(sample as object)
    for (const branch of records) {
      if (`${branch.namespace}.${branch.name}` !== full) define(branch, named)
      else
        for (const odd of oddOf(branch, value, `${path}.${branch.name}`, named))
          yield { ...odd, value: { [full]: odd.value } }
    }
    return
  }
  for (const branch of branches) {
    const fits = (branch === 'long' || branch === 'int') === (typeof sample === 'number')
    if (branch !== 'null' && sample !== null && fits) yield* oddOf(branch, sample, path, named)
  }
}

function define(type: Json, named: Map<string, Node>): void {
  if (Array.isArray(type)) for (const branch of type) define(branch, named)
  if (typeof type !== 'object' || type === null || Array.isArray(type)) return
  const node = type as Node
  if (node.name !== undefined) named.set(node.name, node)
  define(node.items, named)
  for (const field of node.fields ?? []) define(field.type, named)
}
