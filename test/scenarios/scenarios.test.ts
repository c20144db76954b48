import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { formatScenario, parseScenario } from './format.ts'
import { runScenario } from './run-scenario.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'))

describe('every scenario ends as recorded; `npm run scenarios` records anew', () => {
  test.each(files)('%s', (file) => {
    const text = readFileSync(join(folder, file), 'utf8')
    const { rewritten, failures } = runScenario(text)
    expect(failures).toEqual([])
    expect(rewritten).toBe(text)
  })
  test.each(files)('%s names its mechanisms in its first line', (file) => {
    expect(readFileSync(join(folder, file), 'utf8')).toMatch(/^# (M\d+[, ]*)+ .+\n/)
  })
})

describe('the runner', () => {
  test('writes back what it has read', () => {
    const text = '# prose\n\n> brokers 3\n> status 1\n  one\n    two\n\n# end\n'
    const lines = parseScenario(text)
    expect(
      formatScenario(
        lines,
        lines.map(({ outcome }) => outcome),
      ),
    ).toBe(text)
    expect(() => parseScenario('# prose\n  outcome\n')).toThrow(/line 2/)
  })
  const run = (...commands: string[]) => runScenario(commands.map((command) => `> ${command}\n`).join(''))
  test('an expectation that fails cannot be recorded away', () => {
    const first = run('brokers 3', 'expect leader 1')
    expect(first.failures).toEqual(['line 2: leaders: none, expected 1'])
    expect(runScenario(first.rewritten).failures).toHaveLength(1)
  })
  test('a command that makes no sense fails: unknown word, no such message, no such broker', () => {
    const { failures } = run('brokers 3', 'fly 1', 'deliver 1>2', 'crash 9')
    expect(failures).toHaveLength(3)
  })
  test('a broken property fails unless the next line expects it', () => {
    const story = ['brokers 3', 'defects voteTwice', 'campaign 1', 'campaign 2', 'settle']
    const broken = run(...story)
    expect(broken.failures.join()).toMatch(/unexpected: election-safety/)
    expect(run(...story, 'expect broken election-safety').failures).toEqual([])
    expect(run(...story, 'expect broken log-matching').failures).not.toEqual([])
  })
  test('a control that breaks nothing, or something else, fails', () => {
    const story = ['brokers 3', 'elect 1', 'settle', 'expect leader 1']
    expect(run(...story, 'control commitOlderTerm breaks state-machine-safety').failures).toHaveLength(1)
    expect(run(...story, 'control unheardOf breaks expectation').failures).toHaveLength(1)
  })
})
