import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

/** Makes a folder hold these texts by the names of their files, and nothing else. `folder` ends with a slash. */
export function writeFolder(folder: URL, texts: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true })
  for (const file of readdirSync(folder)) if (!texts.has(file)) rmSync(new URL(file, folder), { recursive: true })
  for (const [file, text] of texts) writeFileSync(new URL(file, folder), text)
}

/** The names of the files that are missing, that have another text, or that nothing writes, in order. */
export function staleFiles(folder: URL, texts: ReadonlyMap<string, string>): string[] {
  const there = readdirSync(folder)
  const leftOver = there.filter((file) => !texts.has(file))
  const stale = [...texts].filter(([file, text]) => !there.includes(file) || read(new URL(file, folder)) !== text)
  return [...leftOver, ...stale.map(([file]) => file)].sort()
}

function read(file: URL): string {
  return readFileSync(file, 'utf8')
}
