import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

/**
 * What a bundle cannot hold, or a process must have once: native code, our own packages, OpenTelemetry, and what is
 * installed at wish.
 */
const external = ['@tailrace/*', '@node-rs/crc32', 'rocksdb-native', '@opentelemetry/api', '@aws-sdk/*']

/** What CommonJS has in a module, for the parts of a bundle that were CommonJS. */
const commonJs = `import { createRequire as requireOf } from 'node:module';
const require = requireOf(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`

/**
 * Puts a few files in the place of `dist/cli`: the command line with the broker and the packages of others, of which a
 * command loads what it needs. To find, read and link a thousand modules takes more of a start than all else
 * (docs/decisions/bundled-program.md). Files of `dist` stay as they are for programs that import the broker.
 * @param made the folder of the package, whose `dist` has been compiled
 * @param modules the folder of the packages that it depends on
 */
export async function bundleProgram(made: string, modules: string): Promise<void> {
  const folder = join(made, 'dist', 'cli')
  const outdir = join(made, 'dist', 'bundled')
  const inputs = await bundled(join(folder, 'cli.js'), outdir, modules)
  writeFileSync(join(outdir, 'licences.txt'), licencesOf(inputs))
  rmSync(folder, { recursive: true })
  renameSync(outdir, folder)
}

/**
 * Bundles a program into a folder, as ES modules. Returns its files, as paths from the present folder. Throws when one
 * of them imports a CommonJS file at run time: Node.js finds the names of its exports, a bundle has its default alone.
 */
export async function bundled(program: string, outdir: string, modules: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [program],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    external,
    nodePaths: [modules],
    banner: { js: commonJs },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  const unnamed = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
    imports
      .filter(({ kind, path }) => kind === 'dynamic-import' && metafile.inputs[path]?.format === 'cjs')
      .map(({ path }) => `${file} imports ${path}, which is CommonJS, at run time. Let a file of its own import it.`),
  )
  if (unnamed.length > 0) throw new Error(unnamed.join('\n'))
  return Object.keys(metafile.inputs)
}

/** The texts of the licences of the packages whose files are `inputs`, as paths from the present folder. */
export function licencesOf(inputs: readonly string[]): string {
  const packages = new Set<string>()
  for (const input of inputs) {
    const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(resolve(input))?.[1]
    if (found !== undefined) packages.add(found)
  }
  return [...packages].sort().map(licenceOf).join('\n')
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const [file] = globSync('{LICENSE,LICENCE,license,licence,COPYING}*', { cwd: folder }).filter((one) =>
    existsSync(join(folder, one)),
  )
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()
  return `${name} ${version}, ${license}\n\n${text}\n`
}
