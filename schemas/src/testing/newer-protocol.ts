import { protocolJson } from '../foreign/protocol.ts'
import { FRAME_PREFIX_BYTES } from '../frame.ts'
import { type MessageName, MessageNumber } from '../messages.ts'
import { compile, encode } from './avsc-codec.ts'

/**
 * A protocol as a later version may have it: every record of these messages, nested ones too, has got one field more,
 * with a default.
 */
export class NewerProtocol {
  readonly json: string
  readonly #types = new Map<string, ReturnType<typeof compile>>()

  /** `more`: messages that only this protocol has, each with a correlation as its one field. */
  constructor(names: readonly MessageName[], more: Readonly<Record<string, number>> = {}) {
    const protocol = JSON.parse(protocolJson)
    for (const message of protocol.messages) {
      const { name } = message.schema
      if ((names as readonly string[]).includes(name)) message.schema = grown(message.schema)
      this.#types.set(name, compile(message.schema))
    }
    const fields = [{ name: 'correlation', type: 'long' }]
    for (const [name, number] of Object.entries(more)) {
      const schema = { type: 'record', name, namespace: 'tailrace', fields }
      protocol.messages.push({ number, schema })
      this.#types.set(name, compile(schema))
    }
    this.json = JSON.stringify(protocol)
  }

  /** A frame as a side with this protocol writes it: the new fields are not empty. */
  frame(name: string, fields: object, body: Uint8Array = new Uint8Array(), number = numberOf(name)): Uint8Array {
    const head = Buffer.from(encode(this.#types.get(name)!, filled(fields), FRAME_PREFIX_BYTES))
    head.writeUInt32BE(head.length + body.length - 4, 0)
    head[4] = 1
    head.writeUInt16BE(number, 6)
    head.writeUInt32BE(head.length - FRAME_PREFIX_BYTES, 8)
    return Buffer.concat([head, body])
  }
}

function numberOf(name: string): number {
  return MessageNumber[name as MessageName]
}

/** A schema whose records have all got one field more. */
export function newerSchema(schema: unknown): unknown {
  return grown(schema)
}

function grown(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(grown)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).map(([key, value]) => [key, grown(value)])
  const copy = Object.fromEntries(entries)
  if (copy.type === 'record') copy.fields.push({ name: 'sinceLater', type: 'string', default: '' })
  return copy
}

function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, part]) => [key, filled(part)])
  // One record of a union stands under its full name; its container is no record.
  const isBranch = entries.length === 1 && String(entries[0]![0]).includes('.')
  return { ...Object.fromEntries(entries), ...(isBranch ? {} : { sinceLater: 'something' }) }
}
