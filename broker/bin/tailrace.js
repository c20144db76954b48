#!/usr/bin/env node
// Plain JavaScript in words that old Nodes understand, so that they can say what is wrong instead of failing on syntax.
import { existsSync } from 'node:fs'
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

// A published package has dist and no src; the repository runs its source.
const source = new URL('../src/cli/cli.ts', import.meta.url)
const { main } = await import(existsSync(source) ? source.href : new URL('../dist/cli/cli.js', import.meta.url).href)
process.exitCode = await main(process.argv.slice(2))
