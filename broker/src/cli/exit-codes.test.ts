import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runCommandLine } from './cli.ts'
import { ExitCode } from './command-failure.ts'
import { type AnsweringServer, answeringServer } from './testing/answering-server.ts'
import { memoryTerminal } from './testing/memory-terminal.ts'

const servers: AnsweringServer[] = []
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-codes-'))
})
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Answers = Parameters<typeof answeringServer>[0]

/** The exit code of a command; SERVER in its arguments is a broker with these answers, FOLDER one for files. */
async function codeOf(
  text: string,
  answers: Answers = {},
  terminal = memoryTerminal({ environment: { XDG_CONFIG_HOME: folder } }),
): Promise<number> {
  const server = await answeringServer(answers)
  servers.push(server)
  const words = text.split(' ').map((word) => word.replace('SERVER', server.address).replace('FOLDER', folder))
  return runCommandLine(words, terminal)
}

const refusal = { code: 'INVALID_REQUEST', message: 'm', retriable: false, hint: 'h' }
const cluster = { clusterId: 'c1', metadataLeader: 1, brokers: [] }
const denied = { allowed: false, because: 'no-rule', rule: null }

/** By the exit code that docs/operations.md gives for it. */
const cases: Readonly<Record<number, readonly (readonly [string, string, Answers?])[]>> = {
  0: [
    ['help', '--help'],
    ['a command that is done', 'topic list -s SERVER', { 'GET /topics': { body: { topics: [] } } }],
    [
      'doctor without a problem',
      'doctor -s SERVER',
      { 'GET /topics': { body: { topics: [] } }, 'GET /cluster': { body: cluster } },
    ],
  ],
  1: [
    ['a broker that refuses', 'topic create t -s SERVER', { 'POST /topics': { status: 400, body: refusal } }],
    ['a broker that knows no such thing', 'topic describe t -s SERVER'],
    ['a broker that makes a mistake', 'topic list -s SERVER', { 'GET /topics': { status: 500, text: 'oops' } }],
    ['an answer that is none of a broker', 'topic list -s SERVER', { 'GET /topics': { text: '<html>' } }],
    ['no broker that could be asked', 'topic list -s 127.0.0.1:1'],
    [
      'doctor with a problem',
      'doctor -s SERVER',
      { 'GET /topics': { body: { topics: [] } }, 'GET /cluster': { body: { ...cluster, metadataLeader: 0 } } },
    ],
    [
      'acl test that is denied',
      'acl test --principal ann --operations read --topics a -s SERVER',
      { 'POST /security/acls/test': { body: denied } },
    ],
  ],
  2: [
    ['an unknown command', 'topics'],
    ['an unknown option', 'topic list --lines 3'],
    ['a missing argument', 'topic create'],
    ['an argument too many', 'topic list all'],
    ['a value that is none', 'topic create t --partitions many -s SERVER'],
    ['a choice that is none', 'tail t --format xml'],
    ['an address that is none', 'topic list -s ftp://h'],
    ['a setting that is none', 'broker --id 1 --data FOLDER/b --http nowhere'],
    ['a setting that is missing', 'broker --data FOLDER/b'],
    ['a file of settings that cannot be read', 'broker --config FOLDER/none.yaml'],
    ['a profile that there is not', 'profile show none'],
    ['verify of what is no data folder', 'verify FOLDER'],
    ['log dump of what is no file of a log', 'log dump FOLDER/text'],
    ['log dump of a file that is not there', 'log dump FOLDER/none.journal'],
    ['backup of what cannot be kept there', 'backup create --to ftp://bucket -s SERVER'],
  ],
}

describe('the exit code', () => {
  beforeAll(() => writeFile(join(folder, 'text'), 'text'))

  it('is one of those in docs/operations.md, which has no others', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    const [, rows] = /\| exit code of every command \| \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(page)!
    const written = rows!.match(/^\| \d+/gm)!.map((row) => Number(row.slice(2)))
    // 70 is of a log that cannot be written; a test with real brokers has it.
    expect(written).toEqual([...Object.values(ExitCode), 70].sort((a, b) => a - b))
    expect(Object.keys(cases).map(Number)).toEqual(written.slice(0, 3))
  })

  for (const [code, kinds] of Object.entries(cases)) {
    for (const [kind, text, answers] of kinds) {
      it(`${code}: ${kind}`, async () => expect(await codeOf(text, answers)).toBe(Number(code)))
    }
  }

  it('130: Ctrl-C before the end', async () => {
    const terminal = memoryTerminal()
    terminal.interrupt()
    expect(await codeOf('topic list -s SERVER', {}, terminal)).toBe(130)
  })

  it('0: Ctrl-C of a command that runs until then', async () => {
    const terminal = memoryTerminal()
    const print = terminal.write
    const watching = {
      ...terminal,
      write: async (text: string | Uint8Array) => {
        await print(text)
        terminal.interrupt()
      },
    }
    expect(await codeOf('cluster status --watch -s SERVER', { 'GET /cluster': { body: cluster } }, watching)).toBe(0)
    expect(terminal.text()).toContain('c1')
  })
})
