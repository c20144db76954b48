import { formatTable, type LogIndex, refuseNewer, TailraceError } from '@tailrace/schemas'
import type { LogDescription, LogFile } from '../../log/log-storage.ts'

/**
 * The derived state, as a file of the copy like others: a checkpoint, or the pieces of a state machine's snapshot back
 * to back.
 */
export const STATE_FILE = '#state'

/** The parts of a copy of a replica. */
export interface CopyManifest {
  readonly description: LogDescription
  readonly files: readonly LogFile[]
  /** Bytes of STATE_FILE; null when the size is known only at the end. */
  readonly stateBytes: number | null
}

/**
 * As JSON: `{"version":1,"description":{…},"files":[{"name","bytes","appendedAt"}],"stateBytes":…}`, batches of
 * configurations in base64.
 */
const VERSION = formatTable.copyManifest.version

export function encodeManifest({ description, files, stateBytes }: CopyManifest): Uint8Array {
  const configurations = description.configurations.map(({ index, batch }) => {
    return { index, batch: Buffer.from(batch).toString('base64') }
  })
  return new TextEncoder().encode(
    JSON.stringify({ version: VERSION, description: { ...description, configurations }, files, stateBytes }),
  )
}

/**
 * @throws TailraceError MALFORMED_FRAME for bytes that are no manifest of this version, or one that contradicts itself;
 * NEWER_FORMAT
 */
export function decodeManifest(bytes: Uint8Array): CopyManifest {
  const parsed = parse(bytes)
  refuseNewer('copyManifest', parsed.version)
  if (parsed.version !== VERSION) throw malformed('its version')
  const { description: given, files, stateBytes } = parsed as unknown as WrittenManifest
  const configurations = given.configurations.map((configuration) => {
    const { index, batch } = fieldsOf(configuration)
    if (typeof batch !== 'string') throw malformed('a configuration')
    return { index: whole(index), batch: new Uint8Array(Buffer.from(batch, 'base64')) }
  })
  const { prevIndex, prevTerm, startOffset, lastIndex, lastTerm, endOffset } = given
  for (const value of [prevIndex, prevTerm, startOffset, lastIndex, lastTerm, endOffset]) whole(value)
  const terms = given.terms.map((start) => {
    const { term, index, offset } = fieldsOf(start)
    return { term: whole(term), index: whole(index), offset: whole(offset) }
  })
  if (lastIndex < prevIndex || endOffset < startOffset || lastTerm < prevTerm) throw malformed('its ends')
  return {
    description: { prevIndex, prevTerm, startOffset, lastIndex, lastTerm, endOffset, terms, configurations },
    files: files.map((file) => {
      const { name, bytes: length, appendedAt } = fieldsOf(file)
      const time = appendedAt === undefined ? {} : { appendedAt: whole(appendedAt) }
      return { name: fileName(name), bytes: whole(length), ...time }
    }),
    stateBytes: stateBytes === null ? null : whole(stateBytes),
  }
}

type WrittenManifest = Omit<CopyManifest, 'description'> & {
  readonly description: Omit<LogDescription, 'configurations'> & {
    readonly configurations: readonly { readonly index: LogIndex; readonly batch: string }[]
  }
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const parsed = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown> | null
    const description = parsed?.description as Record<string, unknown> | undefined
    const lists = [parsed?.files, description?.terms, description?.configurations]
    if (parsed !== null && lists.every(Array.isArray)) return parsed
  } catch {
    // Falls through.
  }
  throw malformed('its form')
}

/** An element of a list, as an object that may have fields. */
function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw malformed('a list')
  return value as Record<string, unknown>
}

function whole(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed('a number')
  return value as number
}

/** The name becomes a path on the disk. */
function fileName(name: unknown): string {
  if (typeof name !== 'string' || !/^[\w-]+(\.[\w-]+)*$/.test(name)) throw malformed('the name of a file')
  return name
}

function malformed(what: string): TailraceError {
  return new TailraceError('MALFORMED_FRAME', `The manifest of a copy is wrong: ${what}.`)
}
