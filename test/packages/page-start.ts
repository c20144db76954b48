import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** The scripts that a page loads before it is used, and their bytes as a browser gets them: each gzipped by itself. */
export interface PageStart {
  readonly scripts: readonly string[]
  readonly gzipped: number
}

/** `folder`: what a bundler has made, with the page's `index.html`. */
export async function pageStart(folder: string): Promise<PageStart> {
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
  const named = [...html.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map(([, name]) => join(folder, name!))
  const { metafile } = await build({
    entryPoints: named,
    outdir: join(folder, 'unwritten'),
    bundle: true,
    format: 'esm',
    write: false,
    metafile: true,
    absWorkingDir: folder,
    logLevel: 'silent',
  })
  const scripts = new Set<string>()
  const load = (script: string): void => {
    if (scripts.has(script)) return
    scripts.add(script)
    for (const { path, kind } of metafile.inputs[script]!.imports) if (kind === 'import-statement') load(path)
  }
  for (const script of named) load(relative(folder, script).replaceAll('\\', '/'))
  const gzipped = [...scripts].map((script) => gzipSync(readFileSync(join(folder, script))).length)
  return { scripts: [...scripts], gzipped: gzipped.reduce((sum, bytes) => sum + bytes, 0) }
}
