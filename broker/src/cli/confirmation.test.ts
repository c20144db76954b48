import { afterEach, describe, expect, it } from 'vitest'
import { runCommandLine } from './cli.ts'
import { type AnsweringServer, answeringServer } from './testing/answering-server.ts'
import { memoryTerminal } from './testing/memory-terminal.ts'

const servers: AnsweringServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Every command that cannot be undone: what it asks a broker for, and the name that a person types. */
const commands = [
  { args: ['topic', 'delete', 'orders'], route: 'DELETE /topics/orders', name: 'orders' },
  { args: ['group', 'delete', 'billing'], route: 'DELETE /consumer-groups/billing', name: 'billing' },
] as const

async function run(args: readonly string[], route: string, typed?: string[]) {
  const server = await answeringServer({ [route]: { status: 204 } })
  servers.push(server)
  const terminal = memoryTerminal(typed === undefined ? {} : { typed })
  const code = await runCommandLine([...args, '--server', server.address], terminal)
  return { code, asked: server.asked.length, shown: terminal.drawn.join(''), err: terminal.err.join('\n') }
}

describe.each(commands)('$args', ({ args, route, name }) => {
  it('asks a person for the name, and says what is lost', async () => {
    const { code, asked, shown } = await run(args, route, [name])
    expect([code, asked]).toEqual([0, 1])
    expect(shown).toMatch(new RegExp(`^This deletes .*${name}.*, which cannot be undone\\.\nType ${name} to go on: $`))
  })

  it('does nothing where another name is typed', async () => {
    const { code, asked, err } = await run(args, route, ['yes'])
    expect([code, asked]).toEqual([2, 0])
    expect(err).toContain(`nothing was done: "yes" is not "${name}"`)
  })

  it('does nothing where nobody can be asked, and names --yes', async () => {
    const { code, asked, err } = await run(args, route)
    expect([code, asked]).toEqual([2, 0])
    expect(err).toContain('add --yes')
  })

  it('asks nobody with --yes', async () => {
    const { code, asked, shown } = await run([...args, '--yes'], route, [])
    expect([code, asked, shown]).toEqual([0, 1, ''])
  })
})

it('a reset of positions asks, a dry run does not', async () => {
  const args = ['group', 'reset', 'billing', '--to', 'earliest']
  expect((await run(args, 'GET /none', ['no'])).err).toContain('nothing was done')
  const dry = await run([...args, '--dry-run'], 'GET /none', [])
  expect([dry.shown, dry.asked > 0]).toEqual(['', true])
})
