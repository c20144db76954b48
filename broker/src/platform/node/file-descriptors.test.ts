import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { skipped } from '../../../../test/runner/skipped.ts'
import { openFileLimit } from './file-descriptors.ts'

const run = promisify(execFile)
const noLimit = skipped(process.platform === 'win32', 'the limit of open files: Windows has none that a shell can set.')

/** Output of a script in a process that may have `limit` files open. */
async function limited(limit: number, script: string): Promise<string> {
  const module = JSON.stringify(new URL('./', import.meta.url).href)
  const text = `const folder = ${module}\n${script}`
  const node = [process.execPath, '--input-type=module', '-e', text]
  const { stdout } = await run('sh', ['-c', `ulimit -n ${limit} && exec "$@"`, 'sh', ...node])
  return stdout.trim()
}

test.skipIf(noLimit)('the limit of open files is told', async () => {
  expect(openFileLimit()).toBeGreaterThan(100)
  const told = await limited(
    200,
    "const { openFileLimit } = await import(folder + 'file-descriptors.ts')\nconsole.log(openFileLimit())",
  )
  expect(told).toBe('200')
})

test.skipIf(noLimit)('each operation that needs a file descriptor waits until there is one', async () => {
  const path = await mkdtemp(join(tmpdir(), 'tailrace-descriptors-'))
  const script = `
    import { openSync, closeSync } from 'node:fs'
    const { nodeDisk } = await import(folder + 'disk.ts')
    const path = ${JSON.stringify(path)}
    await nodeDisk.makeFolder(path + '/old/older')
    // Once before: the first use of a thread takes descriptors of its own.
    await nodeDisk.list(path)
    const taken = []
    const takeAll = () => { try { for (;;) taken.push(openSync('/dev/null')) } catch (error) { return error.code } }
    console.log(takeAll())
    let done = []
    const works = {
      open: nodeDisk.open(path + '/new'),
      list: nodeDisk.list(path),
      sync: nodeDisk.syncFolder(path),
      remove: nodeDisk.remove(path + '/old'),
    }
    for (const [name, work] of Object.entries(works)) work.then(() => done.push(name), (error) => done.push(String(error)))
    await new Promise((resolve) => setTimeout(resolve, 300))
    console.log(done.join() || 'all wait')
    for (const one of taken.splice(0, 10)) closeSync(one)
    await Promise.all(Object.values(works))
    console.log(done.sort().join())
    process.exit(0)
  `
  try {
    expect((await limited(80, script)).split('\n')).toEqual(['EMFILE', 'all wait', 'list,open,remove,sync'])
  } finally {
    await rm(path, { recursive: true })
  }
})
