import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipped } from '../runner/skipped.ts'

const folder = mkdtempSync(join(tmpdir(), 'tailrace-completion-'))
const program = fileURLToPath(new URL('../../broker/bin/tailrace.js', import.meta.url))

beforeAll(() => {
  writeFileSync(join(folder, 'tailrace'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, { mode: 0o755 })
  writeFileSync(join(folder, 'flights.ndjson'), '')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the shell's own command in the folder, where `tailrace` is a command; returns the lines that it prints. */
function run(shell: string, args: readonly string[]): string[] {
  const path = `${folder}${delimiter}${process.env.PATH}`
  const environment = { ...process.env, PATH: path, HOME: folder, TERM: 'dumb' }
  const { stdout, stderr, status } = spawnSync(shell, args, { cwd: folder, env: environment, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  return stdout.split('\n').filter((line) => line !== '')
}

const isMissing = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status !== 0
const noBash = skipped(isMissing('bash'), 'completion in bash: there is none on this machine.')
const noFish = skipped(isMissing('fish'), 'completion in fish: there is none on this machine.')
const noZsh = skipped(isMissing('zsh'), 'completion in zsh: there is none on this machine.')

describe('completion in a shell', () => {
  /** What bash has after the script's own function, called as bash calls it for these words. */
  const inBash = (...words: string[]): string[] => {
    const script = `source <(tailrace completion bash)
      COMP_WORDS=(tailrace "$@"); COMP_CWORD=$#
      $(complete -p tailrace | sed 's/.*-F \\([^ ]*\\).*/\\1/') tailrace
      printf '%s\\n' "\${COMPREPLY[@]}"`
    return run('bash', ['--norc', '-c', script, 'bash', ...words])
  }

  it.skipIf(noBash)('bash gets commands, options and their values, and takes files where there are none', () => {
    expect(inBash('topic', 'cr')).toEqual(['create'])
    expect(inBash('topic', 'create', 'flights', '--part')).toEqual(['--partitions'])
    expect(inBash('publish', 'flights', '--compression', '')).toEqual(['none', 'gzip', 'zstd'])
    expect(inBash('publish', 'flights', '--file', '')).toEqual([])
    expect(inBash('tail', 'flights', 'gates', '--')).toEqual(
      expect.arrayContaining(['--until', '--last', '--key', '--header', '--template']),
    )
    expect(inBash('publish', 'flights', '--key-s')).toEqual(['--key-separator'])
    expect(inBash('topic', 'create', 'flights', '--if')).toEqual(['--if-not-exists'])
    expect(inBash('profile', '')).toEqual(expect.arrayContaining(['add', 'remove']))
    expect(inBash('ben')).toEqual(['bench'])
    expect(run('bash', ['--norc', '-c', 'source <(tailrace completion bash); complete -p tailrace'])).toEqual([
      'complete -o default -F _tailrace tailrace',
    ])
  })

  it.skipIf(noFish)('fish gets the same, and files itself', () => {
    const inFish = (line: string): string[] =>
      run('fish', ['--no-config', '-c', `tailrace completion fish | source; complete -C '${line}'`])
    expect(inFish('tailrace topic cr')).toEqual(['create'])
    expect(inFish('tailrace publish flights --compression ')).toEqual(['gzip', 'none', 'zstd'])
    expect(inFish('tailrace publish flights --file fl')).toEqual(['flights.ndjson'])
  })

  it.skipIf(noZsh)('zsh gets the same, in a terminal of its own', () => {
    const script = `zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell $'PROMPT=; autoload -U compinit; compinit -u; source <(tailrace completion zsh); print rea\\\\dy'
      zpty -m -r shell text '*ready*'
      zpty -n -w shell $'tailrace topic cr\\t'
      zpty -m -r shell text '*create*'
      zpty -n -w shell $'\\n'
      zpty -d shell
      print -r -- done`
    expect(run('zsh', ['-f', '-c', script])).toEqual(['done'])
  })
})
