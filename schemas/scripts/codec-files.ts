import type { RecordType } from '../src/avro/schema.ts'
import type { MessageName } from '../src/messages.ts'
import { CodecText, type Functions } from './codec-text.ts'
import { areaOf, areas } from './message-areas.ts'

/** Where the functions stand that messages of several areas need. */
const shared = 'shared'
const head = `// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
// biome-ignore-all lint: as above.
`
const readerAndWriter = `import type { AvroReader } from '../reader.ts'
import type { AvroWriter } from '../writer.ts'
`

/** The texts of all files of codecs by their names: one an area, what areas share, and a table of all messages. */
export function codecFiles(types: ReadonlyMap<MessageName, RecordType>): Map<string, string> {
  const codecs = new CodecText([...types.keys()])
  for (const [name, type] of types) codecs.message(name, type, areaOf(name))
  const ofAreas = new Map(areas.map((area) => [area, codecs.functions.filter((one) => fileOf(one) === area)]))
  const ofAll = codecs.functions.filter((one) => fileOf(one) === shared)
  const used = new Set([...ofAreas.values()].flat().flatMap(namesIn))
  const files = new Map([[`${shared}.ts`, sharedText(ofAll, used)]])
  for (const [area, functions] of ofAreas) files.set(`${area}.ts`, areaText(functions, new Set(ofAll.flatMap(namesOf))))
  return files.set('table.ts', tableText(types))
}

function fileOf({ areas }: Functions): string {
  const [area = shared, ...others] = areas
  return others.length === 0 ? area : shared
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

function areaText(functions: readonly Functions[], sharedNames: ReadonlySet<string>): string {
  const imported = [...new Set(functions.flatMap(namesIn))].filter((name) => sharedNames.has(name)).sort()
  const from =
    imported.length === 0 ? '' : `import {\n${imported.map((name) => `  ${name},\n`).join('')}} from './${shared}.ts'\n`
  const messages = new Set(functions.filter(({ isMessage }) => isMessage).flatMap(namesOf))
  return `${head}import type { Message } from '../../messages.ts'
${readerAndWriter}${from}${exporting(functions, messages)}`
}

function sharedText(functions: readonly Functions[], used: ReadonlySet<string>): string {
  return `${head}${readerAndWriter}${exporting(functions, used)}`
}

function exporting(functions: readonly Functions[], exported: ReadonlySet<string>): string {
  return functions
    .map(({ text }) => text.replace(defined, (start, name) => (exported.has(name) ? `export ${start}` : start)))
    .join('')
}

function tableText(types: ReadonlyMap<MessageName, RecordType>): string {
  const imports = [...areas].sort().map((area) => `import * as ${camelCase(area)} from './${area}.ts'\n`)
  const rows = [...types].map(([name, type]) => {
    const area = camelCase(areaOf(name))
    const isCorrelated = type.fields[0]?.name === 'correlation'
    return `  ${name}: { read: ${area}.read${name}, write: ${area}.write${name}, isCorrelated: ${isCorrelated} },\n`
  })
  return `${head}import type { Message, MessageName } from '../../messages.ts'
${readerAndWriter}${imports.join('')}
export interface Codec<Name extends MessageName> {
  /** Throws a RangeError. */
  readonly read: (from: AvroReader) => Message<Name>
  /** Throws a TypeError. */
  readonly write: (to: AvroWriter, fields: unknown) => void
  /** Its first field is \`correlation\`. */
  readonly isCorrelated: boolean
}

export const codecs: { readonly [Name in MessageName]: Codec<Name> } = {
${rows.join('')}}
`
}

function camelCase(area: string): string {
  return area.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
