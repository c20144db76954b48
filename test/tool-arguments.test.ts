import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readTree, root } from './architecture/source-tree.ts'
import { readArguments } from './tool-arguments.ts'

describe('the arguments of a tool', () => {
  const options = {
    seed: { kind: 'whole number', default: 1 },
    jobs: { kind: 'whole number', least: 1 },
    hours: { kind: 'number', default: 2 },
    only: { kind: 'text' },
    target: { kind: 'text', among: ['a', 'b'], default: 'a' },
    without: { kind: 'list', among: ['x', 'y'] },
    trace: { kind: 'flag' },
  } as const
  const read = (text: string, mostOperands = 0) => readArguments(text.split(' ').filter(Boolean), options, mostOperands)

  it('are what was given, else what is usual', () => {
    const usual = { seed: 1, jobs: undefined, hours: 2, only: undefined, target: 'a', without: [], trace: false }
    expect(read('')).toEqual({ values: usual, operands: [] })
    const given = read('one --seed 0 --jobs=1 --hours 0.25 --only -x --target b --without x,y --trace two --seed 7', 2)
    const values = { seed: 7, jobs: 1, hours: 0.25, only: '-x', target: 'b', without: ['x', 'y'], trace: true }
    expect(given).toEqual({ values, operands: ['one', 'two'] })
    expect(read('--seed 3 -- --trace', 1)).toMatchObject({ values: { seed: 3, trace: false }, operands: ['--trace'] })
    expect(readArguments(['--without', ''], options, 0).values.without).toEqual([])
  })

  it.each([
    ['--nonsense', 'There is no option --nonsense.'],
    ['--constructor 1', 'There is no option --constructor.'],
    ['-s', 'There is no option -s.'],
    ['--no-trace', 'There is no option --no-trace.'],
    ['one', 'There is no use for the argument "one".'],
    ['--seed', '--seed needs a value.'],
    ['--seed --trace', '--seed needs a value.'],
    ['--trace=1', '--trace takes no value.'],
    ...['abc', '1.5', '-1', '1e3', '0x10', '9007199254740993', 'Infinity', 'NaN'].map((text) => [
      `--seed=${text}`,
      `--seed: "${text}" is not a whole number.`,
    ]),
    ['--seed=', '--seed: "" is not a whole number.'],
    ['--jobs 0', '--jobs: "0" is not a whole number of 1 or more.'],
    ['--hours long', '--hours: "long" is not a number.'],
    ['--target c', '--target: "c" is none of a, b.'],
    ['--without x,z', '--without: "z" is none of x, y.'],
  ])('are refused in one line: %s', (text, problem) => {
    expect(() => read(text!)).toThrow(problem)
  })
})

interface Outcome {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

function run(name: string, ...given: string[]): Promise<Outcome> {
  const [program, ...rest] = scripts[name]!.split(' ')
  expect(program).toBe('node')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...rest, ...given], { cwd: root, timeout: 20_000 })
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output, errors }))
  })
}

describe('every tool of package.json that is a program of this repository', () => {
  /**
   * `start` is the command line of the broker, which has tests of its own; npm itself runs `prepare`; the others of
   * these are programs of others.
   */
  const notOurs = ['start', 'prepare', 'typecheck', 'format', 'lint']
  /** What they do not know they hand on to a program of others. */
  const handsOn = ['test']
  const tools = Object.keys(scripts).filter((name) => !notOurs.includes(name))

  it.each(tools)(
    '%s says how it is used, and refuses what it does not know before it begins',
    async (name) => {
      const [helped, refused] = await Promise.all([
        run(name, '--help'),
        handsOn.includes(name) ? null : run(name, '--x'),
      ])
      const usage = helped.output
      expect(helped).toMatchObject({ code: 0, errors: '' })
      expect(usage.startsWith(name === 'test' ? 'npm test' : `npm run ${name}`)).toBe(true)
      if (refused === null) return
      expect(refused).toEqual({ code: 2, output: '', errors: `There is no option --x.\n${usage}` })
      const number = firstNumberIn(usage)
      if (number === undefined) return
      const { code, output, errors } = await run(name, number, 'many')
      expect([code, output, errors.endsWith(`\n${usage}`)]).toEqual([2, '', true])
      expect(errors).toMatch(new RegExp(`^${number}: "many" is not a (whole )?number( of [0-9]+ or more)?\\.\n`))
    },
    60_000,
  )
})

describe('the options that pages give to a tool', () => {
  const given = new Map<string, Set<string>>()
  for (const [path, text] of readTree()) {
    if (!path.endsWith('.md')) continue
    for (const [, name, options] of text.matchAll(/\bnpm run ([a-z][a-z:-]*) -- ([^`\n#]+)/g)) {
      const known = given.get(name!) ?? new Set()
      for (const [, option] of options!.matchAll(/(--[a-z-]+)/g)) known.add(option!)
      given.set(name!, known)
    }
  }

  it('are found', () => expect(given.get('bench:storm')).toContain('--kill'))

  it.each([...given])(
    '%s takes them',
    async (name, options) => {
      const { output } = await run(name, '--help')
      expect([...options].filter((option) => !new RegExp(`${option}(?![a-z-])`).test(output))).toEqual([])
    },
    60_000,
  )
})

/** The first option of a usage whose value is written as a number, or as a word that stands for one. */
function firstNumberIn(usage: string): string | undefined {
  return /(--[a-z-]+) (?:N|[0-9]+)\b/.exec(usage)?.[1]
}
