import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { runCommandLine } from './cli.ts'
import { commandTable } from './command-table.ts'
import { buildProgram } from './program.ts'
import { httpServers, webSocketServers } from './servers.ts'
import { answeringServer } from './testing/answering-server.ts'
import { memoryTerminal } from './testing/memory-terminal.ts'

async function run(args: string[], environment: Record<string, string> = {}) {
  const terminal = memoryTerminal({ environment })
  const code = await runCommandLine(args, terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n') }
}

/** Those that do something themselves; others hold commands. */
function commandsIn(command: Command): Command[] {
  const own = command.commands.length === 0 || ['broker', 'cascade'].includes(command.name()) ? [command] : []
  return [...own, ...command.commands.flatMap((child) => commandsIn(child as Command))]
}

describe('usage', () => {
  it('help and version are a success', async () => {
    expect((await run(['--help'])).code).toBe(0)
    expect((await run(['--help'])).out).toContain('publish [options] <topic>')
    expect(await run(['--version'])).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' })
    expect((await run(['broker', '--help'])).out).toContain('--election-timeout-ms <duration>')
  })

  it.each([72, 80, 140])('help fits into a terminal of %i columns', async (width) => {
    const terminal = memoryTerminal({ width })
    await runCommandLine(['topic', 'create', '--help'], terminal)
    const lines = terminal.text().split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    expect(lines.length).toBeGreaterThan(width < 100 ? 25 : 15)
  })

  it.each([
    [['brokr'], 'Did you mean broker?'],
    [['broker', '--htp', 'x'], 'Did you mean --http?'],
    [['broker', '--data', 'd'], 'id is missing'],
    [['broker', '--id', '1', '--data', 'd', '--http', '8080'], '--http is "8080", but must be an address like'],
    [['broker', '--config', '/nowhere.yaml'], '/nowhere.yaml'],
    [['cluster', 'start', '--brokers', '0'], '--brokers is "0"'],
    [['cluster', 'start', '--http-port', '65534'], 'leaves no room for 3 ports'],
    [['cluster', 'start', '--http-port', '7081'], 'too near'],
    [
      '--tls required --tls-cert-file c --tls-key-file k --tls-ca-file a --tls-client-certificates required'
        .split(' ')
        .toSpliced(0, 0, 'cluster', 'start'),
      'use tlsClientCertificates asked, not required',
    ],
    [['cluster', 'start', '--heartbeat-ms', '400'], 'at most half of electionTimeoutMs'],
    [['tail', 't', '--from', 'yesterday'], 'earliest, latest'],
    [['tail', 't', '--format', 'xml'], 'Allowed choices are text, json, value'],
    [['tail'], "missing required argument 'topics'"],
    [['tail', 'a', 'b', '--partition', '1'], '--partition is about one topic'],
    [['tail', 't', '--from', '1', '--last', '1'], "cannot be used with option '--from"],
    [['tail', 't', '--template', '{keys}'], 'there is no field {keys}'],
    [['publish', 't', '--key-separator', ':', '--key-field', 'k'], 'need JSON lines'],
    [['publish', 't', '--key-separator', ''], '--key-separator'],
    [['publish', 't', '--header', 'trace'], '--header "trace" must be like name=value'],
    [['publish', 't', '--compression', 'rar'], 'Allowed choices are none, gzip, zstd'],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, out, err } = await run(args)
    expect(err).toContain(message)
    expect([code, out]).toEqual([2, ''])
  })

  it('every command takes --json, but for the one that prints a script', async () => {
    const context = { terminal: memoryTerminal(), run: async () => {} }
    const program = await buildProgram(context, '1.0.0', Object.keys(commandTable))
    const without = commandsIn(program).filter(({ options }) => !options.some(({ long }) => long === '--json'))
    expect(without.map((command) => command.name())).toEqual(['completion'])
  })

  it('the list of commands is the same before their modules are loaded and afterwards', async () => {
    const context = { terminal: memoryTerminal(), run: async () => {} }
    const names = Object.keys(commandTable)
    const [few, all] = [await buildProgram(context, '1.0.0', []), await buildProgram(context, '1.0.0', names)]
    expect(all.helpInformation()).toBe(few.helpInformation())
    const commander = new Command().createHelp()
    for (const command of all.commands as Command[]) {
      const { usage } = commandTable[command.name()]!
      expect(`${command.name()} ${usage}`.trim()).toBe(commander.subcommandTerm(command))
    }
  })

  it('--json of a command below one that runs brokers is its own', async () => {
    const server = await answeringServer({
      'GET /cluster': { body: { clusterId: 'c', metadataLeader: 1, brokers: [] } },
    })
    try {
      expect(await run(['broker', 'list', '--json', '-s', server.address])).toEqual({ code: 0, out: '[]\n', err: '' })
    } finally {
      server.close()
    }
  })

  it('--json of a command that runs brokers is another name of a format, and goes with no other', async () => {
    for (const command of ['broker', 'cascade']) {
      const { code, err } = await run([command, '--json', '--log-format', 'text'])
      expect([code, err]).toEqual([2, expect.stringContaining("'--json' cannot be used with option '--log-format")])
    }
  })

  it('warns of an unknown TAILRACE_ variable, and goes on', async () => {
    const { err } = await run(['broker', '--id', 'x'], { TAILRACE_LOGLEVEL: 'info' })
    expect(err).toContain(
      'TAILRACE_LOGLEVEL in the environment is no setting and is ignored. Did you mean TAILRACE_LOG_LEVEL?',
    )
    expect(err).toContain('--id is "x"')
  })
})

describe('servers', () => {
  it('come from --server, else the environment, else the first broker of a local cluster', () => {
    expect(httpServers(['a:1,ws://b:2/', 'https://c'], { TAILRACE_SERVER: 'd:4' })).toEqual([
      'http://a:1',
      'http://b:2',
      'https://c',
    ])
    expect(httpServers(undefined, { TAILRACE_SERVER: 'd:4,d:4' })).toEqual(['http://d:4'])
    expect(httpServers(undefined, { TAILRACE_SERVER: '' })).toEqual(['http://127.0.0.1:8080'])
    expect(httpServers(['[::1]:8080'], {})).toEqual(['http://[::1]:8080'])
    expect(httpServers(['https://c/below/a/proxy/'], {})).toEqual(['https://c/below/a/proxy'])
  })

  it('are WebSocket URLs for the SDKs', () => {
    expect(webSocketServers(['http://a:1', 'https://c'])).toEqual(['ws://a:1', 'wss://c'])
  })

  it.each(['', ',', 'ftp://a:1', 'a b', 'a:99999', 'http://a?b', 'a:1/#', 'http://me@a:1'])('refuse %j', (text) => {
    expect(() => httpServers([text], {})).toThrow(/--server/)
  })
})
