import { type AvroField, type AvroType, isRecordUnion, type RecordType } from '../src/avro/schema.ts'
import type { MessageName } from '../src/messages.ts'
import { sentBySdks } from '../src/own-messages/sdk-messages.ts'

/** The functions of one type: `text` is complete, `places` are those of the messages and records that need them. */
export interface Functions {
  readonly name: string
  readonly text: string
  readonly places: Set<string>
  readonly isMessage: boolean
}

/**
 * Writes the functions that read and write records, unions and enums as TypeScript. Records that many messages have in
 * common get one pair of functions. What stands behind "read" and "write" is a message's name for messages only.
 */
export class CodecText {
  readonly #functions = new Map<string, Functions>()
  readonly #names: Set<string>
  readonly #placeOfRecord: (name: string) => string | undefined
  #place = ''

  /** `placeOfRecord`: of a record of a union; undefined: with what has the union. */
  constructor(messages: readonly MessageName[], placeOfRecord: (name: string) => string | undefined) {
    this.#names = new Set(messages)
    this.#placeOfRecord = placeOfRecord
  }

  /** All functions so far, those that are used before those that use them. */
  get functions(): readonly Functions[] {
    return [...this.#functions.values()]
  }

  message(name: MessageName, type: RecordType, place: string): void {
    this.#place = place
    const text = this.#record(type, `: Message<'${name}'>`)(name) + this.#sdkWriter(name, type)
    this.#functions.set(text, { name, text, places: new Set([place]), isMessage: true })
  }

  /** The function with which an SDK writes a message that has fields of brokers alone, which are null there. */
  #sdkWriter(name: MessageName, { fields }: RecordType): string {
    if (sdkWriterOf(name, fields) === undefined) return ''
    const writes = fields.map((field) => (isOfBrokers(field) ? '  to.present(null)\n' : this.#writeField(field)))
    return `function ${sdkWriterOf(name, fields)}(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
${writes.join('')}}
`
  }

  /** The name that stands behind "read" and "write" in the functions of a record. */
  #nested(type: RecordType): string {
    return this.#define(type.name.slice(type.name.lastIndexOf('.') + 1), this.#record(type))
  }

  #record(type: RecordType, returned = ''): (name: string) => string {
    const reads = type.fields.map((field) => `    ${field.name}: ${this.#read(field.type)},\n`)
    const writes = type.fields.map((field) => this.#writeField(field))
    const value = writes.length === 0 ? 'to.record(fields)' : 'const value = to.record(fields)'
    return (name) => `
function read${name}(${writes.length === 0 ? '_from' : 'from'}: AvroReader)${returned} {
  return {
${reads.join('')}  }
}
function write${name}(to: AvroWriter, fields: unknown): void {
  ${value}
${writes.join('')}}
`
  }

  #writeField({ name, type, default: value }: AvroField): string {
    const field = `value.${name}`
    const written = value === undefined ? field : `${field} === undefined ? ${JSON.stringify(value)} : ${field}`
    return `  ${this.#write(type, written)}\n`
  }

