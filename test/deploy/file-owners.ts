import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Whether this process may give files to other users. */
export const mayGiveFiles = process.getuid?.() === 0

/**
 * Puts an `install` and a `chown` into a folder of PATH that do all but give files away: they note the owners in
 * `notes`, a line `INODE PATH OWNER` each. A file that is renamed keeps its inode.
 */
export function standInForOwners(folder: string, notes: string): void {
  writeFileSync(notes, '')
  const programs = {
    // install -o OWNER -g GROUP -m MODE FILE PLACE
    install: `env PATH='${process.env.PATH}' install -m "$6" "$7" "$8"\necho "$(ls -i "$8") $2" >> '${notes}'`,
    // chown OWNER:GROUP FILE
    chown: `echo "$(ls -i "$2") \${1%%:*}" >> '${notes}'`,
  }
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\nset -eu\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
}

/** The owner that was noted last. @throws where there is none */
export function noteOfOwner(notes: string, inode: number): number {
  const lines = readFileSync(notes, 'utf8').split('\n')
  const last = lines.map((line) => line.trim()).findLast((line) => line.startsWith(`${inode} `))
  if (last === undefined) throw new Error(`Nobody was given the file with inode ${inode}.`)
  return Number(last.split(' ').at(-1))
}
