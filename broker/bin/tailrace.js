#!/usr/bin/env node
// Plain JavaScript in words that old Nodes understand, so that they can say what is wrong instead of failing on syntax.
import { existsSync, readFileSync, statSync } from 'node:fs'
import * as module from 'node:module'
import { setFlagsFromString } from 'node:v8'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Tailrace needs Node.js 22.18 or newer; this is ${process.version}.\n` +
      'Inside the repository, "npx tailrace" and the npm scripts use the Node.js that "npm install" has put there.\n' +
      'Elsewhere, install a newer Node.js and try again.\n',
  )
  process.exit(1)
}

// A broker's memory is batches, which lie outside V8's heap. By default V8 collects the whole heap again and again once
// they are some 200 MB, whatever that frees; counted in its ordinary limit they grow with it
// (docs/decisions/external-memory.md). Node.js 22 does not know the flag, and says so at every command.
if (major >= 24) setFlagsFromString('--external-memory-accounted-in-global-limit')

// Compiled code is kept between starts: it halves the time until a broker is up.
if (typeof module.enableCompileCache === 'function') module.enableCompileCache()

const folder = new URL('../', import.meta.url)

// A published package has dist and no src; the repository runs its sources, or the bundle of them that
// scripts/bundle-sources.ts has made.
const program = existsSync(new URL('src', folder)) ? bundleOfSources() || 'src/cli/cli.ts' : 'dist/cli/cli.js'
const { main } = await import(new URL(program, folder).href)
process.exitCode = await main(process.argv.slice(2))

/** Undefined: there is none, or a source has changed since. */
function bundleOfSources() {
  try {
    const { program, files } = JSON.parse(readFileSync(new URL('dist/sources.json', folder), 'utf8'))
    const isPresent = ([path, size, mtimeMs]) => {
      const found = statSync(new URL(path, folder))
      return found.size === size && found.mtimeMs === mtimeMs
    }
    return files.every(isPresent) ? program : undefined
  } catch {
    return undefined
  }
}
