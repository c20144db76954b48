import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

/** All code of a guide as one module in a folder of this repository; gives its path. */
export async function codeOf(guide: string, folder: string): Promise<string> {
  const text = await readFile(join(root, 'docs/guides', guide), 'utf8')
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code)
  const path = join(folder, guide.replace('.md', '.ts'))
  await writeFile(path, blocks.join('\n'))
  return path
}
