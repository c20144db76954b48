import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { parseSchema, type RecordType } from '../src/avro/schema.ts'
import { type MessageName, MessageNumber } from '../src/messages.ts'
import { readBySdks, sentBySdks } from '../src/own-messages/sdk-messages.ts'
import { codecFiles } from './codec-files.ts'
import { writeFolder } from './written-folder.ts'

/**
 * Writes src/avro/generated.ts, src/avro/generated-sdk.ts and src/avro/generated-codecs/ out of avro/*.avsc, so that
 * neither a broker nor a browser bundle reads files or compiles schemas. Run it after every change of a schema:
 * node schemas/scripts/generate-avro.ts
 */
const avroFolder = new URL('../avro/', import.meta.url)
export const generatedFile = new URL('../src/avro/generated.ts', import.meta.url)
export const generatedSdkFile = new URL('../src/avro/generated-sdk.ts', import.meta.url)
export const generatedCodecsFolder = new URL('../src/avro/generated-codecs/', import.meta.url)
const names = (Object.keys(MessageNumber) as MessageName[]).sort((a, b) => MessageNumber[a] - MessageNumber[b])
const sdkNames = names.filter((name) => new Set<MessageName>([...sentBySdks, ...readBySdks]).has(name))

/** The text that src/avro/generated.ts must have. */
export function generateAvroModule(): string {
  const protocolJson = protocolOf(names)
  return `// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
/** Every message's number and Avro schema; what two brokers exchange so that each can read the other. */
export const protocolJson = \`${protocolJson}\`
/** The first half of the SHA-256 of protocolJson. */
export const protocolFingerprint = '${fingerprintOf(protocolJson)}'
`
}

/** The text that src/avro/generated-sdk.ts must have. */
export function generateSdkModule(): string {
  return `// biome-ignore-all format: written by schemas/scripts/generate-avro.ts out of schemas/avro; do not edit.
/** As protocolJson, of the messages that an SDK knows in a browser. */
export const protocolJson = \`${protocolOf(sdkNames)}\`
`
}

function protocolOf(messages: readonly MessageName[]): string {
  const protocolJson = `{"layout":1,"messages":[\n${messages.map(messageLine).join(',\n')}\n]}`
  if (/[`\\]|\$\{/.test(protocolJson)) throw new Error('A schema holds a character that a template literal cannot.')
  return protocolJson
}

function fingerprintOf(protocolJson: string): string {
  return createHash('sha256').update(protocolJson).digest('hex').slice(0, 32)
}

/** The texts that the files of src/avro/generated-codecs must have, by their names. */
export function generateCodecs(): Map<string, string> {
  const types = new Map(names.map((name) => [name, parseSchema(schemaOf(name)) as RecordType]))
  return codecFiles(types, { names: sdkNames, fingerprint: fingerprintOf(protocolOf(sdkNames)) })
}

function messageLine(name: MessageName): string {
  return JSON.stringify({ number: MessageNumber[name], schema: withoutDocs(schemaOf(name)) })
}

function schemaOf(name: MessageName): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.avsc`, avroFolder), 'utf8'))
}

/** Explanations do not change what is on the wire, so they must not change the fingerprint either. */
function withoutDocs(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === 'doc' ? undefined : value)))
}

if (import.meta.main) {
  writeFileSync(generatedFile, generateAvroModule())
  writeFileSync(generatedSdkFile, generateSdkModule())
  writeFolder(generatedCodecsFolder, generateCodecs())
}
