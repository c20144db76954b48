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
