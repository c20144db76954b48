import { spawnSync } from 'node:child_process'

export interface NpmAnswer {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs the npm that runs this script, or else the one of the path. */
export function npm(args: readonly string[], folder: string): NpmAnswer {
  const own = process.env.npm_execpath
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const
  const { status, stdout, stderr } =
    own === undefined
      ? spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
      : spawnSync(process.execPath, [own, ...args], options)
  return { status, out: stdout ?? '', err: stderr ?? '' }
}
