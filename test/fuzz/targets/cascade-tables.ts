import { isDeepStrictEqual } from 'node:util'
import { encodeFrame, type Message, parseFrame, TailraceError } from '@tailrace/schemas'
import { SecurityList } from '../../../broker/src/cascade/control/security-list.ts'
import { CopiedTables } from '../../../broker/src/cascade/upstream/copied-tables.ts'
import { readTables } from '../../../broker/src/cascade/upstream/security-pages.ts'
import type { SourceLink } from '../../../broker/src/cascade/upstream/source-link.ts'
import { securityPageFields } from '../../../broker/src/cascade/wire/cascade-fields.ts'
import { MemoryStore } from '../../../broker/src/log/testing/memory-store.ts'
import { nodeCrypto } from '../../../broker/src/platform/node/crypto.ts'
import { encodeHeader } from '../../../schemas/src/protocol.ts'
import { sampleMessages } from '../../../schemas/src/testing/sample-messages.ts'
import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import { answerFrame } from '../live/answer-frame.ts'
import { checkTables } from '../live/sound-tables.ts'
import { oddJson } from '../odd-json.ts'
import { type FuzzTarget, joined, refusedAs, type Verdict } from '../target.ts'

const NAME = 'CascadeSecurityReply'
type Page = Omit<Message<typeof NAME>, 'correlation'>
const ADDRESS = 's:1'
const MOST_PAGES = 8

const { correlation: _, ...full } = sampleMessages[NAME]
const count = full.users.length + full.tokens.length + full.acls.length
const whole: Page = { ...full, total: count }
/** The same tables in two answers. */
const first: Page = { ...whole, tokens: [], acls: [], quotas: [] }
const second: Page = { ...whole, users: [] }
const honest = [whole, first, second]

/**
 * A block is an answer: its kind chooses a sound page, and whether the bytes are odd parts of it, the Avro header
 * behind the correlation, or no matter since the source refuses.
 */
const manners = ['odd', 'header', 'odd', 'failure'] as const

function block(page: Page, manner: (typeof manners)[number], bytes: Uint8Array = new Uint8Array()): Block {
  return { kind: honest.indexOf(page) + honest.length * manners.indexOf(manner), bytes }
}

function header(page: Page): Block {
  // A correlation below 64 takes one byte.
  return block(page, 'header', encodeHeader(NAME, { correlation: 0, ...page }, 0).slice(1))
}

function odd(page: Page, ...choices: number[]): Block {
  return block(page, 'odd', Uint8Array.from(choices))
}

/** The frame with which the source answers. */
function answerOf({ kind, bytes }: Block): Uint8Array {
  const page = honest[kind % honest.length]!
  const manner = manners[Math.floor(kind / honest.length) % manners.length]!
  if (manner === 'header') return answerFrame(NAME, 1, bytes)
  if (manner === 'failure') {
    const error = new TailraceError('NOT_READY').toJSON()
    return joined(encodeFrame('Failure', { correlation: 1, error }))
  }
  try {
    return joined(encodeFrame(NAME, { ...JSON.parse(oddJson(page, bytes)), correlation: 1 }))
  } catch {
    // Avro cannot carry it.
    return joined(encodeFrame(NAME, { ...page, correlation: 1 }))
  }
}

/** A connection on which the answers come in order, and then the whole tables. */
function scripted(blocks: readonly Block[]): SourceLink {
  const left = [...blocks]
  const request = async () => {
    const frame = parseFrame(answerOf(left.shift() ?? odd(whole)))
    if (frame.name !== NAME) throw new TailraceError('NOT_READY')
    return frame
  }
  return { request } as unknown as SourceLink
}

async function copy(input: Uint8Array): Promise<Verdict> {
  const store = new MemoryStore()
  const copied = await CopiedTables.load(store)
  try {
    const told = await readTables(scripted(blocksOf(input).slice(0, MOST_PAGES)), ADDRESS)
    if (told === null) return 'refused'
    await copied.take(told)
  } catch (error) {
    return refusedAs(error, ['INCOMPATIBLE_PEER', 'MALFORMED_FRAME', 'FRAME_TOO_LARGE', 'NOT_READY'])
  }
  checkTables(copied.tables)
  const again = await CopiedTables.load(store)
  if (!isDeepStrictEqual(again.tables, { ...copied.tables, version: 1 }))
    throw new Error('a restart changes the tables')
  await checkBelow(copied)
  return 'taken'
}

/** A broker below takes the tables that this one has taken. */
async function checkBelow({ tables }: CopiedTables): Promise<void> {
  const list = new SecurityList(() => tables, nodeCrypto)
  const request = async (_name: string, { from }: { from: number }) =>
    parseFrame(joined(encodeFrame(NAME, { correlation: 1, ...securityPageFields(list.page(from)) })))
  const told = await readTables({ request } as unknown as SourceLink, ADDRESS)
  const { version: _, ...here } = tables
  if (!isDeepStrictEqual(told?.tables, here)) throw new Error('a broker below has other tables')
}

/** A source's users, tokens, rules and quotas, as a cascade broker copies them. */
export const cascadeTables: FuzzTarget = {
  name: 'cascade-tables',
  samples: [
    [header(whole)],
    [header(first), header(second)],
    [odd(whole), odd(whole, 4, 3)],
    [odd(first, 3, 8), odd(second, 9, 4), odd(first), odd(second, 2, 2)],
    [odd(first), block(whole, 'failure')],
    [header({ ...whole, quotas: [], quotaTotal: -1 })],
    [odd(whole, 28, 4), odd(whole, 30, 3)],
    [header({ ...first, digest: 'other' }), header(second), header(whole)],
    [header({ ...whole, users: [...whole.users, ...whole.users], total: count + whole.users.length })],
  ].map(bytesOf),
  run: copy,
}
