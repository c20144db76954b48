import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const packages = ['schemas', 'client', 'producer', 'consumer', 'broker']

/**
 * A commit whose brokers work together with those of every commit since. It is raised only by an update that is not
 * rolling (docs/operations.md, "Upgrading"), or once a release takes its place.
 */
export const oldestCompatible = 'f0e3bc0aef1d7b98e0731d736ef917e7c1b1b5fd'

/**
 * The full name of a commit, or null where this checkout has no history as far back.
 * @throws where CI=true and the history is whole: then the name is wrong
 */
export async function commitNamed(name: string, inCi = process.env.CI === 'true'): Promise<string | null> {
  try {
    const { stdout } = await run('git', ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], { cwd: root })
    return stdout.trim()
  } catch {
    if (inCi && (await hasWholeHistory())) throw new Error(`There is no commit ${name} in the whole history.`)
    return null
  }
}

/** False in a shallow clone, which .ci/run completes where it can, and where there is no repository. */
async function hasWholeHistory(): Promise<boolean> {
  const asked = run('git', ['rev-parse', '--is-shallow-repository'], { cwd: root })
  return (await asked.catch(() => ({ stdout: '' }))).stdout.trim() === 'false'
}

/** The brokers of an older commit, with the packages of others that this checkout has. */
export class OlderVersion {
  /** The file to run in the place of this checkout's. */
  readonly executable: string
  /** What its brokers say of themselves, as in `tailrace_build_info`. */
  readonly version: string
  readonly #folder: string

  private constructor(folder: string, version: string) {
    this.#folder = folder
    this.version = version
    this.executable = join(folder, 'broker/bin/tailrace.js')
  }

  static async make(commit: string): Promise<OlderVersion> {
    await mkdir(join(root, '.tmp'), { recursive: true })
    const folder = await mkdtemp(join(root, '.tmp', 'older-'))
    const archive = join(folder, 'packages.tar')
    await run('git', ['archive', `--output=${archive}`, commit, ...packages], { cwd: root })
    await run('tar', ['-xf', archive, '-C', folder])
    await rm(archive)
    await mkdir(join(folder, 'node_modules/@tailrace'), { recursive: true })
    for (const name of packages.filter((name) => name !== 'broker')) {
      await symlink(join(folder, name), join(folder, 'node_modules/@tailrace', name), 'junction')
    }
    const version = `0.0.0-${commit.slice(0, 7)}`
    const manifest = join(folder, 'broker/package.json')
    const fields = JSON.parse(await readFile(manifest, 'utf8')) as object
    await writeFile(manifest, JSON.stringify({ ...fields, version }))
    return new OlderVersion(folder, version)
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true })
  }
}