  /** An expression that reads a value. */
  #read(type: AvroType): string {
    switch (type.kind) {
      case 'boolean':
      case 'int':
      case 'long':
      case 'string':
        return `from.${type.kind}()`
      case 'enum':
        return `from.symbol(${this.#symbols(type.name, type.symbols)})`
      case 'array':
        if (!Number.isFinite(type.most)) throw new TypeError('A list without maxItems.')
        return `from.list(${type.most}, read${this.#item(type.items)})`
      case 'record':
        return `read${this.#nested(type)}(from)`
      case 'union':
        return `read${this.#union(type)}(from)`
      default:
        throw new TypeError(`No message has ${type.kind}.`)
    }
  }

  /** A statement that writes the value of an expression. */
  #write(type: AvroType, value: string): string {
    switch (type.kind) {
      case 'enum':
        return `to.symbol(${this.#symbols(type.name, type.symbols)}, ${value})`
      case 'array':
        return `to.list(${value}, write${this.#item(type.items)})`
      case 'record':
        return `write${this.#nested(type)}(to, ${value})`
      case 'union':
        return `write${this.#union(type)}(to, ${value})`
      default:
        return `to.${type.kind}(${value})`
    }
  }

  /** Functions for the items of a list, which are called by the list. */
  #item(type: AvroType): string {
    if (type.kind === 'record') return this.#nested(type)
    if (type.kind === 'union') return this.#union(type)
    const read = this.#read(type)
    const write = this.#write(type, 'value')
    return this.#define(
      capital(type.kind),
      (name) => `
function read${name}(from: AvroReader) {
  return ${read}
}
function write${name}(to: AvroWriter, value: unknown): void {
  ${write}
}
`,
    )
  }

  #union(type: Extract<AvroType, { kind: 'union' }>): string {
    if (isRecordUnion(type)) return this.#recordUnion(type.branches as readonly RecordType[])
    const [none, only, other, ...more] = type.branches
    if (none?.kind !== 'null' || only === undefined || more.length > 0)
      throw new TypeError('A union that is neither of records nor of null and one or two others.')
    if (other !== undefined) return this.#unionOfThree(only, other)
    const read = this.#read(only)
    const write = this.#write(only, 'value')
    const inner = /^read(\w+)\(from\)$/.exec(read)?.[1] ?? capital(only.kind)
    return this.#define(
      `${inner}OrNull`,
      (name) => `
function read${name}(from: AvroReader) {
  return from.branch(2) === 0 ? null : ${read}
}
function write${name}(to: AvroWriter, value: unknown): void {
  if (to.present(value)) ${write}
}
`,
    )
  }

  #unionOfThree(first: AvroType, second: AvroType): string {
    const typeOf = { int: 'number', long: 'number', string: 'string', boolean: 'boolean' }[first.kind as 'int']
    if (typeOf === undefined) throw new TypeError(`A union of null, ${first.kind} and another.`)
    const [readFirst, readSecond] = [this.#read(first), this.#read(second)]
    const [writeFirst, writeSecond] = [this.#write(first, 'value'), this.#write(second, 'value')]
    return this.#define(
      `${capital(first.kind)}Or${capital(second.kind)}OrNull`,
      (name) => `
function read${name}(from: AvroReader) {
  const branch = from.branch(3)
  if (branch === 0) return null
  return branch === 1 ? ${readFirst} : ${readSecond}
}
function write${name}(to: AvroWriter, value: unknown): void {
  if (value === null) return to.branch(0)
  const isFirst = typeof value === '${typeOf}'
  to.branch(isFirst ? 1 : 2)
  if (isFirst) ${writeFirst}
  else ${writeSecond}
}
`,
    )
  }

  #recordUnion(branches: readonly RecordType[]): string {
    const names = branches.map((branch) => this.#branch(branch))
    const reads = branches.map(
      ({ name }, at) => `    case ${at}:\n      return { '${name}': read${names[at]}(from) }\n`,
    )
    const cases = branches.map(({ name }, at) => {
      const statements = `to.branch(${at})\n      return write${names[at]}(to, value['${name}'])`
      return `    case '${name}':\n      ${statements}\n`
    })
    const last = branches.at(-1)!.name
    return this.#define(
      `OneOf${names[0]}To${last.slice(last.lastIndexOf('.') + 1)}`,
      (name) => `
function read${name}(from: AvroReader) {
  switch (from.branch(${branches.length})) {
${reads.join('')}    default:
      throw new RangeError('a branch that the union does not have')
  }
}
function write${name}(to: AvroWriter, fields: unknown): void {
  const value = to.record(fields)
  const name = onlyKey(to, value)
  switch (name) {
${cases.join('')}    default:
      to.invalid('record of the union', name)
  }
}
`,
    )
  }

  /** As `#nested`, in the place of the record. */
  #branch(type: RecordType): string {
    const place = this.#place
    this.#place = this.#placeOfRecord(type.name) ?? place
    const name = this.#nested(type)
    this.#place = place
    return name
  }

  #symbols(name: string, symbols: readonly string[]): string {
    const short = `${name.slice(name.lastIndexOf('.') + 1)}Symbols`
    const list = symbols.map((symbol) => `'${symbol}'`).join(', ')
    const defined = this.#define(short, (symbolsName) => `\nconst all${symbolsName} = [${list}] as const\n`)
    return `all${defined}`
  }

  /** Types of one name and other contents, and those of a message's name, get numbers. */
  #define(wanted: string, textOf: (name: string) => string): string {
    const key = textOf(wanted)
    const known = this.#functions.get(key)
    if (known !== undefined) {
      known.places.add(this.#place)
      return known.name
    }
    let name = wanted
    for (let number = 2; this.#names.has(name); number++) name = `${wanted}${number}`
    this.#names.add(name)
    this.#functions.set(key, { name, text: textOf(name), places: new Set([this.#place]), isMessage: false })
    return name
  }
}

/** The name of the function with which an SDK writes a message; undefined: it is the one of all. */
export function sdkWriterOf(name: MessageName, fields: readonly AvroField[]): string | undefined {
  const isSent = (sentBySdks as readonly MessageName[]).includes(name)
  return isSent && fields.some(isOfBrokers) ? `write${name}OfSdk` : undefined
}

/** Whether only brokers fill it in, when they pass the message on: for whom they ask. */
function isOfBrokers({ name }: AvroField): boolean {
  return name === 'asker'
}

function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1)
}
