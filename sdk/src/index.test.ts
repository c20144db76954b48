import * as admin from '@tailrace/admin'
import * as consumer from '@tailrace/consumer'
import * as producer from '@tailrace/producer'
import * as sdk from '@tailrace/sdk'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

it('has all that its parts have, and each of it once', () => {
  expect({ ...sdk }).toEqual({ ...admin, ...consumer, ...producer })
  // What several parts export is one thing, or the name would be in none.
  expect(sdk.TailraceError).toBe(producer.TailraceError)
})

it('has all of it in a bundle that is one file', async () => {
  const names = Object.keys(sdk)
  const contents = `import { ${names} } from '@tailrace/sdk'; export const found = Object.entries({ ${names} })`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
  })
  const page = `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.text).toString('base64')}`
  const { found } = (await import(/* @vite-ignore */ page)) as { found: [string, unknown][] }
  expect(found.filter(([, value]) => value === undefined)).toEqual([])
  expect(found).toHaveLength(names.length)
})

/** The code of a page that uses these exports. */
async function bundle(names: string): Promise<string> {
  const stdin = {
    contents: `import { ${names} } from '@tailrace/sdk'; console.log(${names})`,
    resolveDir: import.meta.dirname,
  }
  const { outputFiles } = await build({
    stdin,
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    minify: true,
  })
  return outputFiles[0]!.text
}

it('a page that does not administer has no code for that', async () => {
  const [page, all] = await Promise.all([bundle('Producer, Consumer'), bundle('Producer, Consumer, Admin')])
  expect(page).not.toContain('onDifference')
  expect(all).toContain('onDifference')
})
