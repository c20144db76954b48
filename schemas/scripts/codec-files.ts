import type { RecordType } from '../src/avro/schema.ts'
import { type MessageName, MessageNumber } from '../src/messages.ts'
import { readBySdks, sentBySdks } from '../src/own-messages/sdk-messages.ts'
import { CodecText, type Functions, sdkWriterOf } from './codec-text.ts'
import { areaOf, laterAreas, placeOfRecord, places } from './message-areas.ts'

/** Where the functions stand that are needed in several places. */
const shared = 'shared'
const head = `// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
`
const readerAndWriter = `import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
`

/** The messages that an SDK knows in a browser, and the fingerprint of their protocol. */
interface SdkProtocol {
  readonly names: readonly MessageName[]
  readonly fingerprint: string
}

/**
 * The texts of all files of codecs by their names: one a place, what places share, a table of all messages, and one of
 * those of an SDK, of which those that a page loads later stand by themselves. Throws an Error for a place of nothing.
 */
export function codecFiles(types: ReadonlyMap<MessageName, RecordType>, sdk: SdkProtocol): Map<string, string> {
  const codecs = new CodecText([...types.keys()], placeOfRecord)
  for (const [name, type] of types) codecs.message(name, type, areaOf(name))
  const fileOfName = new Map(
    codecs.functions.flatMap((one) => namesOf(one).map((name) => [name, fileOf(one)] as const)),
  )
  const files = new Map<string, string>()
  for (const file of [...places, shared]) {
    const own = codecs.functions.filter((one) => fileOf(one) === file)
    if (own.length === 0) throw new Error(`Nothing stands in ${file}, which schemas/scripts/message-areas.ts names.`)
    const others = codecs.functions.filter((one) => fileOf(one) !== file)
    files.set(`${file}.ts`, functionsText(file, own, fileOfName, new Set(others.flatMap(namesIn))))
  }
  const ofSdk = new Map(sdk.names.map((name) => [name, types.get(name)!]))
  files.set('table.ts', tableText(types)).set('sdk-table.ts', sdkTableText(ofSdk, sdk.fingerprint))
  for (const area of laterAreas) {
    const later = new Map([...ofSdk].filter(([name]) => areaOf(name) === area))
    files.set(`sdk-${area}-table.ts`, sdkLaterTableText(later))
  }
  return files
}

function fileOf({ places }: Functions): string {
  const [place = shared, ...others] = places
  return others.length === 0 ? place : shared
}

const called = /\b(?:read|write|all)[A-Z]\w*/g
const defined = /^(?:function|const) (\w+)/gm

/** All functions and constants that a text may use; names of fields may be among them. */
function namesIn({ text }: Functions): string[] {
  return text.match(called) ?? []
}

function namesOf({ text }: Functions): string[] {
  return [...text.matchAll(defined)].map(([, name]) => name!)
}

/** `used`: names of functions and constants that other files use, among others. */
function functionsText(
  file: string,
  functions: readonly Functions[],
  fileOfName: ReadonlyMap<string, string>,
  used: ReadonlySet<string>,
): string {
  const imports = new Map<string, string[]>()
  for (const name of [...new Set(functions.flatMap(namesIn))].sort()) {
    const from = fileOfName.get(name) ?? file
    if (from !== file) imports.set(from, [...(imports.get(from) ?? []), name])
  }
  const imported = [...imports]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([from, names]) => `import {\n${names.map((name) => `  ${name},\n`).join('')}} from './${from}.ts'\n`)
  const messages = functions.filter(({ isMessage }) => isMessage).flatMap(namesOf)
  const types = messages.length === 0 ? '' : "import type { Message } from '../../messages.ts'\n"
  const unions = functions.some(({ text }) => text.includes('onlyKey('))
    ? "import { onlyKey } from '../only-key.ts'\n"
    : ''
  return `${head}${types}${unions}${readerAndWriter}${imported.join('')}${exporting(functions, new Set([...messages, ...used]))}`
}

function exporting(functions: readonly Functions[], exported: ReadonlySet<string>): string {
  return functions
    .map(({ text }) => text.replace(defined, (start, name) => (exported.has(name) ? `export ${start}` : start)))
    .join('')
}

function tableText(types: ReadonlyMap<MessageName, RecordType>): string {
  return `${head}import type { Message, MessageName } from '../../messages.ts'
${readerAndWriter}${importsOf(types)}
export interface Codec<Name extends MessageName> {
  /** As in MessageNumber. */
  readonly number: number
  /** Throws a RangeError. */
  readonly read: (from: AvroReader) => Message<Name>
  /** Throws a TypeError. */
  readonly write: (to: AvroWriter, fields: unknown) => void
  /** Its first field is \`correlation\`. */
  readonly isCorrelated: boolean
}

export const codecs: { readonly [Name in MessageName]: Codec<Name> } = {
${rowsOf(types)}}
`
}

function sdkTableText(types: ReadonlyMap<MessageName, RecordType>, fingerprint: string): string {
  const atOnce = new Map([...types].filter(([name]) => !isLater(name)))
  const rows = rowsOf(types, without(new Set(readBySdks)), without(new Set(sentBySdks)), sdkWriter)
  return `${head}import type { SdkMessageName } from '../../own-messages/sdk-messages.ts'
${importsOf(atOnce)}import type { Codec } from './table.ts'

/**
 * Of the messages between an SDK and a broker: to write those that it sends, and to read the others. Those that a
 * page loads later are completed by tables of their own.
 */
export const codecs: { readonly [Name in SdkMessageName]: Partial<Codec<Name>> } = {
${rows}}
/** Of their protocol: the first half of the SHA-256 of generated-sdk.ts's protocolJson. */
export const protocolFingerprint = '${fingerprint}'
`
}

/** What rows of sdk-table.ts lack. */
function sdkLaterTableText(types: ReadonlyMap<MessageName, RecordType>): string {
  return `${head}${importsOf(types)}
export const laterCodecs = {
${rowsOf(types, new Set(readBySdks), new Set(sentBySdks), sdkWriter)}}
`
}

function isLater(name: MessageName): boolean {
  return laterAreas.includes(areaOf(name))
}

function without(names: Names): Names {
  return { has: (name) => names.has(name) && !isLater(name) }
}

function importsOf(types: ReadonlyMap<MessageName, RecordType>): string {
  const used = [...new Set([...types.keys()].map(areaOf))].sort()
  return used.map((area) => `import * as ${camelCase(area)} from './${area}.ts'\n`).join('')
}

type Names = { has(name: MessageName): boolean }
const all: Names = { has: () => true }

/** A row for each message; without the function that reads or writes it where it is in no such set. */
function rowsOf(
  types: ReadonlyMap<MessageName, RecordType>,
  read = all,
  written = all,
  writer = (name: MessageName, _type: RecordType) => `write${name}`,
): string {
  const rows = [...types].map(([name, type]) => {
    const area = camelCase(areaOf(name))
    const cells = [
      `number: ${MessageNumber[name]}`,
      read.has(name) ? `read: ${area}.read${name}` : '',
      written.has(name) ? `write: ${area}.${writer(name, type)}` : '',
      `isCorrelated: ${type.fields[0]?.name === 'correlation'}`,
    ]
    return `  ${name}: { ${cells.filter((cell) => cell !== '').join(', ')} },\n`
  })
  return rows.join('')
}

function sdkWriter(name: MessageName, { fields }: RecordType): string {
  return sdkWriterOf(name, fields) ?? `write${name}`
}

function camelCase(area: string): string {
  return area.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
