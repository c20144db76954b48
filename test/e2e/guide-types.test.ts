import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

/** Running strips types without a look at them, so what guides and the README say of types is compiled here. */
it('the code of the guides and of the README has the types that it says', async () => {
  const root = resolve(import.meta.dirname, '../..')
  await mkdir(join(root, '.tmp'), { recursive: true })
  const folder = await mkdtemp(join(root, '.tmp', 'guide-types-'))
  try {
    const guides = (await readdir(join(root, 'docs/guides'))).map((name) => join('docs/guides', name))
    let blocks = 0
    for (const page of ['README.md', ...guides]) {
      const text = await readFile(join(root, page), 'utf8')
      const code = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, block]) => block)
      blocks += code.length
      if (code.length > 0) await writeFile(join(folder, `${page.replaceAll(/\W/g, '-')}.ts`), code.join('\n'))
    }
    expect(blocks).toBeGreaterThan(5)
    const options = { noEmit: true, incremental: false, noUnusedLocals: false }
    const project = {
      extends: '../../tsconfig.json',
      compilerOptions: options,
      include: ['*.ts', join(root, 'broker/src/**/*.d.ts')],
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project))
    const compiler = spawn(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: root })
    let found = ''
    for (const stream of [compiler.stdout, compiler.stderr]) stream.on('data', (chunk: Buffer) => (found += chunk))
    await once(compiler, 'close')
    expect(found).toBe('')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 120_000)
