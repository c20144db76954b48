import { describe, expect, test } from 'vitest'
import { decoderFor, protocolJson } from './foreign/protocol.ts'
import type { MessageName } from './messages.ts'
import { decoderOfOnly, encodeHeader, type MessageDecoder, ownDecoder } from './protocol.ts'
import { sampleGroupRequests, sampleGroupResults } from './testing/sample-consumer-group-messages.ts'
import { sampleMessages } from './testing/sample-messages.ts'
import { sampleIntents } from './testing/sample-peer-messages.ts'

interface List {
  readonly message: MessageName
  /**
   * Field names from the message down to the list; a list above it is entered at its first item, a union of records at
   * the record's full name.
   */
  readonly path: readonly string[]
  readonly maxItems: unknown
}

/** Every list of every message, also those inside of other lists. */
function listsOf(message: MessageName, type: unknown, path: readonly string[]): List[] {
  if (Array.isArray(type)) {
    const records = type.filter((branch) => branch?.type === 'record')
    if (records.length < 2) return type.flatMap((branch) => listsOf(message, branch, path))
    return records.flatMap((branch) => listsOf(message, branch, [...path, `${branch.namespace}.${branch.name}`]))
  }
  if (typeof type !== 'object' || type === null) return []
  const node = type as {
    type: unknown
    fields?: { name: string; type: unknown }[]
    items?: unknown
    maxItems?: unknown
  }
  if (node.type === 'array')
    return [{ message, path, maxItems: node.maxItems }, ...listsOf(message, node.items, [...path, '0'])]
  return (node.fields ?? []).flatMap((field) => listsOf(message, field.type, [...path, field.name]))
}

const lists: List[] = JSON.parse(protocolJson).messages.flatMap((message: { schema: { name: MessageName } }) =>
  listsOf(message.schema.name, message.schema, []),
)

/** The sample message whose list has `count` items. */
function withItems({ message, path }: List, count: number): Uint8Array {
  const isOf = (sample: object): boolean => path.includes(Object.keys(sample)[0]!)
  const intent = sampleIntents.find(isOf)
  const request = sampleGroupRequests.find(isOf)
  const result = sampleGroupResults.find(isOf)
  const sample = {
    ...sampleMessages[message],
    ...(intent && { intent }),
    ...(request && { request }),
    ...(result && { result }),
  }
  const fields = structuredClone(sample) as unknown as Record<string, unknown>
  let holder = fields
  for (const name of path.slice(0, -1)) holder = holder[name] as Record<string, unknown>
  const name = path.at(-1)!
  const [first] = holder[name] as unknown[]
  holder[name] = new Array(count).fill(first)
  return encodeHeader(message, fields as never, 0)
}

const otherVersion = JSON.parse(protocolJson)
for (const { schema } of otherVersion.messages) schema.fields.push({ name: 'later', type: 'int', default: 0 })
const resolver = decoderFor(JSON.stringify(otherVersion))
/** The bytes that a peer of another version wrote, the added field included. */
const resolving: MessageDecoder = {
  decode(name, header) {
    const longer = new Uint8Array(header.length + 1)
    longer.set(header)
    return resolver.decode(name, longer)
  },
}

test('the walk finds the lists', () => {
  expect(lists.length).toBeGreaterThanOrEqual(35)
  expect(lists.map(({ message, path }) => `${message}.${path.join('.')}`)).toContain(
    'MetadataReply.topics.0.partitions.0.replicas',
  )
  expect(lists.map(({ path }) => path.join(' '))).toContain('intent tailrace.metadata.ForceReplicas lost')
})

describe.each(lists.map((list) => [`${list.message}.${list.path.join('.')}`, list] as const))('%s', (_, list) => {
  test('has a limit', () => {
    expect(list.maxItems).toBeTypeOf('number')
  })

  test.each([
    ['our own schemas', ownDecoder],
    ['schemas of another version', resolving],
  ])('with %s: the limit is taken, one item more is refused', (_, decoder) => {
    const most = list.maxItems as number
    if (decoder === ownDecoder) decoder.decode(list.message, withItems(list, most))
    else decoder.decode(list.message, withItems(list, 3))
    expect(() => decoder.decode(list.message, withItems(list, most + 1))).toThrow(
      expect.objectContaining({ code: 'MALFORMED_FRAME', message: expect.stringContaining(`${most} are allowed`) }),
    )
  })
})

test('a list in several blocks is counted over all of them', () => {
  // Avro: 10,000 empty strings in the first block, one more in the second.
  const header = Uint8Array.from([2, 0xa0, 0x9c, 0x01, ...new Array(10_000).fill(0), 2, 0, 0])
  expect(() => ownDecoder.decode('Metadata', header)).toThrow(expect.objectContaining({ code: 'MALFORMED_FRAME' }))
})

test('a door reads only the correlation of a message that it does not take', () => {
  const decoder = decoderOfOnly(new Set(['Metadata']))
  for (const message of Object.keys(sampleMessages) as MessageName[]) {
    const header = encodeHeader(message, sampleMessages[message], 0)
    const sample = sampleMessages[message] as { correlation?: number }
    const refused = sample.correlation === undefined ? {} : { correlation: sample.correlation }
    expect(decoder.decode(message, header)).toEqual(message === 'Metadata' ? sampleMessages.Metadata : refused)
  }
})
