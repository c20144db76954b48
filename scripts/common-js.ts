import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { Manifest } from './publishable-manifest.ts'

/**
 * Beside each file of a built package the same as CommonJS, with declarations: for programs that `require` it on a
 * Node.js that cannot load ES modules so, and for compilers that hold such a program to that.
 * @param made the folder of the package, whose `dist` has been compiled
 */
export async function addCommonJs(made: string, manifest: Manifest): Promise<void> {
  const dist = join(made, 'dist')
  const entryPoints = globSync('**/*.js', { cwd: dist }).map((file) => join(dist, file))
  await build({
    entryPoints,
    outdir: dist,
    outbase: dist,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href" },
    plugins: [besideEachOther(dist, manifest)],
    logLevel: 'warning',
  })
  for (const file of globSync('**/*.d.ts', { cwd: dist })) {
    const text = readFileSync(join(dist, file), 'utf8')
    writeFileSync(join(dist, file.replace(/\.d\.ts$/, '.d.cts')), importing(text, 'cjs'))
  }
}

/** The compiler leaves the names of sources in declarations, which others do not find beside them. */
export function nameBuiltFiles(dist: string): void {
  for (const file of globSync('**/*.d.ts', { cwd: dist })) {
    const path = join(dist, file)
    writeFileSync(path, importing(readFileSync(path, 'utf8'), 'js'))
  }
}

/** Relative imports of declarations, to files of one kind. */
export function importing(declarations: string, ending: 'js' | 'cjs'): string {
  return declarations.replace(/((?:from |import\()['"]\.{1,2}\/[^'"]*)\.(?:ts|js)(?=['"])/g, `$1.${ending}`)
}

/** Each file stays one: nothing is bundled, and imports by `#` become what they are in Node.js. */
function besideEachOther(dist: string, manifest: Manifest): Plugin {
  const inner = manifest.imports as Readonly<Record<string, { readonly default: string }>> | undefined
  return {
    name: 'beside-each-other',
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind, importer }) => {
        if (kind === 'entry-point') return undefined
        if (path.startsWith('.')) return { path: path.replace(/\.js$/, '.cjs'), external: true }
        if (!path.startsWith('#')) return { path, external: true }
        const target = inner?.[path]?.default
        if (target === undefined) throw new Error(`${manifest.name} has no import ${path}.`)
        const file = join(dist, target.replace(/^\.\/src\/(.*)\.ts$/, '$1.cjs'))
        const from = relative(dirname(importer), file).split(sep).join(posix.sep)
        return { path: from.startsWith('.') ? from : `./${from}`, external: true }
      })
    },
  }
}
