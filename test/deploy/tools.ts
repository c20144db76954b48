import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Tools that .ci/run installs. With CI=true a test that lacks one fails; elsewhere it is skipped. */
const installedByCi = new Set([
  'compose-spec',
  'dashboard-schema',
  'hadolint',
  'helm',
  'kubeconform',
  'prometheus',
  'promtool',
  'systemd-analyze',
  'versitygw',
])

/** Whether this machine lacks the program. @throws where CI=true and .ci/run should have installed it */
export function lacks(
  program: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  if (folders.some((folder) => isExecutable(join(folder, program)))) return false
  if (environment.CI === 'true' && installedByCi.has(program))
    throw new Error(`CI=true, but there is no ${program}: .ci/run installs it.`)
  return true
}

export interface Judgement {
  readonly code: number | null
  /** Standard output and standard error. */
  readonly said: string
}

/** Runs a tool to its end. `input`: its standard input. */
export function judge(program: string, args: readonly string[], { cwd, input = '' }: Place = {}): Judgement {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...(cwd === undefined ? {} : { cwd }),
  })
  if (error !== undefined) throw error
  return { code: status, said: `${stdout}${stderr}` }
}

interface Place {
  readonly cwd?: string
  readonly input?: string
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
