import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { bundled } from './bundle-program.ts'

/** What broker/bin/tailrace.js reads. Paths are from the folder of the package. */
interface SourcesBundle {
  readonly program: string
  /** What the bundle is made of: each file with its size and the time of its last change, as `stat` has them. */
  readonly files: readonly (readonly [path: string, size: number, mtimeMs: number])[]
}

/**
 * Bundles the sources of the command line and the broker into a folder of broker/dist, and says so in
 * broker/dist/sources.json. The folder of the bundle before stays: its processes may still load parts of it. Does
 * nothing where npm has not installed the packages.
 * @param root the folder of the checkout
 */
export async function bundleSources(root: string): Promise<void> {
  const broker = join(root, 'broker')
  const dist = join(broker, 'dist')
  const unfinished = join(dist, `unfinished-${process.pid}`)
  const list = join(dist, 'sources.json')
  const installed = join(root, 'node_modules/.package-lock.json')
  // Installed by another program than npm: there is no telling whether packages of others have changed.
  if (!existsSync(installed)) return
  const began = Date.now()
  try {
    const inputs = await bundled(join(broker, 'src/cli/cli.ts'), unfinished, join(root, 'node_modules'))
    const own = inputs.map((path) => resolve(path)).filter((path) => !path.includes(`${sep}node_modules${sep}`))
    const files = [...own, installed, join(broker, 'package.json')].map((path) => {
      const { size, mtimeMs } = statSync(path)
      // One that was written while it was bundled never fits.
      return [relative(broker, path).split(sep).join('/'), size, mtimeMs < began ? mtimeMs : 0] as const
    })
    const folder = `sources-${digestOf(unfinished)}`
    if (!existsSync(join(dist, folder))) renameSync(unfinished, join(dist, folder))
    const former = bundleIn(list)?.program.split('/')[1]
    const bundle: SourcesBundle = { program: `dist/${folder}/cli.js`, files }
    const written = join(dist, `list-${process.pid}`)
    writeFileSync(written, JSON.stringify(bundle))
    renameSync(written, list)
    for (const name of globSync('sources-*', { cwd: dist }))
      if (name !== folder && name !== former) rmSync(join(dist, name), { recursive: true, force: true })
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/** Undefined: there is none that can be read. */
function bundleIn(list: string): SourcesBundle | undefined {
  try {
    return JSON.parse(readFileSync(list, 'utf8')) as SourcesBundle
  } catch {
    return undefined
  }
}

function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of globSync('*', { cwd: folder }).sort())
    hash.update(`${name}\n`).update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 16)
}
