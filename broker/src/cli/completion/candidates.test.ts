import { Command } from 'commander'
import { expect, test } from 'vitest'
import { runCommandLine } from '../cli.ts'
import { commandTable } from '../command-table.ts'
import { buildProgram } from '../program.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import { candidatesFor } from './candidates.ts'

const context = { terminal: memoryTerminal(), run: async () => {} }
const program = await buildProgram(context, '0.0.0', Object.keys(commandTable))

test.each<[string, string[]]>([
  ['to', ['topic', 'token', 'top']],
  ['topic ', ['create', 'list', 'describe', 'alter', 'delete', 'delete-records', 'help']],
  ['topic cr', ['create']],
  ['help topic de', ['describe', 'delete', 'delete-records']],
  ['publish flights --comp', ['--compression']],
  ['publish flights --compression ', ['none', 'gzip', 'zstd']],
  ['publish flights --compression gzip --form', ['--format']],
  ['broker log-level 1 w', ['warn']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['topic create flights -p', []],
  ['topic create flights --partitions ', []],
  ['topic create --partitions 6 fl', []],
  ['verify ', []],
  ['verify -- --j', []],
  ['verify data --j', ['--json']],
  ['nothing ', []],
])('behind "tailrace %s" may stand %j', (typed, candidates) => {
  expect(candidatesFor(program, typed.split(' '))).toEqual(candidates)
})

/** Every command of the program, with the words that lead to it. */
function commandsIn(command: Command, words: readonly string[] = []): { words: readonly string[]; command: Command }[] {
  const below = command.commands.flatMap((child) => commandsIn(child as Command, [...words, child.name()]))
  return [{ words, command }, ...below]
}

test('every command and every option of the program is offered', () => {
  const all = commandsIn(program)
  expect(all.length).toBeGreaterThan(60)
  for (const { words, command } of all) {
    const names = command.commands.map((child) => child.name())
    expect(candidatesFor(program, [...words, '']), words.join(' ')).toEqual(expect.arrayContaining(names))
    const options = command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? [])
    expect(candidatesFor(program, [...words, '--']), words.join(' ')).toEqual(expect.arrayContaining(options))
  }
})

test('a command that is added is offered without more', () => {
  const changed = new Command('tailrace').addCommand(new Command('brand-new').option('--shiny <how>', 'how'))
  expect(candidatesFor(changed, ['brand'])).toEqual(['brand-new'])
  expect(candidatesFor(changed, ['brand-new', '-'])).toEqual(['--shiny', '--help'])
})

test('the command prints scripts, and candidates a line each', async () => {
  const run = async (...args: string[]) => {
    const terminal = memoryTerminal()
    return [await runCommandLine(['completion', ...args], terminal), terminal.text()]
  }
  for (const shell of ['bash', 'zsh', 'fish']) expect(await run(shell)).toEqual([0, expect.stringContaining(shell)])
  expect(await run('bash', '--', 'topic', 'de')).toEqual([0, 'describe\ndelete\ndelete-records\n'])
  expect((await run('csh'))[0]).toBe(2)
})
