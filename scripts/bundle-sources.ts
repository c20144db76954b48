import { fileURLToPath } from 'node:url'
import { toolArguments } from '../test/tool-arguments.ts'
import { bundleSources } from './sources-bundle.ts'

const usage = `node scripts/bundle-sources.ts
Bundles the command line and the broker of this checkout, so that they start sooner: broker/bin/tailrace.js runs the
bundle as long as no source has changed since. "npm install" and "npm test" do this.`

toolArguments(usage, {})
await bundleSources(fileURLToPath(new URL('..', import.meta.url)))
